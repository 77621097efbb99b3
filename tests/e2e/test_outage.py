"""A stack that was down for a week."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.e2e import ui
from tests.e2e.stack import Stack, alive, running_stack

NEW_YORK = ZoneInfo("America/New_York")
BEFORE = datetime(2026, 4, 1, 19, 0, tzinfo=NEW_YORK)  # a Wednesday
A_WEEK_ON = datetime(2026, 4, 8, 5, 0, tzinfo=NEW_YORK)

FIRST = "2026-04-01"  # of every feed
# Every session that fell due in between: all three were closed on Good Friday, Frankfurt on Easter Monday too.
MISSED = {
    "ecb_fx": ["2026-04-02", "2026-04-07"],
    "finra_short_volume": ["2026-04-02", "2026-04-06", "2026-04-07"],
    "nse_equity": ["2026-04-02", "2026-04-06", "2026-04-07"],
}

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The private folder of a stack that ran until its first tables were there, and was stopped by Ctrl-C."""
    home = tmp_path_factory.mktemp("outage") / "home"
    with running_stack(home, at=BEFORE) as stack:
        stack.until("each feed's first table", lambda: published(stack) == [(feed, FIRST) for feed in MISSED])
        stack.until("no run under way", stack.is_idle)
        assert stack.stop() == 130
    assert alive(home) == []
    return home


@pytest.fixture(scope="module")
def later(home: Path) -> Iterator[Stack]:
    """The stack of the same folder, started again after a week."""
    with running_stack(home, at=A_WEEK_ON) as stack:
        yield stack


def test_the_sensor_requests_every_missed_session_once(later: Stack) -> None:
    """None is lost, none comes twice, none is of a holiday; then nothing is missing."""
    for feed in MISSED:
        later.until(f"{feed} to be complete", partial(nothing_is_missing, later, feed), seconds=400)
    attempts = later.rows("select feed, session::text, number, origin, outcome from attempt order by 1, 2")
    wanted = [(feed, session) for feed, sessions in MISSED.items() for session in (FIRST, *sessions)]
    assert attempts == [(feed, session, 1, "sensor", "served") for feed, session in wanted]
    runs = [(feed, run) for feed in MISSED for run in ui.runs(later, {"marketday/feed": feed})]
    assert sorted((feed, run.tags[ui.PARTITION]) for feed, run in runs) == wanted
    assert {run.status for _, run in runs} == {"SUCCESS"}
    assert published(later) == wanted


def published(stack: Stack) -> list[tuple[str, str]]:
    return [
        (feed, session) for feed, session in stack.rows("select feed, session::text from publication order by 1, 2")
    ]


def nothing_is_missing(stack: Stack, feed: str) -> bool:
    """Whether the sensor's newest tick, after this start, says so."""
    newest = ui.ticks(stack, f"{feed}_backlog")[:1]
    return any(tick.at > A_WEEK_ON and tick.skip_reason == "nothing is missing" for tick in newest)
