"""A fire starts once, whoever asks for it; a person is never refused."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dagster_project.tags import fire_tags
from tests.e2e import ui
from tests.e2e.stack import Stack

FEED = "finra_short_volume"
ASKED_BY = {
    "schedule": {"dagster/schedule_name": f"{FEED}_daily"},
    "sensor": {"dagster/sensor_name": f"{FEED}_backlog"},
}
ROUNDS = ["2026-10-05", "2026-10-06", "2026-10-07"]


def fire_of(session: str) -> dict[str, str]:
    return fire_tags(FEED, session, f"{FEED}/daily/{session}", 1)


def test_schedule_and_sensor_asked_for_one_fire_at_once_give_one_run(source: Stack) -> None:
    """Of two launches at one instant, one works; the other is cancelled, and says which run has the work."""
    pairs = []
    with ThreadPoolExecutor(len(ASKED_BY)) as pool:
        for session in ROUNDS:
            tags = [{**fire_of(session), **by} for by in ASKED_BY.values()]
            pairs.append(list(pool.map(lambda each, at=session: ui.launch(source, FEED, at, each), tags)))
    for session, pair in zip(ROUNDS, pairs, strict=True):
        ((holder,),) = source.rows("select run_id from attempt where fire_id = %s", f"{FEED}/daily/{session}")
        (other,) = set(pair) - {holder}
        refused = ui.finished(source, other)
        assert refused.status == "CANCELED"
        assert refused.says(f"attempt 1 of {FEED}/daily/{session} is already run {holder}")
    assert [ui.succeeded(source, run_id).status for (run_id,) in attempts(source)] == ["SUCCESS"] * len(ROUNDS)
    fetched = [str(entry.session) for entry in source.simulator.requests(FEED) if entry.method == "GET"]
    assert sorted(fetched) == ROUNDS


def attempts(stack: Stack) -> list[tuple[Any, ...]]:
    query = "select run_id from attempt where feed = %s and session between %s and %s"
    return stack.rows(query, FEED, ROUNDS[0], ROUNDS[-1])


def test_a_person_who_launches_a_fire_again_is_not_refused(source: Stack) -> None:
    """Neither with the fire's tags in the Launchpad, nor by re-executing the sensor's run, which inherits them."""
    ((run_id,),) = source.rows("select run_id from attempt where fire_id = %s", f"{FEED}/daily/2026-11-24")
    again = [ui.launch(source, FEED, "2026-11-24", fire_of("2026-11-24")), ui.reexecute(source, run_id)]
    for each in again:
        assert ui.succeeded(source, each).tags["marketday/fire"] == f"{FEED}/daily/2026-11-24"
    launches = source.rows("select origin, refused from launch where run_id in %s", tuple(again))
    assert launches == [("manual", None)] * 2
