"""Which fires exist, and why a day has none.

A schedule owes one fire for each session. `consider` decides one nominal day; everything else (the tick, the
backlog, `next`, `explain`, the compiled cron) asks it, so that they cannot disagree. In order:

1. a day of which the calendar does not know whether it is a session: hold;
2. a day that is no session: skip, by the name of the holiday;
3. a day that the schedule file excepts: skip, by its reason;
4. the session `lag` sessions back, hold where it cannot be counted; before the feed's `start`: skip;
5. the instants of `at`, `deadline` and `wait`; hours not known: hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dagster_project.domain.calendar import Calendar, CalendarError, Day, Kind
from dagster_project.domain.moment import FURTHEST, Relative, resolve
from dagster_project.domain.schedule import Schedule

# A nominal day's fire lies within this of its midnight: a session may open the day before and close the day
# after, and no timezone is further than a day from UTC.
_MARGIN = FURTHEST + timedelta(days=3)
_NEIGHBOURS = timedelta(days=15)  # long enough to hold an ordinary session, whatever holidays there are


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
    owed_since: datetime | None = None  # when a deployment made it due, if it did not fall due at its time

    @property
    def due(self) -> datetime:
        """The instant from which on it is owed, and lateness counts."""
        return self.owed_since or self.at

    @property
    def id(self) -> str:
        """Feed, schedule and session: moving a time never makes a new fire."""
        return f"{self.feed}/{self.schedule}/{self.session}"


@dataclass(frozen=True)
class Skip:
    """Nothing runs, by the calendar or the schedule file. `fire`: what the day does owe, at another time."""

    reason: str
    fire: Fire | None = None


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
        return Hold(f"whether {day} is a session of {calendar.code} is not known: {_unknown(calendar, found)}")
    if not found.is_session:
        return Skip(f"{day} is not a session of {calendar.code}: {calendar.why_closed(day)}")
    for entry in schedule.except_:
        if entry.date == day:
            return Skip(f"{day} is excepted in adapters/{feed.name}.yaml: {entry.reason}")
    try:
        session = calendar.offset(day, -schedule.lag) if schedule.lag else day
    except CalendarError as error:
        if len(calendar.sessions(calendar.first, day)) > schedule.lag:
            return Hold(f"which session lies {schedule.lag} back is not known: {error}")
        session = calendar.first - timedelta(days=1)
    if session < feed.start:
        back = f"the session {schedule.lag} before {day}" if schedule.lag else f"session {session}"
        return Skip(f"{back} is before {feed.start}, the start of {feed.name}")
    zone = feed.zone(name)
    moments = (schedule.at, schedule.deadline, schedule.wait.until if schedule.wait else None)
    at, deadline, waits_until = (resolve(moment, found, zone) if moment else None for moment in moments)
    if at is None or (schedule.deadline and deadline is None) or (schedule.wait and waits_until is None):
        named = f" ({found.name})" if found.name else ""
        return Hold(
            f"{day} is a session of {calendar.code}{named} whose hours are not known; "
            f"state them in calendars/{calendar.code}.yaml"
        )
    return Fire(feed.name, name, session, day, at, deadline, waits_until)


def _unknown(calendar: Calendar, day: Day) -> str:
    """Why a day is unknown, and what makes it known."""
    if day.name:
        return f"{day.name}; settle it in calendars/{calendar.code}.yaml"
    return f"it is verified through {calendar.verified_through}; extend calendars/{calendar.code}.yaml"


def fires(feed: Feed, name: str, since: datetime, until: datetime) -> Iterator[Fire]:
    """The fires of schedule `name` from `since` (included) until `until` (excluded), in order."""
    first = max((since - _MARGIN).date(), feed.start)
    last = min((until + _MARGIN).date(), feed.calendar.verified_through)
    found = [
        fire
        for day in feed.calendar.sessions(first, last)
        if isinstance(fire := consider(feed, name, day), Fire) and since <= fire.at < until
    ]
    yield from sorted(found, key=lambda fire: (fire.at, fire.day))


def decide(feed: Feed, name: str, tick: datetime) -> Fire | Skip | Hold:
    """What a tick of schedule `name` at its nominal time `tick` does: the fire that it serves, or the reason."""
    for fire in fires(feed, name, tick, tick + timedelta.resolution):
        return fire
    decision = consider(feed, name, nominal_day(feed, name, tick))
    if not isinstance(decision, Fire):
        return decision
    due = decision.at.astimezone(feed.zone(name))
    is_same_day = due.date() == tick.astimezone(due.tzinfo).date()
    when = f"{due:%H:%M}" if is_same_day else f"{due:%Y-%m-%d %H:%M}"
    return Skip(f"session {decision.session} is due at {when}, not now{_unusual(feed, name, decision.day)}", decision)


def nominal_day(feed: Feed, name: str, tick: datetime) -> date:
    """The day that a tick is about: its local date, or the one before or after where the fires of its time of day
    pass midnight or come on the evening before their session."""
    local = tick.astimezone(feed.zone(name))
    if isinstance(feed.schedules[name].at, Relative):
        for fire in fires(feed, name, tick - _NEIGHBOURS, tick + _NEIGHBOURS):
            at = fire.at.astimezone(local.tzinfo)
            if at.time() == local.time():
                return local.date() - (at.date() - fire.day)
    return local.date()


def _unusual(feed: Feed, name: str, day: date) -> str:
    """Why a session's hours, and with them its fire, are not as usual."""
    at, found = feed.schedules[name].at, feed.calendar.day(day)
    if not isinstance(at, Relative) or found.kind is Kind.SESSION or found.open is None or found.close is None:
        return ""
    bound = (found.open if at.anchor == "open" else found.close).astimezone(feed.zone(name))
    return f": {found.name or found.kind.value}, {feed.calendar.code} {at.anchor}s at {bound:%H:%M}"


def read_fire_id(text: str) -> tuple[str, date]:
    """The feed and the session of a fire's id."""
    feed, _schedule, session = text.split("/")[:3]
    return feed, date.fromisoformat(session)
