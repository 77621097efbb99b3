"""What a test has asked for, and what the sources have seen: the simulator's only memory."""

from collections import deque
from datetime import date, datetime
from threading import Lock

from pydantic import BaseModel

from simulator.faults import Fault, Restatement
from simulator.world import Asked

KEPT = 100_000  # requests: enough for a load test, bounded for a demo that runs for weeks


class Entry(BaseModel, frozen=True):
    """One request to a source. `at` is by the simulator's clock; `client` is host:port."""

    at: datetime
    client: str
    user_agent: str
    method: str
    path: str
    status: int
    feed: str | None
    session: date | None
    fault: str | None


class Board:
    """Faults in force, restatements so far, requests seen. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: list[Fault] = []
        self._restatements: list[Restatement] = []
        self._entries: deque[Entry] = deque(maxlen=KEPT)

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def faults(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def clear_faults(self, feed: str | None = None) -> None:
        with self._lock:
            self._faults = [fault for fault in self._faults if feed not in (None, fault.feed)]

    def take(self, asked: Asked | None, method: str) -> Fault | None:
        """The oldest fault that concerns this request. A GET uses it up by one; a HEAD only sees it."""
        if asked is None:
            return None
        with self._lock:
            for place, fault in enumerate(self._faults):
                if fault.concerns(asked.feed, asked.session, asked.is_published):
                    if method == "GET" and fault.count is not None:
                        left = fault.count - 1
                        self._faults[place : place + 1] = [fault.model_copy(update={"count": left})] if left else []
                    return fault
        return None

    def restate(self, restatement: Restatement) -> int:
        """Remembers a restatement; how many its session has had, this one included."""
        with self._lock:
            self._restatements.append(restatement)
            same = (restatement.feed, restatement.session)
            return sum((each.feed, each.session) == same for each in self._restatements)

    def restatements(self) -> list[Restatement]:
        with self._lock:
            return list(self._restatements)

    def record(self, entry: Entry) -> None:
        with self._lock:
            self._entries.append(entry)

    def entries(self, feed: str | None = None) -> list[Entry]:
        """The requests seen, oldest first."""
        with self._lock:
            return [entry for entry in self._entries if feed in (None, entry.feed)]

    def forget_entries(self) -> None:
        with self._lock:
            self._entries.clear()

    def reset(self) -> None:
        """As it was at the start."""
        with self._lock:
            self._faults.clear()
            self._restatements.clear()
            self._entries.clear()
