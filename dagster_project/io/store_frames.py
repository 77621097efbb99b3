"""What may be stored: a frame checked against its session and its table, and what changed between two frames."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from dagster_project.io.store_errors import TableRefused

SESSION = "session"
COLUMN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# Types that come back from Delta as they went in. It would narrow unsigned integers and truncate nanoseconds in
# silence, and has no time, duration or categorical.
STORABLE = (
    *(pl.Boolean, pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Float32, pl.Float64),
    *(pl.Decimal, pl.String, pl.Binary, pl.Date, pl.Datetime("us", "UTC")),
)


@dataclass(frozen=True)
class Changes:
    """How many rows, by key, the newer of two frames has more, has no longer, and has with other values."""

    added: int
    removed: int
    altered: int


def adapter_columns(frame: pl.DataFrame) -> list[str]:
    """The columns that came from the adapter, the session first; those of the store begin with an underscore."""
    # Where Delta adds a column to a table, it moves the partition's column behind those that the table had.
    return [SESSION, *(name for name in frame.columns if name != SESSION and not name.startswith("_"))]


def check_frame(feed: str, session: date, frame: pl.DataFrame, key: Sequence[str]) -> None:
    """Raise TableRefused unless `frame` is exactly one session, with storable columns, at least a row, a unique key."""
    where = f"{feed} for {session}"
    if unnamed := [name for name in frame.columns if not COLUMN_NAME.fullmatch(name)]:
        raise TableRefused(f"{where}: columns {unnamed}: expected letters, digits and _, a letter first. Rename them.")
    if lacking := [name for name in dict.fromkeys((SESSION, *key)) if name not in frame.columns]:
        raise TableRefused(f"{where}: the frame lacks {lacking}, expected the session and the key among its columns")
    for name, dtype in frame.schema.items():
        if dtype not in STORABLE:
            raise TableRefused(
                f"{where}: column {name} has type {dtype}, which a Delta table does not give back as it is. Expected "
                "Boolean, a signed integer, a float, Decimal, String, Binary, Date or Datetime in microseconds and UTC."
            )
    if frame.is_empty():
        raise TableRefused(f"{where}: the frame has no rows, expected at least one. Raise SourceChanged in `parse`.")
    found = frame[SESSION].unique().sort().to_list()
    if found != [session]:
        raise TableRefused(f"{where}: column {SESSION} holds {found[:5]}, expected {session} only")
    twice = frame.filter(frame.select(key).is_duplicated()).select(key)
    if len(twice):
        raise TableRefused(f"{where}: {len(twice)} rows share their key, the first {twice.row(0, named=True)}")


def check_growth(feed: str, frame: pl.DataFrame, stored: pl.Schema) -> None:
    """Raise TableRefused where a stored column is gone or has another type. New columns are welcome."""
    for name, dtype in stored.items():
        if name.startswith("_"):
            continue
        if name not in frame.columns:
            raise TableRefused(
                f"{feed}: column {name} ({dtype}) of the stored table is gone from the frame. "
                "Keep it, empty where the source no longer has it, or store under a new feed name."
            )
        if frame.schema[name] != dtype:
            raise TableRefused(
                f"{feed}: column {name} is {frame.schema[name]} in the frame and {dtype} in the stored table. "
                "Keep the type, or give the new column a new name."
            )
    known = {name.lower(): name for name in stored}
    for name in frame.columns:
        if known.setdefault(name.lower(), name) != name:
            raise TableRefused(f"{feed}: columns {name} and {known[name.lower()]} differ in case only. Rename one.")


def shaped_like(frame: pl.DataFrame, shape: pl.DataFrame) -> pl.DataFrame:
    """`frame` with exactly the columns of `shape`, in that order; a column that it lacks is null."""
    return frame.select(
        pl.col(name) if name in frame.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in shape.schema.items()
    )


def changes(before: pl.DataFrame, after: pl.DataFrame, key: Sequence[str]) -> Changes:
    """What changed between two frames of the same columns, each unique by `key`. Null equals null, NaN equals NaN."""
    added = after.join(before, on=key, how="anti", nulls_equal=True).height
    removed = before.join(after, on=key, how="anti", nulls_equal=True).height
    differing = after.join(before, on=after.columns, how="anti", nulls_equal=True).height
    return Changes(added, removed, altered=differing - added)
