"""A backfill through the UI."""

import pytest

from tests.e2e import ui
from tests.e2e.stack import Stack

APRIL = [
    *("2026-04-01", "2026-04-02"),  # then Good Friday and Easter Monday
    *("2026-04-07", "2026-04-08", "2026-04-09", "2026-04-10"),
    *("2026-04-13", "2026-04-14", "2026-04-15", "2026-04-16", "2026-04-17"),
    *("2026-04-20", "2026-04-21", "2026-04-22", "2026-04-23", "2026-04-24"),
    *("2026-04-27", "2026-04-28", "2026-04-29", "2026-04-30"),
]


@pytest.mark.timeout(900)
def test_a_backfill_of_a_month_gives_exactly_its_sessions(stack: Stack, backfill: str) -> None:
    """Of April 2026, 20 runs and 20 tables: no weekend, no Good Friday, no Easter Monday."""
    ended = ("COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED")
    stack.until("the backfill to end", lambda: ui.backfill_status(stack, backfill) in ended, seconds=800)
    assert ui.backfill_status(stack, backfill) == "COMPLETED_SUCCESS"
    found = ui.runs(stack, {"dagster/backfill": backfill})
    assert sorted(run.tags["dagster/partition"] for run in found) == APRIL
    assert {run.status for run in found} == {"SUCCESS"}
    published = (
        "select session::text, version from publication where feed = 'ecb_fx' and session < '2026-05-01' order by 1"
    )
    assert stack.rows(published) == [(session, 1) for session in APRIL]
    assert stack.rows("select distinct origin from launch where run_id in %s", tuple(run.id for run in found)) == [
        ("backfill",)
    ]
