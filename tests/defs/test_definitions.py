"""What Dagster is told of each feed. Every feed under adapters/ is asked; none is listed here."""

import subprocess
import sys
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._serdes import serialize_value

from dagster_project.defs.partitions import session_partitions
from dagster_project.domain.fires import Feed
from dagster_project.registry import feeds, load_adapter, project_root
from dagster_project.tags import FEED

FEEDS = feeds(project_root())
each_feed = pytest.mark.parametrize("feed", FEEDS, ids=[feed.name for feed in FEEDS])


@pytest.fixture(scope="module")
def repository(instance: dg.DagsterInstance) -> dg.RepositoryDefinition:
    from dagster_project.definitions import defs  # needs the settings that the instance brings

    return defs.get_repository_def()


def keys(feed: Feed, at: datetime) -> list[str]:
    with partition_loading_context(effective_dt=at):
        return list(session_partitions(feed.calendar, feed.start).get_partition_keys())


@each_feed
def test_partitions_are_exactly_the_sessions_through_today(feed: Feed) -> None:
    """On a session's day the keys are the feed's sessions from its start through that day."""
    last = feed.calendar.sessions(feed.start, min(date(2026, 11, 20), feed.calendar.verified_through))[-1]
    noon = datetime(last.year, last.month, last.day, 12, tzinfo=feed.calendar.zone)
    assert keys(feed, noon) == [str(day) for day in feed.calendar.sessions(feed.start, last)]


@each_feed
def test_no_partition_lies_beyond_what_is_verified(feed: Feed) -> None:
    """Years after the calendar's end no further key is offered: unknown is not open."""
    late = datetime.combine(feed.calendar.verified_through, datetime.min.time(), feed.calendar.zone)
    last = feed.calendar.sessions(feed.start, feed.calendar.verified_through)[-1]
    assert keys(feed, late + timedelta(days=700))[-1] == str(last)


def test_a_sunday_session_is_a_partition_and_the_days_around_it_are_not() -> None:
    """NSE traded on Sunday 2026-02-01; a weekday cron could not hold it."""
    [feed] = [feed for feed in FEEDS if feed.name == "nse_equity"]
    found = set(keys(feed, datetime(2026, 2, 3, 12, tzinfo=ZoneInfo("Asia/Kolkata"))))
    assert {"2026-01-30", "2026-02-01", "2026-02-02"} <= found
    assert not {"2026-01-31", "2026-01-26"} & found, "a Saturday and Republic Day"


@each_feed
def test_the_partitions_stay_small_in_a_snapshot(feed: Feed) -> None:
    """Weekends are cron strings where they can be: 2,360 single exclusions made 227 kB a feed."""
    assert len(serialize_value(session_partitions(feed.calendar, feed.start))) < 40_000


@each_feed
def test_a_feed_has_its_asset_job_schedules_and_sensor(feed: Feed, repository: dg.RepositoryDefinition) -> None:
    """All are named after the file, are on by default, and carry what the limits need."""
    job = repository.get_job(f"{feed.name}_job")
    assert job.tags[FEED] == feed.name
    assert job.partitions_def == session_partitions(feed.calendar, feed.start)
    [node] = job.nodes
    assert node.definition.pool == feed.name  # type: ignore[attr-defined]
    for name in feed.schedules:
        schedule = repository.get_schedule_def(f"{feed.name}_{name}")
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
        assert schedule.execution_timezone == str(feed.zone(name)), "where a person reads it"
    assert repository.get_sensor_def(f"{feed.name}_backlog").default_status is dg.DefaultSensorStatus.RUNNING


@each_feed
def test_the_asset_tells_its_columns_owner_source_and_code(feed: Feed, repository: dg.RepositoryDefinition) -> None:
    """A person in the UI finds what a column means, who owns the table, and the file that makes it."""
    spec = repository.asset_graph.get(dg.AssetKey(feed.name))
    schema = spec.metadata["dagster/column_schema"]
    adapter = load_adapter(feed.name, project_root())
    assert [column.name for column in schema.columns] == list(adapter.columns)
    assert all(column.description for column in schema.columns)
    assert list(spec.owners) == [feed.owner]
    assert "https://" in (spec.description or ""), "the source's documentation"
    files = [each.file_path for each in spec.metadata["dagster/code_references"].code_references]
    assert [file.rsplit("/", 1)[1] for file in files] == [f"{feed.name}.py", f"{feed.name}.yaml"]


def test_the_run_path_imports_no_pandas_and_no_calendar_library() -> None:
    """Loading the definitions, as every run does, must not cost two seconds and 100 MiB of pandas."""
    script = (
        "import sys, dagster_project.definitions;"
        "print([name for name in ('pandas', 'exchange_calendars', 'pandas_market_calendars', 'holidays')"
        " if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=project_root(), check=True
    )
    assert found.stdout.strip() == "[]"
