"""Compares calendars with a checked list of days: exchange, date, kind, open, close, as CSV with a heading."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time

from dagster_project.domain.calendar import Calendar, CalendarError, Day, Kind

_KINDS = {
    "holiday": Kind.CLOSED,
    "closed": Kind.CLOSED,
    "normal": Kind.SESSION,
    "session": Kind.SESSION,
    "early_close": Kind.EARLY_CLOSE,
    "special_session": Kind.SPECIAL_SESSION,
}
_COLUMNS = ("exchange", "date", "kind", "open", "close")


class KnownDaysError(ValueError):
    """A list that cannot be read: the line, what was found and what was expected."""


@dataclass(frozen=True)
class KnownDay:
    """One row of a checked list. `open` and `close` are local wall times; None is not stated."""

    line: int
    exchange: str
    date: date
    kind: Kind
    open: time | None
    close: time | None
    name: str


@dataclass(frozen=True)
class WrongDay:
    """A row that a calendar answers otherwise: `expected` by the list, `found` in the calendar."""

    known: KnownDay
    expected: str
    found: str

    def __str__(self) -> str:
        known = self.known
        return f"line {known.line}: {known.exchange} {known.date}: expected {self.expected}, found {self.found}"


def read_known_days(text: str) -> list[KnownDay]:
    """The rows of a list. Raises KnownDaysError at the first that cannot be read."""
    rows = csv.DictReader(io.StringIO(text))
    missing = [column for column in _COLUMNS if column not in (rows.fieldnames or ())]
    if missing:
        raise KnownDaysError(f"line 1: expected the columns {', '.join(_COLUMNS)}; {', '.join(missing)} missing")
    return [_known_day(rows.line_num, row) for row in rows]


def wrong_days(known: list[KnownDay], calendar_of: Callable[[str], Calendar]) -> list[WrongDay]:
    """The rows that the calendars answer otherwise, in the list's order; empty where all are right.

    `calendar_of` gives the calendar of a code, or raises CalendarError. Names are not compared.
    """
    wrong = []
    for row in known:
        try:
            found = calendar_of(row.exchange).day(row.date)
        except CalendarError as error:
            wrong.append(WrongDay(row, _said(row.kind, row.open, row.close), str(error)))
            continue
        opens, closes = _wall(found.open), _wall(found.close)
        is_right = found.kind is row.kind and row.open in (None, opens) and row.close in (None, closes)
        if not is_right:
            wrong.append(WrongDay(row, _said(row.kind, row.open, row.close), _answer(found, opens, closes)))
    return wrong


def _known_day(line: int, row: dict[str, str]) -> KnownDay:
    if row["kind"] not in _KINDS:
        raise KnownDaysError(f"line {line}: found kind {row['kind']!r}, expected one of {', '.join(_KINDS)}")
    try:
        return KnownDay(
            line,
            row["exchange"],
            date.fromisoformat(row["date"]),
            _KINDS[row["kind"]],
            time.fromisoformat(row["open"]) if row["open"] else None,
            time.fromisoformat(row["close"]) if row["close"] else None,
            row.get("name", ""),
        )
    except (TypeError, ValueError) as error:
        raise KnownDaysError(f"line {line}: {error}; expected a date 2026-01-31 and times 09:30") from None


def _wall(instant: datetime | None) -> time | None:
    return instant.time() if instant else None


def _said(kind: Kind, opens: time | None, closes: time | None) -> str:
    hours = [f"{word} {at:%H:%M}" for word, at in (("opens", opens), ("closes", closes)) if at]
    return " ".join([kind, *hours])


def _answer(found: Day, opens: time | None, closes: time | None) -> str:
    return _said(found.kind, opens, closes) + (f" ({found.name})" if found.name else "")
