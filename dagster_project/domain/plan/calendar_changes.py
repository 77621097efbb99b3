"""How the calendars of the feeds differ between two states of their data."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from dagster_project.domain.calendar import Calendar, Day, Kind
from dagster_project.domain.fires import Feed


@dataclass(frozen=True)
class Days:
    """Days of which a calendar says the same that it did not say before, in words."""

    before: str
    after: str
    days: tuple[date, ...]


@dataclass(frozen=True)
class CalendarChange:
    """A calendar that is verified through another date, or says something else of days in the window."""

    code: str
    verified_before: date
    verified_after: date
    days: tuple[Days, ...]


def calendar_changes(
    before: Iterable[Feed], after: Iterable[Feed], since: datetime, until: datetime
) -> tuple[CalendarChange, ...]:
    """The calendars that feeds use before and after, and that differ, by code."""
    was, now = ({feed.calendar.code: feed.calendar for feed in feeds} for feeds in (before, after))
    found = (_change(was[code], now[code], since.date(), until.date()) for code in sorted(was.keys() & now.keys()))
    return tuple(change for change in found if change is not None)


def _change(before: Calendar, after: Calendar, first: date, last: date) -> CalendarChange | None:
    if before == after:
        return None
    # What only one of the two knows is told by the dates through which they are verified.
    known = min(last, before.verified_through, after.verified_through)
    alike: dict[tuple[str, str], list[date]] = defaultdict(list)
    for was, now in zip(before.days(first, known), after.days(first, known), strict=True):
        if (texts := (_words(was), _words(now)))[0] != texts[1]:
            alike[texts].append(was.date)
    days = tuple(Days(*texts, tuple(some)) for texts, some in alike.items())
    if not days and before.verified_through == after.verified_through:
        return None
    return CalendarChange(after.code, before.verified_through, after.verified_through, days)


def _words(day: Day) -> str:
    """A day in words, such as `early close 09:30-13:00 (Christmas Eve)`."""
    return " ".join(_parts(day))


def _parts(day: Day) -> Iterator[str]:
    yield day.kind.value.replace("_", " ")
    if day.is_session:
        if day.open is None or day.close is None:
            yield "hours not known"
        else:
            bounds = [day.open, *(at for pause in day.breaks for at in pause), day.close]
            yield ", ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in zip(bounds[::2], bounds[1::2], strict=True))
    if day.name and (day.kind is not Kind.CLOSED or day.source != "regular week"):
        yield f"({day.name})"
