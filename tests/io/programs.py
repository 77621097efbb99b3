"""Programs that supervise services, started as a person starts them, and what is left of them afterwards."""

import fcntl
import json
import os
import pty
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARK = "PROGRAM_UNDER_TEST"


@dataclass(frozen=True)
class Program:
    """A running program. `process` is what was started: the program itself, or its parent."""

    process: subprocess.Popen[bytes]
    terminal: int | None
    output: Path
    mark: str

    def says(self, line: str) -> bool:
        """Whether the program has written a line that starts so."""
        return any(each.startswith(line) for each in self.lines())

    def lines(self) -> list[str]:
        """What the program has written."""
        return self.output.read_text().splitlines() if self.output.exists() else []

    def pid(self) -> int:
        """The pid of the program itself, which is the first thing that it says."""
        self.wait_for("pid ")
        return int(next(line for line in self.lines() if line.startswith("pid ")).split()[1])

    def wait_for(self, line: str, seconds: float = 20.0) -> None:
        """Waits until the program says `line`."""
        wait_until(lambda: self.says(line), lambda: f"the program says {line!r}: {self.lines()}", seconds)

    def exit_code(self, seconds: float = 20.0) -> int:
        """The exit code of the started process; minus the signal where one killed it."""
        return self.process.wait(seconds)

    def is_gone(self, seconds: float = 10.0) -> None:
        """Fails where a process of the program's is alive after `seconds`."""
        wait_until(lambda: not alive(self.mark), lambda: f"nothing is left of the program: {alive(self.mark)}", seconds)
        self.process.wait(seconds)


def start_program(
    code: str,
    *arguments: object,
    output: Path,
    started_by: tuple[str, ...] = (),
    is_on_terminal: bool = False,
    **environment: str,
) -> Program:
    """Runs Python `code` in a session of its own, with `arguments` as JSON in argv[1]; it prints into `output`.

    `started_by` are the words before the program's own command line.
    """
    mark = f"{output}#{time.monotonic_ns()}"
    prelude = f"import os, sys\nsys.stdout = open({str(output)!r}, 'w', buffering=1)\nprint('pid', os.getpid())\n"
    if is_on_terminal:
        prelude += (
            "written = sys.stdout.write\nsys.stdout.write = lambda text: written(text) and os.write(1, text.encode())\n"
        )
    terminal, end = pty.openpty() if is_on_terminal else (None, subprocess.DEVNULL)
    process = subprocess.Popen(
        [*started_by, sys.executable, "-c", prelude + code, json.dumps(arguments, default=str)],
        env={**os.environ, MARK: mark, "PYTHONPATH": str(ROOT), **environment},
        stdin=end,
        stdout=end,
        start_new_session=True,
        preexec_fn=_take_terminal if is_on_terminal else None,
    )
    if is_on_terminal:
        os.close(end)
    return Program(process, terminal, output, mark)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def alive(mark: str) -> list[str]:
    """The processes that carry the mark in their environment, or work in the folder that the mark begins with."""
    found = []
    folder = str(Path(mark.split("#")[0]).parent)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # it ended meanwhile
                state = (entry / "stat").read_bytes().rpartition(b")")[2].split()[0]
                carries = f"{MARK}={mark}".encode() in (entry / "environ").read_bytes().split(b"\0")
                works_there = os.readlink(entry / "cwd").startswith(f"{folder}/")
                if state not in (b"Z", b"X") and (carries or works_there):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    found.append(f"{entry.name} {b' '.join(words)[:90]!r}")
    return found


def wait_until(condition: Callable[[], object], what: str | Callable[[], str], seconds: float = 20.0) -> None:
    """Looks until `condition` holds; fails after `seconds`, saying what did not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what if isinstance(what, str) else what()}"
        time.sleep(0.02)


def press_control_c(program: Program) -> None:
    """As a person does: the terminal sends SIGINT to its whole foreground group."""
    assert program.terminal is not None
    os.write(program.terminal, b"\x03")


def close_terminal(program: Program) -> None:
    """The window is closed: SIGHUP, and nothing can be written any more."""
    assert program.terminal is not None
    os.close(program.terminal)
