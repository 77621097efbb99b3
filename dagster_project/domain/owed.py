"""Which fires are owed: those that fell due by the schedule files that were in force at the time.

An edit neither makes a past fire due nor loses one that was, or was still to come:

- a fire that fell due under the files of its time stays owed, whatever an edit says later;
- a fire that was still to come, and that an edit moved to before the edit, is due at once;
- a fire that only an edit placed before itself (a new schedule, an earlier start) is not owed: it needs a backfill.

Which calendar and which schedules a feed had is history. The calendars themselves are asked as they are now: a day that
was held because it was not known is owed once it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dagster_project.domain.calendar import Calendar, CalendarError
from dagster_project.domain.fires import Feed, Fire, consider, fires
from dagster_project.domain.schedule import Schedule


@dataclass(frozen=True)
class InForce:
    """The schedules of a feed and their calendar (None: the one that it has now), and since when (UTC) deployed."""

    since: datetime
    schedules: Mapping[str, Schedule]
    calendar: Calendar | None = None


def owed(feed: Feed, history: Sequence[InForce], now: datetime) -> list[Fire]:
    """Every fire that fell due by `now` under the schedules in force at its time, oldest first.

    `history` is sorted by time. A first deployment owes each schedule's latest fire that was due before it, so
    that a new feed shows a table at once; where that one may still wait for its source, the one before too.
    """
    found: dict[str, Fire] = {}
    before: Feed | None = None
    ends = [*(period.since for period in history[1:]), now + timedelta.resolution]
    for period, end in zip(history, ends, strict=False):
        then = replace(feed, calendar=period.calendar or feed.calendar, schedules=dict(period.schedules))
        found.update((fire.id, _as_edited(then, fire)) for fire in found.values() if _waits_at(fire, period.since))
        for name in then.schedules:
            for fire in (*fires(then, name, period.since, end), *_made_due(before, then, name, period.since)):
                found.setdefault(fire.id, fire)
        before = then
    return sorted(found.values(), key=lambda fire: (fire.due, fire.at, fire.id))


def latest_due(feed: Feed, name: str, now: datetime) -> list[Fire]:
    """The latest fire of a schedule that was due at `now`, after the one before it if it may still wait."""
    back, found = timedelta(days=8), list[Fire]()
    while len(found) < 2:
        found = list(fires(feed, name, now - back, now + timedelta.resolution))
        if (now - back).date() < feed.start:
            break
        back *= 4
    return found[-2:] if found and _waits_at(found[-1], now) else found[-1:]


def _made_due(before: Feed | None, then: Feed, name: str, at: datetime) -> Iterator[Fire]:
    """The fires that the deployment of `then` at `at` made due, by being the first or by moving what was to come."""
    if before is None:
        yield from (replace(fire, owed_since=at) for fire in latest_due(then, name, at))
    elif (was := before.schedules.get(name)) is not None and was != then.schedules[name]:
        # Far enough for a lag that was changed: a session is at most a few calendar days.
        reach = timedelta(days=15) + max(was.lag, then.schedules[name].lag) * timedelta(days=2)
        to_come = {fire.id for fire in fires(before, name, at, at + reach)}
        for fire in fires(then, name, at - reach, at):
            if fire.id in to_come:
                yield replace(fire, owed_since=at)


def _waits_at(fire: Fire, at: datetime) -> bool:
    return fire.waits_until is not None and fire.waits_until > at


def _as_edited(then: Feed, fire: Fire) -> Fire:
    """A fire that still waited when its schedule was edited: it waits as long as the edited file says."""
    if (schedule := then.schedules.get(fire.schedule)) is None:
        return fire
    try:
        day = then.calendar.offset(fire.session, schedule.lag) if schedule.lag else fire.session
    except CalendarError:
        return fire
    edited = consider(then, fire.schedule, day)
    if not isinstance(edited, Fire):
        return fire
    return replace(fire, deadline=edited.deadline, waits_until=edited.waits_until)
