"""The step that publishes one session, run as Dagster runs it: real source over HTTP, real store, real records."""

import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.domain.attempt import Outcome
from dagster_project.io import records
from dagster_project.io.database import transaction
from dagster_project.io.publish import SessionRefused, refuse_session
from dagster_project.io.store import Store
from dagster_project.registry import feeds, project_root
from dagster_project.settings import settings
from simulator.control import Control

FEED = "finra_short_volume"
SESSION = date(2026, 11, 19)


def run(
    instance: dg.DagsterInstance, session: date = SESSION, feed: str = FEED, is_fire: bool = True
) -> dg.ExecuteInProcessResult:
    """Runs one session of a feed in this process; as the first attempt of its fire, if it is one."""
    from dagster_project.definitions import defs  # needs the settings that the instance brings

    run_id = str(uuid.uuid4())
    if is_fire:
        with transaction(settings().database) as connection:
            records.claim(connection, f"{feed}/daily/{session}", 1, feed, session, run_id, "sensor")
    job = defs.get_repository_def().get_job(f"{feed}_job")
    return job.execute_in_process(instance=instance, partition_key=str(session), run_id=run_id, raise_on_error=False)


def outcome(database: str, feed: str = FEED) -> Outcome | None:
    with transaction(database) as connection:
        [attempt] = records.attempts(connection, feed)
    return attempt.outcome


def sessions(database: str, feed: str = FEED) -> set[date]:
    with transaction(database) as connection:
        return set(records.published(connection, feed))


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    [event] = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def failure(result: dg.ExecuteInProcessResult) -> tuple[str, str]:
    """The description and the error class that the failed step shows."""
    [event] = [event for event in result.all_events if event.is_step_failure]
    data = event.step_failure_data.user_failure_data
    assert data is not None
    return data.description or "", str(data.metadata["error"].value)


def test_a_session_is_published_with_what_the_ui_plots(
    instance: dg.DagsterInstance, database: str, store: Path
) -> None:
    """Rows, bytes and the delay are numbers, the preview is a table, each check has its result."""
    result = run(instance)
    found = metadata(result)
    assert found["rows"] == Store(store).read(FEED, SESSION).height > 5_000
    assert found["bytes"] > 100_000
    assert found["preview"].startswith("| session | symbol |")
    assert {check.check_name: check.passed for check in result.get_asset_check_evaluations()} == {
        "columns": True, "key": True, "row_count": True, "restatement": True,
    }  # fmt: skip
    assert (outcome(database), sessions(database)) == (Outcome.SERVED, {SESSION})


def test_the_delay_is_from_the_close_to_the_sources_date(
    instance: dg.DagsterInstance, database: str, simulator: Control
) -> None:
    """`seconds from close to publication` of a fresh session is what the source's own date says."""
    [feed] = [feed for feed in feeds(project_root()) if feed.name == FEED]
    now = datetime.now(UTC)
    session = max(
        day
        for day in feed.calendar.sessions((now - timedelta(days=10)).date(), now.date())
        if (at := simulator.publication(FEED, day)) is not None and at < now
    )
    result = run(instance, session)
    close, at = feed.calendar.day(session).close, simulator.publication(FEED, session)
    assert close is not None
    assert at is not None
    if now - close < timedelta(days=3):
        assert metadata(result)["seconds from close to publication"] == pytest.approx(
            (at - close).total_seconds(), abs=1
        )
    else:
        assert "seconds from close to publication" not in metadata(result)


def test_the_same_content_makes_no_new_version_and_counts_as_checked(
    instance: dg.DagsterInstance, database: str, simulator: Control
) -> None:
    """A second launch asks the source, and the record says when."""
    run(instance)
    with transaction(database) as connection:
        first = records.published(connection, FEED)[SESSION]
    simulator.forget_requests()
    result = run(instance, is_fire=False)
    assert (metadata(result)["version"], metadata(result)["new version"]) == (1, False)
    assert [entry.method for entry in simulator.requests(FEED)] == ["GET"]
    with transaction(database) as connection:
        assert records.published(connection, FEED)[SESSION] > first


def test_restated_content_makes_a_version_and_keeps_the_old(
    instance: dg.DagsterInstance, database: str, simulator: Control, store: Path
) -> None:
    """What was known before stays readable."""
    session = date(2026, 11, 18)
    run(instance, session)
    before, known = Store(store).read(FEED, session), datetime.now(UTC)
    simulator.restate(FEED, session)
    result = run(instance, session, is_fire=False)
    assert (metadata(result)["version"], metadata(result)["restated"]) == (2, True)
    assert Store(store).read(FEED, session, as_of=known).equals(before)
    assert not Store(store).read(FEED, session).equals(before)


@pytest.mark.parametrize(
    ("fault", "error", "ended"),
    [
        pytest.param("html", "SourceUnavailable", Outcome.UNAVAILABLE, id="a service page with status 200"),
        pytest.param("rate_limited", "RateLimited", Outcome.UNAVAILABLE, id="a 429 that asks for two minutes"),
        pytest.param("wrong_count", "SourceUnavailable", Outcome.UNAVAILABLE, id="a trailer that counts other rows"),
        pytest.param("added_column", "SourceChanged", Outcome.REFUSED, id="a column that was never there"),
        pytest.param("truncated", "SourceUnavailable", Outcome.UNAVAILABLE, id="half a file"),
    ],
)
def test_a_fault_fails_the_run_with_its_class_and_leaves_no_table(
    instance: dg.DagsterInstance, database: str, simulator: Control, store: Path, fault: str, error: str, ended: Outcome
) -> None:
    """All or nothing: no materialization, no record, no row."""
    session = date(2026, 11, 13)
    simulator.fault(FEED, fault, session=session)
    result = run(instance, session)
    assert not result.success
    assert failure(result)[1] == error
    assert not result.get_asset_materialization_events()
    assert (outcome(database), sessions(database)) == (ended, set())
    assert session not in Store(store).sessions(FEED)


def test_a_session_that_is_not_published_ends_its_run_without_a_materialization(
    instance: dg.DagsterInstance, database: str, simulator: Control
) -> None:
    """The run is no failure, and the fire goes back to waiting."""
    simulator.fault(FEED, "unpublished", session=SESSION)
    result = run(instance)
    assert result.success
    assert not result.get_asset_materialization_events()
    assert outcome(database) is Outcome.NOT_PUBLISHED


def test_a_session_whose_close_lies_ahead_is_refused(
    instance: dg.DagsterInstance, database: str, simulator: Control
) -> None:
    """On a weekend Dagster offers Monday's partition (dagster#33551); running it must not ask the source."""
    [feed] = [feed for feed in feeds(project_root()) if feed.name == FEED]
    saturday = datetime(2026, 11, 28, 12, tzinfo=UTC)
    with pytest.raises(SessionRefused, match=r"2026-11-30 of XNYS closes at 2026-11-30 16:00 EST"):
        refuse_session(feed, date(2026, 11, 30), saturday)
    with pytest.raises(SessionRefused, match=r"2026-11-26 is not a session of XNYS: Thanksgiving Day"):
        refuse_session(feed, date(2026, 11, 26), saturday)
    with pytest.raises(SessionRefused, match=r"is before 2018-08-01, the start"):
        refuse_session(feed, date(2018, 7, 31), saturday)
    refuse_session(feed, date(2026, 11, 27), saturday)
