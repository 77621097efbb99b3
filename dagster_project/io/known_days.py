"""Checks the committed calendars against a file of known days."""

from pathlib import Path

from dagster_project.domain.known_days import WrongDay, read_known_days, wrong_days
from dagster_project.io.calendars import load_calendar


def verify(path: Path, folder: Path) -> list[WrongDay]:
    """The rows of the CSV at `path` that the calendars under `folder` answer otherwise.

    The columns are exchange, date, kind (holiday, normal, early_close, special_session), open and close as local
    wall times or empty. Raises KnownDaysError where the file cannot be read as such.
    """
    known = read_known_days(path.read_text(encoding="utf-8"))
    return wrong_days(known, lambda code: load_calendar(code, folder))
