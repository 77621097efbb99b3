"""Values of the right type from columns of text, exactly, and what must be true of them."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import cache

import polars as pl

from dagster_project.adapter import Column, NotYetPublished, SourceChanged
from dagster_project.parsing.text import FIRST_ROW

ISO = "%Y-%m-%d"

_DATE_PARTS = {"%Y": "[0-9]{4}", "%m": "[0-9]{2}", "%d": "[0-9]{2}"}


def typed(
    rows: pl.DataFrame,
    columns: Mapping[str, Column],
    names: Mapping[str, str],
    *,
    date_format: str = ISO,
    signed: Collection[str] = (),
    first_line: int | None = FIRST_ROW,
) -> pl.DataFrame:
    """The table with `columns`, each made from the text column that `names` gives for it, exactly.

    A decimal has at most its column's places, and is never rounded; numbers are plain digits, below zero only where
    `signed` names the column; text is kept as it is; empty text is a null where the column may be empty. Errors count
    the lines from `first_line`; rows, where they are no lines (None).
    """
    made = {}
    for name, column in columns.items():
        text = rows[names[name]]
        form, words = _form(column.dtype, date_format, name in signed)
        made[name], is_wrong = _cast(text, column, form, date_format)
        if (at := is_wrong.arg_true()).len():
            place = f"row {at[0] + 1}" if first_line is None else f"line {at[0] + first_line}"
            raise SourceChanged(f"{place}, column {text.name}: “{text[at[0]][:80]}” is not {words}")
    return pl.DataFrame(made)


def _cast(text: pl.Series, column: Column, form: str, date_format: str) -> tuple[pl.Series, pl.Series]:
    """The values of a text column, and where they are wrong."""
    is_blank = (text == "") & column.is_nullable
    values = pl.select(pl.when(~is_blank).then(text)).to_series() if column.is_nullable else text
    if column.dtype == pl.Date:
        values = values.str.to_date(date_format, strict=False)
    elif column.dtype != pl.String:
        values = values.cast(column.dtype, strict=False)
    # What has the form and still gives no value is out of range: 31 June, or more digits than the type holds.
    return values, ~is_blank & (~text.str.contains(form) | values.is_null())


def _form(dtype: pl.DataType | type[pl.DataType], date_format: str, is_signed: bool) -> tuple[str, str]:
    """The pattern of the text of a value, and what to call it. Polars' own casts round and take `1e5` and `+1`."""
    sign = "-?" if is_signed else ""
    if isinstance(dtype, pl.Decimal):
        places = rf"(\.[0-9]{{1,{dtype.scale}}})?" if dtype.scale else ""
        return rf"\A{sign}[0-9]+{places}\z", f"a number with at most {dtype.scale} decimal places"
    if dtype == pl.Int64:
        return rf"\A{sign}[0-9]+\z", "a whole number"
    if dtype == pl.Date:
        return rf"\A{_date_pattern(date_format)}\z", f"a date like {date_format}"
    if dtype == pl.String:
        return r"\S", "text"
    raise TypeError(f"no strict form of {dtype} is known: use Decimal, Int64, Date or String")


@cache
def _date_pattern(date_format: str) -> str:
    return re.sub(r"%[A-Za-z]", lambda part: _DATE_PARTS[part[0]], re.escape(date_format).replace(r"\%", "%"))


def require(rows: pl.DataFrame, constants: Mapping[str, str]) -> None:
    """Raise unless each named column of text holds its constant in every row ("" for a column that stays empty)."""
    for name, constant in constants.items():
        if (at := (rows[name] != constant).arg_true()).len():
            raise SourceChanged(
                f"line {at[0] + FIRST_ROW}, column {name}: found “{rows[name][at[0]]}” where every row was "
                f"{f'“{constant}”' if constant else 'empty'} when this adapter was written"
            )


def require_session(dates: pl.Series, session: date, date_format: str = ISO) -> None:
    """Raise unless every date in the text column `dates` is `session`: the file's own dates count, not its name.

    A file that is wholly of an earlier date is the previous one, still there: NotYetPublished.
    """
    found = dates.unique(maintain_order=True).to_list()
    if found == [session.strftime(date_format)]:
        return
    said = f"column {dates.name} says {', '.join(found[:3])}{' …' if len(found) > 3 else ''}, expected {session}"
    if len(found) == 1 and (shown := day(found[0], date_format)) and shown < session:
        raise NotYetPublished(f"the source still shows an earlier session: {said}")
    raise SourceChanged(f"the file is not of this session: {said}")


def day(text: str, date_format: str = ISO) -> date | None:
    """The date that `text` is in exactly `date_format`, or None."""
    # The form first: strptime alone would take 2025-6-8, and fromisoformat 20250608 and 2025-W23.
    if not re.fullmatch(_date_pattern(date_format), text):
        return None
    try:
        if date_format == ISO:
            return date.fromisoformat(text)  # ten times as fast, for a file with a date on each of 7,000 lines
        return datetime.strptime(text, date_format).date()  # noqa: DTZ007 - a plain date has no zone
    except ValueError:
        return None


def require_unique(table: pl.DataFrame, key: Sequence[str]) -> None:
    """Raise where two rows have the same key."""
    twice = table.filter(pl.struct(key).is_duplicated())
    if twice.height:
        first = ", ".join(f"{name} {twice[name][0]}" for name in key)
        raise SourceChanged(f"{twice.height} rows share a key that was unique, ({', '.join(key)}): first {first}")
