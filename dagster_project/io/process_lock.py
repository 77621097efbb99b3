"""A folder belongs to one run at a time: a lock file, held by a supervisor and, after it was killed, by its guard."""

import fcntl
import os
from pathlib import Path

from dagster_project.io.process_errors import CannotRun
from dagster_project.io.process_tree import is_alive, living


class Locked(CannotRun):
    """Another process has the lock. `holder` is its pid; None where it has ended and its guard is still stopping."""

    def __init__(self, path: Path, holder: int | None) -> None:
        who = f"process {holder}" if holder else "an earlier run that is still stopping"
        super().__init__(f"{path.parent} is in use by {who}. Stop it first (Ctrl-C in its terminal)")
        self.holder = holder


def take_lock(path: Path) -> int:
    """The descriptor of `path`, locked by this process until every copy of the descriptor is closed.

    Raises Locked at once where another has it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _holder(os.read(descriptor, 100).decode().split())
        os.close(descriptor)
        raise Locked(path, holder) from None
    os.ftruncate(descriptor, 0)
    own = os.getpid()
    os.write(descriptor, f"{own} {living()[own].started}\n".encode())
    return descriptor


def holder_of(path: Path) -> int | None:
    """The pid of the living process that has locked `path`; None where there is none."""
    try:
        return _holder(path.read_text().split())
    except FileNotFoundError:
        return None


def _holder(words: list[str]) -> int | None:
    if not words or not words[0].isdigit():
        return None
    pid = int(words[0])
    return pid if is_alive(pid, " ".join(words[1:])) else None
