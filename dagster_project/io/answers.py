"""What sources answered, remembered for conditional requests: an unchanged file is not sent again."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Protocol


@dataclass(frozen=True)
class Answer:
    """A whole answer with status 200: its headers, names in lower case, and its body, decoded."""

    headers: Mapping[str, str]
    content: bytes

    @property
    def validators(self) -> dict[str, str]:
        """The request headers that ask for this answer only if it has changed; none where it gave no mark."""
        marks = {"if-none-match": self.headers.get("etag"), "if-modified-since": self.headers.get("last-modified")}
        return {name: mark for name, mark in marks.items() if mark}


class Memory(Protocol):
    """Where answers are remembered, by the address that was asked. It may forget at any time."""

    def recall(self, address: str) -> Answer | None:
        """The last answer of `address`, if it is remembered."""

    def remember(self, address: str, answer: Answer) -> None:
        """Keep `answer` for a later request, if there is room for it."""


class RecentAnswers:
    """The most recently used answers of this process, `max_bytes` of bodies in all."""

    def __init__(self, max_bytes: int = 32 * 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._lock = Lock()  # sensors run on threads

    def recall(self, address: str) -> Answer | None:
        with self._lock:
            if address in self._answers:
                self._answers.move_to_end(address)
            return self._answers.get(address)

    def remember(self, address: str, answer: Answer) -> None:
        with self._lock:
            self._answers.pop(address, None)
            if len(answer.content) <= self._max_bytes:
                self._answers[address] = answer
            while sum(len(kept.content) for kept in self._answers.values()) > self._max_bytes:
                self._answers.popitem(last=False)
