"""A session that is stored already: the source is asked again, and only what differs makes a version."""

from datetime import date, timedelta
from typing import Any

from tests.e2e import ui
from tests.e2e.stack import Stack

FEED = "finra_short_volume"
SESSION = date(2026, 11, 24)


def test_a_second_launch_asks_again_and_a_restatement_keeps_the_old_version_readable(source: Stack) -> None:
    """The same content makes no version; another makes version 2, beside which version 1 is still read as of then."""
    (before,) = versions(source)
    stored = source.store.read(FEED, SESSION)

    again = ui.succeeded(source, ui.launch(source, FEED, str(SESSION)))
    asked = [(entry.method, entry.session, entry.status) for entry in source.simulator.requests(FEED)]
    assert asked == [("GET", SESSION, 200)]
    assert again.materializations[str(SESSION)]["new version"] is False
    (checked,) = versions(source)
    assert checked[:2] == before[:2]
    assert checked[2] > before[2]

    source.simulator.restate(FEED, SESSION)
    told = ui.succeeded(source, ui.launch(source, FEED, str(SESSION))).materializations[str(SESSION)]
    assert (told["version"], told["restated"]) == (2, True)
    assert told["rows added"] + told["rows removed"] + told["rows altered"] > 0
    assert [version for version, *_ in versions(source)] == [1, 2]
    current = source.store.current(FEED, SESSION)
    assert current is not None
    assert current.version == 2
    earlier = source.store.read(FEED, SESSION, as_of=current.known_from - timedelta(seconds=1))
    assert earlier.equals(stored)
    assert not source.store.read(FEED, SESSION).equals(stored)


def versions(stack: Stack) -> list[tuple[Any, ...]]:
    query = "select version, content_sha256, checked_at from publication where feed = %s and session = %s order by 1"
    return stack.rows(query, FEED, SESSION)
