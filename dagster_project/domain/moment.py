"""Times as schedule files write them: wall times, times relative to a session, and durations.

`18:45` is a wall time. `close + 1h30m` and `open - 30m` follow the session, early closes included.
One rule for clock changes, the same as Dagster's daemon: a wall time that does not exist is the first instant
after the gap; one that exists twice is the second.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dagster_project.domain.calendar import Day

FURTHEST = timedelta(days=2)  # how far from the session's open or close a moment may lie

_DURATION = re.compile(r"(?:(\d{1,4})d)?\s*(?:(\d{1,4})h)?\s*(?:(\d{1,4})m(?:in)?)?\s*(?:(\d{1,4})s)?")
_WALL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_RELATIVE = re.compile(r"(open|close)(?:\s*([+-])\s*(\S.*))?")


@dataclass(frozen=True)
class Wall:
    """A wall time on the nominal day, in the schedule's timezone."""

    at: time

    def __str__(self) -> str:
        return f"{self.at:%H:%M}"


@dataclass(frozen=True)
class Relative:
    """A time before or after a session's open or close."""

    anchor: Literal["open", "close"]
    offset: timedelta

    def __str__(self) -> str:
        if not self.offset:
            return self.anchor
        sign = "-" if self.offset < timedelta(0) else "+"
        return f"{self.anchor} {sign} {write_duration(abs(self.offset))}"


Moment = Wall | Relative


def read_duration(text: str) -> timedelta:
    """A duration such as `5m`, `1h30m` or `3d`. Raises ValueError that says what was expected."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise ValueError("expected a duration such as 5m, 1h30m or 3d")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def write_duration(duration: timedelta) -> str:
    """The duration as a schedule file writes it."""
    seconds = int(duration.total_seconds())
    parts = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0m"


def read_moment(text: str) -> Moment:
    """A moment such as `18:45`, `close + 1h30m` or `open - 30m`. Raises ValueError that says what was expected."""
    text = text.strip()
    if wall := _WALL.fullmatch(text):
        return Wall(time(int(wall[1]), int(wall[2])))
    relative = _RELATIVE.fullmatch(text)
    if relative is None:
        raise ValueError(
            "expected a wall time such as 09:30 or 18:45, or open or close with a duration, such as close + 1h30m"
        )
    offset = read_duration(relative[3]) if relative[3] else timedelta(0)
    if offset % timedelta(minutes=1):
        raise ValueError("expected whole minutes: nothing starts at a second")  # cron has no seconds
    if offset > FURTHEST:
        raise ValueError(f"expected at most {write_duration(FURTHEST)} from the session; lag counts sessions")
    anchor: Literal["open", "close"] = "open" if relative[1] == "open" else "close"
    return Relative(anchor, -offset if relative[2] == "-" else offset)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a wall time, by the rule for clock changes above."""
    first = datetime.combine(day, at, zone)
    second = first.replace(fold=1)
    change = (second.utcoffset() or timedelta(0)) - (first.utcoffset() or timedelta(0))
    if change <= timedelta(0):
        return second.astimezone(UTC)
    # In a gap fold=0 reads the wall time by the offset before it, which lies after the change; fold=1 before.
    before, after = second.astimezone(UTC), first.astimezone(UTC)
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == second.utcoffset():
            after = middle
        else:
            before = middle
    return after


def resolve(moment: Moment, day: Day, zone: ZoneInfo) -> datetime | None:
    """The instant (UTC) of `moment` on `day`; None where the calendar does not know the session's hours."""
    if isinstance(moment, Wall):
        return instant(day.date, moment.at, zone)
    anchor = day.open if moment.anchor == "open" else day.close
    return None if anchor is None else anchor.astimezone(UTC) + moment.offset
