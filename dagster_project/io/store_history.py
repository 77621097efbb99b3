"""The history of a table: each version that was superseded, as data, with the time until which it was in force.

A version enters the history before it leaves the table, so that at no instant it is in neither.
"""

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl
from deltalake import DeltaTable

from dagster_project.io.store_frames import SESSION, shaped_like
from dagster_project.io.store_records import KNOWN_UNTIL, RECORD
from dagster_project.io.store_tables import Transaction, refuse_older_token, replace_rows


def history_schema(table: pl.Schema) -> pl.Schema:
    """The columns of the history of a table with the columns `table`."""
    return pl.Schema({**table, KNOWN_UNTIL: RECORD["_known_from"]})


def keep_version(
    history: DeltaTable,
    session: date,
    version: int,
    rows: pl.DataFrame,
    known_until: datetime,
    *,
    metadata: Mapping[str, str],
    transaction: Transaction | None,
) -> None:
    """Add a superseded version, in one commit. Each version is there once: what an unfinished attempt left of it,
    with an earlier `known_until`, is replaced by the same rows."""
    refuse_older_token(history, transaction)
    replace_rows(
        history,
        rows.with_columns(pl.lit(known_until, RECORD["_known_from"]).alias(KNOWN_UNTIL)),
        f"{SESSION} = '{session}' AND _version = {version}",
        metadata=metadata,
        transaction=transaction,
    )


def versions_at(as_of: datetime, now: pl.DataFrame, history: pl.LazyFrame | None) -> pl.DataFrame:
    """Of each session the version in force at `as_of`, from `now`, the table's rows, and the history, opened later.

    A version that is in both, because its successor is not committed yet, counts once. The version with the
    highest number among those known by then is the one in force; `_known_until` is not asked, since an attempt
    that never finished may have set it.
    """
    known = pl.col("_known_from") <= as_of
    versions = now.filter(known)
    if history is not None:
        past = history.filter(known).collect().join(now, on=[SESSION, "_version"], how="anti")
        versions = pl.concat([versions, shaped_like(past, now)])
    return versions.filter(pl.col("_version") == pl.col("_version").max().over(SESSION))
