"""A running simulator on real HTTP, with small calendars of its own and a clock that the test sets."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from simulator.control import Control
from simulator.server import running_simulator
from simulator.world import World

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
AFTER_ALL = datetime(2026, 12, 1, tzinfo=UTC)

CALENDARS: dict[str, tuple[str, list[list[str]], list[dict[str, object]]]] = {
    "XNSE": (
        "Asia/Kolkata",
        [["09:15", "15:30"]],
        [
            {"date": "2026-01-26", "kind": "closed", "name": "Republic Day", "source": "test"},
            {"date": "2026-02-01", "kind": "special_session", "source": "test", "hours": [["09:15", "15:30"]]},
            {"date": "2026-11-08", "kind": "special_session", "name": "Muhurat", "source": "test"},
        ],
    ),
    "TARGET": (
        "Europe/Berlin",
        [],
        [{"date": "2026-04-03", "kind": "closed", "name": "Good Friday", "source": "test"}],
    ),
    "XNYS": (
        "America/New_York",
        [["09:30", "16:00"]],
        [{"date": "2026-11-26", "kind": "closed", "name": "Thanksgiving Day", "source": "test"}],
    ),
}


@dataclass
class SetClock:
    """A clock that stands where the test puts it."""

    at: datetime = AFTER_ALL

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="session")
def calendars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of compiled calendars: five days a week but for the days above, verified through 2026."""
    folder = tmp_path_factory.mktemp("calendars")
    (folder / "compiled").mkdir()
    for code, (zone, hours, days) in CALENDARS.items():
        regime = {"since": "2015-01-01", "weekdays": [0, 1, 2, 3, 4], "hours": hours}
        head = {"code": code, "title": code, "timezone": zone, "first": "2015-01-01", "verified_through": "2026-12-31"}
        lines = [{**head, "regimes": [regime]}, *days]
        (folder / "compiled" / f"{code}.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    return folder


@pytest.fixture(scope="session")
def world(calendars: Path) -> World:
    return World(1, calendars)


@pytest.fixture(scope="session")
def _running(calendars: Path) -> Iterator[tuple[Control, SetClock]]:
    clock = SetClock()
    with running_simulator(clock, calendars=calendars) as control:
        yield control, clock


@pytest.fixture
def clock(_running: tuple[Control, SetClock]) -> SetClock:
    """The simulator's clock; at first after everything in the tests is published."""
    _, clock = _running
    clock.at = AFTER_ALL
    return clock


@pytest.fixture
def simulator(_running: tuple[Control, SetClock], clock: SetClock) -> Control:
    """The simulator, without faults and without memory."""
    control, _ = _running
    control.reset()
    return control


@pytest.fixture
def http(simulator: Control) -> Iterator[httpx.Client]:
    """A client that names a browser, as NSE wants it; paths start with the original host."""
    with httpx.Client(base_url=simulator.base_url, headers={"User-Agent": BROWSER}, trust_env=False) as client:
        yield client
