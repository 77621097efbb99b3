"""A feed's sensor: it looks, each time, at what should have happened by now and did not, and requests it.

It serves a feed that waits for publication (it asks the source, cheaply) and every fire that an outage, a crash
or a failed run left unserved.
"""

import json
from collections.abc import Sequence
from datetime import datetime

import dagster as dg
from psycopg2.extensions import connection as Connection

from dagster_project.adapter import Adapter, AdapterError, NotYetPublished
from dagster_project.defs.resources import prober
from dagster_project.domain.backlog import Decision, GivenUp, Outcome, Request, Waiting, backlog, owed
from dagster_project.domain.fires import Feed
from dagster_project.io import clock, records
from dagster_project.io.database import transaction
from dagster_project.settings import settings
from dagster_project.tags import fire_tags

INTERVAL_SECONDS = 10
_KINDS = {Request: "request", Waiting: "wait", GivenUp: "misfire"}
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
        outcomes = []
        for decision in decisions:
            if isinstance(decision, Request) and decision.needs_probe:
                asked[decision.fire.id] = now
                outcomes.append(ask(feed, adapter, decision))
            else:
                outcomes.append(decision)
        with transaction(settings().database) as connection:
            records.record_decisions(
                connection,
                [(each.fire.id, feed.name, each.fire.session, _KINDS[type(each)], each.reason) for each in outcomes],
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
    history = records.in_force(connection, feed.name)
    if not history:
        return []
    return backlog(
        owed(feed, history, now),
        feed.schedules,
        records.attempts(connection, feed.name),
        records.published(connection, feed.name),
        asked,
        now,
    )


def ask(feed: Feed, adapter: Adapter, request: Request) -> Decision:
    """Asks the source whether a session is published; without a cheap way to ask, the run itself finds out."""
    if adapter.probe is None:
        return request
    try:
        adapter.probe(request.fire.session, prober())
    except NotYetPublished:
        return Waiting(request.fire, f"waiting for publication of session {request.fire.session}")
    except AdapterError as error:
        return Waiting(request.fire, f"the source could not be asked: {type(error).__name__}: {error}")
    return request


def run_request(feed: Feed, request: Request) -> dg.RunRequest:
    """The run that a decision asks for."""
    session = str(request.fire.session)
    return dg.RunRequest(
        run_key=f"{request.fire.id}/{request.attempt}",
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
