"""Supervision of services: starts them, waits for them, and leaves none behind, however the supervisor itself ends.

Each service leads a session of its own, so that a Ctrl-C in the terminal reaches the supervisor alone, which stops
the services in reverse order. A guard process does the same where the supervisor is killed.

    with Supervisor(say=print) as supervisor:
        supervisor.start(Service("web", ("python", "-m", "http.server"), log=folder / "web.log"), ready=answers)
        ending = supervisor.wait()
"""

import os
import secrets
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from dagster_project.io.process_errors import CannotRun
from dagster_project.io.process_guard import Guard, GuardFailed
from dagster_project.io.process_lock import Locked, take_lock
from dagster_project.io.process_service import Running, Service, ServiceFailed, launch, outcome
from dagster_project.io.process_signals import Signals
from dagster_project.io.process_tree import stop_session

__all__ = ["CannotRun", "Ending", "GuardFailed", "Locked", "Service", "ServiceFailed", "StopRequested", "Supervisor"]

_READY_EVERY = 0.05


@dataclass(frozen=True)
class Ending:
    """Why a supervisor's wait is over, in words, and the exit code that the program should end with."""

    reason: str
    exit_code: int


class StopRequested(Exception):
    """A signal came, or the parent died, while services were being started: `ending` says which."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.reason)
        self.ending = ending


class Supervisor:
    """Starts services and stops them in reverse order. Use it as a context, in the main thread.

    `say` gets one line of progress at a time. `die_with_parent` stops everything when the process that started this
    one ends; `parent` is the pid which that process says it has, where it could end before this one looks.
    `handle_signals=False` leaves the signal handlers alone: for a test's own process, and for threads.
    """

    def __init__(
        self,
        *,
        say: Callable[[str], None] | None = None,
        die_with_parent: bool = True,
        parent: int | None = None,
        handle_signals: bool = True,
    ) -> None:
        self._say_line = say
        self._signals = Signals(handle=handle_signals, parent=(parent or os.getppid()) if die_with_parent else None)
        self._running: list[Running] = []
        self._token = secrets.token_hex(8)
        self._contexts = ExitStack()

    def __enter__(self) -> Self:
        with self._contexts as opened:
            opened.enter_context(self._signals)
            self._guard = Guard()
            opened.callback(self._guard.close)
            self._contexts = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._contexts:
            self.stop()

    def start(self, service: Service, ready: Callable[[], bool] | None = None, within: float = 30.0) -> int:
        """Starts `service` and waits until `ready()`, asked again and again; an exception from it means not yet.

        Returns the pid. Raises ServiceFailed where it ends, or is not ready `within` seconds; StopRequested.
        """
        running = self._launch(service, may_end=False)
        deadline = time.monotonic() + within
        answer = "no answer"
        while ready is not None:
            self.check()
            try:
                if ready():
                    break
            except Exception as error:
                answer = f"{type(error).__name__}: {str(error).strip()}"
            if time.monotonic() > deadline:
                raise running.failure(f"was not ready within {within:g} s ({answer})")
            self._signals.pause(_READY_EVERY)
        return running.process.pid

    def run(self, service: Service, within: float = 60.0) -> None:
        """Runs a program to its end. Raises ServiceFailed where it fails or needs more than `within` seconds."""
        running = self._launch(service, may_end=True)
        deadline = time.monotonic() + within
        while (code := running.process.poll()) is None and time.monotonic() <= deadline:
            self.check()
            self._signals.pause(within)
        self._end(running)
        if code != 0:
            raise running.failure(f"did not end within {within:g} s" if code is None else f"failed: {outcome(code)}")

    def check(self) -> None:
        """Raises StopRequested, ServiceFailed or GuardFailed where there is a reason to stop; call it between steps."""
        if (reason := self._signals.reason()) is not None:
            raise StopRequested(Ending(*reason))
        for running in self._running:
            if not running.may_end and (code := running.process.poll()) is not None:
                raise running.failure(f"ended by itself: {outcome(code)}")
        self._guard.check()

    def wait(self, seconds: float | None = None) -> Ending | None:
        """Waits for a reason to stop, and returns it: a signal, a service that died. None after `seconds` without."""
        deadline = time.monotonic() + (float("inf") if seconds is None else seconds)
        while True:
            try:
                self.check()
            except StopRequested as stop:
                return stop.ending
            except CannotRun as failed:
                return Ending(str(failed), 1)
            if (left := deadline - time.monotonic()) <= 0:
                return None
            self._signals.pause(left)

    def stop(self, name: str | None = None) -> None:
        """Stops the service `name`, or all of them in reverse order. A second Ctrl-C takes the next signal at once."""
        for running in reversed(self._running[:]):
            if name in (None, running.service.name):
                self._say(f"stopping {running.service.name}")
                self._end(running)

    def lock(self, path: Path, within: float = 60.0) -> None:
        """Makes `path` this run's own until the last of its processes has ended, also where it is killed.

        Waits for an earlier run whose guard is still stopping; raises Locked for one that is alive.
        """
        deadline = time.monotonic() + within
        is_said = False
        while True:
            try:
                descriptor = take_lock(path)
                break
            except Locked as locked:
                if locked.holder is not None or time.monotonic() > deadline:
                    raise
            if not is_said:
                self._say(f"waiting until an earlier run in {path.parent} has stopped")
                is_said = True
            self.check()
            self._signals.pause(_READY_EVERY)
        self._contexts.callback(os.close, descriptor)
        self._guard.hold(descriptor)

    def _launch(self, service: Service, *, may_end: bool) -> Running:
        self.check()
        return launch(service, self._token, may_end=may_end, known=self._register)

    def _register(self, running: Running) -> None:
        self._running.append(running)
        self._guard.watch(running.session)

    def _end(self, running: Running) -> None:
        stopped = stop_session(running.session, self._pause_in_stop)
        name = running.service.name
        if stopped.survivors:
            self._say(f"{name}: could not be killed, is still there: {', '.join(map(str, stopped.survivors))}")
            return  # the guard will try as well
        if stopped.signal == signal.SIGKILL:
            self._say(f"{name} did not stop when asked to, and was killed")
        running.process.wait()
        self._running.remove(running)
        with suppress(GuardFailed):
            self._guard.forget(running.session)

    def _pause_in_stop(self, seconds: float) -> bool:
        self._signals.pause(seconds)
        return self._signals.is_impatient()

    def _say(self, line: str) -> None:
        if self._say_line is not None:
            with suppress(OSError, ValueError):  # the terminal may be gone, which must not keep anything alive
                self._say_line(line)
