"""FINRA's short volume: absent files, names that look like nothing, volumes with fractions."""

from datetime import date
from decimal import Decimal
from types import ModuleType

import pytest

from dagster_project.adapter import AdapterError, NotYetPublished, SourceChanged, SourceUnavailable
from dagster_project.registry import adapter_module, project_root
from tests.adapters.shelf import Shelf

finra: ModuleType = adapter_module("finra_short_volume", project_root())
SESSION = date(2026, 8, 19)
URL = "https://cdn.finra.org/equity/regsho/daily/CNMSshvol20260819.txt"


def payload(*rows: str, header: str = finra.HEADER, count: str | None = None, end: str = "\n") -> bytes:
    lines = [header, *(f"20260819|{row}" for row in rows), str(len(rows)) if count is None else count]
    return (end.join(line for line in lines if line) + end).encode()


GOOD = payload("A|656799.067061|7|1138358.086029|B,Q,N", "NAN|1|0|2|N")


def test_the_file_of_a_session_is_asked_for_by_its_date() -> None:
    """403 is how the store says that there is none; a probe reads no body."""
    http = Shelf({URL: GOOD})
    assert finra.fetch(SESSION, http).content == GOOD
    finra.probe(SESSION, http)
    assert http.asked == [("GET", URL), ("HEAD", URL)]
    assert all(403 in absent and 404 in absent for absent in http.absent)


def test_a_session_without_a_file_is_not_yet_published() -> None:
    """Whoever asks waits."""
    for ask in (finra.fetch, finra.probe):
        with pytest.raises(NotYetPublished):
            ask(SESSION, Shelf({}))


def test_volumes_keep_their_fractions() -> None:
    """Whole shares and fractions stand in one column."""
    assert finra.parse(GOOD, SESSION).rows() == [
        (SESSION, "A", Decimal("656799.067061"), Decimal(7), Decimal("1138358.086029"), "B,Q,N"),
        (SESSION, "NAN", Decimal(1), Decimal(0), Decimal(2), "N"),
    ]


def test_a_symbol_is_text_whatever_it_looks_like() -> None:
    """There are companies of these names."""
    symbols = ["NAN", "TRUE", "NA", "NULL", "INF", "1E5", "ACIC/U", "ALLYpA", "007"]
    table = finra.parse(payload(*(f"{symbol}|1|0|2|N" for symbol in symbols)), SESSION)
    assert table["symbol"].to_list() == symbols


def test_lines_may_end_with_a_carriage_return() -> None:
    """The text is the same."""
    assert finra.parse(payload("A|1|0|2|N", end="\r\n"), SESSION).height == 1


@pytest.mark.parametrize(
    ("content", "expected", "words"),
    [
        pytest.param(f"{finra.HEADER}\n".encode(), NotYetPublished, "no rows", id="a header alone"),
        pytest.param(f"{finra.HEADER}\r\n0\r\n".encode(), NotYetPublished, "no rows", id="a header and a count of 0"),
        pytest.param(payload("A|1|0|2|N", count="2"), SourceUnavailable, "last line says 2", id="a row lost"),
        pytest.param(payload("A|1|0|2|N", count=""), SourceUnavailable, "cut short", id="no count"),
        pytest.param(
            payload(*["A|1|0|2|N"] * 20, count="20").removesuffix(b"\n"),
            SourceUnavailable,
            "has no end",
            id="20 rows, and 20 may be the beginning of a 21st",
        ),
        pytest.param(
            payload("A|1|0|2|N").replace(b"20260819", b"20260818"), NotYetPublished, "earlier", id="the day before"
        ),
        pytest.param(payload("A|1|0|2|N").replace(b"20260819", b"20260820"), SourceChanged, "20260820", id="later"),
        pytest.param(payload("A|1|0|2|N", "A|3|0|4|N"), SourceChanged, "share a key", id="a symbol twice"),
        pytest.param(payload("A|1|0|2"), SourceChanged, "5 fields, expected 6", id="a field lost"),
        pytest.param(payload("A|1|0|2|"), SourceChanged, "column Market", id="no market"),
        pytest.param(payload("|1|0|2|N"), SourceChanged, "column Symbol", id="no symbol"),
        pytest.param(payload("A|-1|0|2|N"), SourceChanged, "column ShortVolume: “-1”", id="below zero"),
        pytest.param(payload("A|1|1.2e+06|2|N"), SourceChanged, "“1.2e+06” is not a number", id="an exponent"),
        pytest.param(payload("A|1|0|2.0000001|N"), SourceChanged, "at most 6", id="finer than the table"),
        pytest.param(payload("A|1|0|2|N", header=f"{finra.HEADER}|Venue"), SourceChanged, "header", id="a column more"),
        pytest.param(
            b"DATE|SYMBOL|SHORT VOLUME|SHORT EXEMPT VOLUME|TOTAL VOLUME|MARKET\n0\n",
            SourceChanged,
            "header",
            id="Nasdaq's",
        ),
    ],
)
def test_any_other_file_is_an_error(content: bytes, expected: type[AdapterError], words: str) -> None:
    """Cut short is asked for again, earlier is waited for, different is for the owner."""
    with pytest.raises(AdapterError) as caught:
        finra.parse(content, SESSION)
    assert type(caught.value) is expected
    assert words in str(caught.value)
