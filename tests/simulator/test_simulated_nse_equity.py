"""The simulated bhavcopy is what NSE's is, but for the values."""

import csv
import io
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

import httpx
import pytest

from simulator.indian_instruments import check_digit
from simulator.sources.nse_equity import HEADER
from simulator.world import World
from tests.simulator.simulated_paths import GENUINE, nse, shape

SESSION = date(2026, 2, 2)
FREE_TEXT = {"ISIN", "TckrSymb", "SctySrs", "FinInstrmNm"}


def rows_of(payload: bytes) -> list[dict[str, str]]:
    archive = zipfile.ZipFile(io.BytesIO(payload))
    return list(csv.DictReader(io.StringIO(archive.read(archive.namelist()[0]).decode("ascii"))))


@pytest.fixture(scope="module")
def rows(world: World) -> list[dict[str, str]]:
    return rows_of(world.content("nse_equity", "bhavcopy", SESSION))


def test_the_zip_holds_one_deflated_member_of_the_same_name(http: httpx.Client) -> None:
    """As NSE's server writes it, stamped with the hour of the publication."""
    answer = http.get(nse(SESSION))
    assert answer.headers["Content-Type"] == "application/zip"
    (member,) = zipfile.ZipFile(io.BytesIO(answer.content)).infolist()
    assert member.filename == "BhavCopy_NSE_CM_0_0_0_20260202_F_0000.csv"
    assert member.compress_type == zipfile.ZIP_DEFLATED
    assert member.date_time[:3] == (2026, 2, 2)


def test_the_text_has_34_columns_and_no_other_line_end_than_lf(world: World) -> None:
    """A header and some 3,000 rows; every line has as many fields as the header; no quotes."""
    archive = zipfile.ZipFile(io.BytesIO(world.content("nse_equity", "bhavcopy", SESSION)))
    text = archive.read(archive.namelist()[0]).decode("ascii")
    lines = text.split("\n")
    assert lines.pop() == ""
    assert {line.count(",") for line in lines} == {33}
    assert 2950 <= len(lines) - 1 <= 3100
    assert "\r" not in text
    assert '"' not in text


def test_ticker_and_series_are_a_key_and_neither_ticker_nor_isin_is(rows: list[dict[str, str]]) -> None:
    """BAJAJ-AUTO stands in two series under one ISIN, M&MFIN in two under two; a series is called NA."""
    assert max(Counter((row["TckrSymb"], row["SctySrs"]) for row in rows).values()) == 1
    assert max(Counter(row["FinInstrmId"] for row in rows).values()) == 1
    series = {
        symbol: {row["SctySrs"] for row in rows if row["TckrSymb"] == symbol} for symbol in ("BAJAJ-AUTO", "M&MFIN")
    }
    assert series == {"BAJAJ-AUTO": {"EQ", "BL"}, "M&MFIN": {"EQ", "N3"}}
    assert [isin for isin, times in Counter(row["ISIN"] for row in rows).items() if times > 1] == ["INE917I01010"]
    assert "NA" in {row["SctySrs"] for row in rows}


def test_prices_are_possible(rows: list[dict[str, str]]) -> None:
    """Low and high enclose the others, and the turnover lies between volume at the low and at the high."""
    for row in rows:
        low, high, volume = float(row["LwPric"]), float(row["HghPric"]), int(row["TtlTradgVol"])
        inside = [float(row[name]) for name in ("OpnPric", "ClsPric", "LastPric")]
        assert 0 < low <= min(inside) <= max(inside) <= high, row
        assert low * volume - 0.01 <= float(row["TtlTrfVal"]) <= high * volume + 0.01, row


@pytest.mark.parametrize(
    ("before", "session", "why"),
    [
        (date(2026, 2, 1), date(2026, 2, 2), "Monday after a Sunday with a session"),
        (date(2026, 2, 6), date(2026, 2, 9), "Monday after a weekend without one"),
    ],
)
def test_the_previous_close_is_the_close_of_the_session_before(
    world: World, before: date, session: date, why: str
) -> None:
    """The sessions follow the calendar, and tell one story."""
    closes = {row["FinInstrmId"]: row["ClsPric"] for row in rows_of(world.content("nse_equity", "bhavcopy", before))}
    rows = rows_of(world.content("nse_equity", "bhavcopy", session))
    both = [row for row in rows if row["FinInstrmId"] in closes]
    assert len(both) > 2900
    assert all(row["PrvsClsgPric"] == closes[row["FinInstrmId"]] for row in both), why


def test_a_seed_repeats_and_another_seed_is_another_world(world: World, calendars: Path) -> None:
    """Same seed, same bytes, in any process; another seed shares no price list."""
    ours = world.content("nse_equity", "bhavcopy", SESSION)
    assert World(1, calendars).content("nse_equity", "bhavcopy", SESSION) == ours
    other = rows_of(World(2, calendars).content("nse_equity", "bhavcopy", SESSION))
    assert {row["ClsPric"] for row in other[:200]} != {row["ClsPric"] for row in rows_of(ours)[:200]}


def test_isins_carry_a_true_check_digit() -> None:
    """By ISO 6166; the body is an issuer's that the sources' public notes name."""
    assert check_digit("INE917I0101") == "0"


@pytest.mark.parametrize("agent", ["python-httpx/0.28.1", "", "curl/8.5.0"])
def test_nse_refuses_who_does_not_call_itself_a_browser(http: httpx.Client, agent: str) -> None:
    """403 with a page, as its edge does."""
    answer = http.get(nse(SESSION), headers={"User-Agent": agent})
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/html")


@pytest.mark.parametrize("genuine", sorted((GENUINE / "nse_cm_udiff").glob("*.zip")), ids=lambda path: path.name)
def test_every_value_is_written_as_in_a_genuine_file(genuine: Path, rows: list[dict[str, str]]) -> None:
    """Same columns; each column's values look alike: digits where there are digits, two decimals, or nothing."""
    theirs = rows_of(genuine.read_bytes())
    assert list(theirs[0]) == HEADER.split(",")
    for column in set(theirs[0]) - FREE_TEXT:
        assert {shape(row[column]) for row in rows} <= {shape(row[column]) for row in theirs}, column
    for column in FREE_TEXT:
        assert max(len(row[column]) for row in rows) <= max(len(row[column]) for row in theirs), column
