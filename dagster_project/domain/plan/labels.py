"""What is special about the sessions of a group: early closes, special sessions, clocks that change."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dagster_project.domain.calendar import Day, Kind
from dagster_project.domain.plan.matching import Change, Named

_RARE = 0.25  # of a schedule's sessions: a difference between clocks that no more of them have is one of some weeks
_NAMES = 2  # more of them are a list, not a label

Label = Callable[[Sequence[Change]], str]


def labels(changes: Sequence[Change], before: Named | None, after: Named | None) -> Label:
    """What tells the label of some of a schedule's `changes`; empty: nothing special about them all."""
    sides = [each for each in (after, before) if each]
    zones = list(dict.fromkeys(zone for feed, name in sides for zone in (feed.zone(name), feed.calendar.zone)))
    usual = Counter(_offsets(change, zones) for change in changes) if zones[1:] else Counter()
    rare = {offsets for offsets, count in usual.items() if count <= _RARE * len(changes)}

    def label(some: Sequence[Change]) -> str:
        for kind in (Kind.EARLY_CLOSE, Kind.SPECIAL_SESSION):
            if all(day.kind is kind for day in map(day_of, some)):
                names = list(dict.fromkeys(day.name for day in map(day_of, some) if day.name))
                words = kind.value.replace("_", " ")
                return f"{words}: {', '.join(names)}" if 0 < len(names) <= _NAMES else words
        if all(_clocks_change(change, zones[0]) for change in some):
            return "clocks change"
        return "between clock changes" if rare and {_offsets(change, zones) for change in some} <= rare else ""

    def day_of(change: Change) -> Day:
        feed, _ = sides[0 if change.after else -1]
        return feed.calendar.day(change.fire.day)

    return label


def _offsets(change: Change, zones: Sequence[ZoneInfo]) -> tuple[timedelta, ...]:
    """How far the clocks of `zones` are from those of the first, at the time of the fire."""
    offsets = [change.fire.at.astimezone(zone).utcoffset() or timedelta(0) for zone in zones]
    return tuple(offset - offsets[0] for offset in offsets)


def _clocks_change(change: Change, zone: ZoneInfo) -> bool:
    """Whether the zone's clocks change on the local date of the fire, as it was or will be."""
    days = {fire.at.astimezone(zone).date() for fire in (change.before, change.after) if fire}
    return any(_midnight(day, zone) != _midnight(day + timedelta(days=1), zone) for day in days)


def _midnight(day: date, zone: ZoneInfo) -> timedelta | None:
    """The offset of a date's first instant."""
    return datetime.combine(day, time(), zone).utcoffset()
