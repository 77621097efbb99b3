"""What rules files write in short: hours, weekdays, shifts and times of announcement."""

import re
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BeforeValidator

from dagster_project.domain.calendar import Span

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EXPECTED = "expected weekdays such as mon-fri, or: sun mon tue"
_SHIFT = re.compile(r"(?P<sign>[+-])(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?")


def _weekdays(text: object) -> object:
    """`mon-fri`, or `sun mon tue`, as numbers with Monday 0."""
    if not isinstance(text, str):
        return text
    found: set[int] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        days = _WEEKDAYS[_index(first) : _index(last or first) + 1]
        if not days:
            raise ValueError(_EXPECTED)
        found.update(map(_index, days))
    return frozenset(found)


def _index(weekday: str) -> int:
    if weekday not in _WEEKDAYS:
        raise ValueError(_EXPECTED)
    return _WEEKDAYS.index(weekday)


def _spans(parts: object) -> object:
    """`[09:00-11:30, 12:30-15:30]` as pairs of times."""
    try:
        if isinstance(parts, list):
            return tuple(_span(str(part)) for part in parts)
    except ValueError:
        pass
    raise ValueError("expected hours such as [09:15-15:30], or several with breaks between them")


def _spans_or_word(parts: object) -> object:
    return parts if parts in ("regular", "unknown") else _spans(parts)


def _span(text: str) -> Span:
    start, end = text.split("-")
    return time.fromisoformat(start.strip()), time.fromisoformat(end.strip())


def _shift(text: object) -> object:
    """`+1h`, `-30m`, `+1h30m` as a timedelta."""
    found = _SHIFT.fullmatch(str(text))
    if found is None or not (found["hours"] or found["minutes"]):
        raise ValueError("expected a shift such as +1h or -30m")
    size = timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0))
    return size if found["sign"] == "+" else -size


def _announced(found: object) -> object:
    """A date, or a date with a time and its offset, as text."""
    text = found.isoformat() if isinstance(found, date) else str(found)
    try:
        if len(text) == len("2024-01-19") or datetime.fromisoformat(text).tzinfo is not None:
            date.fromisoformat(text[:10])
            return text
    except ValueError:
        pass
    raise ValueError("expected a date, or a time with its offset such as 2024-01-19T20:00+05:30")


def in_order(hours: tuple[Span, ...], opens_day_before: bool = False) -> None:
    """Raises ValueError where a span ends before it starts, or starts before the one before it has ended.

    A session that opens on the day before, or runs round the clock, may pass midnight once.
    """
    times = [each for span in hours for each in span]
    turns = sum(after <= before for before, after in pairwise(times))
    is_round_the_clock = times == [time(0), time(0)]
    if turns > (1 if opens_day_before or is_round_the_clock else 0):
        found = ", ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in hours)
        raise ValueError(f"hours out of order: {found}")


Weekdays = Annotated[frozenset[int], BeforeValidator(_weekdays)]
Spans = Annotated[tuple[Span, ...], BeforeValidator(_spans)]
SpansOrWord = Annotated[tuple[Span, ...] | Literal["regular", "unknown"], BeforeValidator(_spans_or_word)]
Shift = Annotated[timedelta, BeforeValidator(_shift)]
Announced = Annotated[str, BeforeValidator(_announced)]
