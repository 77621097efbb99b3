"""What is missing: the fires that should have happened by now, compared with what did happen.

A tick does not say "run", it says "look". `owed` derives the fires from the schedule files that were in force
at the time; `backlog` decides what to do about each that is not served. No outage, however long, loses a fire,
and an edit neither makes a past fire due nor loses one that was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from dagster_project.domain.fires import Feed, Fire, fires
from dagster_project.domain.schedule import Schedule

SCHEDULE_FIRST = timedelta(seconds=20)  # the schedule's own tick starts a fire; the sensor only what it missed


class Outcome(StrEnum):
    """How an attempt ended."""

    SERVED = "served"
    NOT_PUBLISHED = "not_published"
    UNAVAILABLE = "unavailable"  # the source failed in a passing way, or asked for fewer requests
    REFUSED = "refused"  # the source changed, or denies access: a person must look
    CRASHED = "crashed"  # the run ended with no word of the adapter
    CANCELED = "canceled"


@dataclass(frozen=True)
class InForce:
    """The schedules of a feed, and since when (UTC) they are deployed."""

    since: datetime
    schedules: Mapping[str, Schedule]


@dataclass(frozen=True)
class Attempt:
    """One authorised run of a fire. `outcome` is None while it runs."""

    fire_id: str
    number: int
    run_id: str
    outcome: Outcome | None
    ended_at: datetime | None
    retry_at: datetime | None  # the source said: not before


@dataclass(frozen=True)
class Request:
    """Start attempt `attempt` of `fire` now. `needs_probe`: only if the source has published."""

    fire: Fire
    attempt: int
    needs_probe: bool
    reason: str


@dataclass(frozen=True)
class Waiting:
    """Nothing to do about `fire` now; the reason says what is awaited."""

    fire: Fire
    reason: str


@dataclass(frozen=True)
class GivenUp:
    """`fire` will not be started any more; recorded, never silent."""

    fire: Fire
    reason: str


Decision = Request | Waiting | GivenUp


def owed(feed: Feed, history: Sequence[InForce], now: datetime) -> list[Fire]:
    """Every fire that fell due by `now` under the schedules in force at its time, oldest first.

    `history` is sorted by time. A first deployment owes each schedule's latest fire that was due before it, so
    that a new feed shows a table at once; where that one may still wait for its source, the one before too.
    """
    found: dict[str, Fire] = {}
    for at, period in enumerate(history):
        until = history[at + 1].since if at + 1 < len(history) else now + timedelta(microseconds=1)
        then = replace(feed, schedules=dict(period.schedules))
        for name in then.schedules:
            if at == 0:
                for fire in latest_due(then, name, period.since):
                    found[fire.id] = fire
            for fire in fires(then, name, period.since, until):
                found.setdefault(fire.id, fire)
    return sorted(found.values(), key=lambda fire: (fire.at, fire.id))


def latest_due(feed: Feed, name: str, now: datetime) -> list[Fire]:
    """The latest fire of a schedule that was due at `now`, after the one before it if it may still wait."""
    back = timedelta(days=8)
    while (since := now - back) and (found := list(fires(feed, name, since, now + timedelta(microseconds=1)))) == []:
        if since.date() < feed.start:
            return []
        back *= 4
    latest = found[-1]
    if latest.waits_until is not None and latest.waits_until > now and len(found) > 1:
        return found[-2:]
    return [latest]


def backlog(
    due: Sequence[Fire],
    schedules: Mapping[str, Schedule],
    attempts: Sequence[Attempt],
    published: Mapping[date, datetime],
    asked: Mapping[str, datetime],
    now: datetime,
) -> list[Decision]:
    """What to do at `now` about each fire of `due` that is not served, oldest first.

    `schedules` are those in force now; `attempts` all of this feed's; `published` says when each session was
    last confirmed against its source; `asked` when each fire's source was last probed. A fire is served by a
    publication at or after its time, whoever started it.
    """
    tried: dict[str, list[Attempt]] = {}
    for attempt in sorted(attempts, key=lambda attempt: attempt.number):
        tried.setdefault(attempt.fire_id, []).append(attempt)
    missing = [fire for fire in due if (at := published.get(fire.session)) is None or at < fire.at]
    newest = {fire.schedule: fire for fire in missing}
    decisions: list[Decision] = []
    for fire in missing:
        schedule = schedules.get(fire.schedule)
        if schedule is None:
            decisions.append(GivenUp(fire, f"schedule {fire.schedule} is no longer in adapters/{fire.feed}.yaml"))
            continue
        decisions.append(
            _decide(fire, schedule, tried.get(fire.id, []), asked.get(fire.id), newest[fire.schedule] == fire, now)
        )
    return decisions


def _decide(
    fire: Fire, schedule: Schedule, tried: list[Attempt], asked: datetime | None, is_newest: bool, now: datetime
) -> Decision:
    last = tried[-1] if tried else None
    number = last.number + 1 if last else 1
    if last is not None and last.outcome is None:
        return Waiting(fire, f"attempt {last.number} runs as {last.run_id}")
    if last is None:
        late = now - fire.at
        if schedule.grace is not None and late > schedule.grace:
            return GivenUp(fire, f"misfire: {_spell(late)} late, grace is {_spell(schedule.grace)}")
        if late > SCHEDULE_FIRST and fire.waits_until is None and schedule.misfire == "skip":
            return GivenUp(fire, f"misfire: {_spell(late)} late, and misfire is skip")
        if schedule.misfire == "latest" and not is_newest:
            return GivenUp(fire, "misfire: a later fire is due, and misfire is latest")
    if fire.waits_until is not None and (last is None or last.outcome is Outcome.NOT_PUBLISHED):
        return _wait(fire, schedule, last, asked, number, now)
    if last is None:
        if now - fire.at < SCHEDULE_FIRST:
            return Waiting(fire, "due; the schedule's tick starts it")
        return Request(
            fire, number, needs_probe=False, reason=f"was not started at its time, {_spell(now - fire.at)} ago"
        )
    return _again(fire, schedule, last, number, now)


def _wait(
    fire: Fire, schedule: Schedule, last: Attempt | None, asked: datetime | None, number: int, now: datetime
) -> Decision:
    """Ask the source, if it is time to; give up once it was asked after the last moment and had nothing."""
    if fire.waits_until is None or schedule.wait is None:
        return Request(fire, number, needs_probe=False, reason="no longer waits for publication")
    times = [at for at in (asked, last.ended_at if last else None) if at is not None]
    if times and max(times) >= fire.waits_until:
        return GivenUp(
            fire, f"the source had not published session {fire.session} by {fire.waits_until:%Y-%m-%d %H:%M} UTC"
        )
    if times and now < min(max(times) + schedule.wait.every, fire.waits_until):
        return Waiting(fire, f"waiting for publication of session {fire.session}")
    return Request(fire, number, needs_probe=True, reason=f"session {fire.session} is published")


def _again(fire: Fire, schedule: Schedule, last: Attempt, number: int, now: datetime) -> Decision:
    """Another attempt after one that ended without serving the fire, if its cause may pass."""
    if last.outcome is Outcome.REFUSED:
        return GivenUp(fire, f"attempt {last.number} needs a person: see run {last.run_id}")
    if last.outcome is Outcome.CANCELED:
        return GivenUp(fire, f"attempt {last.number} was cancelled: run {last.run_id}")
    if last.number > schedule.retry.times:
        return GivenUp(fire, f"{last.number} attempts failed, the last as run {last.run_id}")
    ended = last.ended_at or now
    not_before = max(ended + schedule.retry.backoff * 2 ** (last.number - 1), last.retry_at or ended)
    if now < not_before:
        return Waiting(fire, f"attempt {number} follows at {not_before:%H:%M:%S} UTC: attempt {last.number} failed")
    return Request(
        fire, number, needs_probe=False, reason=f"attempt {last.number} ended without serving it ({last.outcome})"
    )


def _spell(duration: timedelta) -> str:
    """A duration for people: its two largest units."""
    minutes = int(duration.total_seconds()) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
