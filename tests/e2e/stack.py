"""The real stack under a clock of its own: `marketday run` and all that it starts, under libfaketime.

The offset from the true time stands in a file that every process reads again each second, so that a test can move
the clock of all of them at once, Postgres and simulator included. Monotonic clocks stay true: time-outs and polls
keep their pace.
"""

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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


@dataclass
class Stack:
    """A running stack: its clock, its web server, its database, its simulator."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def set_clock(self, instant: datetime) -> None:
        """Moves the clock of every process to `instant` (aware)."""
        offset = (instant - datetime.now(UTC)).total_seconds()
        replacement = self.home.parent / f"{self.home.name}.clock.new"
        replacement.write_text(f"{offset:+.3f}s\n")
        replacement.replace(clock_file(self.home))

    def now(self) -> datetime:
        """The instant by the stack's clock, as its database tells it."""
        return self.rows("select clock_timestamp()")[0][0]  # type: ignore[no-any-return]

    def environment(self) -> dict[str, str]:
        return json.loads((self.home / "environment.json").read_text())  # type: ignore[no-any-return]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query on the stack's database; our own tables need no schema's name."""
        url = self.environment()["MARKETDAY_DATABASE_URL"].replace("+psycopg2", "")
        with closing(psycopg2.connect(url, options="-c search_path=marketday,public")) as connection:
            with connection, connection.cursor() as cursor:
                cursor.execute(query, values)
                return cursor.fetchall()

    def graphql(self, query: str, **variables: object) -> dict[str, Any]:
        """The data of a GraphQL answer; fails where it has errors."""
        found = self._json(f"http://127.0.0.1:{self.port}/graphql", {"query": query, "variables": variables})
        assert "errors" not in found, found["errors"]
        return found["data"]  # type: ignore[no-any-return]

    def simulator(self, path: str, body: object = None, method: str | None = None) -> Any:
        """An answer of the simulator's control API."""
        base = self.environment()["MARKETDAY_SIMULATOR_URL"]
        return self._json(f"{base}/_simulator/{path}", body, method)

    def until(self, what: str, found: Callable[[], Any], seconds: float = 90) -> Any:
        """Asks until the answer is true, and returns it; fails, with the stack's last lines, where it stays false."""
        deadline = time.monotonic() + seconds
        pause = 0.2
        while True:
            answer = None
            with suppress(psycopg2.OperationalError, urllib.error.URLError, FileNotFoundError):
                answer = found()
            if answer:
                return answer
            assert self.process.poll() is None, f"the stack ended while waiting for {what}:\n{self.tail()}"
            assert time.monotonic() < deadline, f"{what}: not within {seconds} s\n{self.tail()}"
            time.sleep(pause)  # between two looks; how often, not how long

    def tail(self) -> str:
        lines = [f"--- {path.name}\n{path.read_text(errors='replace')[-2000:]}" for path in self._logs()]
        return "\n".join(lines)

    def stop(self) -> int:
        """Ctrl-C, and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(90)

    def _logs(self) -> Iterator[Path]:
        yield self.log
        yield from sorted((self.home / "logs").glob("*.log"))

    @staticmethod
    def _json(url: str, body: object = None, method: str | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@contextmanager
def running_stack(home: Path, at: datetime) -> Iterator[Stack]:
    """`marketday run` with its private folder at `home`, and every clock at `at` when it starts."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home.parent.mkdir(parents=True, exist_ok=True)
    log = home.parent / f"{home.name}.log"
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("MARKETDAY_", "DAGSTER_"))},
        "MARKETDAY_HOME": str(home),
        "LD_PRELOAD": str(LIBRARIES[0]),
        "PYTHONPATH": str(Path(__file__).parent / "faketime"),
        "FAKETIME_TIMESTAMP_FILE": str(clock_file(home)),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
        "FAKETIME_DISABLE_SHM": "1",
    }
    command = (sys.executable, "-c", f"import sys; from dagster_project.run import run; sys.exit(run(None, {port}, None, False))")
    stack = Stack(home, port, None, log)  # type: ignore[arg-type]
    stack.set_clock(at)
    with log.open("ab") as output:
        stack.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environ, cwd=ROOT)
    try:
        stack.until("the stack to be ready", lambda: b"Marketday runs at" in log.read_bytes(), 120)
        yield stack
    finally:
        stack.stop()


def clock_file(home: Path) -> Path:
    return home.parent / f"{home.name}.clock"
