"""A small project for plans: its files as texts, and edits of them."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dagster_project import registry
from dagster_project.domain.plan import Files

Texts = dict[str, str]  # by path from the project's root

SINCE = datetime(2026, 11, 24, tzinfo=UTC)  # the Tuesday before Thanksgiving
UNTIL = SINCE + timedelta(days=400)


def compiled(
    code: str,
    timezone: str,
    hours: Sequence[tuple[str, str]],
    *days: dict[str, Any],
    weekdays: int = 5,
    verified_through: str = "2028-03-31",
) -> str:
    """A compiled calendar: one regime of hours, and exceptional days."""
    dates = {"first": "2025-01-01", "verified_through": verified_through}
    regime = {"since": dates["first"], "weekdays": list(range(weekdays)), "hours": hours}
    lines = [{"code": code, "title": code, "timezone": timezone, **dates, "regimes": [regime]}]
    lines += sorted(({"source": "a notice", **day} for day in days), key=lambda day: str(day["date"]))
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def day(date: str, kind: str, name: str, *hours: tuple[str, str]) -> dict[str, Any]:
    """An exceptional day; a session without hours has hours that are not known."""
    return {"date": date, "kind": kind, "name": name, **({"hours": hours} if hours else {})}


NEW_YORK_DAYS = (
    day("2026-07-03", "closed", "Independence Day"),
    day("2026-11-26", "closed", "Thanksgiving Day"),
    day("2026-11-27", "early_close", "Day after Thanksgiving", ("09:30", "13:00")),
    day("2026-12-24", "early_close", "Christmas Eve", ("09:30", "13:00")),
    day("2026-12-25", "closed", "Christmas Day"),
    day("2027-01-01", "closed", "New Year's Day"),
    day("2027-11-25", "closed", "Thanksgiving Day"),
    day("2027-11-26", "early_close", "Day after Thanksgiving", ("09:30", "13:00")),
)
MUHURAT = day("2027-10-30", "special_session", "Muhurat trading", ("18:15", "19:15"))
MUMBAI_DAYS = (day("2027-01-26", "closed", "Republic Day"), MUHURAT)


def new_york(*days: dict[str, Any]) -> str:
    return compiled("XNYS", "America/New_York", [("09:30", "16:00")], *(days or NEW_YORK_DAYS))


def mumbai(*days: dict[str, Any], verified_through: str = "2028-03-31") -> str:
    days = days or MUMBAI_DAYS
    return compiled("XNSE", "Asia/Kolkata", [("09:15", "15:30")], *days, verified_through=verified_through)


PRICES = """\
# After the close, early closes included.
calendar: XNYS
start: 2025-01-02
owner: team:us
schedules:
  eod:
    at: close + 1h
    deadline: close + 4h
"""
VOLUMES = """\
calendar: XNYS
start: 2025-01-02
owner: team:us
schedules:
  daily:
    at: 18:05
    deadline: 20:00
"""
INDIA = """\
calendar: XNSE
start: 2025-01-02
owner: team:india
schedules:
  eod:
    at: close + 1h
    wait: {every: 5m, until: close + 5h}
    deadline: close + 4h
"""
COINS = """\
calendar: 24x7
start: 2026-01-01
owner: team:coins
schedules:
  nightly: {at: 02:30}
"""


def adapter(host: str) -> str:
    """The text of an adapter that asks `host`. Who runs it ends."""
    return (
        f'"""As https://docs.example describes."""\n\nURL = "https://{host}/files/{{session}}.csv"\nraise SystemExit\n'
    )


BASE: Texts = {
    "adapters/prices.yaml": PRICES,
    "adapters/prices.py": adapter("files.example"),
    "adapters/volumes.yaml": VOLUMES,
    "adapters/volumes.py": adapter("cdn.example"),
    "adapters/india.yaml": INDIA,
    "adapters/india.py": "from adapters._exchange import ROOT\n" + adapter("india.example"),
    "adapters/_exchange.py": 'ROOT = "https://exchange.example"\n',
    "adapters/coins.yaml": COINS,
    "adapters/coins.py": adapter("coins.example"),
    "calendars/compiled/XNYS.jsonl": new_york(),
    "calendars/compiled/XNSE.jsonl": mumbai(),
    "calendars/compiled/24x7.jsonl": compiled("24x7", "America/New_York", [("00:00", "00:00")], weekdays=7),
}


def edited(path: str, *changes: tuple[str, str]) -> Texts:
    """One file of the base with texts replaced, each of which it must hold."""
    text = BASE[path]
    for before, after in changes:
        assert before in text, f"{path} does not hold {before!r}"
        text = text.replace(before, after)
    return {path: text}


def files(folder: Path, edit: Mapping[str, str | None]) -> Files:
    """The base with some files replaced (None: removed), read from `folder`, where they are written."""
    texts = {path: text for path, text in {**BASE, **edit}.items() if text is not None}
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    adapters = {Path(path).stem: text for path, text in texts.items() if path.endswith(".py")}
    return Files(tuple(registry.feeds(folder)), adapters)
