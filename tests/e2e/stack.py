"""The real stack: `marketday run` and all that it starts, as a person has it, and what a test asks of it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import psycopg2

from dagster_project.io.database import libpq_url
from dagster_project.io.store import Store
from simulator.control import Control
from tests.e2e.moved_clock import MovedClock

ROOT = Path(__file__).resolve().parents[2]
MARKETDAY = Path(sys.executable).parent / "marketday"
PATIENCE = 150.0  # seconds for what takes a few on an idle machine
UNFINISHED = ("NOT_STARTED", "QUEUED", "STARTING", "STARTED", "CANCELING")
Answer = TypeVar("Answer")


@dataclass
class Stack:
    """A running stack. `process` is what was started: `marketday run`, or the `make run` that started it."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]
    output: Path
    clock: MovedClock | None

    @cached_property
    def environment(self) -> dict[str, str]:
        """What `marketday env` tells another terminal."""
        return dict(json.loads((self.home / "environment.json").read_text()))

    @cached_property
    def simulator(self) -> Control:
        return Control(self.environment["MARKETDAY_SIMULATOR_URL"])

    @property
    def store(self) -> Store:
        return Store(self.environment["MARKETDAY_STORE"])

    def now(self) -> datetime:
        """The instant by the stack's clock, as its database tells it."""
        found = self.rows("select clock_timestamp()")[0][0]
        assert isinstance(found, datetime)
        return found

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query on the stack's database: our own tables, and Dagster's."""
        url = libpq_url(self.environment["MARKETDAY_DATABASE_URL"])
        connected = psycopg2.connect(url, options="-c search_path=marketday,public")
        with closing(connected) as connection, connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall()

    def graphql(self, query: str, **variables: object) -> dict[str, Any]:
        """The data of a GraphQL answer; fails where it has errors."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            found = json.load(answer)
        assert "errors" not in found, found["errors"]
        return dict(found["data"])

    def until(self, what: str, look: Callable[[], Answer | None], seconds: float = PATIENCE) -> Answer:
        """Looks until there is something, and returns it; fails, with the last lines of all logs, where it stays so."""
        deadline = time.monotonic() + seconds
        while not (found := _unless_unreachable(look)):
            assert self.process.poll() is None, f"the stack ended while waiting for {what}:\n{self.tail()}"
            assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s\n{self.tail()}"
            time.sleep(0.5)  # how often to look, not how long to wait; more often would cost the stack its processor
        return found

    def move_clock(self, instant: datetime) -> None:
        """Moves the clock of every process on to `instant`, once no run is under way: it would seem to hang."""
        assert self.clock is not None, "this stack runs by the true clock"
        assert instant > self.now(), f"{instant} is not after {self.now()}: a database's clock cannot go back"
        self.until("no run under way", self.is_idle)
        self.clock.set(instant)
        self.until(f"the clock at {instant}", lambda: self.now() >= instant)

    def is_idle(self) -> bool:
        """Whether every run has ended."""
        return not self.rows("select 1 from runs where status in %s", UNFINISHED)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Asks the stack to stop, as Ctrl-C in its terminal does; its exit code."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        return self.process.wait(PATIENCE)

    def says(self) -> list[str]:
        """The lines that it wrote to its terminal."""
        return self.output.read_text(errors="replace").splitlines()

    def tail(self) -> str:
        logs = [self.output, *sorted((self.home / "logs").glob("*.log"))]
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in logs)


class Unreachable(Exception):
    """Dagster's web server says that the code server does not answer: for a while it may, after a jump of its clock."""


@contextmanager
def running_stack(home: Path, at: datetime | None = None, *, by_make: bool = False) -> Iterator[Stack]:
    """The stack with its private folder at `home`, ready. With `at`, every clock of it stands there when it starts."""
    clock = None if at is None else MovedClock(home.with_suffix(".clock"), at)
    stack = _start(home, clock, by_make)
    try:
        stack.until("the stack to be ready", lambda: any("Marketday runs at" in line for line in stack.says()))
        yield stack
    finally:
        try:
            stack.stop()
        finally:
            with suppress(ProcessLookupError):  # where it did not stop: its guard then does
                os.killpg(stack.process.pid, signal.SIGKILL)


def own_environment(home: Path, clock: MovedClock | None = None) -> dict[str, str]:
    """This process's environment, with nothing of another stack, and with the private folder at `home`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MARKETDAY_", "DAGSTER_"))}
    return {**kept, "MARKETDAY_HOME": str(home), **(clock.environment if clock else {})}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alive(home: Path) -> list[str]:
    """The processes that have `home` in their environment or command line, or work below it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):  # it ended meanwhile
                state = (entry / "stat").read_bytes().rpartition(b")")[2].split()[0]
                words = (entry / "cmdline").read_bytes()
                traces = words + (entry / "environ").read_bytes() + os.fsencode(os.readlink(entry / "cwd"))
                if state not in (b"Z", b"X") and os.fsencode(home) in traces:
                    found.append(f"{entry.name} {words.replace(bytes(1), b' ')[:100].decode(errors='replace')}")
    return found


def _unless_unreachable(look: Callable[[], Answer | None]) -> Answer | None:
    try:
        return look()
    except Unreachable:
        return None


def wait_until_gone(home: Path, seconds: float) -> None:
    """Fails where a process of the stack of `home` is alive after so long."""
    deadline = time.monotonic() + seconds
    while left := alive(home):
        assert time.monotonic() < deadline, f"alive after {seconds:g} s:\n" + "\n".join(left)
        time.sleep(0.2)  # how often to look


def _start(home: Path, clock: MovedClock | None, by_make: bool) -> Stack:
    home.parent.mkdir(parents=True, exist_ok=True)
    port = free_port()
    lives = len(list(home.parent.glob(f"{home.name}.*.out")))
    output = home.with_suffix(f".{lives + 1}.out")
    run = ("make", "run", f"PORT={port}") if by_make else (str(MARKETDAY), "run", "--port", str(port))
    with output.open("wb") as out:
        process = subprocess.Popen(
            run,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=own_environment(home, clock),
            cwd=ROOT,
            start_new_session=True,
        )
    return Stack(home, port, process, output, clock)
