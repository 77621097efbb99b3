"""From a payload to a frame, strictly: what the adapters' parse functions are made of.

Nothing is guessed, skipped or filled in. A payload that is not what an adapter expects is an AdapterError that says
what was found, where, and what was expected:

* a page or text that says why there is no data is the error that its words mean (see `dagster_project.pages`);
* nothing, or what is cut short or damaged (a zip without its directory, a CRC, unclosed XML, a missing or differing
  row count), is SourceUnavailable: asked for again, it usually comes whole;
* everything else is SourceChanged.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import polars as pl
from lxml import etree

from dagster_project.adapter import MAX_BYTES, Column, NotYetPublished, SourceChanged, SourceUnavailable
from dagster_project.pages import is_page, opening, unexpected

MAX_INFLATED = 256 * 1024 * 1024
MAX_RATIO = 200  # honest text deflates to a tenth or so; a bomb to a thousandth
FIRST_ROW = 2  # the line number of the first row below a header

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")
_DATE_PARTS = {"%Y": "[0-9]{4}", "%m": "[0-9]{2}", "%d": "[0-9]{2}"}
_END_OF_ZIP = b"PK\x05\x06"
# What zipfile raises on damaged bytes is not one family: seen by flipping bytes.
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OverflowError, OSError, RuntimeError)


def refuse_page(payload: bytes, expected: str) -> None:
    """Raise unless `payload` holds something that is no HTML page. `expected` says what it should be."""
    if not payload.strip():
        raise SourceUnavailable(f"expected {expected}, found an empty body of {len(payload)} bytes; ask again")
    if is_page(payload):
        raise unexpected(payload, f"expected {expected}")


def only_member(payload: bytes, name: str, *, max_bytes: int = MAX_INFLATED) -> bytes:
    """The one file inside a zip, whole and checked by its CRC. Its name must match the pattern `name`.

    Nothing is written anywhere, and never more than `max_bytes` is inflated, whatever the archive says of itself.
    """
    refuse_page(payload, f"a zip with {name}")
    if not payload.startswith(b"PK"):
        raise unexpected(payload, f"expected a zip with {name}")
    if payload.rfind(_END_OF_ZIP) < 0:
        raise SourceUnavailable(f"the zip is cut short: {len(payload):,} bytes without a central directory; ask again")
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            info = _only_info(archive, name, max_bytes)
            with archive.open(info) as member:
                content = member.read(max_bytes + 1)
    except _DAMAGED as error:
        raise SourceUnavailable(f"the zip is damaged ({error}); ask again") from error
    if len(content) != info.file_size:
        raise SourceUnavailable(f"{info.filename} holds {len(content):,} bytes, its zip says {info.file_size:,}")
    return content


def _only_info(archive: zipfile.ZipFile, name: str, max_bytes: int) -> zipfile.ZipInfo:
    found = [info.filename for info in archive.infolist()]
    if len(found) != 1 or not re.fullmatch(name, found[0], re.ASCII):
        raise SourceChanged(f"expected a zip with only {name}, found {len(found)} members: {', '.join(found[:5])}")
    info = archive.infolist()[0]
    if info.flag_bits & 0x1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise SourceChanged(f"{info.filename} is encrypted or packed by method {info.compress_type}: expected deflate")
    if info.file_size > max_bytes or info.file_size > MAX_RATIO * max(info.compress_size, 1024):
        raise SourceChanged(
            f"{info.filename} would inflate from {info.compress_size:,} to {info.file_size:,} bytes: "
            f"the limits are {max_bytes:,} bytes and {MAX_RATIO} to one"
        )
    return info


def text_lines(content: bytes, expected: str, *, is_ended: bool, encoding: str = "utf-8") -> list[str]:
    """The lines of a text file, ended by LF or CRLF, without control characters.

    `is_ended` says that the source ends the last line too: without that end, the file is cut short. (A row that is
    cut can look like a last line: the 20 of 20210129 like a count, below 20 rows.)
    """
    refuse_page(content, expected)
    if is_ended and not content.endswith(b"\n"):
        last = opening(content[-80:].rpartition(b"\n")[2])
        raise unexpected(content, f"expected {expected}, whose last line has an end; it is {last}", SourceUnavailable)
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


def without_count(lines: Sequence[str], *, header_lines: int = 1) -> list[str]:
    """`lines` without the last, which must be the number of rows between the header and itself."""
    rows = len(lines) - header_lines - 1
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
    if not lines or lines[0] != header:
        raise unexpected("".join(lines[:1]).encode(), f"expected the header “{header}”")
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


def require(rows: pl.DataFrame, constants: Mapping[str, str]) -> None:
    """Raise unless each named column of text holds its constant in every row ("" for a column that stays empty)."""
    for name, constant in constants.items():
        if (at := (rows[name] != constant).arg_true()).len():
            raise SourceChanged(
                f"line {at[0] + FIRST_ROW}, column {name}: found “{rows[name][at[0]]}” where every row was "
                f"{f'“{constant}”' if constant else 'empty'} when this adapter was written"
            )


def require_session(dates: pl.Series, session: date, date_format: str = "%Y-%m-%d") -> None:
    """Raise unless every date in the text column `dates` is `session`: the file's own dates count, not its name.

    A file that is wholly of an earlier date is the previous one, still there: NotYetPublished.
    """
    found = dates.unique(maintain_order=True).to_list()
    if found == [session.strftime(date_format)]:
        return
    said = f"column {dates.name} says {', '.join(found[:3])}{' …' if len(found) > 3 else ''}, expected {session}"
    if len(found) == 1 and (day := _day(found[0], date_format)) and day < session:
        raise NotYetPublished(f"the source still shows an earlier session: {said}")
    raise SourceChanged(f"the file is not of this session: {said}")


def _day(text: str, date_format: str) -> date | None:
    # strptime alone would take 2025-6-8, and the digits of other scripts.
    if not re.fullmatch(_date_pattern(date_format), text):
        return None
    try:
        return datetime.strptime(text, date_format).date()  # noqa: DTZ007 - a plain date has no zone
    except ValueError:
        return None


def typed(
    rows: pl.DataFrame,
    columns: Mapping[str, Column],
    names: Mapping[str, str],
    *,
    date_format: str = "%Y-%m-%d",
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


def require_unique(table: pl.DataFrame, key: Sequence[str]) -> None:
    """Raise where two rows have the same key."""
    twice = table.filter(pl.struct(key).is_duplicated())
    if twice.height:
        first = ", ".join(f"{name} {twice[name][0]}" for name in key)
        raise SourceChanged(f"{twice.height} rows share a key that was unique, ({', '.join(key)}): first {first}")


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


def _date_pattern(date_format: str) -> str:
    return re.sub(r"%[A-Za-z]", lambda part: _DATE_PARTS[part[0]], re.escape(date_format).replace(r"\%", "%"))


def xml_root(content: bytes, expected: str, *, max_bytes: int = MAX_BYTES) -> etree._Element:
    """The root of an XML document: well-formed, without a document type, entities or anything fetched."""
    refuse_page(content, expected)
    if len(content) > max_bytes:
        raise SourceChanged(f"expected {expected} of at most {max_bytes:,} bytes, found {len(content):,}")
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise unexpected(content, f"expected {expected}")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise unexpected(content, f"the XML is cut short or damaged ({error})", SourceUnavailable) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise SourceChanged(f"expected {expected} without a document type: found {opening(content)}")
    return root


def children(element: etree._Element) -> list[etree._Element]:
    """The elements inside `element`, where no text may stand: a damaged tag is text."""
    found = list(element)
    for text in (element.text, *(child.tail for child in found)):
        if text and str(text).strip():
            raise SourceChanged(f"expected only elements in <{element.tag}>: found the text “{str(text).strip()[:80]}”")
    return found


def attributes(element: etree._Element, tag: str, *names: str) -> tuple[str, ...]:
    """The values of exactly the attributes `names` of an element that must be a `tag`."""
    found = {str(name): str(value) for name, value in element.attrib.items()}
    if element.tag != tag or set(found) != set(names):
        raise SourceChanged(f"expected <{tag}> with {', '.join(names)}: found <{element.tag}> with {found}")
    return tuple(found[name] for name in names)
