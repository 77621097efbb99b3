"""Dagster's queued run coordinator, with what keeps one fire to one run.

Before a run is queued: its feed's pool is limited to 1 (Dagster's `default_limit` fails open for a pool that it
sees for the first time), a run that lacks the feed's tag gets it (`__ASSET_JOB` runs have none), so that the
queue's limit of one per feed counts it, and an attempt of a fire is claimed. A run whose attempt another run
holds is cancelled, with the reason. A run that a person starts is recorded, and never refused.
"""

from dagster import DagsterRun, DagsterRunStatus, QueuedRunCoordinator
from dagster._core.run_coordinator import SubmitRunContext
from dagster._core.storage.tags import (
    BACKFILL_ID_TAG,
    PARENT_RUN_ID_TAG,
    RETRY_NUMBER_TAG,
    SCHEDULE_NAME_TAG,
    SENSOR_NAME_TAG,
    USER_TAG,
)
from psycopg2.extensions import connection as Connection

from dagster_project.domain.fires import read_fire_id
from dagster_project.instance.pools import limit_pools
from dagster_project.io import records
from dagster_project.io.database import transaction
from dagster_project.settings import settings
from dagster_project.tags import ATTEMPT, FEED, FIRE


class MarketdayRunCoordinator(QueuedRunCoordinator):
    """Claims each attempt of a fire before it is queued; see the module."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        run = context.dagster_run
        feeds = feeds_of(run)
        if run.status != DagsterRunStatus.NOT_STARTED or not feeds:
            return super().submit_run(context)
        limit_pools(self._instance, feeds)
        if FEED not in run.tags and len(feeds) == 1:
            self._instance.add_run_tags(run.run_id, {FEED: feeds[0]})
        with transaction(settings().database) as connection:
            origin = origin_of(run)
            refused = _claim(connection, run, origin)
            for feed in feeds:
                records.record_launch(connection, run.run_id, feed, origin, run.tags.get(USER_TAG), refused)
        if refused is not None:
            self._instance.report_run_canceled(run, message=refused)
            return self._instance.get_run_by_id(run.run_id) or run
        return super().submit_run(context)


def feeds_of(run: DagsterRun) -> list[str]:
    """The feeds that a run works on: each feed's asset has the pool of its name."""
    if run.run_op_concurrency and run.run_op_concurrency.all_pools:
        return sorted(run.run_op_concurrency.all_pools)
    return [run.tags[FEED]] if FEED in run.tags else []


def origin_of(run: DagsterRun) -> str:
    """Who asked for a run: schedule, sensor, retry (Dagster's own), backfill, or a person: manual.

    A re-execution inherits its parent's tags, so a parent comes before what the tags say of a schedule.
    """
    if PARENT_RUN_ID_TAG in run.tags:
        return "retry" if RETRY_NUMBER_TAG in run.tags else "manual"
    if SCHEDULE_NAME_TAG in run.tags:
        return "schedule"
    if SENSOR_NAME_TAG in run.tags:
        return "sensor"
    return "backfill" if BACKFILL_ID_TAG in run.tags else "manual"


def _claim(connection: Connection, run: DagsterRun, origin: str) -> str | None:
    """Claims the attempt that a run is; returns why it may not run, if it may not."""
    if FIRE not in run.tags or origin not in ("schedule", "sensor", "retry"):
        return None
    fire_id, number = run.tags[FIRE], int(run.tags[ATTEMPT])
    if origin == "retry":
        parent = records.attempt_of(connection, run.tags[PARENT_RUN_ID_TAG])
        if parent is None:
            return None  # its parent was a person's run: so is this
        fire_id, number = parent[0], parent[1] + 1
    feed, session = read_fire_id(fire_id)
    holder = records.claim(connection, fire_id, number, feed, session, run.run_id, origin)
    if holder is None:
        return None
    return f"attempt {number} of {fire_id} is already run {holder}; this run, asked for by the {origin}, is not needed"
