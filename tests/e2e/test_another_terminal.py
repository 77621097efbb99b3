"""`dagster …` and a second `marketday run` in another terminal."""

import subprocess
from pathlib import Path

from tests.e2e import ui
from tests.e2e.stack import MARKETDAY, PATIENCE, ROOT, Stack, own_environment

SESSION = "2026-11-20"
COMMANDS = f"""
set -e
eval "$({MARKETDAY} env)"
dagster schedule list
echo ====
dagster job launch -w workspace.yaml -j finra_short_volume_job --tags '{{"dagster/partition": "{SESSION}"}}'
echo ====
dagster instance concurrency get --all
"""


def test_dagsters_commands_work_after_one_step(stack: Stack) -> None:
    """`eval "$(marketday env)"`: list the schedules, launch a job, see each feed's pool at one."""
    schedules, _, pools = in_terminal(stack, "bash", "-c", COMMANDS).stdout.split("====")
    assert "finra_short_volume_daily [RUNNING]" in schedules
    lines = [line.strip() for line in pools.splitlines()]
    for feed in ("ecb_fx", "finra_short_volume", "nse_equity"):
        assert any(feed in line and " 1" in line for line in lines), pools
    (found,) = [run for run in ui.runs(stack, {ui.PARTITION: SESSION}) if run.job == "finra_short_volume_job"]
    assert SESSION in ui.succeeded(stack, found.id).materializations


def test_a_second_run_in_the_same_folder_is_refused(stack: Stack) -> None:
    """It says who is there, and leaves the first run, and what it told other terminals, alone."""
    second = in_terminal(stack, str(MARKETDAY), "run", "--port", "0")
    assert second.returncode == 1
    assert f"{stack.home}" in second.stderr
    assert "is in use by process" in second.stderr
    assert "Traceback" not in second.stderr
    assert in_terminal(stack, str(MARKETDAY), "env").returncode == 0
    assert stack.now() is not None


def test_a_taken_port_is_one_clear_line(stack: Stack, tmp_path: Path) -> None:
    """What is taken, and how to take another; nothing is started."""
    found = subprocess.run(
        [str(MARKETDAY), "run", "--port", str(stack.port)],
        capture_output=True,
        text=True,
        env=own_environment(tmp_path / "home"),
        timeout=PATIENCE,
        check=False,
    )
    assert (found.returncode, found.stdout) == (1, "")
    (line,) = found.stderr.splitlines()
    assert f"127.0.0.1:{stack.port}" in line
    assert "PORT=" in line


def in_terminal(stack: Stack, *command: str) -> "subprocess.CompletedProcess[str]":
    """A command in another terminal: it knows the private folder, the clock and the project's programs."""
    environment = own_environment(stack.home, stack.clock)
    environment["PATH"] = f"{MARKETDAY.parent}:{environment['PATH']}"
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=PATIENCE, check=False
    )
