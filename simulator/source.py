"""What a simulated source is: where its files stand, when they are published, and what they say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from dagster_project.domain.calendar import Calendar, Day


@dataclass(frozen=True)
class Page:
    """An answer that is no data: what a source says when it has none, or refuses."""

    status: int
    body: bytes
    content_type: str = "text/html"


@dataclass(frozen=True)
class File:
    """A file that a source offers: its kind, and the session in its name (None: it shows the newest published)."""

    kind: str
    session: date | None = None


@dataclass(frozen=True)
class Edition:
    """What a file is written from: the world as it stands once `session` is the newest published.

    `restated` counts the restatements of a session. `rows` keeps a sample small: so many records, the awkward first.
    """

    seed: int
    calendar: Calendar
    session: date
    restated: Mapping[date, int] = field(default_factory=dict)
    rows: int | None = None


def refuse_nobody(headers: Mapping[str, str]) -> Page | None:
    return None


BLOCKED = Page(403, b"<html><head><title>Access Denied</title></head><body><h1>Access Denied</h1></body></html>\n")


@dataclass(frozen=True)
class Source:
    """One source in its own wire format. A module `simulator/sources/<feed>.py` holds one as `source`.

    `write(kind, edition)` gives the text of a file; `member(kind, session)` the name that it has inside a zip, or
    None where it is served bare. `nominal(day)` is the earliest moment at which a session may be published;
    the true one lies up to `spread` later. `dated(session)` is the session as the file spells it. `edits` are the
    faults that only this source knows, each a change of the text.
    """

    calendar: str
    start: date
    nominal: Callable[[Day], datetime]
    spread: timedelta
    locate: Callable[[str], File | None]
    write: Callable[[str, Edition], str]
    member: Callable[[str, date], str | None]
    dated: Callable[[date], str]
    content_type: str
    absent: Page
    sample_kind: str
    sample_extension: str
    edits: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    blocked: Page = BLOCKED
    refuse: Callable[[Mapping[str, str]], Page | None] = refuse_nobody
    is_conditional: bool = True  # answers If-None-Match and If-Modified-Since, as a static file behind a CDN does
