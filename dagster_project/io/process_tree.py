"""The processes that a service consists of, and how they are stopped. Standard library only: the guard runs it bare.

A service is started as the leader of a session of its own. Its processes are that session, all that descends from it
(Postgres gives each of its children a session), and whatever carries the service's mark in its environment (a daemon
that left both its session and its parent).
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

MARK = "MARKETDAY_SERVICE"
_LOOK_EVERY = 0.03
_KILL_WITHIN = 5.0


@dataclass(frozen=True)
class Process:
    """A living process. Its pid and start time identify it: parent and session may change while it lives."""

    pid: int
    started: str
    parent: int = field(compare=False)
    session: int = field(compare=False)


@dataclass(frozen=True)
class Session:
    """One service's processes: the pid of its leader, its mark, and which signals stop it, each with its seconds."""

    leader: int
    mark: str
    stop: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Stopped:
    """How a service ended: the last signal that it took (None: it had ended before), and the pids that outlived it."""

    signal: int | None
    survivors: tuple[int, ...] = ()


def living() -> dict[int, Process]:
    """Every living process that this user may see, by pid. Zombies are dead: who reaps them is not our matter."""
    if not Path("/proc/self/stat").exists():
        return _living_by_ps()
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with suppress(OSError):  # it ended between the listing and the reading
                stat = Path("/proc", entry, "stat").read_bytes()
                # pid (name) state parent group session ... start time is the 22nd; a name may hold spaces and ")"
                fields = stat[stat.rindex(b")") + 2 :].split()
                if fields[0] not in (b"Z", b"X"):
                    found[int(entry)] = Process(int(entry), fields[19].decode(), int(fields[1]), int(fields[3]))
    return found


def is_alive(pid: int, started: str) -> bool:
    """Whether the process that had this pid and start time still lives."""
    process = living().get(pid)
    return process is not None and process.started == started


def members(session: Session, known: Collection[Process] = ()) -> set[Process]:
    """The living processes of `session`, with those of `known` that still live."""
    everyone = living()
    remembered = set(known)
    mark = f"{MARK}={session.mark}".encode()
    found = {
        process
        for process in everyone.values()
        if process.session == session.leader or process in remembered or mark in _environment(process.pid)
    }
    while descendants := _children(found, everyone.values()) - found:
        found |= descendants
    return {process for process in found if process.pid != os.getpid()}


def stop_session(session: Session, pause: Callable[[float], bool] | None = None) -> Stopped:
    """Ends all of `session` by the signals of its plan, then by SIGKILL, each with bounded seconds.

    A signal goes to the leader, which ends its own children in its own order; to every process once the leader is
    gone. `pause(seconds)` waits between two looks, and returns True to go on to the next signal at once.
    """
    pause = pause or _sleep
    last: int | None = None
    known: set[Process] = set()
    for number, seconds in (*session.stop, (int(signal.SIGKILL), _KILL_WITHIN)):
        told: set[Process] = set()
        deadline = time.monotonic() + seconds
        while known := members(session, known):
            leader = {process for process in known if process.pid == session.leader}
            for process in (known if number == signal.SIGKILL else leader or known) - told:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(process.pid, number)
                told.add(process)
                last = number
            if (pause(_LOOK_EVERY) and number != signal.SIGKILL) or time.monotonic() >= deadline:
                break
        else:
            return Stopped(last)
    return Stopped(last, tuple(sorted(process.pid for process in members(session, known))))


def _children(parents: set[Process], everyone: Collection[Process]) -> set[Process]:
    pids = {process.pid for process in parents}
    return {process for process in everyone if process.parent in pids}


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # ended, another user's, or no Linux
        return []


def _living_by_ps() -> dict[int, Process]:
    """Where there is no /proc (macOS). A process group stands for the session, which `ps` does not show there."""
    table = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="], capture_output=True, text=True, check=True, timeout=10
    ).stdout
    rows = [line.split() for line in table.splitlines()]
    return {
        int(pid): Process(int(pid), "", int(parent), int(group))
        for pid, parent, group, state in rows
        if not state.startswith("Z")
    }


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
