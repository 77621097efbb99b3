"""What a newcomer sees within a minute."""

from datetime import date, datetime

from tests.e2e import ui
from tests.e2e.stack import Stack


def test_the_first_start_catches_up_the_latest_due_session_of_each_feed(stack: Stack) -> None:
    """One table a feed, at any hour of any day: the newest session that was due, and no other.

    On Wednesday 2026-11-25 at 12:40 in New York: FINRA's of that day is due at 18:05 only.
    """
    found = stack.rows("select feed, session::text, origin, outcome from attempt order by feed")
    assert found == [
        ("ecb_fx", "2026-11-25", "sensor", "served"),
        ("finra_short_volume", "2026-11-24", "sensor", "served"),
        ("nse_equity", "2026-11-25", "sensor", "served"),
    ]
    assert stack.store.sessions("nse_equity")[-1].isoformat() == "2026-11-25"


def test_the_first_run_shows_its_figures_and_its_checks(stack: Stack) -> None:
    """Rows, bytes, seconds from the close to the publication, a preview, and checks that passed."""
    (run_id,) = stack.rows("select run_id from attempt where feed = 'nse_equity'")[0]
    found = ui.run(stack, run_id)
    assert list(found.materializations) == ["2026-11-25"]
    said = found.materializations["2026-11-25"]
    published = stack.simulator.publication("nse_equity", date(2026, 11, 25))
    assert published is not None
    delay = published - datetime.fromisoformat("2026-11-25T15:35:00+05:30")
    assert said["rows"] == said["dagster/row_count"] > 1000
    assert said["bytes"] > 10_000
    assert said["seconds from close to publication"] == delay.total_seconds()
    assert said["new version"] is True
    assert found.checks.keys() >= {"columns", "key", "row_count"}
    assert all(found.checks.values())


def test_schedules_and_sensors_are_on_by_default(stack: Stack) -> None:
    """Nothing has to be switched on in the UI."""
    states = stack.graphql(
        "query ($at: RepositorySelector!) { schedulesOrError(repositorySelector: $at) { ... on Schedules { results {"
        " name scheduleState { status } } } } sensorsOrError(repositorySelector: $at) { ... on Sensors { results {"
        " name sensorState { status } } } } }",
        at=ui.REPOSITORY,
    )
    schedules = {each["name"]: each["scheduleState"]["status"] for each in states["schedulesOrError"]["results"]}
    sensors = {each["name"]: each["sensorState"]["status"] for each in states["sensorsOrError"]["results"]}
    assert schedules == dict.fromkeys(["ecb_fx_fixing", "finra_short_volume_daily", "nse_equity_eod"], "RUNNING")
    assert sensors == dict.fromkeys(["ecb_fx_backlog", "finra_short_volume_backlog", "nse_equity_backlog"], "RUNNING")
