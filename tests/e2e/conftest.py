"""One stack for all tests that need no other; those that stop it, or move its clock, start their own."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.e2e import ui
from tests.e2e.stack import Stack, running_stack

HERE = Path(__file__).parent
ORDER = ("stack", "backfill", "ticking")  # by what they use; a run that is under way bears no jump of the clock
NEW_YORK = ZoneInfo("America/New_York")
FEEDS = {"ecb_fx", "finra_short_volume", "nse_equity"}

# In New York the session is open; in Frankfurt and Mumbai it has closed and its table was due.
A_WEDNESDAY = datetime(2026, 11, 25, 12, 40, tzinfo=NEW_YORK)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Last the tests on the common stack, so that it shares the machine with no other; of them last the clock's."""

    def place(item: pytest.Item) -> int:
        names = getattr(item, "fixturenames", ()) if HERE in item.path.parents else ()
        return max((at for at, name in enumerate(ORDER, 1) if name in names), default=0)

    items.sort(key=place)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The stack on a Wednesday, after its first start caught up: nothing is missing, nothing is due for hours."""
    with running_stack(tmp_path_factory.mktemp("stack") / "home", at=A_WEDNESDAY) as running:
        running.until("each feed's first table", lambda: len(running.rows("select 1 from publication")) == len(FEEDS))
        yield running


@pytest.fixture(scope="session")
def backfill(stack: Stack) -> str:
    """A backfill of April 2026, which goes on while other tests work with other feeds; its id."""
    return ui.backfill(stack, "ecb_fx", "2026-04-01", "2026-04-30")


@pytest.fixture
def ticking(stack: Stack) -> Stack:
    """The stack, whose clock the test moves on."""
    return stack


@pytest.fixture(autouse=True)
def _begin_what_takes_long(request: pytest.FixtureRequest) -> None:
    """The first test on the common stack starts the backfill, if a test of this session asks for it at all."""
    wanted = any("backfill" in getattr(item, "fixturenames", ()) for item in request.session.items)
    if wanted and "stack" in request.fixturenames:
        request.getfixturevalue("backfill")


@pytest.fixture
def source(stack: Stack) -> Iterator[Stack]:
    """The stack, with a simulator that has seen no request yet, and whose faults heal after the test."""
    stack.simulator.forget_requests()
    yield stack
    stack.simulator.clear_faults()
