"""A feed's sensor: it looks, each time, at what should have happened by now and did not, and requests it.

It serves a feed that waits for publication (it asks the source, cheaply) and every fire that an outage, a crash
or a failed run left unserved.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

import dagster as dg
from psycopg2.extensions import connection as Connection

from dagster_project.adapter import Adapter, AdapterError, NotYetPublished
from dagster_project.defs.resources import prober
from dagster_project.domain.attempt import Decision, GivenUp, Outcome, Request, Waiting
from dagster_project.domain.backlog import backlog, unanswered
from dagster_project.domain.calendar import Calendar, CalendarError
from dagster_project.domain.fires import Feed
from dagster_project.domain.owed import owed
from dagster_project.io import clock, records
from dagster_project.io.database import transaction
from dagster_project.registry import calendar, project_root
from dagster_project.settings import settings
from dagster_project.tags import fire_tags

INTERVAL_SECONDS = 10
PROBES = 8  # in one tick: with each at its time-out the tick still ends within Dagster's 60 s
_ENDED_WITHOUT_A_WORD = {
    dg.DagsterRunStatus.FAILURE: Outcome.CRASHED,
    dg.DagsterRunStatus.SUCCESS: Outcome.CRASHED,
    dg.DagsterRunStatus.CANCELED: Outcome.CANCELED,
}


def backlog_sensor(feed: Feed, adapter: Adapter, job: str) -> dg.SensorDefinition:
    """The sensor of a feed; its cursor holds when each waiting fire's source was last asked."""

    @dg.sensor(
        name=f"{feed.name}_backlog",
        job_name=job,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests every session that is due and missing: waiting for publication, and after an outage.",
    )
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = clock.now()
        asked = {fire_id: datetime.fromisoformat(at) for fire_id, at in json.loads(context.cursor or "{}").items()}
        with transaction(settings().database) as connection:
            settle(connection, feed, context.instance)
            decisions = missing(connection, feed, asked, now)
        outcomes = list(answered(adapter, decisions, asked, now))
        with transaction(settings().database) as connection:
            records.record_decisions(
                connection,
                [(each.fire.id, feed.name, each.fire.session, kind(each), each.reason) for each in outcomes],
            )
        requests = [run_request(feed, each) for each in outcomes if isinstance(each, Request)]
        open_fires = {each.fire.id for each in outcomes}
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else summary(outcomes),
            cursor=json.dumps({fire_id: at.isoformat() for fire_id, at in asked.items() if fire_id in open_fires}),
        )

    return look


def settle(connection: Connection, feed: Feed, instance: dg.DagsterInstance) -> None:
    """Ends the attempts whose runs ended, or were deleted, without a word of their step."""
    for attempt in records.attempts(connection, feed.name):
        if attempt.outcome is None:
            run = instance.get_run_by_id(attempt.run_id)
            outcome = Outcome.CRASHED if run is None else _ENDED_WITHOUT_A_WORD.get(run.status)
            if outcome is not None:
                status = "deleted" if run is None else run.status.value
                records.end_attempt(connection, attempt.run_id, outcome, f"its run is {status}")


def missing(connection: Connection, feed: Feed, asked: dict[str, datetime], now: datetime) -> list[Decision]:
    """What the backlog decides about each fire of the feed that is due and not served."""
    history = records.in_force(connection, feed.name, former_calendar)
    if not history:
        return []
    return backlog(
        owed(feed, history, now),
        feed.schedules,
        records.attempts(connection, feed.name),
        records.published(connection, feed.name),
        asked,
        now,
        records.given_up(connection, feed.name),
    )


def former_calendar(code: str) -> Calendar | None:
    """A calendar that the feed had; None where the project no longer has it."""
    try:
        return calendar(code, project_root())
    except CalendarError:
        return None


def answered(
    adapter: Adapter, decisions: Sequence[Decision], asked: dict[str, datetime], now: datetime
) -> Iterator[Decision]:
    """The decisions, each that needs the source's word with it; notes in `asked` when it was asked."""
    probes = 0
    for decision in decisions:
        if not (isinstance(decision, Request) and decision.needs_probe):
            yield decision
        elif probes == PROBES:
            yield Waiting(decision.fire, "the source is asked at the next tick: many sessions are missing")
        else:
            probes += 1
            asked[decision.fire.id] = now
            yield ask(adapter, decision, now)


def kind(decision: Decision) -> str:
    """The word under which a decision is recorded."""
    if isinstance(decision, GivenUp):
        return records.GIVEN_UP if decision.is_final else "not_wanted"
    return "request" if isinstance(decision, Request) else "wait"


def ask(adapter: Adapter, request: Request, now: datetime) -> Decision:
    """Asks the source whether a session is published; without a cheap way to ask, the run itself finds out."""
    if adapter.probe is None:
        return request
    try:
        adapter.probe(request.fire.session, prober())
    except NotYetPublished:
        return Waiting(request.fire, f"waiting for publication of session {request.fire.session}")
    except AdapterError as error:
        return unanswered(request, f"{type(error).__name__}: {error}", now)
    return request


def run_request(feed: Feed, request: Request) -> dg.RunRequest:
    """The run that a decision asks for."""
    session = str(request.fire.session)
    # No run key: Dagster would never again start a run of that key, also where the first was lost before its claim.
    return dg.RunRequest(
        partition_key=session,
        tags=fire_tags(feed.name, session, request.fire.id, request.attempt),
    )


def summary(outcomes: Sequence[Decision]) -> str:
    """What the sensor's tick says when it requests nothing."""
    waiting = [each for each in outcomes if isinstance(each, Waiting)]
    given_up = len(outcomes) - len(waiting)
    words = [f"{each.fire.id}: {each.reason}" for each in waiting[:3]]
    if len(waiting) > len(words):
        words.append(f"and {len(waiting) - len(words)} more")
    if given_up:
        words.append(f"{given_up} given up (see `marketday explain`)")
    return "; ".join(words) or "nothing is missing"
