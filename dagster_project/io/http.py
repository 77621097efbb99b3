"""The port that adapters fetch through, over httpx: time limits, retries, size limits, conditional requests.

Each request has a deadline for its whole answer, redirects included. A broken connection, a time-out and a 5xx are
asked again a few times after a jittered wait; a 429 once the source allows, if that is soon; nothing else is.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import monotonic
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import stamina

from dagster_project.adapter import (
    MAX_BYTES,
    AccessDenied,
    AdapterError,
    NotYetPublished,
    Payload,
    RateLimited,
    SourceChanged,
    SourceUnavailable,
)
from dagster_project.io.addresses import LIVE, Sources, onward, shown, without_login
from dagster_project.io.answers import Answer, Memory, RecentAnswers
from dagster_project.io.body import is_framed, read_body, read_opening
from dagster_project.io.transport import BROKEN, DeadlineTransport
from dagster_project.parsing.pages import READ_AT_MOST, is_wall, opening, unexpected

__all__ = ["LIVE", "HttpClient", "Patience", "Sources"]

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
OURS_ALONE = frozenset({"authorization", "cookie", "proxy-authorization"})  # no business of another host
LONGEST_RETRY_AFTER = timedelta(days=1)  # what asks for more means "not today"

Result = TypeVar("Result")


@dataclass(frozen=True)
class Patience:
    """How long to wait and how often to ask."""

    connect: timedelta = timedelta(seconds=10)  # for a connection, and again for its TLS
    read: timedelta = timedelta(seconds=30)  # for the next bytes
    total: timedelta = timedelta(seconds=120)  # for the whole answer, redirects included
    attempts: int = 4
    first_wait: timedelta = timedelta(seconds=1)  # before the second attempt; doubles each time
    longest_wait: timedelta = timedelta(seconds=15)
    jitter: timedelta = timedelta(seconds=1)  # at most so much more, at random: clients do not come back in step
    retry_after: timedelta = timedelta(seconds=60)  # a Retry-After up to here is honoured, a longer one raised


PATIENT = Patience()


class HttpClient:
    """`dagster_project.adapter.Http` over the network. It may be shared by threads; close it at the end.

    `user_agent` carries a contact; an adapter may send another. `clock` gives the instant, aware, in UTC. `client`
    holds the connections; by default it is made here. `proxy` stands before live sources only; the environment's
    proxy variables are not read.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        clock: Callable[[], datetime],
        sources: Sources = LIVE,
        patience: Patience = PATIENT,
        memory: Memory | None = None,
        proxy: str | None = None,
        client: httpx.Client | None = None,
    ) -> None:
        self.user_agent = user_agent
        self.clock = clock
        self.sources = sources
        self.patience = patience
        self.memory = RecentAnswers() if memory is None else memory
        self.client = client or httpx.Client(
            transport=DeadlineTransport(
                connect=patience.connect.total_seconds(),
                read=patience.read.total_seconds(),
                proxy=proxy if sources.base is None else None,
            )
        )

    def with_timeout(self, total: timedelta) -> "HttpClient":
        """The same port over the same connections, which asks once and answers within `total`: for a probe."""
        return HttpClient(
            user_agent=self.user_agent,
            clock=self.clock,
            sources=self.sources,
            patience=replace(self.patience, total=total, attempts=1),
            memory=self.memory,
            client=self.client,
        )

    def close(self) -> None:
        self.client.close()

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        absent: Collection[int] = (404,),
        max_bytes: int = MAX_BYTES,
    ) -> Payload:
        return self._patiently(lambda: self._get(url, headers or {}, absent, max_bytes))

    def head(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        absent: Collection[int] = (404,),
    ) -> Mapping[str, str]:
        return self._patiently(lambda: self._head(url, headers or {}, absent))

    def _patiently(self, ask: Callable[[], Result]) -> Result:
        patience = self.patience
        for attempt in stamina.retry_context(
            on=self._is_worth_asking_again,
            attempts=patience.attempts,
            timeout=None,
            wait_initial=patience.first_wait,
            wait_max=patience.longest_wait,
            wait_jitter=patience.jitter,
        ):
            with attempt:
                return ask()
        raise AssertionError("the last attempt returns or raises")

    def _is_worth_asking_again(self, error: Exception) -> bool | timedelta:
        """Whether, or after exactly how long."""
        if isinstance(error, RateLimited):
            wait = error.retry_after
            return wait if wait is not None and wait <= self.patience.retry_after else False
        return isinstance(error, SourceUnavailable)

    def _get(self, url: str, headers: Mapping[str, str], absent: Collection[int], max_bytes: int) -> Payload:
        with self._answered("GET", url, headers) as (answer, address, remembered):
            where = shown(address)
            if answer.status_code == HTTPStatus.NOT_MODIFIED and remembered is not None:
                found = remembered
            elif answer.status_code == HTTPStatus.OK:
                found = Answer(_headers(answer), read_body(answer, where, max_bytes))
                if found.validators and is_framed(answer):
                    self.memory.remember(address, found)
            else:
                raise self._refusal(answer, where, absent)
        return Payload(found.content, without_login(address), self.clock(), found.headers)

    def _head(self, url: str, headers: Mapping[str, str], absent: Collection[int]) -> Mapping[str, str]:
        with self._answered("HEAD", url, headers) as (answer, address, _):
            if answer.status_code != HTTPStatus.OK:
                raise self._refusal(answer, shown(address), absent)
            return _headers(answer)

    @contextmanager
    def _answered(
        self, method: str, url: str, headers: Mapping[str, str]
    ) -> Iterator[tuple[httpx.Response, str, Answer | None]]:
        """The answer behind the redirects, its body unread; the address that gave it; what it had answered before."""
        deadline = httpx.Timeout(monotonic() + self.patience.total.total_seconds())  # see DeadlineTransport
        sent = {"user-agent": self.user_agent, "accept": "*/*", "accept-encoding": "gzip"}
        sent |= {name.lower(): value for name, value in headers.items()}
        address = url
        try:
            for _ in range(MAX_REDIRECTS + 1):
                address = self.sources.address(url)
                remembered = self.memory.recall(address) if method == "GET" else None
                validators = remembered.validators if remembered else {}
                request = self.client.build_request(method, address, headers=sent | validators, timeout=deadline)
                answer = self.client.send(request, stream=True)
                try:
                    if answer.status_code not in REDIRECTS or "location" not in answer.headers:
                        yield answer, address, remembered
                        return
                    following = onward(url, answer.headers["location"])
                finally:
                    answer.close()
                if urlsplit(following).netloc != urlsplit(url).netloc:
                    sent = {name: value for name, value in sent.items() if name not in OURS_ALONE}
                url = following
        except BROKEN as error:
            raise SourceUnavailable(f"{shown(address)} does not answer whole: {_words(error)}") from error
        raise SourceChanged(f"{shown(address)} is more than {MAX_REDIRECTS} redirects away")

    def _refusal(self, answer: httpx.Response, where: str, absent: Collection[int]) -> AdapterError:
        """The error that an answer without data is, by its status and the words of its page."""
        status = answer.status_code
        page = read_opening(answer, where, READ_AT_MOST)
        said = f"{where} answered {status}"
        if status in absent and not is_wall(page):
            return NotYetPublished(f"{said}: there is no such file yet")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimited(f"{said}: too many requests", self._retry_after(answer))
        if status in absent or status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            error = unexpected(page, said, AccessDenied)
            return error if isinstance(error, RateLimited) else AccessDenied(str(error))
        if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return SourceUnavailable(f"{said}: {opening(page)}")
        return SourceChanged(f"{said}, expected 200: {opening(page)}")

    def _retry_after(self, answer: httpx.Response) -> timedelta | None:
        """How long the source asks us to wait, as seconds or as a date; None where it says nothing readable."""
        text = answer.headers.get("retry-after", "").strip()
        if text.isdecimal():
            return min(timedelta(seconds=int(text[:9])), LONGEST_RETRY_AFTER)
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return None
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - self.clock()
        return min(max(wait, timedelta(0)), LONGEST_RETRY_AFTER)


def _headers(answer: httpx.Response) -> dict[str, str]:
    """The answer's headers, names in lower case, without the cookies: they may be a login, and are stored."""
    return {name.lower(): value for name, value in answer.headers.items() if name.lower() != "set-cookie"}


def _words(error: Exception) -> str:
    return f"{type(error).__name__}{f' ({error})' if str(error) else ''}"
