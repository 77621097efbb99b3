"""Supervision with real processes: whatever ends the program, nothing of it is left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dagster_project.io import process_tree
from dagster_project.io.process_lock import take_lock
from dagster_project.io.process_service import Running, launch
from dagster_project.io.process_tree import Session, living, members, stop_session
from dagster_project.io.processes import GuardFailed, Locked, Service, ServiceFailed, StopRequested, Supervisor
from tests.io.programs import Program, alive, close_terminal, press_control_c, start_program, wait_until

pytestmark = pytest.mark.timeout(60)

# Services that stop when asked to, and write their names where they do; each is up when it has written its file.
POLITE = """
import os, signal, sys, time
name, folder = sys.argv[1:]
def end(*_):
    open(f"{folder}/order", "a").write(f"{name}\\n")
    os._exit(0)
signal.signal(signal.SIGTERM, end)
open(f"{folder}/{name}.up", "w").close()
while True: time.sleep(60)
"""
DEAF = """
import signal, sys, time
name, folder = sys.argv[1:]
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(f"{folder}/{name}.up", "w").close()
while True: time.sleep(60)
"""
# A deaf grandchild in a process group of its own, with nothing in its environment, whose parent has ended.
GRANDPARENT = f"""
import os, subprocess, sys, time
name, folder = sys.argv[1:]
os.mkdir(f"{{folder}}/work")
command = [sys.executable, "-S", "-c", {DEAF!r}, name, folder]
if os.fork() == 0:
    subprocess.Popen(command, process_group=0, env={{}}, cwd=f"{{folder}}/work")
    os._exit(0)
while True: time.sleep(60)
"""
# A deaf daemon, which has left both its parent and its session.
DAEMON = f"""
import os, sys, time
name, folder = sys.argv[1:]
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        exec({DEAF!r})
    os._exit(0)
while True: time.sleep(60)
"""

SUPERVISE = """
import json
from contextlib import suppress
from pathlib import Path
from dagster_project.io.processes import Service, StopRequested, Supervisor
folder, options, lock, services = json.loads(sys.argv[1])
folder = Path(folder)
try:
    with Supervisor(say=print, **options) as supervisor:
        if lock:
            supervisor.lock(folder / "lock")
        for name, code, seconds in services:
            argv = (sys.executable, "-S", "-c", code, name, str(folder))
            service = Service(name, argv, folder / f"{name}.log", stop=((15, seconds),))
            supervisor.start(service, ready=(folder / f"{name}.up").exists)
        print("started")
        ending = supervisor.wait()
        with suppress(OSError):
            print("because of", ending.reason)
except StopRequested as stop:
    print("requested:", stop)
    ending = stop.ending
sys.exit(ending.exit_code)
"""

ALL_KINDS = [
    ["first", POLITE, 5],
    ["deaf", DEAF, 0.2],
    ["group", GRANDPARENT, 0.2],
    ["daemon", DAEMON, 0.2],
    ["last", POLITE, 5],
]
TWO = [["first", POLITE, 5], ["last", POLITE, 5]]


def supervise(
    folder: Path,
    services: list[list[object]],
    *,
    started_by: tuple[str, ...] = (),
    is_locked: bool = False,
    is_on_terminal: bool = False,
    wait_for: str = "started",
    **options: object,
) -> Program:
    """A program that supervises `services`, on a terminal, when all of them are up."""
    program = start_program(
        SUPERVISE,
        folder,
        options,
        is_locked,
        services,
        output=folder / "output",
        started_by=started_by,
        is_on_terminal=is_on_terminal,
    )
    program.wait_for(wait_for)
    return program


def service(folder: Path, *argv: str, name: str = "web") -> Service:
    return Service(name, argv, folder / f"{name}.log")


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    """A supervisor in the test's own process, whose signal handlers it leaves alone."""
    with Supervisor(handle_signals=False, die_with_parent=False) as opened:
        yield opened


def by_signal(number: int) -> Callable[[Program], None]:
    return lambda program: os.kill(program.pid(), number)


@pytest.mark.parametrize(
    ("end", "exit_code"),
    [
        pytest.param(press_control_c, 128 + signal.SIGINT, id="Ctrl-C in the terminal"),
        pytest.param(by_signal(signal.SIGTERM), 128 + signal.SIGTERM, id="SIGTERM, as a service manager sends"),
        pytest.param(by_signal(signal.SIGHUP), 128 + signal.SIGHUP, id="SIGHUP"),
        pytest.param(close_terminal, 128 + signal.SIGHUP, id="the terminal is closed and takes no output"),
        pytest.param(by_signal(signal.SIGKILL), -signal.SIGKILL, id="SIGKILL, which nobody can handle"),
        pytest.param(by_signal(signal.SIGSEGV), -signal.SIGSEGV, id="a crash of the interpreter"),
    ],
)
def test_nothing_is_left_whatever_ends_the_program(
    tmp_path: Path, end: Callable[[Program], None], exit_code: int
) -> None:
    """Polite, deaf, regrouped and daemonised processes end, the services in reverse order, and the guard after them."""
    program = supervise(tmp_path, ALL_KINDS, is_on_terminal=True)
    assert len(alive(program.mark)) >= len(ALL_KINDS) + 4, "services, a grandchild, a daemon, guard and program"
    end(program)
    assert program.exit_code() == exit_code
    program.is_gone()
    assert (tmp_path / "order").read_text().split() == ["last", "first"]


@pytest.mark.parametrize("kind", ["sh", "make"])
def test_the_program_ends_when_its_parent_is_killed(tmp_path: Path, kind: str) -> None:
    """SIGKILL of what started the program ends all, though no signal reaches the program."""
    makefile = tmp_path / "Makefile"
    makefile.write_text('run:\n\t@exec $(PYTHON) -c "$$CODE" "$$ARGUMENTS"\n')
    words = {
        "sh": ("sh", "-c", '"$@"; exit $?', "sh"),
        "make": ("sh", "-c", f"PYTHON=$1 CODE=$3 ARGUMENTS=$4 exec make -f {makefile} run", "sh"),
    }
    program = supervise(tmp_path, TWO, started_by=words[kind])
    assert program.process.pid != program.pid()
    program.process.kill()
    program.is_gone()
    assert program.says("because of the process that started this one")


def test_the_program_outlives_its_parent_where_it_is_told_to(tmp_path: Path) -> None:
    """`die_with_parent=False`: a daemon of one's own goes on."""
    program = supervise(tmp_path, TWO, started_by=("sh", "-c", '"$@"; exit $?', "sh"), die_with_parent=False)
    program.process.kill()
    assert program.exit_code() == -signal.SIGKILL
    os.kill(program.pid(), signal.SIGTERM)  # it is there to be asked
    program.is_gone()
    assert program.says("because of SIGTERM")


def test_a_parent_that_ended_before_the_program_looked_is_noticed(tmp_path: Path) -> None:
    """`parent` is the pid that the parent gave: another parent by now means that it has ended."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    program = supervise(tmp_path, TWO, wait_for="requested:", parent=gone.pid)
    assert program.exit_code() == 128 + signal.SIGTERM
    program.is_gone()


def test_a_program_started_by_nohup_ignores_the_terminal(tmp_path: Path) -> None:
    """SIGHUP that was ignored at the start stays ignored."""
    program = supervise(tmp_path, TWO, started_by=("sh", "-c", 'trap "" HUP; exec "$@"', "sh"))
    os.kill(program.pid(), signal.SIGHUP)
    os.kill(program.pid(), signal.SIGTERM)
    assert program.exit_code() == 128 + signal.SIGTERM
    program.is_gone()


def test_a_second_control_c_does_not_wait(tmp_path: Path) -> None:
    """A service with a minute to stop in is killed when a person asks again."""
    program = supervise(tmp_path, [["slow", DEAF, 60]], is_on_terminal=True)
    press_control_c(program)
    program.wait_for("stopping slow")
    asked = time.monotonic()

    def has_ended_when_asked_again() -> bool:
        if not program.says("slow did not stop"):
            press_control_c(program)
        return program.says("slow did not stop")

    wait_until(has_ended_when_asked_again, "the slow service is killed", 20)
    assert time.monotonic() - asked >= 1, "an echo of the first signal is not a second one"
    assert program.exit_code() == 128 + signal.SIGINT
    program.is_gone()


def test_a_signal_while_services_start_stops_those_that_have(tmp_path: Path) -> None:
    """Nobody waits for a service that is not yet ready."""
    never_ready = ["never", "import time; time.sleep(60)", 5]
    program = start_program(SUPERVISE, tmp_path, {}, False, [*TWO, never_ready], output=tmp_path / "output")
    wait_until((tmp_path / "never.log").exists, "the service that is never ready was started")
    os.kill(program.pid(), signal.SIGTERM)
    assert program.exit_code() == 128 + signal.SIGTERM
    assert program.says("requested: SIGTERM")
    program.is_gone()
    assert (tmp_path / "order").read_text().split() == ["last", "first"]


def test_a_service_that_dies_ends_the_wait_and_all_others(tmp_path: Path) -> None:
    """Its name, how it ended and its last lines are the reason."""
    brittle = """
import os, sys, time
name, folder = sys.argv[1:]
open(f"{folder}/{name}.up", "w").close()
while not os.path.exists(f"{folder}/break"): time.sleep(0.02)
sys.exit("out of ink")
"""
    program = supervise(tmp_path, [*TWO, ["brittle", brittle, 5]])
    (tmp_path / "break").touch()
    assert program.exit_code() == 1
    program.is_gone()
    said = "\n".join(program.lines())
    assert "because of brittle ended by itself: exit code 1." in said
    assert "    out of ink" in said
    assert (tmp_path / "order").read_text().split() == ["last", "first"]


def test_a_killed_guard_ends_the_wait(supervisor: Supervisor, tmp_path: Path) -> None:
    """Nothing runs unguarded."""
    supervisor.start(service(tmp_path, "sleep", "60"))
    assert supervisor.wait(0) is None
    os.kill(supervisor._guard.pid, signal.SIGKILL)
    ending = supervisor.wait(20)
    assert ending is not None
    assert "guard process" in ending.reason
    with pytest.raises(GuardFailed):
        supervisor.check()


def test_the_guard_ends_with_its_supervisor(tmp_path: Path) -> None:
    """A normal end leaves neither the guard nor a zombie of it."""
    with Supervisor(handle_signals=False, die_with_parent=False) as opened:
        opened.start(service(tmp_path, "sleep", "60"))
        guard = opened._guard.pid
        assert guard in living()
    assert not Path(f"/proc/{guard}").exists()


def test_the_guard_answers_no_signal(supervisor: Supervisor) -> None:
    """A shutdown that signals every process leaves the guard its work: SIGTERM, SIGINT and SIGHUP do nothing."""
    ignored = int(
        next(
            line for line in Path(f"/proc/{supervisor._guard.pid}/status").read_text().splitlines() if "SigIgn" in line
        ).split()[1],
        16,
    )
    assert all(ignored >> (number - 1) & 1 for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))


def test_signal_handlers_are_as_before_after_a_supervisor() -> None:
    """It takes SIGINT, SIGTERM, SIGHUP and SIGCHLD, and gives them back."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
    before = [signal.getsignal(number) for number in numbers]
    with Supervisor(die_with_parent=False):
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before


FAILURES = [
    pytest.param(
        ("sh", "-c", "echo one; echo two >&2; exit 3"),
        r"web ended by itself: exit code 3.*\n    one\n    two$",
        id="it says why",
    ),
    pytest.param(("sh", "-c", "exit 4"), r"exit code 4.*\n    \(it wrote nothing\)$", id="it says nothing"),
    pytest.param(("sh", "-c", "kill -9 $$"), r"killed by signal 9 \(Killed\)", id="a signal, named"),
    pytest.param(("no-such-program",), r"exit code 127(.|\n)*no-such-program: not found", id="no such program"),
    pytest.param(("sh", "-c", "seq 1 100; exit 1"), r":\n    86\n(.|\n)*    100$", id="the last lines only"),
]


@pytest.mark.parametrize(("argv", "message"), FAILURES)
def test_a_service_that_dies_at_once_is_an_error_with_its_last_words(
    supervisor: Supervisor, tmp_path: Path, argv: tuple[str, ...], message: str
) -> None:
    """The error names the service, how it ended, its log and the log's last lines."""
    (tmp_path / "web.log").write_text("a line of an earlier start\n")
    with pytest.raises(ServiceFailed, match=message) as raised:
        supervisor.start(service(tmp_path, *argv), ready=lambda: False)
    assert str(tmp_path / "web.log") in str(raised.value)
    assert "earlier start" not in str(raised.value)


def test_a_service_that_is_not_ready_in_time_is_an_error_with_the_last_answer(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    """What the check raised last is in the message."""

    def ready() -> bool:
        raise ConnectionRefusedError("nobody listens")

    with pytest.raises(ServiceFailed, match=r"not ready within 0\.1 s \(ConnectionRefusedError: nobody listens\)"):
        supervisor.start(service(tmp_path, "sleep", "60"), ready, within=0.1)


def test_a_folder_that_is_missing_is_an_error_of_the_service(supervisor: Supervisor, tmp_path: Path) -> None:
    """What the system refuses is told as any other failure."""
    with pytest.raises(ServiceFailed, match=r"web could not be started.*nowhere"):
        supervisor.start(Service("web", ("true",), tmp_path / "web.log", cwd=tmp_path / "nowhere"))


def test_a_program_is_run_to_its_end(supervisor: Supervisor, tmp_path: Path) -> None:
    """Success is silent, a failure shows the log, lateness kills it."""
    supervisor.run(service(tmp_path, "true"))
    with pytest.raises(ServiceFailed, match=r"web failed: exit code 5.*\n    no$"):
        supervisor.run(service(tmp_path, "sh", "-c", "echo no; exit 5"))
    with pytest.raises(ServiceFailed, match=r"web did not end within 0\.2 s"):
        supervisor.run(service(tmp_path, "sleep", "60"), within=0.2)
    assert supervisor.wait(0) is None


def test_nothing_runs_that_the_guard_does_not_know(tmp_path: Path) -> None:
    """A supervisor that dies between starting a process and telling the guard leaves a shell, which ends."""
    started: list[Running] = []

    def die(running: Running) -> None:
        started.append(running)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        launch(service(tmp_path, "touch", str(tmp_path / "ran")), "token", may_end=False, known=die)
    assert started[0].process.wait(10) != 0
    assert not (tmp_path / "ran").exists()


def test_a_stopped_service_may_be_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    """Stopping one leaves the others, and is no failure."""
    supervisor.start(service(tmp_path, "sleep", "60", name="other"))
    first = supervisor.start(service(tmp_path, "sleep", "60"))
    supervisor.stop("web")
    assert first not in living()
    assert supervisor.start(service(tmp_path, "sleep", "60")) in living()
    assert supervisor.wait(0) is None


def test_a_service_sees_the_environment_that_it_is_given(supervisor: Supervisor, tmp_path: Path) -> None:
    """`env` is the whole of it, but for the mark and what a shell adds."""
    supervisor.run(Service("env", ("/usr/bin/env",), tmp_path / "env.log", env={"COLOUR": "red"}))
    names = {line.split("=")[0] for line in (tmp_path / "env.log").read_text().splitlines()}
    assert {"COLOUR", process_tree.MARK} <= names <= {"COLOUR", process_tree.MARK, "PWD", "OLDPWD", "SHLVL", "_"}


def test_a_long_log_is_put_aside(supervisor: Supervisor, tmp_path: Path) -> None:
    """A log starts afresh beyond 16 MiB, and the earlier one is kept under `.1`."""
    with (tmp_path / "web.log").open("wb") as log:
        log.truncate(16 * 1024 * 1024 + 1)
    supervisor.run(service(tmp_path, "echo", "fresh"))
    assert (tmp_path / "web.log").read_text() == "fresh\n"
    assert (tmp_path / "web.log.1").stat().st_size == 16 * 1024 * 1024 + 1


def test_a_locked_folder_names_its_holder(supervisor: Supervisor, tmp_path: Path) -> None:
    """A second run is refused at once, with the pid of the first."""
    supervisor.lock(tmp_path / "lock")
    with pytest.raises(Locked, match=f"{tmp_path} is in use by process {os.getpid()}") as raised:
        take_lock(tmp_path / "lock")
    assert raised.value.holder == os.getpid()


def test_the_next_run_waits_until_a_killed_one_has_stopped(supervisor: Supervisor, tmp_path: Path) -> None:
    """The lock of a killed program is free when the last of its processes has ended, not before."""
    program = supervise(tmp_path, [["deaf", DEAF, 1]], is_locked=True)
    os.kill(program.pid(), signal.SIGKILL)
    assert program.exit_code() == -signal.SIGKILL
    assert alive(program.mark), "its guard is stopping a deaf service"
    supervisor.lock(tmp_path / "lock")
    wait_until(lambda: not alive(program.mark), "the guard, which gave the lock back, has ended", 1)


def test_a_lock_that_an_ended_process_left_is_free(tmp_path: Path) -> None:
    """The file stays, the lock does not; a pid that is somebody else's by now is nobody's."""
    (tmp_path / "lock").write_text("1 0\n")
    os.close(take_lock(tmp_path / "lock"))


def test_a_signal_goes_to_the_leader_while_it_lives(tmp_path: Path) -> None:
    """The leader ends its own children in its own order: they get the signal only when it is gone."""
    code = """
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-S", "-c", sys.argv[1], "child", sys.argv[2]])
def end(*_):
    time.sleep(0.3)  # its own work, which its child must not be disturbed in
    open(f"{sys.argv[2]}/order", "a").write("leader first\\n")
    child.terminate()
    child.wait()
    os._exit(0)
signal.signal(signal.SIGTERM, end)
signal.pause()
"""
    leader = subprocess.Popen([sys.executable, "-S", "-c", code, POLITE, str(tmp_path)], start_new_session=True)
    wait_until((tmp_path / "child.up").exists, "leader and child are up")
    stopped = stop_session(Session(leader.pid, "no mark", ((signal.SIGTERM, 10.0),)))
    assert stopped.signal == signal.SIGTERM
    assert stopped.survivors == ()
    leader.wait()
    assert (tmp_path / "order").read_text().splitlines() == ["leader first", "child"]


def test_processes_are_found_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no /proc, `ps` tells pid, parent and group, and stopping works by them."""
    monkeypatch.setattr(process_tree, "living", process_tree._living_by_ps)
    leader = subprocess.Popen(["sh", "-c", "sleep 60 & wait"], start_new_session=True)
    session = Session(leader.pid, "no mark", ((signal.SIGTERM, 10.0),))
    wait_until(lambda: len(members(session)) == 2, "shell and sleep are seen", 10)
    assert stop_session(session).survivors == ()
    assert leader.wait() == -signal.SIGTERM


def test_a_stop_request_during_a_check_is_raised_to_the_caller(tmp_path: Path) -> None:
    """Between two steps of its own the caller asks, and gets the reason and the exit code."""
    with Supervisor(die_with_parent=False) as opened:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(StopRequested, match="SIGTERM") as raised:
            opened.check()
        assert raised.value.ending.exit_code == 128 + signal.SIGTERM
