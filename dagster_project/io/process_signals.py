"""Why a supervisor should stop: a signal, or the death of the process that started it; and how it waits for either."""

import os
import select
import signal
import time
from types import FrameType, TracebackType
from typing import Any, Self

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PARENT_EVERY = 0.5
_UNHANDLED_EVERY = 0.05
_AGAIN_AFTER = 1.0


class Signals:
    """Records SIGINT, SIGTERM and SIGHUP; sleeps until one of them, or the end of a child.

    `handle=False` leaves all handlers alone (a test's process, a thread). `parent` is the pid that must stay this
    process's parent; None for no such wish. It is compared with getppid() rather than asked of the kernel by
    PR_SET_PDEATHSIG, which follows the parent's *thread* and knows no macOS.
    """

    def __init__(self, *, handle: bool, parent: int | None) -> None:
        self._handle = handle
        self._parent = parent
        self._received: list[tuple[int, float]] = []
        self._earlier: dict[int, Any] = {}  # whatever signal.signal() returned

    def __enter__(self) -> Self:
        if self._handle:
            self._read, self._write = os.pipe()
            os.set_blocking(self._write, False)
            for number in _STOPPING:
                if number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                    continue  # started by nohup: the terminal may go
                self._earlier[number] = signal.signal(number, self._record)
            self._earlier[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _wake)
            self._earlier_wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle:
            signal.set_wakeup_fd(self._earlier_wakeup)
            for number, handler in self._earlier.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
            os.close(self._read)
            os.close(self._write)

    def pause(self, seconds: float) -> None:
        """Sleeps for at most `seconds`; shorter where a signal came, a child ended, or it is time to look about."""
        if not self._handle:
            time.sleep(min(seconds, _UNHANDLED_EVERY))
        elif select.select([self._read], [], [], min(seconds, _PARENT_EVERY))[0]:
            os.read(self._read, 4096)

    def reason(self) -> tuple[str, int] | None:
        """Why to stop, in words, with the exit code that says so; None to go on."""
        if self._received:
            number = self._received[0][0]
            return ("Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name), 128 + number
        if self._parent is not None and os.getppid() != self._parent:
            return f"the process that started this one ({self._parent}) has ended", 128 + signal.SIGTERM
        return None

    def is_impatient(self) -> bool:
        """Whether a person pressed Ctrl-C again; tells it once. At once after a first signal it is an echo of it."""
        first = self._received[0][1] if self._received else 0.0
        for each in self._received[1:]:
            if each[0] == signal.SIGINT and each[1] - first > _AGAIN_AFTER:
                self._received.remove(each)
                return True
        return False

    def _record(self, number: int, _frame: FrameType | None) -> None:
        self._received.append((number, time.monotonic()))


def _wake(_number: int, _frame: FrameType | None) -> None:
    """A child ended: the wake-up pipe ends the pause, and the supervisor asks which."""
