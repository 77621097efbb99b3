"""Lines of text and their fields, all as text still."""

import re
from collections.abc import Sequence

import polars as pl

from dagster_project.adapter import SourceChanged, SourceUnavailable
from dagster_project.parsing.pages import opening, refuse_page, unexpected

FIRST_ROW = 2  # the line number of the first row below a header

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")


def text_lines(content: bytes, expected: str, *, encoding: str = "utf-8") -> list[str]:
    """The lines of a text file, ended by LF or CRLF; the last may lack its end. No control characters."""
    refuse_page(content, expected)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceChanged(f"line {line}: byte {content[error.start]:#04x} is no {encoding} text") from error
    text = text.replace("\r\n", "\n")
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise SourceChanged(f"line {line}: a control character, {found[0]!r}, where text was expected")
    lines = text.split("\n")
    return lines[:-1] if not lines[-1] else lines


def require_end(content: bytes) -> None:
    """Raise unless the last line is ended: where the source always ends it, the file is cut short otherwise.

    A cut row can look like a last line: the 20 of 20210129 like a count, below 20 rows.
    """
    if not content.endswith(b"\n"):
        raise SourceUnavailable(
            f"the file is cut short: its last line, {opening(content[-60:])}, has no end; ask again"
        )


def require_header(lines: Sequence[str], header: str) -> None:
    """Raise unless the first line is exactly `header`."""
    if lines[:1] != [header]:
        raise unexpected("".join(lines[:1]).encode(), f"expected the header “{header}”")


def without_count(lines: Sequence[str]) -> list[str]:
    """`lines` without the last, which must be the number of rows between the header and itself."""
    rows = len(lines) - 2
    if not re.fullmatch(r"[0-9]{1,9}", lines[-1]):
        raise SourceUnavailable(
            f"the file is cut short: line {len(lines)}, the last, is “{lines[-1][:80]}” and not the number of rows"
        )
    if int(lines[-1]) != rows:
        raise SourceUnavailable(f"the file holds {rows:,} rows and its last line says {int(lines[-1]):,}; ask again")
    return list(lines[:-1])


def delimited(lines: Sequence[str], header: str, separator: str) -> pl.DataFrame:
    """The rows below exactly `header`, split at each `separator` (no quoting), all columns as text.

    Every row must have as many fields as the header: none is filled, cut or skipped.
    """
    require_header(lines, header)
    if len(lines) == 1:
        raise SourceUnavailable("the file holds its header and no rows; ask again")
    columns = header.split(separator)
    rows = pl.Series("row", lines[1:], dtype=pl.String)
    fields = rows.str.count_matches(separator, literal=True) + 1
    if (at := (fields != len(columns)).arg_true()).len():
        first = at[0]
        raise SourceChanged(
            f"line {first + FIRST_ROW} has {fields[first]} fields, expected {len(columns)}: “{rows[first][:120]}”"
        )
    return pl.DataFrame(rows.str.split_exact(separator, len(columns) - 1).struct.rename_fields(columns)).unnest("row")
