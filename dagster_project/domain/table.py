"""What makes a table right, the same, or of unusual length: asked before it is published."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from math import ceil, floor
from typing import Protocol

import polars as pl

FEW = 5  # sessions to compare with before a row count can be unusual
RECENT = 20  # sessions that count as the recent past: about a month
MARGIN = 0.1  # beyond the least and the greatest of them: listings come and go by a few in a hundred


class Column(Protocol):
    """What is asked of a column's declaration; `dagster_project.adapter.Column` is one."""

    @property
    def dtype(self) -> pl.DataType | type[pl.DataType]: ...
    @property
    def is_nullable(self) -> bool: ...


def problems(frame: pl.DataFrame, columns: Mapping[str, Column], key: Sequence[str]) -> list[str]:
    """What keeps `frame` from being the table that was declared, one line each; empty where nothing does.

    It must have exactly `columns`, in that order and of those types, nulls only where allowed and never in the
    `key`, each key once, and at least one row.
    """
    if frame.columns != list(columns):
        missing = [name for name in columns if name not in frame.columns]
        unknown = [name for name in frame.columns if name not in columns]
        if missing or unknown:
            return [f"columns: missing {missing}, unknown {unknown}"]
        return [f"columns: found the order {frame.columns}, expected {list(columns)}"]
    found = [
        f"column {name}: found {frame.schema[name]}, expected {column.dtype}"
        for name, column in columns.items()
        if frame.schema[name] != column.dtype
    ]
    for name, column in columns.items():
        nulls = frame[name].null_count()
        if nulls and (name in key or not column.is_nullable):
            row = frame[name].is_null().arg_true()[0]
            found.append(f"column {name}: {nulls:,} nulls where none may be, the first in row {row}")
    if frame.is_empty():
        found.append("no rows")
    elif not found:
        twice = frame.select(key).is_duplicated()
        if count := twice.sum():
            first = frame.select(key).filter(twice).row(0)
            found.append(f"key ({', '.join(key)}): {count:,} rows share one, the first {tuple(map(str, first))}")
    return found


def content_sha256(frame: pl.DataFrame, key: Sequence[str]) -> str:
    """The fingerprint of a table's content: equal for equal rows in any order, by names and values only.

    `key` must be unique. A null is not an empty text; 1.20 is not 1.2, which the column's type decides. Made from
    Python's own texts of the values, column by column, so that no version of a library changes it.
    """
    digest = sha256()
    for column in frame.sort(key):
        texts = [None if value is None else str(value).encode() for value in column.to_list()]
        lengths = ",".join("null" if text is None else str(len(text)) for text in texts)
        digest.update(f"{len(column.name)} {column.name} {lengths}\n".encode())
        digest.update(b"".join(text for text in texts if text is not None))
    return digest.hexdigest()


def row_count_is_usual(rows: int, earlier: Sequence[int]) -> tuple[bool, str]:
    """Whether `rows` is what the sessions before let expect (their counts, in any order), and why, in words.

    Usual is what lies within a tenth of the least and the greatest of them. Too few of them: usual.
    """
    if len(earlier) < FEW:
        return True, f"{rows:,} rows; {len(earlier)} earlier sessions are too few to compare with ({FEW} are needed)"
    least, greatest = min(earlier), max(earlier)
    is_usual = floor(least * (1 - MARGIN)) <= rows <= ceil(greatest * (1 + MARGIN))
    verdict = "usual" if is_usual else "more than a tenth " + ("fewer" if rows < least else "more")
    return is_usual, f"{rows:,} rows; the {len(earlier)} sessions before had {least:,} to {greatest:,}: {verdict}"
