"""One run of a feed works at a time, also where it has no tags of the feed's job."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

from tests.e2e import ui
from tests.e2e.stack import Stack

FEED = "nse_equity"
SLOW = timedelta(seconds=3)


def test_materialize_and_the_job_at_once_run_one_after_the_other(source: Stack) -> None:
    """The source, slow in answering both, never sees the second request before the first has its answer.

    The UI's Materialize runs `__ASSET_JOB`, which Dagster gives none of the job's tags: the feed's is added.
    """
    sessions = ["2026-09-01", "2026-09-02"]
    for session in sessions:
        source.simulator.fault(FEED, "slow", session=date.fromisoformat(session), seconds=SLOW.total_seconds())
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ui.materialize, source, FEED, sessions[0])]
        asked += [pool.submit(ui.launch, source, FEED, sessions[1])]
        started = [each.result() for each in asked]
    found = [ui.succeeded(source, run_id) for run_id in started]
    assert [(run.job, run.tags["marketday/feed"]) for run in found] == [("__ASSET_JOB", FEED), (f"{FEED}_job", FEED)]

    first, second = source.simulator.requests(FEED)
    assert {first.session, second.session} == {date.fromisoformat(session) for session in sessions}
    assert second.at - first.at >= SLOW
    earlier, later = sorted(found, key=lambda run: run.started or 0)
    assert earlier.ended is not None
    assert later.started is not None
    assert earlier.ended <= later.started
