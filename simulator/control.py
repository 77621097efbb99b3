"""The simulator's control, from a test's side: asks for faults, reads what the sources have seen."""

from datetime import date, datetime
from types import TracebackType
from typing import Self

import httpx

from simulator.board import Entry
from simulator.faults import Fault


class Control:
    """A running simulator at `base_url`, in this process or in another. Raises httpx.HTTPStatusError on a mistake."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._http = httpx.Client(base_url=base_url, timeout=10, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def url(self, original: str) -> str:
        """Where the simulator serves what the source has at `original` (`https://host/path`)."""
        return f"{self.base_url}/{original.removeprefix('https://')}"

    def fault(
        self,
        feed: str,
        kind: str,
        *,
        session: date | None = None,
        count: int | None = None,
        seconds: float = 30.0,
        retry_after: int = 120,
        dated: date | None = None,
    ) -> None:
        """Puts a fault in force: for one session or all, for `count` GET requests or until it is cleared."""
        fault = Fault(
            feed=feed, kind=kind, session=session, count=count, seconds=seconds, retry_after=retry_after, dated=dated
        )
        self._http.post("/_simulator/faults", content=fault.model_dump_json()).raise_for_status()

    def faults(self) -> list[Fault]:
        return [Fault.model_validate(each) for each in self._http.get("/_simulator/faults").raise_for_status().json()]

    def clear_faults(self, feed: str | None = None) -> None:
        self._http.delete("/_simulator/faults", params={"feed": feed} if feed else None).raise_for_status()

    def restate(self, feed: str, session: date) -> int:
        """Changes the content of `session` from now on; how often that has been done."""
        answer = self._http.post("/_simulator/restatements", json={"feed": feed, "session": session.isoformat()})
        return int(answer.raise_for_status().json()["restated"])

    def publication(self, feed: str, session: date) -> datetime | None:
        """When `session` is published; None where it never is."""
        answer = self._http.get(f"/_simulator/publications/{feed}/{session}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return datetime.fromisoformat(answer.raise_for_status().json()["published"])

    def requests(self, feed: str | None = None) -> list[Entry]:
        """The requests that the sources have seen, oldest first."""
        answer = self._http.get("/_simulator/requests", params={"feed": feed} if feed else None).raise_for_status()
        return [Entry.model_validate(each) for each in answer.json()]

    def forget_requests(self) -> None:
        self._http.delete("/_simulator/requests").raise_for_status()

    def reset(self) -> None:
        """Heals every fault, undoes every restatement, forgets every request."""
        self._http.delete("/_simulator").raise_for_status()
