"""One attempt of a fire, one run: on a real Postgres, and first shown to fail on stock Dagster's coordinator."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import cast

import dagster as dg
import pytest
from dagster import DagsterRunStatus, QueuedRunCoordinator
from dagster._core.remote_representation.code_location import CodeLocation
from dagster._core.run_coordinator import SubmitRunContext
from dagster._core.storage.tags import PARENT_RUN_ID_TAG, RETRY_NUMBER_TAG, SCHEDULE_NAME_TAG, SENSOR_NAME_TAG
from dagster._core.test_utils import in_process_test_workspace
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import BaseWorkspaceRequestContext

from dagster_project.instance.coordinator import MarketdayRunCoordinator, origin_of
from dagster_project.io import records
from dagster_project.io.database import transaction
from dagster_project.tags import FEED, fire_tags

SESSION = "2026-11-20"
FIRE = f"finra_short_volume/daily/{SESSION}"
BY_SCHEDULE = {SCHEDULE_NAME_TAG: "finra_short_volume_daily"}
BY_SENSOR = {SENSOR_NAME_TAG: "finra_short_volume_backlog"}


@pytest.fixture(scope="module")
def location(instance: dg.DagsterInstance) -> Iterator[CodeLocation]:
    """The code location, loaded in this process."""
    origin = LoadableTargetOrigin(module_name="dagster_project.definitions")
    with in_process_test_workspace(instance, origin, container_image=None) as workspace:
        yield workspace.code_locations[0]


def create(instance: dg.DagsterInstance, location: CodeLocation, tags: dict[str, str]) -> dg.DagsterRun:
    """A run of the feed's job, not submitted yet."""
    repository = location.get_repository("__repository__")
    origin = repository.get_full_job("finra_short_volume_job").get_remote_origin()
    job = definitions().get_job("finra_short_volume_job")
    return instance.create_run_for_job(
        job, tags={"dagster/partition": SESSION, **tags}, remote_job_origin=origin, job_code_origin=None
    )


def submit(
    instance: dg.DagsterInstance, run: dg.DagsterRun, kind: type[QueuedRunCoordinator] = MarketdayRunCoordinator
) -> dg.DagsterRun:
    """Submits a run to a coordinator, as schedule, sensor and UI do."""
    coordinator = kind()
    coordinator.register_instance(instance)
    nothing = cast("BaseWorkspaceRequestContext", None)  # neither coordinator looks at the workspace
    return coordinator.submit_run(SubmitRunContext(run, nothing))


def definitions() -> dg.RepositoryDefinition:
    from dagster_project.definitions import defs  # needs the settings that the instance brings

    return defs.get_repository_def()


def attempt(number: int = 1) -> dict[str, str]:
    return fire_tags("finra_short_volume", SESSION, FIRE, number)


@pytest.mark.parametrize(
    ("kind", "queued"),
    [
        pytest.param(QueuedRunCoordinator, 2, id="stock Dagster queues both"),
        pytest.param(MarketdayRunCoordinator, 1, id="ours queues one"),
    ],
)
def test_schedule_and_sensor_asking_at_once_start_one_run(
    instance: dg.DagsterInstance, location: CodeLocation, database: str, kind: type[QueuedRunCoordinator], queued: int
) -> None:
    """The run that comes second is cancelled before it is queued."""
    asked = [{**attempt(), **BY_SCHEDULE}, {**attempt(), **BY_SENSOR}]
    runs = [create(instance, location, tags) for tags in asked]
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda run: submit(instance, run, kind), runs))
    assert [run.status for run in runs].count(DagsterRunStatus.QUEUED) == queued


def test_a_refused_run_says_which_run_holds_the_attempt(
    instance: dg.DagsterInstance, location: CodeLocation, database: str
) -> None:
    """A person who looks at the cancelled run learns why, and where the work is done."""
    first = submit(instance, create(instance, location, {**attempt(), **BY_SCHEDULE}))
    second = submit(instance, create(instance, location, {**attempt(), **BY_SENSOR}))
    assert second.status is DagsterRunStatus.CANCELED
    said = [entry.dagster_event.message for entry in instance.all_logs(second.run_id) if entry.dagster_event]
    assert any(first.run_id in (line or "") and "attempt 1" in (line or "") for line in said)


def test_a_person_is_never_refused(instance: dg.DagsterInstance, location: CodeLocation, database: str) -> None:
    """A re-execution inherits the tags of the fire; it is recorded as manual, and runs."""
    first = submit(instance, create(instance, location, {**attempt(), **BY_SCHEDULE}))
    by_hand = [attempt(), {**attempt(), **BY_SCHEDULE, PARENT_RUN_ID_TAG: first.run_id}]
    runs = [submit(instance, create(instance, location, tags)) for tags in by_hand]
    assert [run.status for run in runs] == [DagsterRunStatus.QUEUED] * 2
    with transaction(database) as connection, connection.cursor() as cursor:
        cursor.execute("select run_id, origin from launch order by launched_at")
        assert cursor.fetchall() == [(first.run_id, "schedule"), *((run.run_id, "manual") for run in runs)]


def test_dagsters_own_retry_is_the_next_attempt(
    instance: dg.DagsterInstance, location: CodeLocation, database: str
) -> None:
    """A retry and the backlog's sensor cannot both be attempt 2."""
    first = submit(instance, create(instance, location, {**attempt(), **BY_SCHEDULE}))
    retry = submit(
        instance, create(instance, location, {**attempt(), PARENT_RUN_ID_TAG: first.run_id, RETRY_NUMBER_TAG: "1"})
    )
    late = submit(instance, create(instance, location, {**attempt(2), **BY_SENSOR}))
    assert (retry.status, late.status) == (DagsterRunStatus.QUEUED, DagsterRunStatus.CANCELED)
    with transaction(database) as connection:
        assert records.attempt_of(connection, retry.run_id) == (FIRE, 2)


def test_submitting_again_what_holds_its_claim_is_harmless(
    instance: dg.DagsterInstance, location: CodeLocation, database: str
) -> None:
    """A daemon that died between claim and queue submits the same run again."""
    run = create(instance, location, {**attempt(), **BY_SENSOR})
    claim = (FIRE, 1, "finra_short_volume", date.fromisoformat(SESSION), run.run_id, "sensor")
    with transaction(database) as connection:
        assert records.claim(connection, *claim) is None
    assert submit(instance, run).status is DagsterRunStatus.QUEUED


def test_a_run_without_the_feeds_tag_gets_it_and_its_pool_is_one(
    instance: dg.DagsterInstance, location: CodeLocation, database: str
) -> None:
    """`__ASSET_JOB`, which the UI's Materialize uses, has no tags of the job; the queue's limit needs them."""
    instance.event_log_storage.delete_concurrency_limit("finra_short_volume")
    subset = definitions().get_implicit_asset_job_names()[0]
    job = definitions().get_job(subset).get_subset(asset_selection={dg.AssetKey("finra_short_volume")})
    remote = location.get_repository("__repository__").get_full_job(subset)
    run = instance.create_run_for_job(
        job, remote_job_origin=remote.get_remote_origin(), asset_selection=job.asset_selection
    )
    run = submit(instance, run)
    assert run.tags[FEED] == "finra_short_volume"
    limits = {pool.name: pool.limit for pool in instance.event_log_storage.get_pool_limits()}
    assert limits["finra_short_volume"] == 1


def test_origins_are_told_apart_by_parent_first() -> None:
    """What a run inherits from its parent does not make it the schedule's."""
    table = [
        (BY_SCHEDULE, "schedule", "a tick of a schedule"),
        (BY_SENSOR, "sensor", "a tick of a sensor"),
        ({**BY_SCHEDULE, PARENT_RUN_ID_TAG: "x", RETRY_NUMBER_TAG: "1"}, "retry", "Dagster's own retry"),
        ({**BY_SENSOR, PARENT_RUN_ID_TAG: "x"}, "manual", "re-executed by a person"),
        ({"dagster/backfill": "abc"}, "backfill", "a backfill's run"),
        ({}, "manual", "the launchpad"),
    ]
    for tags, origin, reason in table:
        assert origin_of(dg.DagsterRun(job_name="job", tags=tags)) == origin, reason
