"""A small process that outlives a killed supervisor for as long as it takes to stop what that one had started.

The supervisor tells it, over a socket, which sessions there are. Its end closes the socket, however it came about; the
guard then stops the sessions in reverse order and ends. It is started first, in a session of its own, and answers no
signal that a person or a closing terminal sends.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from dagster_project.io.process_errors import CannotRun
from dagster_project.io.process_tree import Session, stop_session

_PROJECT = Path(__file__).resolve().parents[2]
_START_WITHIN = 20.0
_END_WITHIN = 120.0  # longer than the plans of all services together
_MESSAGE_BYTES = 65536
_HELD_AT_ONCE = 16


class GuardFailed(CannotRun):
    """The guard did not start, or has ended: nothing may run unguarded, so everything is stopped."""


class Guard:
    """The supervisor's end of the socket. Not inherited by what the supervisor starts."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                # -S: it needs the standard library only, and so starts in some 20 ms. From the project's own folder,
                # so that it is this code whatever the caller's folder and environment.
                [sys.executable, "-S", "-m", "dagster_project.io.process_guard"],
                cwd=_PROJECT,
                env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._socket.settimeout(_START_WITHIN)
        try:
            started = self._socket.recv(1)
        except OSError:
            started = b""
        if not started:
            self._process.kill()
            self.close()
            raise GuardFailed(f"the guard process did not start within {_START_WITHIN:g} s; its own words stand above")

    @property
    def pid(self) -> int:
        return self._process.pid

    def check(self) -> None:
        """Raises GuardFailed where the guard has ended."""
        if (code := self._process.poll()) is not None:
            raise GuardFailed(f"the guard process {self.pid} ended by itself ({code}); nothing may run without it")

    def watch(self, session: Session) -> None:
        """From now on the end of this process stops `session`."""
        self._tell({"watch": [session.leader, session.mark, session.stop]})

    def forget(self, session: Session) -> None:
        """All of `session` has ended: its pid may soon be another's."""
        self._tell({"forget": session.leader})

    def hold(self, descriptor: int) -> None:
        """The guard keeps a copy of this open file, and any lock on it, until all that it watches has ended."""
        self._tell({"hold": descriptor}, descriptor)

    def close(self) -> None:
        """Lets the guard end, and waits for it: it first stops what it has not been told to forget."""
        self._socket.close()
        try:
            self._process.wait(_END_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _tell(self, message: dict[str, object], *descriptors: int) -> None:
        try:
            socket.send_fds(self._socket, [json.dumps(message).encode() + b"\n"], descriptors)
        except OSError as error:
            raise GuardFailed(f"the guard process {self.pid} does not listen any more ({error})") from error


def main() -> None:
    """The guard itself: its standard input is the socket."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sessions: dict[int, Session] = {}
    with socket.socket(fileno=0) as channel, suppress(OSError):  # a supervisor that was killed may reset it
        channel.sendall(b"+")
        waiting = b""
        while received := socket.recv_fds(channel, _MESSAGE_BYTES, _HELD_AT_ONCE)[0]:
            *lines, waiting = (waiting + received).split(b"\n")
            for line in lines:
                _follow(json.loads(line), sessions)
    for session in reversed(sessions.values()):
        stop_session(session)


def _follow(message: dict[str, object], sessions: dict[int, Session]) -> None:
    match message:
        case {"watch": [int(leader), str(mark), list(stop)]}:
            sessions[leader] = Session(leader, mark, tuple((number, seconds) for number, seconds in stop))
        case {"forget": int(leader)}:
            sessions.pop(leader, None)
        case _:  # "hold": the open file came with the message, and is ours until we end
            pass


if __name__ == "__main__":
    main()
