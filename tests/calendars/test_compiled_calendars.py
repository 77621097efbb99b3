"""The committed calendars: up to date with their rules and the libraries, complete, and readable without either."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dagster_project.calendar_compiler.compiled import compiled
from dagster_project.calendar_compiler.difference import difference
from dagster_project.calendar_compiler.rules_file import read_rules, sha256
from dagster_project.domain.calendar import Kind
from dagster_project.io.calendars import load_calendar

FOLDER = Path(__file__).resolve().parents[2] / "calendars"
CODES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
each_calendar = pytest.mark.parametrize("code", CODES)


def lines(code: str) -> list[dict[str, Any]]:
    """The committed lines of a calendar: its heading, then its exceptional days."""
    text = (FOLDER / "compiled" / f"{code}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_every_rules_file_is_compiled_and_nothing_else_is() -> None:
    """One compiled text per rules file."""
    assert sorted(path.stem for path in (FOLDER / "compiled").glob("*")) == CODES


@each_calendar
def test_the_libraries_say_what_is_committed(code: str) -> None:
    """Beyond the overlays, which record each disagreement, and with no overlay that a library has caught up with."""
    result = compiled(read_rules(FOLDER / f"{code}.yaml"))
    assert difference((FOLDER / "compiled" / f"{code}.jsonl").read_text(encoding="utf-8"), result.text) == []
    assert result.warnings == ()


@each_calendar
def test_a_compiled_text_was_made_from_the_rules_beside_it(code: str) -> None:
    """An edit of the rules that was not compiled is noticed without any library."""
    assert load_calendar(code, FOLDER).rules_sha256 == sha256(FOLDER / f"{code}.yaml")


@each_calendar
def test_every_exceptional_day_has_a_name_and_a_source(code: str) -> None:
    """A person on call reads why a market is closed, and who said so."""
    for line in lines(code)[1:]:
        assert line["name"], line
        assert "unknown)" not in line["name"], line
        assert line["source"], line


@each_calendar
def test_only_days_that_are_not_regular_are_lines(code: str) -> None:
    """A holiday on a regular closed day, and a session with regular hours that nothing was said of, are none."""
    calendar = load_calendar(code, FOLDER)
    for entry in calendar.exceptions:
        regime = calendar.regime(entry.day)
        is_regular = entry.day.weekday() in regime.weekdays
        if entry.kind is Kind.CLOSED:
            assert is_regular, entry
        if entry.kind is Kind.SESSION:
            assert entry.spans == regime.spans, entry
            assert "calendars/" in entry.source, entry


@each_calendar
def test_exceptional_days_are_in_order(code: str) -> None:
    """By date, and of one date by announcement, so that a difference is reviewable."""
    order = [(entry.day, str(entry.announced or "")) for entry in load_calendar(code, FOLDER).exceptions]
    assert order == sorted(order)


@each_calendar
def test_every_session_opens_before_it_closes(code: str) -> None:
    """On each session of the whole calendar, with its breaks in between."""
    calendar = load_calendar(code, FOLDER)
    for day in calendar.days(calendar.first, calendar.verified_through):
        if day.open is None or day.close is None:
            assert (day.open, day.close, day.breaks) == (None, None, ()), day
            continue
        times = [day.open, *(each for pause in day.breaks for each in pause), day.close]
        assert times == sorted(times), day
        assert times[0] < times[-1], day


@pytest.mark.parametrize(
    ("code", "through"),
    [("XNSE", "2026-12-31"), ("XSHG", "2026-12-31"), ("XSES", "2026-12-31"), ("XNYS", "2028-12-31")],
)
def test_a_calendar_says_how_far_it_is_verified(code: str, through: str) -> None:
    """India, China and Singapore end with 2026: the libraries go on, with no closure at all."""
    calendar = load_calendar(code, FOLDER)
    assert calendar.verified_through == date.fromisoformat(through)
    assert not calendar.sessions(date(2029, 1, 1), date(2030, 12, 31))


def test_reading_a_calendar_imports_neither_pandas_nor_a_calendar_library() -> None:
    """Nor the compiler, in a process of its own."""
    program = (
        "import sys; from pathlib import Path; from dagster_project.io.known_days import verify; "
        "from dagster_project.io.calendars import load_calendar; "
        f"load_calendar('XNSE', Path({str(FOLDER)!r})).sessions.__call__; "
        "print([name for name in sys.modules if name.split('.')[0] in "
        "('pandas', 'numpy', 'exchange_calendars', 'pandas_market_calendars', 'holidays') "
        "or name.startswith('dagster_project.calendar_compiler')])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=FOLDER.parent
    )
    assert found.stdout.strip() == "[]"
