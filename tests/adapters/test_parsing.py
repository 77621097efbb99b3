"""The parsing functions: what they take, and what each thing that they do not take is called."""

import io
import struct
import zipfile
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from dagster_project.adapter import (
    AccessDenied,
    AdapterError,
    Column,
    NotYetPublished,
    RateLimited,
    SourceChanged,
    SourceUnavailable,
)
from dagster_project.parsing import (
    attributes,
    children,
    day,
    delimited,
    only_member,
    require,
    require_session,
    text_lines,
    typed,
    unexpected,
    without_count,
    xml_root,
)
from dagster_project.parsing.pages import is_page, is_wall

NAME = r"data_[0-9]{8}\.csv"
TEXT = b"a,b\n1,2\n" * 100


def zipped(*members: tuple[str, bytes], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", packed) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return whole.getvalue()


GOOD = zipped(("data_20260201.csv", TEXT))


def with_flag(content: bytes, at: int, value: int) -> bytes:
    """A zip whose local and central headers both have a two-byte field changed (`at` within the local one)."""
    central = content.index(b"PK\x01\x02") + at + 2
    return (
        content[:at]
        + struct.pack("<H", value)
        + content[at + 2 : central]
        + struct.pack("<H", value)
        + content[central + 2 :]
    )


def with_size(content: bytes, size: int) -> bytes:
    """A zip that says its member would inflate to `size` bytes."""
    central = content.index(b"PK\x01\x02") + 24
    told = struct.pack("<I", size)
    return content[:22] + told + content[26:central] + told + content[central + 4 :]


def test_the_only_member_of_a_zip_is_read() -> None:
    """Deflated or stored."""
    assert only_member(GOOD, NAME) == TEXT
    assert only_member(zipped(("data_20260201.csv", TEXT), packed=zipfile.ZIP_STORED), NAME) == TEXT


@pytest.mark.parametrize(
    ("payload", "expected", "words"),
    [
        pytest.param(b"", SourceUnavailable, "empty body", id="nothing"),
        pytest.param(TEXT, SourceChanged, "found “a,b", id="a file that was not zipped"),
        pytest.param(GOOD[:-40], SourceUnavailable, "cut short", id="cut before its directory"),
        pytest.param(GOOD[40:], SourceChanged, "expected a zip", id="cut at its start"),
        pytest.param(GOOD.replace(b"PK\x01\x02", b"PK\x01\x03"), SourceUnavailable, "damaged", id="a bad directory"),
        pytest.param(
            GOOD[:50] + bytes([GOOD[50] ^ 1]) + GOOD[51:], SourceUnavailable, "damaged", id="a bit changed: the CRC"
        ),
        pytest.param(zipped(), SourceChanged, "0 members", id="an empty zip"),
        pytest.param(zipped(("data_20260201.csv", b""), ("x", b"")), SourceChanged, "2 members", id="two members"),
        pytest.param(zipped(("other.csv", TEXT)), SourceChanged, "other.csv", id="another name"),
        pytest.param(zipped(("../data_20260201.csv", TEXT)), SourceChanged, "../data", id="a path that climbs"),
        pytest.param(zipped(("data_20260201.csv/", b"")), SourceChanged, "data_20260201.csv/", id="a folder"),
        pytest.param(
            zipped(("data_20260201.csv", TEXT), packed=zipfile.ZIP_LZMA), SourceChanged, "method 14", id="not deflated"
        ),
        pytest.param(with_flag(GOOD, 6, 1), SourceChanged, "encrypted", id="encrypted"),
        pytest.param(
            zipped(("data_20260201.csv", bytes(900_000))), SourceChanged, "200 to one", id="a bomb, by its ratio"
        ),
        pytest.param(
            zipped(("data_20260201.csv", bytes(range(256)) * 5000), packed=zipfile.ZIP_STORED),
            SourceChanged,
            "1,000,000 bytes",
            id="too long",
        ),
        pytest.param(
            with_size(zipped(("data_20260201.csv", bytes(900_000))), 10_000),
            SourceUnavailable,
            "damaged",
            id="a bomb that says it is small: no more than it says is inflated",
        ),
        pytest.param(with_size(GOOD, len(TEXT) + 1), SourceUnavailable, "its zip says", id="shorter than it says"),
    ],
)
def test_any_other_zip_is_an_error(payload: bytes, expected: type[AdapterError], words: str) -> None:
    """Damaged is asked for again; different is for the owner."""
    with pytest.raises(AdapterError, match=words.replace(".", r"\.")) as caught:
        only_member(payload, NAME, max_bytes=1_000_000)
    assert type(caught.value) is expected


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"a,b\n1,2", b"a,b\r\n1,2\r\n"])
def test_lines_end_as_the_source_likes(content: bytes) -> None:
    """LF, CRLF, and a last line without an end: the text is the same."""
    assert text_lines(content, "a file") == ["a,b", "1,2"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"a,b\n1,\xff\n", "line 2: byte 0xff is no utf-8 text", id="bytes that are no text"),
        pytest.param(b"a,b\n1,2\n3,\x00\n", r"line 3: a control character, '\x00'", id="a zero byte"),
        pytest.param(b"a,b\r1,2\r", r"line 1: a control character, '\r'", id="lines of another system"),
        pytest.param("a,b\n1,\u2028\n".encode(), "line 2: a control character", id="a line end of Unicode"),
    ],
)
def test_what_is_no_text_is_named_with_its_line(content: bytes, words: str) -> None:
    """A person finds it in the file."""
    with pytest.raises(SourceChanged) as caught:
        text_lines(content, "a file")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        pytest.param(["h", "r", "2"], "holds 1 rows and its last line says 2", id="fewer rows"),
        pytest.param(["h", "r", "r", "1"], "holds 2 rows and its last line says 1", id="more rows"),
        pytest.param(["h", "r", "r"], "the last, is “r”", id="no count"),
        pytest.param(["h", "r", "1.0"], "the last, is “1.0”", id="no plain count"),
        pytest.param(["h"], "the last, is “h”", id="a header alone"),
    ],
)
def test_a_count_must_be_right(lines: list[str], words: str) -> None:
    """A file that says how long it is and is not, is cut short."""
    with pytest.raises(SourceUnavailable, match=words):
        without_count(lines)
    assert without_count(["h", "r", "1"]) == ["h", "r"]


def test_rows_are_split_at_every_separator() -> None:
    """Nothing is a quote, a comment or a missing value: all is text."""
    rows = delimited(["a|b|c", 'NAN|"x|', "#1||NULL"], "a|b|c", "|")
    assert rows.rows() == [("NAN", '"x', ""), ("#1", "", "NULL")]


@pytest.mark.parametrize(
    ("lines", "expected", "words"),
    [
        pytest.param(["a,b", "1,2", "1"], SourceChanged, "line 3 has 1 fields, expected 2", id="a short row"),
        pytest.param(["a,b", "1,2,3"], SourceChanged, "line 2 has 3 fields, expected 2", id="a long row"),
        pytest.param(["a,b", "1,2", ""], SourceChanged, "line 3 has 1 fields", id="a blank line"),
        pytest.param(["a,b,", "1,2,"], SourceChanged, "expected the header “a,b”", id="a phantom column"),
        pytest.param(["A,b", "1,2"], SourceChanged, "expected the header “a,b”", id="another case"),
        pytest.param(["\ufeffa,b", "1,2"], SourceChanged, "expected the header", id="a byte order mark"),
        pytest.param([], SourceChanged, "found nothing", id="nothing"),
        pytest.param(["a,b"], SourceUnavailable, "no rows", id="no rows"),
        pytest.param(["Access Denied"], AccessDenied, "Access Denied", id="a refusal without a page"),
    ],
)
def test_a_row_has_the_fields_of_the_header(lines: list[str], expected: type[AdapterError], words: str) -> None:
    """None is filled, cut or skipped."""
    with pytest.raises(AdapterError, match=words) as caught:
        delimited(lines, "a,b", ",")
    assert type(caught.value) is expected


COLUMNS = {
    "day": Column(pl.Date, "a day"),
    "price": Column(pl.Decimal(12, 2), "a price", is_nullable=True),
    "count": Column(pl.Int64, "a count"),
    "name": Column(pl.String, "a name"),
}
NAMES = {"day": "D", "price": "P", "count": "C", "name": "N"}


def values(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["D", "P", "C", "N"], orient="row")


def test_values_are_exact() -> None:
    """Decimals keep every place; text is kept as it is; empty is null where it may be."""
    table = typed(
        values(("2026-02-01", "1234567890.05", "007", "NAN"), ("2026-02-01", "", "9223372036854775807", " NULL ")),
        COLUMNS,
        NAMES,
    )
    assert table.rows() == [
        (date(2026, 2, 1), Decimal("1234567890.05"), 7, "NAN"),
        (date(2026, 2, 1), None, 9223372036854775807, " NULL "),
    ]
    assert table.schema == {name: column.dtype for name, column in COLUMNS.items()}


GOOD_ROW = {"D": "2026-02-01", "P": "1.25", "C": "3", "N": "x"}


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        pytest.param("P", "1.255", "not a number with at most 2 decimal places", id="Polars would round it"),
        pytest.param("P", "1e3", "not a number", id="Polars would take it"),
        pytest.param("P", "+1", "not a number", id="a plus"),
        pytest.param("P", "1.", "not a number", id="a bare point"),
        pytest.param("P", "1,25", "not a number", id="a decimal comma"),
        pytest.param("P", "1 ", "not a number", id="a blank"),
        pytest.param("P", "-1.25", "not a number", id="below zero where nothing is"),
        pytest.param("P", "NaN", "not a number", id="not a number"),
        pytest.param("P", "12345678901.00", "not a number", id="more digits than the type holds"),
        pytest.param("P", "١", "not a number", id="digits of another script"),
        pytest.param("C", "3.0", "not a whole number", id="a decimal"),
        pytest.param("C", "", "not a whole number", id="nothing where something must be"),
        pytest.param("C", "9223372036854775808", "not a whole number", id="more than 64 bits"),
        pytest.param("D", "2026-02-29", "not a date like", id="no such day"),
        pytest.param("D", "2026-2-1", "not a date like", id="a short month"),
        pytest.param("D", "01-02-2026", "not a date like", id="another order"),
        pytest.param("N", "", "not text", id="empty text"),
        pytest.param("N", "  ", "not text", id="blank text"),
    ],
)
def test_a_value_of_another_form_is_named_with_its_place(column: str, text: str, words: str) -> None:
    """Line, column and value; never rounded, filled in or null."""
    rows = pl.DataFrame([GOOD_ROW, GOOD_ROW, GOOD_ROW | {column: text}])
    with pytest.raises(SourceChanged) as caught:
        typed(rows, COLUMNS, NAMES)
    assert str(caught.value).startswith(f"line 4, column {column}: “{text}” is {words}")


def test_only_a_signed_column_goes_below_zero() -> None:
    """A price has no sign; a change has."""
    rows = pl.DataFrame([GOOD_ROW | {"P": "-0.50"}])
    assert typed(rows, COLUMNS, NAMES, signed={"price"})["price"].to_list() == [Decimal("-0.50")]


def test_a_constant_that_changes_is_named_with_its_line() -> None:
    """What every row said once, every row must say."""
    rows = values(("x", "", "", ""), ("x", "", "", "r"))
    require(rows, {"D": "x", "P": ""})
    with pytest.raises(SourceChanged, match="line 3, column N: found “r” where every row was empty"):
        require(rows, {"N": ""})
    with pytest.raises(SourceChanged, match="line 2, column D: found “x” where every row was “y”"):
        require(rows, {"D": "y"})


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        pytest.param(["2026-01-30"] * 2, NotYetPublished, id="the session before is still there"),
        pytest.param(["2026-02-03"] * 2, SourceChanged, id="a later one"),
        pytest.param(["2026-02-02", "2026-01-30"], SourceChanged, id="two sessions in one file"),
        pytest.param(["2026-1-30"] * 2, SourceChanged, id="dates of another form"),
        pytest.param(["2026-01-32"] * 2, SourceChanged, id="no dates"),
        pytest.param(["", ""], SourceChanged, id="nothing"),
    ],
)
def test_the_file_s_own_dates_count(dates: list[str], expected: type[AdapterError]) -> None:
    """Its name may say what it likes."""
    require_session(pl.Series("D", ["2026-02-02"] * 2), date(2026, 2, 2))
    with pytest.raises(AdapterError, match="expected 2026-02-02") as caught:
        require_session(pl.Series("D", dates), date(2026, 2, 2))
    assert type(caught.value) is expected


def test_a_day_has_exactly_its_form() -> None:
    """What Python would take besides is no date here."""
    assert day("2026-02-01") == date(2026, 2, 1)
    assert day("20260201", "%Y%m%d") == date(2026, 2, 1)
    assert [day(text) for text in ("20260201", "2026-W05-7", "2026-2-1", "2026-02-30", "٢٠٢٦-٠٢-٠١", "")] == [None] * 6


BOMB = (
    "<!DOCTYPE a [<!ENTITY a '0123456789'>"
    + "".join(f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><a x='&i;'>&i;</a>"
).encode()


@pytest.mark.parametrize(
    ("content", "expected", "words"),
    [
        pytest.param(b"<a><b>", SourceUnavailable, "cut short or damaged", id="not closed"),
        pytest.param(b"<a>\x00</a>", SourceUnavailable, "cut short or damaged", id="a zero byte"),
        pytest.param(BOMB, SourceUnavailable, "cut short or damaged", id="entities that grow"),
        pytest.param(
            b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a>&x;</a>",
            SourceChanged,
            "without a document type",
            id="an entity from a file",
        ),
        pytest.param(b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'><a/>", SourceChanged, "document type", id="a DTD"),
        pytest.param(b"<a>" * 3000 + b"</a>" * 3000, SourceUnavailable, "damaged", id="deeper than anything"),
        pytest.param(b"<a>" + b" " * 30_000 + b"</a>", SourceChanged, "at most 30,000 bytes", id="too long"),
        pytest.param(b"{}", SourceChanged, "found “{}”", id="no XML"),
        pytest.param(b"<?xml version='1.0'?><html><body>x</body></html>", SourceChanged, "an HTML page", id="a page"),
        pytest.param(b"<Error><Code>AccessDenied</Code>", AccessDenied, "AccessDenied", id="a refusal, cut"),
    ],
)
def test_xml_holds_no_surprises(content: bytes, expected: type[AdapterError], words: str) -> None:
    """Nothing is expanded, fetched or repaired."""
    with pytest.raises(AdapterError, match=words) as caught:
        xml_root(content, "an XML file", max_bytes=30_000)
    assert type(caught.value) is expected


def test_elements_have_exactly_what_they_had() -> None:
    """Text between elements is a tag that was damaged; an attribute more is a change."""
    root = xml_root(b"<a><b c='1' d='2'/>\n<!-- x --><b c='3' d='4'/></a>", "an XML file")
    assert [attributes(child, "b", "d", "c") for child in children(root)] == [("2", "1"), ("4", "3")]
    with pytest.raises(SourceChanged, match="expected <b> with c"):
        attributes(children(root)[0], "b", "c")
    with pytest.raises(SourceChanged, match="found the text “b c='1'/>”"):
        children(xml_root(b"<a><b c='0'/>b c='1'/><b/></a>", "an XML file"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"\n\n<!DOCTYPE html><html>", True, id="blank lines first, as NSE's error page"),
        pytest.param(b"\xef\xbb\xbf<HTML>", True, id="a byte order mark"),
        pytest.param(b"<!-- x --><head><title>Object moved</title>", True, id="no html element"),
        pytest.param(b"<?xml version='1.0'?><!DOCTYPE html PUBLIC ''><html/>", True, id="XHTML"),
        pytest.param(b"<?xml version='1.0'?><feed><title>Rates</title></feed>", False, id="a feed has a title too"),
        pytest.param(b"symbol,<html>", False, id="data that mentions it"),
        pytest.param(b"<htmlx/>", False, id="another element"),
        pytest.param(b"", False, id="nothing"),
    ],
)
def test_a_page_is_known_by_its_first_element(content: bytes, expected: bool) -> None:
    """Whatever name or type it is served under."""
    assert is_page(content) is expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"<html><h1>Service Temporarily Unavailable</h1>", SourceUnavailable, id="NSE, 2026-07-17"),
        pytest.param(b"<html><title>502 Bad Gateway</title>", SourceUnavailable, id="a proxy"),
        pytest.param(b"<html><body>Down for scheduled maintenance</body>", SourceUnavailable, id="maintenance"),
        pytest.param(b"<html><title>SEC.gov | Request Rate Threshold Exceeded</title>", RateLimited, id="SEC: rate"),
        pytest.param(b"<html><body>Too Many Requests</body>", RateLimited, id="429 as a page"),
        pytest.param(
            b"<html><title>Undeclared Automated Tool</title><body>at most 10 requests per second</body>",
            AccessDenied,
            id="SEC: who are you? The small print is about the rate",
        ),
        pytest.param(b"<html><title>Access Denied</title><body>Reference #18</body>", AccessDenied, id="Akamai"),
        pytest.param(b"<html><body><p>Please solve this CAPTCHA</body>", AccessDenied, id="a riddle"),
        pytest.param(b"<html><script>var captcha, forbidden</script><h1>Hello</h1>", SourceChanged, id="in a script"),
        pytest.param(b"<html><title>404 Not Found</title>", SourceChanged, id="a page that only is one"),
        pytest.param(b"symbol,name\n" + b"X,CAPTCHA LTD\n" * 200, SourceChanged, id="a word in long data"),
    ],
)
def test_the_words_of_a_page_choose_the_error(content: bytes, expected: type[AdapterError]) -> None:
    """They say what to do next: wait, slow down, or call somebody."""
    assert type(unexpected(content, "expected a file")) is expected


def test_a_message_shows_what_was_found_on_one_line() -> None:
    """The headline of a page, the first bytes of anything else, nothing that upsets a terminal."""
    assert str(unexpected(b"<html><title>A\n B</title><h1>C</h1>", "expected x")) == (
        "expected x: found an HTML page, “A B · C”"
    )
    assert str(unexpected(b"\x1b[2Ja\r\nb\xff" + b"c" * 500, "expected x")).startswith(
        "expected x: found “[2Ja b\\xffccc"
    )
    assert len(str(unexpected(b"c" * 5000, "expected x"))) < 200


def test_the_wait_that_a_page_asks_for_is_told() -> None:
    """It is for whoever schedules the next attempt."""
    error = unexpected(b"<html>Too many requests, try again after 10 minutes", "expected x")
    assert isinstance(error, RateLimited)
    assert error.retry_after == timedelta(minutes=10)


def test_a_store_s_access_denied_is_no_wall() -> None:
    """S3 says it of a key that is not there, in XML; a page that says it is about us."""
    assert not is_wall(b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>")
    assert not is_wall(b"<html><title>403 Forbidden</title></html>")
    assert is_wall(b"<html><title>Access Denied</title></html>")
    assert is_wall(b"<html><body>Request blocked. Try again later.</body></html>")
    assert is_wall(b"<html><body>the number of requests has exceeded</body></html>")
