"""One session of one feed, from its source to its table: fetch, archive, parse, check, publish, record.

All or nothing: the payload is archived before anything is made of it, and the table changes only when the whole
frame is right.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email.utils import parsedate_to_datetime

import polars as pl

from dagster_project.adapter import Adapter, Http, Payload, SourceChanged
from dagster_project.domain.fires import Feed, fires
from dagster_project.domain.table import problems, row_count_is_usual
from dagster_project.io import records
from dagster_project.io.database import transaction
from dagster_project.io.payloads import PayloadArchive, StoredPayload
from dagster_project.io.store import Publication, Store

_FRESH = timedelta(days=3)  # a payload fetched later than this says nothing about when it was published


class SessionRefused(Exception):
    """A session that cannot be run: not one of the feed's, or not over yet. The message says why."""


@dataclass(frozen=True)
class Edge:
    """What a session's run works with: its source, its archive, its store, its database."""

    http: Http
    archive: PayloadArchive
    store: Store
    database_url: str


@dataclass(frozen=True)
class Published:
    """What came of a session's run. `delay` is from the session's close to the source's publication."""

    frame: pl.DataFrame
    payload: Payload
    stored: StoredPayload
    publication: Publication
    delay: timedelta | None
    row_count_is_usual: bool
    row_count_words: str


def refuse_session(feed: Feed, session: date, now: datetime) -> None:
    """Raises SessionRefused unless `session` is one of the feed's, and its close or a fire for it lies behind `now`.

    A fire, since a source may publish before its calendar's day is over: a fixing does.
    """
    day = feed.calendar.day(session)
    if not day.is_session:
        why = feed.calendar.why_closed(session)
        raise SessionRefused(f"{session} is not a session of {feed.calendar.code}: {why}. Nothing to fetch.")
    if session < feed.start:
        raise SessionRefused(f"{session} is before {feed.start}, the start of {feed.name} (adapters/{feed.name}.yaml).")
    starts = datetime.combine(session, time(), feed.calendar.zone)
    closes = day.close or starts + timedelta(days=1)
    due = (fire for name in feed.schedules for fire in fires(feed, name, starts, now + timedelta(microseconds=1)))
    if now < closes and all(fire.session != session for fire in due):
        raise SessionRefused(
            f"session {session} of {feed.calendar.code} closes at {closes:%Y-%m-%d %H:%M %Z}: "
            "its data cannot have been published. Launch it after the close."
        )


def publish_session(feed: Feed, adapter: Adapter, session: date, edge: Edge, run_id: str, now: datetime) -> Published:
    """Runs one session. Raises SessionRefused, or the AdapterError that the source or its payload gives."""
    refuse_session(feed, session, now)
    payload = adapter.fetch(session, edge.http)
    stored = edge.archive.put(feed.name, session, payload, run_id)
    frame = adapter.parse(payload.content, session)
    found = problems(frame, adapter.columns, adapter.key)
    if found:
        raise SourceChanged(
            f"the table of {session} is not what {feed.name} declares: {'; '.join(found)}. "
            f"The payload is kept as {stored.path}"
        )
    publication = edge.store.publish(
        feed.name,
        session,
        frame,
        key=adapter.key,
        payload_sha256=stored.sha256,
        known_from=payload.fetched_at,
        run_id=run_id,
    )
    with transaction(edge.database_url) as connection:
        earlier = records.recent_row_counts(connection, feed.name, session)
        records.record_publication(
            connection,
            feed.name,
            session,
            run_id,
            payload.fetched_at,
            {
                "version": publication.version,
                "rows": publication.rows,
                "payload_sha256": stored.sha256,
                "content_sha256": publication.content_sha256,
            },
        )
    is_usual, words = row_count_is_usual(publication.rows, earlier)
    return Published(frame, payload, stored, publication, _delay(feed, session, payload), is_usual, words)


def _delay(feed: Feed, session: date, payload: Payload) -> timedelta | None:
    """From the session's close to its publication: as the source dates the file, else as we first saw it."""
    closes = feed.calendar.day(session).close
    if closes is None or payload.fetched_at - closes > _FRESH:
        return None
    dated = payload.headers.get("last-modified")
    try:
        at = parsedate_to_datetime(dated) if dated else payload.fetched_at
    except ValueError:
        at = payload.fetched_at
    starts = datetime.combine(session, time(), feed.calendar.zone)
    return at - closes if starts <= at <= payload.fetched_at else payload.fetched_at - closes
