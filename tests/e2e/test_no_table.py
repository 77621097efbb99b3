"""What must not become a table does not: a source that serves something else, a session that is none or not over."""

from datetime import date

import pytest

from tests.e2e import ui
from tests.e2e.stack import Stack

FAULTS = [
    pytest.param(
        "finra_short_volume", "2026-11-24", "html", "SourceUnavailable", id="a service page over a stored table"
    ),
    pytest.param("nse_equity", "2026-08-12", "truncated", "SourceUnavailable", id="half a zip"),
]


@pytest.mark.parametrize(("feed", "session", "fault", "error"), FAULTS)
def test_a_source_fault_is_an_error_and_no_table(
    source: Stack, feed: str, session: str, fault: str, error: str
) -> None:
    """A page with status 200, half a zip: the run fails, says the class of the error, and changes nothing."""
    before = what_is_stored(source, feed)
    source.simulator.fault(feed, fault, session=date.fromisoformat(session))
    found = ui.finished(source, ui.launch(source, feed, session))
    assert found.status == "FAILURE"
    assert (found.failure["error"], found.failure["session"]) == (error, session)
    assert (found.materializations, found.checks) == ({}, {})
    assert what_is_stored(source, feed) == before


REFUSED = [
    pytest.param(
        "2026-11-25",
        "session 2026-11-25 of XNYS closes at 2026-11-25 16:00 EST: its data cannot have been published",
        id="the close is ahead",
    ),
    pytest.param("2026-09-07", "2026-09-07 is not a session of XNYS: Labor Day", id="a holiday"),
]


@pytest.mark.parametrize(("session", "reason"), REFUSED)
def test_a_session_that_is_none_or_not_over_is_refused_with_the_reason(
    source: Stack, session: str, reason: str
) -> None:
    """The source is not even asked."""
    found = ui.finished(source, ui.launch(source, "finra_short_volume", session))
    assert found.status == "FAILURE"
    assert found.failure["description"].startswith(f"SessionRefused: {reason}")
    assert found.failure["error"] == "SessionRefused"
    assert source.simulator.requests("finra_short_volume") == []


def what_is_stored(stack: Stack, feed: str) -> tuple[object, ...]:
    """The records of a feed's publications, and each session's version and content in the store."""
    sessions = stack.store.sessions(feed)
    records = stack.rows("select * from publication where feed = %s order by session, version", feed)
    return records, [(session, stack.store.current(feed, session)) for session in sessions]
