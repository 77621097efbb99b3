"""The Delta tables of the store: opening, creating, reading, and replacing a part in one commit.

Delta protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md. Library: deltalake (delta-rs).
"""

from collections.abc import Mapping, Sequence

import polars as pl
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake import Transaction as DeltaTransaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from dagster_project.io.store_errors import PublicationConflict

Options = dict[str, str]
Transaction = tuple[str, int]  # a Delta transaction identifier: application, version; here lease, fencing token

CONFIGURATION = {
    # A table is opened by replaying the commits since its last checkpoint: with the default of 100, opening rose
    # from 10 to 44 ms between two checkpoints of a table of 300 sessions; with 20 it stays at about 20 ms.
    "delta.checkpointInterval": "20",
    # Least and greatest values would help nobody, since a file is one session and the partition selects it; with
    # those of 34 columns the log of 400 sessions had 6.4 MB instead of 2.5.
    "delta.dataSkippingNumIndexedCols": "0",
}


def open_table(uri: str, options: Options | None) -> DeltaTable | None:
    """The newest snapshot of the table at `uri`; None where there is none."""
    try:
        return DeltaTable(uri, storage_options=options)
    except TableNotFoundError:
        return None


def open_or_create(uri: str, schema: pl.Schema, partition_by: Sequence[str], options: Options | None) -> DeltaTable:
    """The newest snapshot of the table at `uri`, created with `schema` and no rows where there was none."""
    table = open_table(uri, options)
    if table is not None:
        return table
    try:
        return DeltaTable.create(
            uri,
            schema,
            partition_by=list(partition_by),
            configuration=CONFIGURATION,
            storage_options=options,
            # With a retry, the slower of two creators would commit its own metadata on top of the other's.
            commit_properties=CommitProperties(max_commit_retries=0),
        )
    except DeltaError:
        return DeltaTable(uri, storage_options=options)  # another writer created it; else this says what is wrong


def columns_of(table: DeltaTable) -> pl.Schema:
    """The columns of the table's snapshot, with their types."""
    return pl.Schema(table.schema().to_arrow())


def rows_of(table: DeltaTable, options: Options | None) -> pl.LazyFrame:
    """The rows of the table's snapshot, to be filtered before they are collected."""
    return pl.scan_delta(table, storage_options=options)


def refuse_older_token(table: DeltaTable, transaction: Transaction | None) -> None:
    """Raise PublicationConflict where this snapshot has seen a higher fencing token than `transaction`'s.

    The commit that follows must be made from the same snapshot: a higher token that arrives in between is then a
    conflict of the commit.
    """
    if transaction is None:
        return
    lease, token = transaction
    seen = table.transaction_version(lease)
    if seen is not None and seen > token:
        raise PublicationConflict(
            f"{table.table_uri}: fencing token {token} of {lease} is older than {seen}, which the table has seen: "
            "another run took over. This run must stop."
        )


def replace_rows(
    table: DeltaTable,
    rows: pl.DataFrame,
    where: str,
    *,
    metadata: Mapping[str, str],
    transaction: Transaction | None,
) -> None:
    """Replace what `where` selects by `rows`, in one commit from the table's snapshot, which moves to that commit.

    Columns that the table lacks are added to it, null in its other rows. Raises PublicationConflict where another
    writer changed the same rows, or the columns, since the snapshot.
    """
    seen = table.version()
    grows = not set(rows.columns) <= set(columns_of(table))
    try:
        write_deltalake(
            table,
            rows,
            mode="overwrite",
            predicate=where,
            schema_mode="merge" if grows else None,
            commit_properties=CommitProperties(
                custom_metadata=dict(metadata),
                app_transactions=[DeltaTransaction(*transaction)] if transaction else None,
            ),
        )
    except CommitFailedError as error:
        raise PublicationConflict(
            f"{table.table_uri}: another writer changed this part of the table since its version {seen} was read, so "
            f"nothing was replaced where {where}. Read the stored version, then decide whether to publish again. "
            f"({error})"
        ) from error
