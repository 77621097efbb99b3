"""What the store knows of a version: the columns that it adds to a table, and the values made of them."""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from dagster_project.io.store_errors import StoreError
from dagster_project.io.store_frames import Changes

# Every row carries its version's record. `_content` too, because the commits that also say it are cleaned with age.
RECORD: dict[str, pl.DataType] = {
    "_version": pl.Int32(),  # 1 for the first of a session
    "_known_from": pl.Datetime("us", "UTC"),  # when this version became known
    "_payload": pl.String(),  # sha256 of the payload that it was parsed from
    "_content": pl.String(),  # sha256 of the adapter's columns
}
KNOWN_UNTIL = "_known_until"  # in the history only: when the next version became known


@dataclass(frozen=True)
class StoredSession:
    """A version of a session. `known_from` is aware, in UTC."""

    version: int
    known_from: datetime
    payload_sha256: str
    content_sha256: str
    rows: int


@dataclass(frozen=True)
class Publication:
    """What a publication came to: the version now in force, and whether this publication made it.

    `rows_added`, `rows_removed` and `rows_altered` compare by key with the version before; None for the first.
    `table_version` is the Delta version that holds the result.
    """

    version: int
    is_new: bool
    restated: bool
    rows: int
    rows_added: int | None
    rows_removed: int | None
    rows_altered: int | None
    content_sha256: str
    table_version: int


def publication(stored: StoredSession, changed: Changes | None, table_version: int, *, is_new: bool) -> Publication:
    """The publication that ended with `stored` in force; `changed` since the version before, None for the first."""
    return Publication(
        version=stored.version,
        is_new=is_new,
        restated=is_new and stored.version > 1,
        rows=stored.rows,
        rows_added=changed.added if changed else None,
        rows_removed=changed.removed if changed else None,
        rows_altered=changed.altered if changed else None,
        content_sha256=stored.content_sha256,
        table_version=table_version,
    )


def stored_session(feed: str, session: date, rows: pl.DataFrame) -> StoredSession | None:
    """The record that a session's rows carry; None for no rows. Raises StoreError where they carry several."""
    records = rows.select(*RECORD).unique().rows()
    if len(records) > 1:
        raise StoreError(
            f"{feed} for {session}: the table holds rows of {len(records)} versions, expected one. Somebody else wrote "
            "to it; restore the session from its payload."
        )
    if not records:
        return None
    version, known_from, payload, content = records[0]
    return StoredSession(version, known_from, payload, content, rows.height)


def with_record(frame: pl.DataFrame, stored: StoredSession) -> pl.DataFrame:
    """`frame` with the record of its version in every row."""
    values = (stored.version, stored.known_from, stored.payload_sha256, stored.content_sha256)
    return frame.with_columns(
        pl.lit(value, dtype).alias(name) for (name, dtype), value in zip(RECORD.items(), values, strict=True)
    )


def commit_metadata(
    feed: str, session: date, run_id: str, stored: StoredSession, changed: Changes | None
) -> dict[str, str]:
    """What a commit says of itself: enough to write the record of a publication from the commit alone."""
    said: dict[str, str | int] = {
        "feed": feed,
        "session": session.isoformat(),
        "run_id": run_id,
        "session_version": stored.version,  # `version` is Delta's own
        "known_from": stored.known_from.isoformat(),
        "payload_sha256": stored.payload_sha256,
        "content_sha256": stored.content_sha256,
        "rows": stored.rows,
    }
    if changed is not None:
        said |= {"rows_added": changed.added, "rows_removed": changed.removed, "rows_altered": changed.altered}
    return {name: str(value) for name, value in said.items()}
