"""A schedule as a list of cron strings: few ticks, none missing.

Dagster's daemon knows only cron. A wall time that most dates of a weekday share, in all months or in some, becomes
one string for those months and weekdays, so that a holiday is a visible tick, skipped by name. What is left (early
closes, weekend sessions) becomes strings of days and months. They have no year, so a tick may come where nothing is
due: it is skipped. No string restricts both days of month and weekdays: cron would tick on either.

Strings are in the schedule's timezone, where a person reads them, unless one of its fires falls into a clock
change. Cron cannot say which of two equal wall times is meant, and Dagster's daemon treats changes at night and at
midnight differently; then all strings are in UTC, where each instant has one wall time.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from dagster_project.domain.calendar import UTC
from dagster_project.domain.fires import Feed
from dagster_project.domain.moment import Wall, resolve

_USUAL = 0.75  # of all dates of a weekday, beyond which a wall time is regular for it in every month
_COMMON = 0.5  # of a weekday's dates in a month, beyond which it is regular for them
_NEAR = timedelta(days=4)  # a fire lies within this of its nominal day
_NEVER = "0 0 1 1 *"  # a schedule that never fires still needs a tick that can say so
_YEAR = timedelta(days=366)  # of known days make the strings, however long ago: what is held needs ticks that say so

_Cell = tuple[int, int]  # month, weekday (0 = Monday)


def ticks_since(today: date) -> date:
    """The first nominal day that needs ticks: the start of the year, and for its first weeks of the year before.

    Cron has no year, so a market's former hours would have a tick on every day for ever. Moving once a year, it
    changes no string on the other days.
    """
    return date((today - timedelta(days=35)).year, 1, 1)


def compile_cron(feed: Feed, name: str, since: date = date.min) -> list[str]:
    """Cron strings, in the timezone `cron_zone`, with a tick at every fire that the calendar knows.

    Nominal days before `since` (see `ticks_since`) need none.
    """
    zone = cron_zone(feed, name, since)
    days: dict[time, set[date]] = defaultdict(set)
    for wall in _walls(feed, name, zone, feed.calendar.sessions(_first(feed, since), feed.calendar.verified_through)):
        days[wall.time()].add(wall.date())
    if not days:
        return [_NEVER]
    every_day = set[date]().union(*days.values())
    dates = _cells(_range(min(every_day), max(every_day)))
    strings = [string for at in sorted(days) for string in _strings(at, days[at], dates)]
    return sorted(strings, key=_is_of_days)  # what is regular first: it is what a person looks for


def cron_zone(feed: Feed, name: str, since: date = date.min) -> ZoneInfo:
    """The timezone of a schedule's cron strings: its own, or UTC if one of its fires falls into a clock change."""
    zone, calendar = feed.zone(name), feed.calendar
    first = _first(feed, since)
    for change in _clock_changes(zone, first.year, calendar.verified_through.year):
        for wall in _walls(feed, name, zone, calendar.sessions(max(change - _NEAR, first), change + _NEAR)):
            if wall.replace(fold=0, tzinfo=zone).utcoffset() != wall.replace(fold=1, tzinfo=zone).utcoffset():
                return UTC
    return zone


def _first(feed: Feed, since: date) -> date:
    return max(feed.start, min(since, feed.calendar.verified_through - _YEAR))


def _walls(feed: Feed, name: str, zone: ZoneInfo, days: Iterable[date]) -> Iterator[datetime]:
    """The naive wall times, in `zone`, at which the schedule would fire on nominal days."""
    moment, own = feed.schedules[name].at, feed.zone(name)
    for day in days:
        if isinstance(moment, Wall) and zone is own:
            yield datetime.combine(day, moment.at)
        elif at := resolve(moment, feed.calendar.day(day), own):
            yield at.astimezone(zone).replace(tzinfo=None)


@cache
def _clock_changes(zone: ZoneInfo, first_year: int, last_year: int) -> list[date]:
    """The local dates on which the zone's offset changes."""
    offsets = [
        (day, datetime.combine(day, time(), zone).utcoffset())
        for day in _range(date(first_year, 1, 1), date(last_year + 1, 1, 1))
    ]
    return [day for (day, at), (_, after) in pairwise(offsets) if at != after]


def _range(first: date, last: date) -> Iterator[date]:
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))


def _cells(days: Iterable[date]) -> Counter[_Cell]:
    """How many dates there are of each weekday in each month."""
    return Counter((day.month, day.weekday()) for day in days)


def _strings(at: time, days: set[date], dates: Counter[_Cell]) -> Iterator[str]:
    """Cron strings that tick at wall time `at` on each of `days`; `dates` are all there are between first and last."""
    here = _cells(days)
    regular = {
        (month, weekday) for month in range(1, 13) for weekday in range(7) if _is_regular(month, weekday, here, dates)
    }
    by_weekdays: dict[frozenset[int], set[int]] = defaultdict(set)
    for month in range(1, 13):
        by_weekdays[frozenset((weekday + 1) % 7 for in_month, weekday in regular if in_month == month)].add(month)
    on_day: dict[int, set[int]] = defaultdict(set)
    for day in days:
        if (day.month, day.weekday()) not in regular:
            on_day[day.month].add(day.day)
    by_days: dict[frozenset[int], set[int]] = defaultdict(set)
    for month, on in on_day.items():
        by_days[frozenset(on)].add(month)
    if by_days.get(frozenset({29})) == {2}:
        # For `29 2 *` alone, Dagster looks a day ahead and loses the tick if it starts on that day.
        by_days[frozenset({28, 29})] = by_days.pop(frozenset({29}))
    for weekdays, months in sorted(by_weekdays.items(), key=lambda item: min(item[1])):
        if weekdays:
            yield f"{at.minute} {at.hour} * {_numbers(months, 12)} {_numbers(weekdays, 7)}"
    for on_days, months in sorted(by_days.items(), key=lambda item: min(item[1])):
        yield f"{at.minute} {at.hour} {_numbers(on_days, 31)} {_numbers(months, 12)} *"


def _is_of_days(string: str) -> bool:
    """Whether a cron string is about days of a month, rather than weekdays."""
    return string.split()[2] != "*"


def _is_regular(month: int, weekday: int, here: Counter[_Cell], dates: Counter[_Cell]) -> bool:
    """Whether a wall time that has `here` of all `dates` is regular for a weekday in a month."""
    all_dates = sum(dates[other, weekday] for other in range(1, 13))
    overall = sum(here[other, weekday] for other in range(1, 13)) / max(all_dates, 1)
    if not dates[month, weekday]:  # a month that lies beyond what the calendar knows, of a new feed
        return overall > _COMMON
    return overall > _USUAL or here[month, weekday] / dates[month, weekday] > _COMMON


def _numbers(numbers: Iterable[int], all_of_them: int) -> str:
    """`{1, 2, 3, 5}` as `1-3,5`; every one as `*`."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    if sum(map(len, parts)) == all_of_them:
        return "*"
    return ",".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)
