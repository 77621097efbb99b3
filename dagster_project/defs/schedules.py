"""A schedule of a feed as Dagster's: a thin skin around the one function that decides every tick."""

from datetime import date

import dagster as dg

from dagster_project.domain.cron import compile_cron, cron_zone, ticks_since
from dagster_project.domain.fires import Feed, Fire, Hold, Skip, decide, nominal_day
from dagster_project.domain.moment import write_duration
from dagster_project.domain.schedule import LATE
from dagster_project.io import clock, records
from dagster_project.io.database import transaction
from dagster_project.settings import settings
from dagster_project.tags import FEED, fire_tags


def feed_schedule(feed: Feed, name: str, job: str, today: date) -> dg.ScheduleDefinition:
    """One named schedule of a feed. Each tick runs its session, or is skipped with the reason.

    `today` leaves out ticks of hours that the market had in years gone by.
    """
    since = ticks_since(today)

    @dg.schedule(
        name=f"{feed.name}_{name}",
        job_name=job,
        cron_schedule=compile_cron(feed, name, since),
        execution_timezone=str(cron_zone(feed, name, since)),
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=describe(feed, name),
        tags={FEED: feed.name},
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        at = context.scheduled_execution_time
        decision = decide(feed, name, at)
        if isinstance(decision, Skip | Hold):
            record(feed, name, nominal_day(feed, name, at), decision)
            return dg.SkipReason(decision.reason)
        if (late := clock.now() - at) > LATE:
            return dg.SkipReason(
                f"{write_duration(late)} late: the sensor {feed.name}_backlog requests what was missed"
            )
        if decision.waits_until is not None:
            return dg.SkipReason(waiting(feed, decision))
        return dg.RunRequest(
            run_key=f"{decision.id}/1",
            partition_key=str(decision.session),
            tags=fire_tags(feed.name, str(decision.session), decision.id, 1),
        )

    return tick


def record(feed: Feed, name: str, day: date, decision: Skip | Hold) -> None:
    """Records why a day has no fire; where it has one, at another time, its own ticks and the sensor speak of it."""
    if isinstance(decision, Skip) and decision.fire is not None:
        return
    kind = "skip" if isinstance(decision, Skip) else "hold"
    with transaction(settings().database) as connection:
        row = (f"{feed.name}/{name}/{day}", feed.name, day, kind, decision.reason)
        records.record_decisions(connection, [row])


def waiting(feed: Feed, fire: Fire) -> str:
    """Why a tick whose source publishes at no fixed time starts no run."""
    wait = feed.schedules[fire.schedule].wait
    every = write_duration(wait.every) if wait else ""
    until = fire.waits_until.astimezone(feed.zone(fire.schedule)) if fire.waits_until else None
    return (
        f"waiting for publication of session {fire.session}: the sensor {feed.name}_backlog asks the source "
        f"every {every} until {until:%H:%M %Z}"
    )


def describe(feed: Feed, name: str) -> str:
    """The schedule in words, for the UI."""
    schedule = feed.schedules[name]
    parts = [f"at {schedule.at} on every session of {feed.calendar.code}"]
    if schedule.lag:
        parts.append(f"for the session {schedule.lag} back")
    if schedule.wait:
        parts.append(f"polling every {write_duration(schedule.wait.every)} until {schedule.wait.until}")
    if schedule.deadline:
        parts.append(f"due by {schedule.deadline}")
    return f"{', '.join(parts)} ({feed.zone(name)}). Written in adapters/{feed.name}.yaml."
