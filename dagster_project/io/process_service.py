"""A service: what to run, and one running instance of it."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dagster_project.io.process_errors import CannotRun
from dagster_project.io.process_tree import MARK, Session

TERMINATE = ((int(signal.SIGTERM), 10.0),)
_TAIL_LINES = 15
_TAIL_BYTES = 16 * 1024
_LOG_BYTES = 16 * 1024 * 1024

# The child runs nothing until it is told to, which happens after the guard knows its session: a supervisor that is
# killed between the two leaves a shell that reads the end of its input, and ends.
_GATE = 'read -r go && exec "$@" </dev/null'


class ServiceFailed(CannotRun):
    """A service did not start, was not ready in time, or ended by itself. Shows the last lines of its log."""


@dataclass(frozen=True)
class Service:
    """A program to run: its output goes to `log`, `env` is its whole environment (None: this process's own).

    `stop` are the signals that end it, each with the seconds that it has before the next; SIGKILL follows by itself.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    stop: tuple[tuple[int, float], ...] = TERMINATE


@dataclass(frozen=True)
class Running:
    """A service that was started. `log_from` is how long its log was then; a program that `may_end` is no service."""

    service: Service
    process: subprocess.Popen[bytes]
    session: Session
    log_from: int
    may_end: bool

    def failure(self, what: str) -> ServiceFailed:
        """The error to raise: `what` happened, and what the service wrote last."""
        with self.service.log.open("rb") as log:
            log.seek(max(self.log_from, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()[-_TAIL_LINES:]
        shown = "".join(f"\n    {line}" for line in lines) or "\n    (it wrote nothing)"
        return ServiceFailed(f"{self.service.name} {what}. The last lines of {self.service.log}:{shown}")


def launch(service: Service, token: str, *, may_end: bool, known: Callable[[Running], None]) -> Running:
    """Starts `service` as the leader of a session; `known` is told of it before the program itself begins.

    Raises ServiceFailed where the system refuses.
    """
    mark = f"{token}:{service.name}"
    environment = {**(os.environ if service.env is None else service.env), MARK: mark}
    wait, go = os.pipe()
    try:
        log_from = _make_room(service.log)
        with service.log.open("ab") as log:
            process = subprocess.Popen(
                ["/bin/sh", "-c", _GATE, "sh", *service.argv],
                stdin=wait,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=service.cwd,
                start_new_session=True,
            )
        running = Running(service, process, Session(process.pid, mark, service.stop), log_from, may_end)
        known(running)
        with suppress(BrokenPipeError):  # it was killed already, which its exit code tells
            os.write(go, b"go\n")
    except OSError as error:
        raise ServiceFailed(f"{service.name} could not be started: {error}") from error
    finally:
        os.close(wait)
        os.close(go)
    return running


def outcome(code: int) -> str:
    """An exit code as Popen gives it, in words."""
    return f"exit code {code}" if code >= 0 else f"killed by signal {-code} ({signal.strsignal(-code)})"


def _make_room(log: Path) -> int:
    """How long `log` is, so that a failure shows this start's lines only. A very long one is put aside first."""
    log.parent.mkdir(parents=True, exist_ok=True)
    length = log.stat().st_size if log.exists() else 0
    if length > _LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
        return 0
    return length
