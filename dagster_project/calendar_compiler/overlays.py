"""Lays a person's overlays over what a library says of a day: what is refused, and what only warns."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dagster_project.calendar_compiler.parts import in_order
from dagster_project.calendar_compiler.rules_file import Entry
from dagster_project.domain.calendar import SESSIONS, Exceptional, Hours, Kind, Span


class Refused(ValueError):
    """An overlay that does not fit the day that it is laid over."""


@dataclass(frozen=True)
class Before:
    """A day as it is before an overlay: None is a day as the regular week and hours have it."""

    day: date
    regime: Hours
    entry: Exceptional | None

    @property
    def is_session(self) -> bool:
        return self.entry.kind in SESSIONS if self.entry else self.day.weekday() in self.regime.weekdays

    @property
    def says(self) -> str:
        if self.entry:
            return f"{self.entry.kind} ({self.entry.name}, {self.entry.source})"
        return "a regular session" if self.is_session else f"a regular {self.day:%A}"


def lay(entries: list[Entry], regime: Hours, library: Exceptional | None, zone: ZoneInfo) -> list[Exceptional]:
    """The lines of one day, in the order of their announcement; the last one holds.

    The overlays are laid over what the library says; where they come to what it says anyway, over the regular
    day, as it was believed before they were announced. Raises Refused.
    """
    day = entries[0].day
    try:
        lines = _chain(entries, Before(day, regime, None), zone)
        if library is None or same(lines[-1], library, regime, day):
            return lines
    except Refused:
        if library is None:
            raise
    lines = _chain(entries, Before(day, regime, library), zone)
    return lines if entries[0].overlay.announced is None else [library, *lines]


def same(one: Exceptional | None, other: Exceptional | None, regime: Hours, day: date) -> bool:
    """Whether two entries, or None for the regular day, make the same day: its kind and its hours."""
    return _essence(one, regime, day) == _essence(other, regime, day)


def _essence(entry: Exceptional | None, regime: Hours, day: date) -> tuple[bool, tuple[Span, ...], bool]:
    is_session = Before(day, regime, entry).is_session
    spans = entry.spans if entry else regime.spans if is_session else ()
    return is_session, spans, entry.kind is Kind.UNKNOWN if entry else False


def kind_of(spans: tuple[Span, ...], regime: Hours, day: date) -> Kind:
    """What a session with these hours is called."""
    if day.weekday() not in regime.weekdays or not spans or not regime.spans:
        return Kind.SPECIAL_SESSION
    if spans == regime.spans:
        return Kind.SESSION
    first, last = regime.spans[0][0], regime.spans[-1][1]
    closes_early = _minutes(spans[-1][1], first) < _minutes(last, first) or last == first
    return Kind.EARLY_CLOSE if spans[0][0] == first and closes_early else Kind.SPECIAL_SESSION


def _minutes(at: time, since: time) -> int:
    """Minutes from `since` to the next `at`, across midnight if need be."""
    return ((at.hour - since.hour) * 60 + at.minute - since.minute) % 1440


def _chain(entries: list[Entry], before: Before, zone: ZoneInfo) -> list[Exceptional]:
    lines: list[Exceptional] = []
    for entry in entries:
        try:
            laid = _LAY[entry.overlay.what](entry, before)
        except Refused as refusal:
            raise Refused(f"{entry.where}: {refusal}") from None
        announced = entry.overlay.announced
        lines.append(
            replace(
                laid,
                source=f"{entry.where}, {entry.overlay.source}",
                announced=_instant(announced, zone) if announced else None,
                opens_day_before=before.regime.opens_day_before and bool(laid.spans),
            )
        )
        before = replace(before, entry=lines[-1])
    times = [line.announced for line in lines if line.announced]
    if len(times) < len(lines) - (lines[0].announced is None) or times != sorted(times):
        raise Refused(
            f"{entries[-1].where}: {entries[-1].day} has several overlays; expected each later one to say "
            "when it was announced, in that order"
        )
    return lines


def _instant(announced: str, zone: ZoneInfo) -> datetime:
    found = datetime.fromisoformat(announced)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _closed(entry: Entry, before: Before) -> Exceptional:
    if not before.is_session:
        raise Refused(f"{entry.day} is closed already: {before.says}; expected a session to close")
    return Exceptional(entry.day, Kind.CLOSED, entry.name, "")


def _open(entry: Entry, before: Before) -> Exceptional:
    if before.is_session:
        raise Refused(f"{entry.day} has no closure to remove: {before.says}")
    if entry.day.weekday() not in before.regime.weekdays:
        raise Refused(f"{entry.day} is {before.says}; expected `session`, which adds one on any weekday")
    return Exceptional(entry.day, Kind.SESSION, entry.name, "", before.regime.spans)


def _session(entry: Entry, before: Before) -> Exceptional:
    if before.is_session:
        raise Refused(f"{entry.day} is a session already: {before.says}; expected `hours`, which changes them")
    spans = before.regime.spans if entry.overlay.hours == "regular" else _checked(entry, before)
    return Exceptional(entry.day, kind_of(spans, before.regime, entry.day), entry.name, "", spans)


def _hours(entry: Entry, before: Before) -> Exceptional:
    if not before.is_session:
        raise Refused(f"{entry.day} is closed: {before.says}; expected `session`, which opens it")
    spans = _checked(entry, before)
    kind = kind_of(spans, before.regime, entry.day)
    if kind is Kind.SESSION:
        raise Refused(f"{entry.day} has these hours already: they are the regular ones")
    return Exceptional(entry.day, kind, entry.name, "", spans)


def _shift(entry: Entry, before: Before) -> Exceptional:
    if not before.is_session:
        raise Refused(f"{entry.day} is closed: {before.says}; expected a session to shift")
    by = entry.overlay.by or timedelta()
    moved = tuple((_moved(start, by), _moved(end, by)) for start, end in before.regime.spans)
    return Exceptional(entry.day, kind_of(moved, before.regime, entry.day), entry.name, "", moved)


def _settlement_holiday(entry: Entry, before: Before) -> Exceptional:
    if not before.is_session:
        raise Refused(f"{entry.day} is closed: {before.says}; expected a session without settlement")
    kind, spans = (before.entry.kind, before.entry.spans) if before.entry else (Kind.SESSION, before.regime.spans)
    return Exceptional(entry.day, kind, entry.name, "", spans, settles=False)


def _estimated(entry: Entry, before: Before) -> Exceptional:
    return Exceptional(entry.day, Kind.UNKNOWN, f"{entry.name}, estimated ± 1 day", "")


def _moved(at: time, by: timedelta) -> time:
    return (datetime.combine(date.min + timedelta(days=1), at) + by).time()


def _checked(entry: Entry, before: Before) -> tuple[Span, ...]:
    try:
        in_order(entry.hours, before.regime.opens_day_before)
    except ValueError as error:
        raise Refused(str(error)) from None
    return entry.hours


_LAY: dict[str, Callable[[Entry, Before], Exceptional]] = {
    "closed": _closed,
    "open": _open,
    "session": _session,
    "hours": _hours,
    "shift": _shift,
    "settlement_holiday": _settlement_holiday,
    "estimated": _estimated,
}
