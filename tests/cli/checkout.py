"""Small checkouts: calendars and feeds of a few lines, for the command line to read."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import Result

# New York's hours with one day of each kind in 2026; what follows 2026-12-31 is not known.
TEST = {
    "code": "TEST",
    "title": "Test Exchange",
    "timezone": "America/New_York",
    "first": "2026-01-01",
    "verified_through": "2026-12-31",
    "regimes": [{"since": "2026-01-01", "weekdays": [0, 1, 2, 3, 4], "hours": [["09:30", "16:00"]]}],
}
BUDGET = {"date": "2026-02-01", "kind": "special_session", "name": "Budget", "source": "circular 7"}
THANKSGIVING = {"date": "2026-11-26", "kind": "closed", "name": "Thanksgiving Day", "source": "notice of 2025-12-23"}
EARLY = {
    "date": "2026-11-27",
    "kind": "early_close",
    "name": "Day after Thanksgiving",
    "source": "notice of 2025-12-23",
}
TEST_DAYS: list[dict[str, Any]] = [
    BUDGET | {"hours": [["10:00", "12:00"]]},
    {"date": "2026-06-15", "kind": "special_session", "name": "Evening", "source": "circular 8"},  # hours not known
    THANKSGIVING,
    EARLY | {"hours": [["09:30", "13:00"]]},
]
# Every day, no hours, and breaks in a third one: what calendars also are.
ALWAYS = TEST | {"code": "ALWAYS", "regimes": [{"since": "2026-01-01", "weekdays": [0, 1, 2, 3, 4, 5, 6], "hours": []}]}
BREAKS = TEST | {
    "code": "BREAKS",
    "timezone": "Asia/Kolkata",
    "regimes": [
        {
            "since": "2026-01-01",
            "weekdays": [0, 1, 2, 3, 4],
            "hours": [["21:00", "02:30"], ["09:00", "11:30"]],
            "opens_day_before": True,
        }
    ],
}
DAILY = """\
calendar: TEST
start: 2026-01-05
owner: team:test
schedules:
  daily:
    at: close + 1h
    deadline: close + 4h
"""


@dataclass(frozen=True)
class Checkout:
    """A project's root with files that the command line reads."""

    root: Path

    def calendar(self, head: Mapping[str, Any], days: list[dict[str, Any]] | None = None) -> None:
        folder = self.root / "calendars" / "compiled"
        folder.mkdir(parents=True, exist_ok=True)
        lines = [head, *(days or [])]
        (folder / f"{head['code']}.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    def feed(self, name: str, schedule_file: str, adapter: str | None = "adapter = 1\n") -> None:
        folder = self.root / "adapters"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(schedule_file)
        if adapter is not None:
            (folder / f"{name}.py").write_text(adapter)


Ask = Callable[..., Result]
AskJson = Callable[..., Any]
