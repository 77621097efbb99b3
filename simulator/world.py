"""The simulated world, pure: what every source publishes, when, and what its files say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from dagster_project.domain.calendar import Calendar
from dagster_project.io.calendars import load_calendar
from simulator.chance import chance
from simulator.source import Edition, File, Source
from simulator.sources import find_sources
from simulator.wire import zipped

CALENDARS = Path(__file__).resolve().parent.parent / "calendars"


@dataclass(frozen=True)
class Asked:
    """What a path stands for: a feed's file and the session that it shows (None: none is published yet)."""

    feed: str
    file: File
    session: date | None
    is_published: bool


class World:
    """Every source with its calendar, under one seed. Its only state is a cache of the files written last.

    `folder` is the project's `calendars/`. Raises CalendarError where a source's calendar is not compiled.
    """

    def __init__(self, seed: int = 1, folder: Path = CALENDARS) -> None:
        self.seed = seed
        self.sources: Mapping[str, Source] = find_sources()
        self.calendars: Mapping[str, Calendar] = {
            feed: load_calendar(source.calendar, folder) for feed, source in self.sources.items()
        }
        self.content = lru_cache(maxsize=32)(self._written)

    def sessions(self, feed: str, through: date) -> Sequence[date]:
        """The sessions that `feed` covers, from its start through `through`."""
        return self.calendars[feed].sessions(self.sources[feed].start, through)

    def publication(self, feed: str, session: date) -> datetime | None:
        """When `feed` publishes `session`; None where it never does: no session, or before the feed's first."""
        source, calendar = self.sources[feed], self.calendars[feed]
        if session < source.start or not calendar.is_session(session):
            return None
        seconds = chance(self.seed, feed, session, "publication").randint(0, int(source.spread.total_seconds()))
        return source.nominal(calendar.day(session)) + timedelta(seconds=seconds)

    def why_never(self, feed: str, session: date) -> str:
        """Why `feed` never publishes `session`, in words."""
        start, calendar = self.sources[feed].start, self.calendars[feed]
        if session < start:
            return f"{feed} starts on {start}: nothing is published for {session}"
        return f"{session} is no session of {calendar.code}: {calendar.why_closed(session)}"

    def is_published(self, feed: str, session: date, at: datetime) -> bool:
        published = self.publication(feed, session)
        return published is not None and published <= at

    def find(self, path: str, at: datetime) -> Asked | None:
        """What stands under `path` (`/<host>/<path on that host>`) at `at`; None where no source has such a path."""
        for feed, source in self.sources.items():
            if file := source.locate(path):
                session = file.session or self._newest(feed, at)
                return Asked(feed, file, session, session is not None and self.is_published(feed, session, at))
        return None

    def _newest(self, feed: str, at: datetime) -> date | None:
        sessions = self.sessions(feed, at.date() + timedelta(days=1))  # a zone may be a day ahead of `at`'s
        return next((session for session in reversed(sessions) if self.is_published(feed, session, at)), None)

    def _written(
        self,
        feed: str,
        kind: str,
        session: date,
        *,
        rows: int | None = None,
        restated: frozenset[tuple[date, int]] = frozenset(),
        edit: str | None = None,
        dated: date | None = None,
    ) -> bytes:
        """A file's bytes once `session` is the newest published, after `edit`, and dated `dated` if given."""
        source = self.sources[feed]
        text = source.write(kind, Edition(self.seed, self.calendars[feed], session, dict(restated), rows))
        if edit:
            text = source.edits[edit](text)
        if dated:
            text = text.replace(source.dated(session), source.dated(dated))
        member = source.member(kind, session)
        published = self.publication(feed, session)
        return zipped(member, text.encode(), published) if member and published else text.encode()
