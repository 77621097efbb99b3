"""What to do next about one fire that is owed and not served: start an attempt, wait, or give up, with the reason.

In order:

1. an attempt runs: wait for its end;
2. the files no longer want the fire (schedule gone, day excepted): give up;
3. it was never started and is too late by `misfire` and `grace`: give up;
4. its source may not have published yet: ask at `every`, give up once it was asked at or after `until` in vain;
5. it was never started: start it, once the schedule's own tick had its chance;
6. its last attempt failed in a passing way: again, after a pause, `retry.times` times, and until the end of a wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile

from dagster_project.domain.fires import Fire
from dagster_project.domain.moment import write_duration
from dagster_project.domain.schedule import LATE, Schedule, Wait

SCHEDULE_FIRST = timedelta(seconds=60)  # the schedule's own tick starts a fire; the sensor only what it missed
_LONGEST_PAUSE = timedelta(hours=1)  # between two attempts, however often it doubled


class Outcome(StrEnum):
    """How an attempt ended."""

    SERVED = "served"
    NOT_PUBLISHED = "not_published"
    UNAVAILABLE = "unavailable"  # the source failed in a passing way, or asked for fewer requests
    REFUSED = "refused"  # the source changed, or denies access: a person must look
    CRASHED = "crashed"  # the run ended with no word of the adapter
    CANCELED = "canceled"


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
    """`fire` will not be started any more; recorded, never silent.

    `is_final`: whatever the files say later, only a person starts it.
    """

    fire: Fire
    reason: str
    is_final: bool = True


Decision = Request | Waiting | GivenUp


def next_step(
    fire: Fire,
    schedule: Schedule | None,
    tried: Sequence[Attempt],
    asked: datetime | None,
    is_superseded: bool,
    now: datetime,
) -> Decision:
    """What to do at `now` about a fire that is not served.

    `schedule` is the one in force now, None if it is gone; `tried` the fire's attempts by number; `asked` when its
    source was last probed; `is_superseded` says that a later fire of the schedule is due.
    """
    last = tried[-1] if tried else None
    number = last.number + 1 if last else 1
    if last is not None and last.outcome is None:
        return Waiting(fire, f"attempt {last.number} runs as {last.run_id}")
    if schedule is None:
        return GivenUp(fire, f"schedule {fire.schedule} is no longer in adapters/{fire.feed}.yaml", is_final=False)
    for entry in schedule.except_:
        if entry.date == fire.day:
            return GivenUp(fire, f"{fire.day} is excepted in adapters/{fire.feed}.yaml: {entry.reason}")
    ends = fire.waits_until if schedule.wait else None
    if last is None and (reason := _misfire(fire, schedule, ends, asked, is_superseded, now)):
        return GivenUp(fire, f"misfire: {reason}")
    if ends is not None and schedule.wait and (last is None or last.outcome is Outcome.NOT_PUBLISHED):
        return _wait(fire, schedule.wait, ends, last, asked, number, now)
    if last is not None:
        return _again(fire, schedule, ends, tried, now)
    if fire.owed_since is not None:
        reason = f"the deployment of {fire.owed_since:%Y-%m-%d %H:%M} UTC made it due"
        return Request(fire, number, needs_probe=False, reason=reason)
    if now - fire.at < SCHEDULE_FIRST:
        return Waiting(fire, "due; the schedule's tick starts it")
    reason = f"was not started at its time, {fire.at:%Y-%m-%d %H:%M} UTC"
    return Request(fire, number, needs_probe=False, reason=reason)


def _misfire(
    fire: Fire, schedule: Schedule, ends: datetime | None, asked: datetime | None, is_superseded: bool, now: datetime
) -> str | None:
    """Why a fire that was never started may not start any more. One that waits is not late before its wait ends."""
    if ends is not None and asked is not None and asked >= ends:
        return None  # it was in time: the source had nothing
    due = max(fire.due, ends) if ends else fire.due
    # The reasons tell no lateness, which grows: a reason that changes would be recorded again and again.
    if schedule.grace is not None and now - due > schedule.grace:
        return (
            f"not started by {due + schedule.grace:%Y-%m-%d %H:%M} UTC, and grace is {write_duration(schedule.grace)}"
        )
    if schedule.misfire == "skip" and now - due > max(LATE, schedule.wait.every if schedule.wait else LATE):
        return f"not started at {due:%Y-%m-%d %H:%M} UTC, and misfire is skip"
    if schedule.misfire == "latest" and is_superseded:
        return "a later fire is due, and misfire is latest"
    return None


def _wait(
    fire: Fire, wait: Wait, ends: datetime, last: Attempt | None, asked: datetime | None, number: int, now: datetime
) -> Decision:
    """Ask the source, if it is time to; give up once it was asked at or after the last moment and had nothing."""
    times = [at for at in (asked, last.ended_at if last else None) if at is not None]
    if times and max(times) >= ends:
        return GivenUp(fire, f"the source had not published session {fire.session} by {ends:%Y-%m-%d %H:%M} UTC")
    if times and now < min(max(times) + wait.every, ends):
        return Waiting(fire, f"waiting for publication of session {fire.session}")
    return Request(fire, number, needs_probe=True, reason=f"session {fire.session} is published")


def _again(fire: Fire, schedule: Schedule, ends: datetime | None, tried: Sequence[Attempt], now: datetime) -> Decision:
    """Another attempt after one that ended without serving the fire, if its cause may pass."""
    last = tried[-1]
    if last.outcome is Outcome.REFUSED:
        return GivenUp(fire, f"attempt {last.number} needs a person: see run {last.run_id}")
    if last.outcome is Outcome.CANCELED:
        return GivenUp(fire, f"attempt {last.number} was cancelled: run {last.run_id}")
    # Where the fire waits, an attempt that found nothing published is no failure.
    failed = takewhile(lambda each: ends is None or each.outcome is not Outcome.NOT_PUBLISHED, reversed(tried))
    failures = len(list(failed))
    ended = last.ended_at or now
    if failures > schedule.retry.times and (ends is None or ended >= ends):
        return GivenUp(fire, f"{failures} attempts failed, the last as run {last.run_id}")
    backoff = schedule.retry.backoff
    not_before = ended + backoff * min(2 ** (failures - 1), max(_LONGEST_PAUSE // backoff, 1))
    if ends is not None and ended < ends:
        not_before = min(not_before, ends)
    not_before = max(not_before, last.retry_at or not_before)
    number = last.number + 1
    if now < not_before:
        return Waiting(fire, f"attempt {number} follows at {not_before:%H:%M:%S} UTC: attempt {last.number} failed")
    return Request(
        fire, number, needs_probe=False, reason=f"attempt {last.number} ended without serving it ({last.outcome})"
    )
