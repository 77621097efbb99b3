"""Loads compiled calendars from `calendars/compiled/<CODE>.jsonl`."""

from functools import cache
from pathlib import Path

from dagster_project.domain.calendar import Calendar, CalendarError, read_calendar


@cache
def load_calendar(code: str, folder: Path) -> Calendar:
    """The calendar `code` under `folder` (the project's `calendars/`).

    Raises CalendarError, naming the codes that there are, where it has not been compiled.
    """
    path = folder / "compiled" / f"{code}.jsonl"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in path.parent.glob("*.jsonl")))
        raise CalendarError(f"no calendar {code!r} in {path.parent}; there are: {known or 'none'}")
    return read_calendar(path.read_text(encoding="utf-8"))
