"""What a calendar says of one day: its kind, its hours, and the regimes and exceptions that they come from."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo


class Kind(StrEnum):
    """What a date is in a calendar."""

    SESSION = "session"
    EARLY_CLOSE = "early_close"
    SPECIAL_SESSION = "special_session"
    CLOSED = "closed"
    UNKNOWN = "unknown"


SESSIONS = frozenset({Kind.SESSION, Kind.EARLY_CLOSE, Kind.SPECIAL_SESSION})

Span = tuple[time, time]


@dataclass(frozen=True)
class Hours:
    """A regime of regular hours, in local wall time, from a date on.

    `spans` are the continuous parts of a session in order; between two of them lies a break. A span whose
    end is not after its start runs past midnight; `opens_day_before` says that the first span starts on the
    evening before the session's date. No spans: the calendar has days but no hours.
    """

    since: date
    weekdays: frozenset[int]  # 0 = Monday
    spans: tuple[Span, ...]
    opens_day_before: bool = False


@dataclass(frozen=True)
class Exceptional:
    """A day that is not as the regular hours say. A session with no spans has hours that are not known."""

    day: date
    kind: Kind
    name: str | None
    source: str
    spans: tuple[Span, ...] = ()
    announced: datetime | None = None  # aware; when it became known, None: always was
    opens_day_before: bool = False
    settles: bool = True


@dataclass(frozen=True)
class Day:
    """The answer about one date. `open` and `close` are aware (the calendar's zone), None where not known."""

    date: date
    kind: Kind
    open: datetime | None
    close: datetime | None
    breaks: tuple[tuple[datetime, datetime], ...]
    name: str | None
    source: str | None
    announced: datetime | None = None
    settles: bool = True

    @property
    def is_session(self) -> bool:
        return self.kind in SESSIONS


def day_of(
    day: date,
    kind: Kind,
    bounds: list[tuple[datetime, datetime]],
    name: str | None = None,
    source: str | None = None,
    announced: datetime | None = None,
    settles: bool = True,
) -> Day:
    """A session between those bounds, or a day without any: closed, unknown, or with hours that are not known."""
    breaks = tuple((before[1], after[0]) for before, after in pairwise(bounds))
    opens, closes = (bounds[0][0], bounds[-1][1]) if bounds else (None, None)
    return Day(day, kind, opens, closes, breaks, name, source, announced, settles)


def bounds_of(
    day: date, spans: tuple[Span, ...], opens_day_before: bool, zone: ZoneInfo
) -> list[tuple[datetime, datetime]]:
    """The instants at which the spans of a session start and end."""
    bounds = []
    at = day - timedelta(days=1) if opens_day_before else day
    before: time | None = None
    for start, end in spans:
        if before is not None and start < before:
            at += timedelta(days=1)
        opens = datetime.combine(at, start, zone)
        if end <= start:
            at += timedelta(days=1)
        bounds.append((opens, datetime.combine(at, end, zone)))
        before = end
    return bounds
