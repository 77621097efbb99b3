"""However the stack ends, nothing of it is left, and the next start in its folder comes up. Ctrl-C: see test_outage."""

import os
import signal
from datetime import date
from pathlib import Path

import pytest

from tests.e2e import ui
from tests.e2e.stack import Stack, alive, running_stack, wait_until_gone

FEED, SESSION = "finra_short_volume", "2026-09-01"
SERVICES = ("postgres", "simulator", "code-server", "dagster_project.instance.daemon", "dagster_webserver")
GONE_WITHIN = 60.0  # seconds; some 5 on an idle machine. The services' own plans allow more than a minute

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One private folder for all of them, in which each start finds what the ending before has left."""
    return tmp_path_factory.mktemp("endings") / "home"


def test_nothing_is_left_when_make_is_killed(home: Path) -> None:
    """SIGKILL of `make` alone, so that no signal reaches what it started; a run is under way."""
    with running_stack(home, by_make=True) as stack:
        stack.simulator.fault(FEED, "slow", session=date.fromisoformat(SESSION), seconds=600)
        ui.launch(stack, FEED, SESSION)
        stack.until("the run to be under way", lambda: [each for each in stack.simulator.requests(FEED) if each.fault])
        assert missing_services(home) == []
        stack.process.kill()
        assert stack.process.wait() == -signal.SIGKILL
        wait_until_gone(home, GONE_WITHIN)


def test_the_next_start_tries_again_what_an_ending_cut_short(home: Path) -> None:
    """The run does not hold its feed for hours: it has failed, and Dagster's retry of it publishes its session."""
    with running_stack(home) as stack:
        (cut, *_) = reversed(ui.runs(stack, {ui.PARTITION: SESSION}))
        assert cut.status == "FAILURE"
        assert cut.says("Marketday was stopped while this run was under way")
        (again, *_) = stack.until("its retry", lambda: ui.runs(stack, {"dagster/parent_run_id": cut.id}))
        assert SESSION in ui.succeeded(stack, again.id).materializations
        end(stack, signal.SIGKILL, -signal.SIGKILL)


def test_a_code_server_that_ends_is_started_again_and_nothing_is_left_after_sigterm(home: Path) -> None:
    """Dagster's code server is two processes; where the inner one is killed, ticks fail for seconds, not for ever."""
    with running_stack(home) as stack:
        assert missing_services(home) == []
        (inner,) = [int(line.split()[0]) for line in alive(home) if "dagster api grpc" in line]
        killed_at = stack.now()
        os.kill(inner, signal.SIGKILL)
        stack.until("a tick that works", lambda: [each for each in works(stack) if each.at > killed_at])
        end(stack, signal.SIGTERM, 128 + signal.SIGTERM)
        assert stack.says()[-1] == "stopped: SIGTERM"


def works(stack: Stack) -> list[ui.Tick]:
    """The ticks of a sensor that its code server has evaluated."""
    return [tick for tick in ui.ticks(stack, f"{FEED}_backlog") if tick.status in ("SKIPPED", "SUCCESS")]


def end(stack: Stack, number: int, exit_code: int) -> None:
    """Sends a signal to `marketday run` alone; fails where anything of the stack is alive a while later."""
    os.kill(stack.process.pid, number)
    assert stack.process.wait(GONE_WITHIN) == exit_code
    wait_until_gone(stack.home, GONE_WITHIN)


def missing_services(home: Path) -> list[str]:
    """Which of the stack's programs are not among what is alive: nothing left then means nothing."""
    found = "\n".join(alive(home))
    return [name for name in SERVICES if name not in found]
