"""The faults that a test may ask for: what each source has really done, on request.

Three kinds by what they touch. A *refusal* answers in the place of the source, whether or not the session is
published. A *file* fault changes what a published file says, a *delivery* how its bytes travel. A source adds
file faults of its own (`Source.edits`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from simulator.source import Page, Source


class Refusal(StrEnum):
    BLOCKED = "blocked"  # 403 with the source's block page
    EMPTY = "empty"  # 200, no byte
    HTML = "html"  # 200, a page in the place of the data
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After
    UNAVAILABLE = "unavailable"  # 503


class FileFault(StrEnum):
    STALE = "stale"  # the session before, whole, under this one's name
    TRUNCATED = "truncated"  # the first half of the bytes, as if that were all
    UNPUBLISHED = "unpublished"  # the source is late
    WRONG_DATE = "wrong_date"  # the right name, another date inside


class Delivery(StrEnum):
    WHOLE = "whole"
    BOMB = "bomb"  # a small body that unpacks to 256 MiB
    CUT = "cut"  # the connection closes in mid-body
    ENDLESS = "endless"  # the file, again and again, without a length
    SLOW = "slow"  # in pieces, over `seconds`


SERVICE_PAGE = b"<!DOCTYPE html>\n<html><head><title>Service Temporarily Unavailable</title></head></html>\n"
BUSY = b"<html><body><h1>429 Too Many Requests</h1></body></html>\n"


class Fault(BaseModel, frozen=True, extra="forbid"):
    """A fault of `feed`, for `session` only if given, for `count` GET requests (None: until it is cleared).

    HEAD requests see a fault and do not use it up. `seconds` is how long a slow body takes, `retry_after` the
    seconds that a 429 asks for, `dated` the date inside for `wrong_date` (default: the day after the session).
    """

    feed: str
    kind: str
    session: date | None = None
    count: int | None = Field(default=None, ge=1)
    seconds: float = Field(default=30.0, gt=0)
    retry_after: int = Field(default=120, ge=0)
    dated: date | None = None

    @property
    def needs_file(self) -> bool:
        return self.kind not in set(Refusal)

    def concerns(self, feed: str, session: date | None, is_published: bool) -> bool:
        return self.feed == feed and self.session in (None, session) and (is_published or not self.needs_file)

    @property
    def delivery(self) -> Delivery:
        return Delivery(self.kind) if self.kind in set(Delivery) else Delivery.WHOLE


@dataclass(frozen=True)
class Restatement:
    """A session's content is another from `at` on."""

    feed: str
    session: date
    at: datetime


def known_faults(source: Source) -> tuple[str, ...]:
    """The names of every fault that `source` can show, in order."""
    deliveries = set(Delivery) - {Delivery.WHOLE}
    return tuple(sorted({*map(str, (*Refusal, *FileFault, *deliveries)), *source.edits}))


def refusal(fault: Fault, source: Source) -> Page:
    """What is said in the place of the source."""
    match Refusal(fault.kind):
        case Refusal.BLOCKED:
            return source.blocked
        case Refusal.EMPTY:
            return Page(200, b"", source.content_type)
        case Refusal.HTML:
            return Page(200, SERVICE_PAGE)
        case Refusal.RATE_LIMITED:
            return Page(429, BUSY)
        case Refusal.UNAVAILABLE:
            return Page(503, SERVICE_PAGE)
