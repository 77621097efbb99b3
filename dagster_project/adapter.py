"""All that an adapter imports: the value that it is, the port that it fetches through, and its errors.

An adapter is two functions and a value::

    def fetch(session: date, http: Http) -> Payload: ...           # the only part that does I/O
    def parse(payload: bytes, session: date) -> pl.DataFrame: ...  # pure: a stored payload parses again

    adapter = Adapter(fetch=fetch, parse=parse, columns={...}, key=("session", "symbol"), restates=False)

Errors are chosen by what happens next, never by where they arose.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

import polars as pl

__all__ = [
    "AccessDenied",
    "Adapter",
    "AdapterError",
    "Column",
    "Http",
    "NotYetPublished",
    "Payload",
    "RateLimited",
    "SourceChanged",
    "SourceUnavailable",
]

MAX_BYTES = 64 * 1024 * 1024


class AdapterError(Exception):
    """Why an adapter produced no table. Raise one of the five below, with what was found and expected."""


class NotYetPublished(AdapterError):
    """The source has not published this session: wait, and ask again until the schedule's `wait.until`."""


class SourceUnavailable(AdapterError):
    """The source does not answer, or answers that it cannot just now: back off and retry."""


class SourceChanged(AdapterError):
    """The source answered something that this adapter does not understand: stop, and tell the owner."""


class AccessDenied(AdapterError):
    """The source refuses us: stop, and tell the owner. Asking again makes it worse."""


class RateLimited(AdapterError):
    """The source asks for fewer requests. `retry_after` is how long it asked us to wait, if it said so."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Payload:
    """The bytes that a source gave, unchanged, and how they came. `fetched_at` is aware, in UTC."""

    content: bytes
    url: str
    fetched_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


class Http(Protocol):
    """The port that an adapter fetches through: timeouts, retries, size limits and headers are its work.

    Statuses become errors in one place: 429 is RateLimited, 401 and 403 are AccessDenied, 408, 5xx, time-outs
    and broken connections (after retries) are SourceUnavailable, any other but 200 is SourceChanged. A status in
    `absent` means that the source has no such file yet: NotYetPublished. The words of a page correct its status:
    a 403, in `absent` or not, that asks for fewer requests is RateLimited, one that blocks us AccessDenied. A
    body longer than `max_bytes` is SourceChanged, and is not read to its end.
    """

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        absent: Collection[int] = (404,),
        max_bytes: int = MAX_BYTES,
    ) -> Payload:
        """The body at `url`. A conditional request is sent where an earlier answer had an ETag or a date."""

    def head(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        absent: Collection[int] = (404,),
    ) -> Mapping[str, str]:
        """The response headers at `url`, names in lower case."""


@dataclass(frozen=True)
class Column:
    """A column of the table: its type, what it holds (with its unit), and whether it may be empty."""

    dtype: pl.DataType | type[pl.DataType]
    description: str
    is_nullable: bool = False


@dataclass(frozen=True)
class Adapter:
    """One source, one table.

    `fetch(session, http)` gets the payload of one session; `parse(content, session)` makes the table of it,
    with exactly `columns`, in that order, `session` first, unique by `key`. `restates` says whether the source
    may change a past session; where it may not, a change is an alarm. `probe(session, http)` returns when the
    session is published and raises NotYetPublished while it is not, by one cheap request (HEAD, or a small
    GET); without it, a feed that waits runs `fetch` itself to find out.
    """

    fetch: Callable[[date, Http], Payload]
    parse: Callable[[bytes, date], pl.DataFrame]
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    restates: bool
    probe: Callable[[date, Http], None] | None = None
