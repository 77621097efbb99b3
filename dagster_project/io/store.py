"""The store of tables: one effective result per session, and every result that ever was.

Each feed has two Delta tables. `tables/<feed>`, partitioned by session, holds the newest version of each session,
replaced in one commit. `tables/<feed>_history` holds the versions before, as data: Delta's own time travel ends
when its log is cleaned, 30 days on. Both are readable without any of this code; whoever reads the two together
leaves out of the history what the table still holds, since a restatement that was not finished leaves it in both.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
from deltalake import DeltaTable

from dagster_project.domain.table import content_sha256
from dagster_project.io.store_errors import StoreError
from dagster_project.io.store_frames import (
    SESSION,
    Changes,
    adapter_columns,
    changes,
    check_frame,
    check_growth,
    shaped_like,
)
from dagster_project.io.store_history import history_schema, keep_version, versions_at
from dagster_project.io.store_layout import history_uri, table_uri
from dagster_project.io.store_records import (
    RECORD,
    Publication,
    StoredSession,
    commit_metadata,
    publication,
    stored_session,
    with_record,
)
from dagster_project.io.store_tables import (
    Options,
    Transaction,
    columns_of,
    open_or_create,
    open_table,
    refuse_older_token,
    replace_rows,
    rows_of,
)

__all__ = ["Publication", "Store", "StoredSession"]


class Store:
    """The tables below `root`, a local folder or an object-store URL; `storage_options` go to deltalake and Polars."""

    def __init__(self, root: str | Path, storage_options: Options | None = None) -> None:
        self._root = root
        self._options = storage_options

    def publish(
        self,
        feed: str,
        session: date,
        frame: pl.DataFrame,
        *,
        key: Sequence[str],
        payload_sha256: str,
        known_from: datetime,
        run_id: str,
        transaction: Transaction | None = None,
    ) -> Publication:
        """Make `frame` the session's result, unless it already is.

        The same content, rows in any order, makes no version and no commit. Other content is a restatement: the
        version before goes to the history, then the session is replaced; after a crash between the two, publishing
        again completes it. `known_from` is aware; `transaction` is the lease's name and fencing token. Raises
        TableRefused for a frame that does not fit, PublicationConflict where another writer was first, StoreError
        where time would run backwards; each leaves the session as it was.
        """
        check_frame(feed, session, frame, key)
        content = content_sha256(frame, key)
        known_from = _utc(known_from)
        schema = pl.Schema({**frame.schema, **RECORD})
        table = open_or_create(table_uri(self._root, feed), schema, [SESSION], self._options)
        refuse_older_token(table, transaction)
        check_growth(feed, frame, columns_of(table))

        # Compared with, and committed from, one snapshot: whoever else commits this session meanwhile is a conflict.
        before = self._rows(table, session).collect()
        current = stored_session(feed, session, before)
        if current is None:
            first = StoredSession(1, known_from, payload_sha256, content, frame.height)
            metadata = commit_metadata(feed, session, run_id, first, None)
            self._replace(table, session, with_record(frame, first), metadata, transaction)
            return publication(first, None, table.version(), is_new=True)

        comparable = shaped_like(before, frame)
        if content_sha256(comparable, key) == content:
            return publication(current, Changes(0, 0, 0), table.version(), is_new=False)
        if known_from <= current.known_from:
            raise StoreError(
                f"{feed} for {session}: version {current.version} became known at {current.known_from}, so the next "
                f"cannot have become known at {known_from}. Pass the time of this publication; check the host's clock."
            )
        changed = changes(comparable, frame, key)
        successor = StoredSession(current.version + 1, known_from, payload_sha256, content, frame.height)
        metadata = commit_metadata(feed, session, run_id, successor, changed)
        partitions, kept = [SESSION, "_version"], history_schema(before.schema)
        history = open_or_create(history_uri(self._root, feed), kept, partitions, self._options)
        keep_version(history, session, current.version, before, known_from, metadata=metadata, transaction=transaction)
        self._replace(table, session, with_record(frame, successor), metadata, transaction)
        return publication(successor, changed, table.version(), is_new=True)

    def read(self, feed: str, session: date | None = None, as_of: datetime | None = None) -> pl.DataFrame:
        """The feed's rows, of one session or of all in order: the adapter's columns, then those of RECORD.

        `as_of` (aware) gives what was known at that instant. A session of which nothing was known has no rows.
        Raises StoreError for a feed of which nothing was ever published.
        """
        table = open_table(uri := table_uri(self._root, feed), self._options)
        if table is None:
            raise StoreError(f"no table at {uri}: nothing of {feed} was published yet")
        rows = self._rows(table, session).collect()
        if as_of is not None:
            # Opened after the table: a version is there before it leaves the table, so none is missed.
            history = open_table(history_uri(self._root, feed), self._options)
            past = None if history is None else self._rows(history, session)
            rows = versions_at(_utc(as_of), rows, past)
        return rows.select(*adapter_columns(rows), *RECORD).sort(SESSION, maintain_order=True)

    def current(self, feed: str, session: date) -> StoredSession | None:
        """The version of the session that is in force; None where none was published."""
        table = open_table(table_uri(self._root, feed), self._options)
        if table is None:
            return None
        return stored_session(feed, session, self._rows(table, session).select(*RECORD).collect())

    def sessions(self, feed: str) -> list[date]:
        """The sessions that have a result, in order; none for a feed of which nothing was published."""
        table = open_table(table_uri(self._root, feed), self._options)
        return sorted(date.fromisoformat(part[SESSION]) for part in table.partitions()) if table else []

    def _rows(self, table: DeltaTable, session: date | None) -> pl.LazyFrame:
        rows = rows_of(table, self._options)
        return rows if session is None else rows.filter(pl.col(SESSION) == session)

    def _replace(
        self,
        table: DeltaTable,
        session: date,
        rows: pl.DataFrame,
        metadata: Mapping[str, str],
        transaction: Transaction | None,
    ) -> None:
        """Replace the session's rows, in one commit: the instant of publication, and where a test lets a run die."""
        replace_rows(table, rows, f"{SESSION} = '{session}'", metadata=metadata, transaction=transaction)


def _utc(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise StoreError(f"{instant} is naive: expected an aware datetime, such as UTC")
    return instant.astimezone(UTC)
