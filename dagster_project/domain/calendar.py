"""Trading calendars: which dates are sessions, when they open, break and close, and why not.

A calendar is compiled at development time (`dagster_project/calendar_compiler`) to a text of JSON lines: the
first holds what is regular, each further one an exceptional day. Here it becomes sorted integers and a bisect;
neither pandas nor a calendar library is needed to answer.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cached_property
from zoneinfo import ZoneInfo

from dagster_project.domain.calendar_day import SESSIONS, Day, Exceptional, Hours, Kind, Span, bounds_of, day_of

__all__ = [
    "SESSIONS",
    "UTC",
    "Calendar",
    "CalendarError",
    "Day",
    "Exceptional",
    "Hours",
    "Kind",
    "Span",
    "read_calendar",
]

UTC = ZoneInfo("UTC")


class CalendarError(ValueError):
    """A question that a calendar cannot answer; names the calendar, the value and the bound."""


@dataclass(frozen=True)
class Calendar:
    """One trading calendar from `first` through `verified_through`; beyond either the answer is *unknown*.

    A closure that is certain already, a statutory holiday of the next year for instance, is answered beyond
    `verified_through` too; a session never is.
    """

    code: str
    title: str
    timezone: str
    first: date
    verified_through: date
    regimes: tuple[Hours, ...]  # sorted by `since`
    exceptions: tuple[Exceptional, ...]  # sorted by date, then by announcement: the last one of a date holds
    rules_sha256: str = ""  # of the calendars/<CODE>.yaml that it was compiled from

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def _exceptional(self) -> dict[date, Exceptional]:
        return {entry.day: entry for entry in self.exceptions}

    @cached_property
    def _unknown(self) -> list[date]:
        """The days within what is verified of which nobody knows yet whether they are sessions."""
        return [day for day, entry in self._exceptional.items() if entry.kind is Kind.UNKNOWN]

    @cached_property
    def _since(self) -> list[date]:
        return [regime.since for regime in self.regimes]

    @cached_property
    def _ordinals(self) -> list[int]:
        """The sessions' ordinals, sorted."""
        end = self.verified_through.toordinal() + 1
        starts = [min(since.toordinal(), end) for since in self._since] + [end]
        exceptional = {entry.day.toordinal(): entry.kind in SESSIONS for entry in self._exceptional.values()}
        found = []
        for regime, start, stop in zip(self.regimes, starts, starts[1:], strict=False):
            open_on = [weekday in regime.weekdays for weekday in range(7)]
            for ordinal in range(max(start, self.first.toordinal()), stop):
                if exceptional.get(ordinal, open_on[(ordinal + 6) % 7]):
                    found.append(ordinal)
        return found

    def as_of(self, at: datetime) -> "Calendar":
        """What this calendar said at `at` (aware): without what was announced later.

        What has no time of announcement counts as always known.
        """
        known = tuple(entry for entry in self.exceptions if entry.announced is None or entry.announced <= at)
        return self if len(known) == len(self.exceptions) else replace(self, exceptions=known)

    def is_known(self, day: date) -> bool:
        return self.day(day).kind is not Kind.UNKNOWN

    def is_session(self, day: date) -> bool:
        ordinals = self._ordinals
        at = bisect_left(ordinals, day.toordinal())
        return at < len(ordinals) and ordinals[at] == day.toordinal()

    def sessions(self, since: date, through: date) -> Sequence[date]:
        """The sessions from `since` through `through`, both included, as far as is verified."""
        lo = bisect_left(self._ordinals, since.toordinal())
        hi = bisect_right(self._ordinals, through.toordinal())
        return [date.fromordinal(ordinal) for ordinal in self._ordinals[lo:hi]]

    def offset(self, day: date, by: int) -> date:
        """The session `by` sessions after `day` (before it, if negative).

        From a day that is no session, 1 is the next session and -1 the previous one. `by` 0 needs a session.
        Raises CalendarError where the answer lies outside what is known.
        """
        if not self.first <= day <= self.verified_through:
            raise CalendarError(f"{day}: {self.why_closed(day)}")
        at = bisect_left(self._ordinals, day.toordinal())
        target = at + by
        if not self.is_session(day):
            if by == 0:
                raise CalendarError(f"{day} is no session of {self.code}: {self.why_closed(day)}")
            target = at + by - 1 if by > 0 else at + by
        if not 0 <= target < len(self._ordinals):
            raise CalendarError(
                f"{self.code} knows its sessions from {self.first} through {self.verified_through}: "
                f"{abs(by)} sessions {'after' if by > 0 else 'before'} {day} lies outside"
            )
        found = date.fromordinal(self._ordinals[target])
        for unknown in self._unknown:
            if min(day, found) < unknown < max(day, found):
                raise CalendarError(
                    f"sessions of {self.code} between {day} and {found} cannot be counted: "
                    f"{unknown} is {self.why_closed(unknown)}"
                )
        return found

    def regime(self, day: date) -> Hours:
        """The regular hours in force on `day`."""
        return self.regimes[max(bisect_right(self._since, day) - 1, 0)]

    def day(self, day: date) -> Day:
        """What `day` is in this calendar, with its hours or the reason why it has none."""
        entry = self._exceptional.get(day)
        is_verified = self.first <= day <= self.verified_through
        if not is_verified and (entry is None or entry.kind is not Kind.CLOSED):
            return Day(day, Kind.UNKNOWN, None, None, (), None, None)
        if entry is not None:
            bounds = bounds_of(day, entry.spans, entry.opens_day_before, self.zone)
            return day_of(day, entry.kind, bounds, entry.name, entry.source, entry.announced, entry.settles)
        regime = self.regime(day)
        if day.weekday() not in regime.weekdays:
            return Day(day, Kind.CLOSED, None, None, (), day.strftime("%A"), "regular week")
        return day_of(day, Kind.SESSION, bounds_of(day, regime.spans, regime.opens_day_before, self.zone))

    def days(self, since: date, through: date) -> Iterator[Day]:
        """Every date from `since` through `through`, both included."""
        for ordinal in range(since.toordinal(), through.toordinal() + 1):
            yield self.day(date.fromordinal(ordinal))

    def why_closed(self, day: date) -> str:
        """The reason, in words, why `day` has no session."""
        found = self.day(day)
        if found.kind is not Kind.UNKNOWN:
            return found.name or "closed (reason unknown)"
        if found.name:
            return f"unknown: {found.name}"
        return (
            f"unknown: {self.code} is verified from {self.first} through {self.verified_through}; "
            f"extend calendars/{self.code}.yaml"
        )


def read_calendar(text: str) -> Calendar:
    """A calendar from its compiled text (JSON lines; the format is described in calendars/README.md)."""
    lines = [json.loads(line) for line in text.splitlines() if line]
    head, days = lines[0], lines[1:]
    zone = ZoneInfo(head["timezone"])
    return Calendar(
        code=head["code"],
        title=head["title"],
        timezone=head["timezone"],
        first=date.fromisoformat(head["first"]),
        verified_through=date.fromisoformat(head["verified_through"]),
        regimes=tuple(
            Hours(
                since=date.fromisoformat(regime["since"]),
                weekdays=frozenset(regime["weekdays"]),
                spans=_spans(regime["hours"]),
                opens_day_before=regime.get("opens_day_before", False),
            )
            for regime in head["regimes"]
        ),
        exceptions=tuple(
            Exceptional(
                day=date.fromisoformat(day["date"]),
                kind=Kind(day["kind"]),
                name=day.get("name"),
                source=day["source"],
                spans=_spans(day.get("hours", [])),
                announced=_announced(day["announced"], zone) if "announced" in day else None,
                opens_day_before=day.get("opens_day_before", False),
                settles=day.get("settles", True),
            )
            for day in days
        ),
        rules_sha256=head.get("rules_sha256", ""),
    )


def _spans(pairs: list[list[str]]) -> tuple[Span, ...]:
    return tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in pairs)


def _announced(text: str, zone: ZoneInfo) -> datetime:
    """A time of announcement; of one that is known to the day only, the start of that day."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=zone)
