"""A schedule as a list of cron strings: few ticks, none missing.

Dagster's daemon knows only cron. A wall time that most sessions of a weekday share becomes one string for those
weekdays, so that a holiday is a visible tick, skipped by name. What is left (early closes, weekend sessions)
becomes strings of days and months. They have no year, so a tick may come where nothing is due: it is skipped.
"""

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta

from dagster_project.domain.fires import Feed, Fire, fires
from dagster_project.domain.moment import Wall, instant

_COMMON = 0.5  # of a weekday's fires at one wall time, from which on that time is regular for the weekday


def compile_cron(feed: Feed, name: str) -> list[str]:
    """Cron strings, in the schedule's timezone, with a tick at every fire that the calendar knows."""
    zone = feed.zone(name)
    wanted: dict[time, set[date]] = defaultdict(set)
    for fire in _all_fires(feed, name):
        local = fire.at.astimezone(zone)
        wanted[_nominal(feed, name, fire.day, local)].add(local.date())
    per_weekday = Counter(day.weekday() for days in wanted.values() for day in days)
    strings = []
    for at, days in sorted(wanted.items()):
        here = Counter(day.weekday() for day in days)
        regular = {weekday for weekday in here if _is_regular(weekday, here[weekday], per_weekday)}
        if regular:
            strings.append(f"{at.minute} {at.hour} * * {_ranges({(weekday + 1) % 7 for weekday in regular})}")
        months: dict[int, set[int]] = defaultdict(set)
        for day in days:
            if day.weekday() not in regular:
                months[day.month].add(day.day)
        strings.extend(f"{at.minute} {at.hour} {_ranges(on)} {month} *" for month, on in sorted(months.items()))
    # A schedule that never fires still needs a tick that can say so.
    return strings or ["0 0 1 1 *"]


def _is_regular(weekday: int, count: int, per_weekday: Counter[int]) -> bool:
    is_weekend = weekday >= 5 and per_weekday[weekday] < max(per_weekday.values()) / 2
    return not is_weekend and count / per_weekday[weekday] >= _COMMON


def _nominal(feed: Feed, name: str, day: date, local: datetime) -> time:
    """The wall time whose cron string ticks at this fire: in a gap it is the time that does not exist."""
    at = feed.schedules[name].at
    if isinstance(at, Wall) and instant(day, at.at, feed.zone(name)) == local:
        return at.at
    return local.time().replace(tzinfo=None)


def _all_fires(feed: Feed, name: str) -> list[Fire]:
    first = datetime.combine(feed.start, time(), feed.zone(name))
    last = datetime.combine(feed.calendar.verified_through, time(), feed.zone(name)) + timedelta(days=3)
    return list(fires(feed, name, first, last))


def _ranges(numbers: set[int]) -> str:
    """`{1, 2, 3, 5}` as `1-3,5`."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)
