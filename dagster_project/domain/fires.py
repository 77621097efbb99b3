"""Which fires exist, and why a day has none.

A schedule owes one fire for each session. `consider` decides one nominal day; everything else (the tick, the
backlog, `next`, `explain`, the compiled cron) asks it, so that they cannot disagree. In order:

1. beyond what the calendar has verified: hold;
2. a day that is no session: skip, by the name of the holiday;
3. a day that the schedule file excepts: skip, by its reason;
4. the session `lag` sessions back; before the feed's `start`: skip;
5. the instant of `at`; hours not known: hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dagster_project.domain.calendar import Calendar, CalendarError, Day, Kind
from dagster_project.domain.moment import Relative, resolve
from dagster_project.domain.schedule import Schedule

_MARGIN = timedelta(days=3)  # a nominal day's fire lies within this of its midnight, in every timezone


@dataclass(frozen=True)
class Feed:
    """What the domain knows of a feed: its name, calendar, first session and schedules."""

    name: str
    calendar: Calendar
    start: date
    owner: str
    schedules: dict[str, Schedule]

    def zone(self, schedule: str) -> ZoneInfo:
        """The timezone of a schedule's wall times: its own, or the calendar's."""
        own = self.schedules[schedule].timezone
        return ZoneInfo(own) if own else self.calendar.zone


@dataclass(frozen=True)
class Fire:
    """What a schedule owes for one session. Instants are aware, in UTC."""

    feed: str
    schedule: str
    session: date  # the data's date
    day: date  # the nominal day: `lag` sessions later
    at: datetime
    deadline: datetime | None
    waits_until: datetime | None

    @property
    def id(self) -> str:
        """Feed, schedule and session: moving a time never makes a new fire."""
        return f"{self.feed}/{self.schedule}/{self.session}"


@dataclass(frozen=True)
class Skip:
    """Nothing runs, by the calendar or the schedule file."""

    reason: str


@dataclass(frozen=True)
class Hold:
    """Nothing runs because something is not known; the reason says how to make it known."""

    reason: str


def consider(feed: Feed, name: str, day: date) -> Fire | Skip | Hold:
    """What schedule `name` owes on the nominal day `day`, or the reason why it owes nothing."""
    schedule, calendar = feed.schedules[name], feed.calendar
    found = calendar.day(day)
    if found.kind is Kind.UNKNOWN:
        if day < calendar.first:
            return Skip(f"{day} is before {calendar.first}, the first day that {calendar.code} knows")
        return Hold(
            f"whether {day} is a session of {calendar.code} is not known: it is verified through "
            f"{calendar.verified_through}; extend calendars/{calendar.code}.yaml"
        )
    if not found.is_session:
        return Skip(f"{day} is not a session of {calendar.code}: {calendar.why_closed(day)}")
    for entry in schedule.except_:
        if entry.date == day:
            return Skip(f"{day} is excepted in adapters/{feed.name}.yaml: {entry.reason}")
    try:
        session = calendar.offset(day, -schedule.lag)
    except CalendarError as error:
        return Skip(str(error))
    if session < feed.start:
        return Skip(f"session {session} is before {feed.start}, the start of {feed.name}")
    zone = feed.zone(name)
    at = resolve(schedule.at, found, zone)
    if at is None:
        return Hold(
            f"{day} is a session of {calendar.code} ({found.name}) whose hours are not known; "
            f"state them in calendars/{calendar.code}.yaml"
        )
    return Fire(
        feed=feed.name,
        schedule=name,
        session=session,
        day=day,
        at=at,
        deadline=resolve(schedule.deadline, found, zone) if schedule.deadline else None,
        waits_until=resolve(schedule.wait.until, found, zone) if schedule.wait else None,
    )


def fires(feed: Feed, name: str, since: datetime, until: datetime) -> Iterator[Fire]:
    """The fires of schedule `name` from `since` (included) until `until` (excluded), in order."""
    first = max((since - _MARGIN).date(), feed.start)
    last = min((until + _MARGIN).date(), feed.calendar.verified_through)
    found = [
        fire
        for day in feed.calendar.sessions(first, last)
        if isinstance(fire := consider(feed, name, day), Fire) and since <= fire.at < until
    ]
    yield from sorted(found, key=lambda fire: fire.at)


def decide(feed: Feed, name: str, tick: datetime) -> Fire | Skip | Hold:
    """What a tick of schedule `name` at its nominal time `tick` does: the fire that it serves, or the reason."""
    day = tick.astimezone(feed.zone(name)).date()
    decision = consider(feed, name, day)
    if isinstance(decision, Fire) and decision.at != tick:
        # A fire may lie past the midnight that ends its nominal day.
        for fire in fires(feed, name, tick, tick + timedelta(minutes=1)):
            return fire
        local = decision.at.astimezone(feed.zone(name))
        return Skip(f"session {decision.session} is due at {local:%H:%M}, not now{_early(feed, name, decision.day)}")
    return decision


def _early(feed: Feed, name: str, day: date) -> str:
    found: Day = feed.calendar.day(day)
    if not isinstance(feed.schedules[name].at, Relative) or found.kind is Kind.SESSION or found.close is None:
        return ""
    return f": {found.name or found.kind.value}, {feed.calendar.code} closes at {found.close:%H:%M}"


def read_fire_id(text: str) -> tuple[str, date]:
    """The feed and the session of a fire's id."""
    feed, _schedule, session = text.split("/")[:3]
    return feed, date.fromisoformat(session)
