"""Each fault does on the wire what its name says, and nothing once it is healed."""

import csv
import gzip
import io
import time
import zipfile
from datetime import date

import httpx
import pytest

from simulator.control import Control
from tests.simulator.conftest import SetClock
from tests.simulator.simulated_paths import DAILY, HISTORY, NINETY_DAYS, finra, nse

SESSION, BEFORE, AFTER = date(2026, 3, 3), date(2026, 3, 2), date(2026, 3, 4)
NSE, FINRA = nse(SESSION), finra(SESSION)
FEEDS = pytest.mark.parametrize(
    ("feed", "path"),
    [("nse_equity", NSE), ("finra_short_volume", FINRA), ("ecb_fx", DAILY)],
    ids=["nse_equity", "finra_short_volume", "ecb_fx"],
)


@pytest.fixture(autouse=True)
def _evening(clock: SetClock, simulator: Control) -> None:
    """The evening of SESSION in every zone: it is the newest one published."""
    published = simulator.publication("finra_short_volume", SESSION)
    assert published is not None
    clock.at = published


def unzipped(payload: bytes) -> tuple[str, str]:
    archive = zipfile.ZipFile(io.BytesIO(payload))
    (name,) = archive.namelist()
    return name, archive.read(name).decode()


@FEEDS
@pytest.mark.parametrize(
    ("kind", "status", "start"),
    [
        ("html", 200, b"<!DOCTYPE html>"),
        ("empty", 200, b""),
        ("blocked", 403, b"<html>"),
        ("rate_limited", 429, b"<html>"),
        ("unavailable", 503, b"<!DOCTYPE html>"),
    ],
)
def test_a_refusal_stands_in_the_place_of_the_file(
    simulator: Control, http: httpx.Client, feed: str, path: str, kind: str, status: int, start: bytes
) -> None:
    """For GET and HEAD, also for a client that holds the good file; healed, the file is what it was."""
    good = http.get(path)
    simulator.fault(feed, kind)
    answer = http.get(path, headers={"If-None-Match": good.headers["ETag"]})
    assert answer.status_code == status
    assert answer.content[: len(start)] == start
    assert answer.content != good.content
    assert http.head(path).status_code == status
    simulator.clear_faults(feed)
    assert http.get(path).content == good.content


def test_too_many_requests_says_when_to_come_back(simulator: Control, http: httpx.Client) -> None:
    """In seconds."""
    simulator.fault("ecb_fx", "rate_limited", retry_after=7)
    assert http.get(DAILY).headers["Retry-After"] == "7"


def test_being_blocked_is_not_finras_way_to_have_no_file(simulator: Control, http: httpx.Client) -> None:
    """Both are 403; the pages differ."""
    absent = http.get(finra(date(2026, 11, 26)))
    simulator.fault("finra_short_volume", "blocked")
    blocked = http.get(FINRA)
    assert (absent.status_code, blocked.status_code) == (403, 403)
    assert b"<Code>AccessDenied</Code>" in absent.content
    assert b"<Code>" not in blocked.content


@FEEDS
def test_a_stale_file_is_the_session_before_whole(
    simulator: Control, http: httpx.Client, clock: SetClock, feed: str, path: str
) -> None:
    """Under this session's name."""
    simulator.fault(feed, "stale")
    stale = http.get(path).content
    simulator.clear_faults()
    evening = clock.at
    clock.at = simulator.publication("finra_short_volume", BEFORE) or evening
    earlier = {NSE: nse(BEFORE), FINRA: finra(BEFORE), DAILY: DAILY}[path]
    assert stale == http.get(earlier).content


@FEEDS
def test_a_wrong_date_changes_the_date_and_nothing_else(
    simulator: Control, http: httpx.Client, feed: str, path: str
) -> None:
    """The day after the session unless a date is given; a zip's member keeps the right name."""
    right = http.get(path).content
    simulator.fault(feed, "wrong_date")
    wrong = http.get(path).content
    assert wrong != right
    name, text = unzipped(wrong) if path == NSE else ("20260303", wrong.decode())
    compact = text.replace("-", "")
    assert "20260303" in name
    assert "20260304" in compact
    assert "20260303" not in compact
    simulator.clear_faults()
    simulator.fault(feed, "wrong_date", dated=date(2020, 1, 2))
    payload = http.get(path).content
    assert "20200102" in (unzipped(payload)[1] if path == NSE else payload.decode()).replace("-", "")


@FEEDS
def test_a_truncated_file_is_half_of_it_with_a_length_to_match(
    simulator: Control, http: httpx.Client, feed: str, path: str
) -> None:
    """As a server has it whose own copy is cut."""
    whole = http.get(path).content
    simulator.fault(feed, "truncated")
    assert http.get(path).content == whole[: len(whole) // 2]


def test_a_truncated_zip_has_no_directory(simulator: Control, http: httpx.Client) -> None:
    """The error that clients of NSE know."""
    simulator.fault("nse_equity", "truncated")
    with pytest.raises(zipfile.BadZipFile):
        unzipped(http.get(NSE).content)


@FEEDS
def test_a_cut_connection_announces_more_than_it_sends(
    simulator: Control, http: httpx.Client, feed: str, path: str
) -> None:
    """The client sees the connection close in mid-body; the next request is served."""
    simulator.fault(feed, "cut", count=1)
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        http.get(path)
    assert http.get(path).status_code == 200


@FEEDS
def test_a_slow_body_is_whole_in_the_end(simulator: Control, http: httpx.Client, feed: str, path: str) -> None:
    """It dribbles, so that a read time-out per piece never strikes."""
    whole = http.get(path).content
    simulator.fault(feed, "slow", seconds=0.4)
    begun = time.monotonic()
    assert http.get(path, timeout=httpx.Timeout(5, read=0.3)).content == whole
    assert time.monotonic() - begun > 0.35


@FEEDS
def test_an_endless_body_goes_on_past_any_size(simulator: Control, http: httpx.Client, feed: str, path: str) -> None:
    """No length is announced; the client leaves after 8 MiB, and the server goes on serving others."""
    simulator.fault(feed, "endless", count=1)
    with http.stream("GET", path) as answer:
        assert "Content-Length" not in answer.headers
        pieces = answer.iter_bytes(1 << 20)
        assert sum(len(next(pieces)) for _ in range(8)) == 8 << 20
    assert http.get(path).status_code == 200


def test_a_bomb_is_a_small_zip_of_a_quarter_gibibyte(simulator: Control, http: httpx.Client) -> None:
    """The member has the right name, so only its size gives it away."""
    simulator.fault("nse_equity", "bomb")
    payload = http.get(NSE, timeout=30).content
    (member,) = zipfile.ZipFile(io.BytesIO(payload)).infolist()
    assert member.filename == "BhavCopy_NSE_CM_0_0_0_20260303_F_0000.csv"
    assert member.file_size == 256 << 20
    assert len(payload) < 2 << 20


@pytest.mark.parametrize(("feed", "path"), [("finra_short_volume", FINRA), ("ecb_fx", DAILY)])
def test_a_bomb_of_a_bare_file_is_its_encoding(simulator: Control, http: httpx.Client, feed: str, path: str) -> None:
    """Content-Encoding gzip: a client that decodes before it counts is lost."""
    simulator.fault(feed, "bomb")
    with http.stream("GET", path, timeout=30) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        raw = b"".join(answer.iter_raw())
    assert len(raw) < 2 << 20
    with gzip.open(io.BytesIO(raw)) as stream:
        assert sum(len(piece) for piece in iter(lambda: stream.read(8 << 20), b"")) == 256 << 20


@pytest.mark.parametrize(("path", "status"), [(NSE, 404), (FINRA, 403)])
def test_a_late_source_has_no_file_yet(simulator: Control, http: httpx.Client, path: str, status: int) -> None:
    """`unpublished`: the source is late, until the fault is healed."""
    feed = "nse_equity" if path == NSE else "finra_short_volume"
    simulator.fault(feed, "unpublished", session=SESSION)
    assert http.get(path).status_code == status
    simulator.clear_faults()
    assert http.get(path).status_code == 200


def test_a_late_ecb_still_shows_the_fixing_before(simulator: Control, http: httpx.Client, clock: SetClock) -> None:
    """And says 304 to who has it, as for any file that did not change."""
    evening = clock.at
    clock.at = simulator.publication("ecb_fx", BEFORE) or evening
    earlier = http.get(DAILY)
    clock.at = evening
    simulator.fault("ecb_fx", "unpublished", session=SESSION)
    assert http.get(DAILY).content == earlier.content
    assert http.get(DAILY, headers={"If-None-Match": earlier.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("path", [DAILY, NINETY_DAYS])
def test_comma_decimals_are_in_every_rate(simulator: Control, http: httpx.Client, path: str) -> None:
    """No point is left in a rate; the same digits stand around the comma."""
    right = http.get(path).text
    simulator.fault("ecb_fx", "comma_decimals")
    wrong = http.get(path).text
    assert "rate='1,1" in wrong.replace('"', "'")
    assert wrong.replace(",", ".") == right


def test_a_new_currency_appears_before_the_rand(simulator: Control, http: httpx.Client) -> None:
    """Once per day shown."""
    simulator.fault("ecb_fx", "added_currency")
    assert "currency='XTS' rate='1.5'/><Cube currency='ZAR'" in http.get(DAILY).text


@pytest.mark.parametrize(
    ("kind", "columns", "rows"),
    [
        ("added_column", 35, lambda count: count),
        ("fifteen_columns", 15, lambda count: count),
        ("duplicate_row", 34, lambda count: count + 1),
        ("half_the_rows", 34, lambda count: count // 2),
    ],
)
def test_nse_changes_its_table(simulator: Control, http: httpx.Client, kind: str, columns: int, rows: object) -> None:
    """Every row keeps the header's width."""
    assert callable(rows)
    _, text = unzipped(http.get(NSE).content)
    good = len(text.splitlines()) - 1
    simulator.fault("nse_equity", kind)
    _, text = unzipped(http.get(NSE).content)
    found = list(csv.reader(io.StringIO(text)))
    assert {len(row) for row in found} == {columns}
    assert len(found) - 1 == rows(good)


def test_the_fifteen_columns_are_the_older_file_under_the_new_name(simulator: Control, http: httpx.Client) -> None:
    """A comma and a space between the fields, dates as 03-Mar-2026."""
    simulator.fault("nse_equity", "fifteen_columns")
    header, first, *_ = unzipped(http.get(NSE).content)[1].splitlines()
    assert header.startswith("SYMBOL, SERIES, DATE1, PREV_CLOSE")
    assert ", 03-Mar-2026, " in first


@pytest.mark.parametrize(
    ("kind", "excess", "why"),
    [
        ("no_trailer", None, "the last line is a row"),
        ("wrong_count", 7, "the trailer counts seven more"),
        ("added_column", 0, "a seventh column, the count is right"),
        ("duplicate_row", 0, "counted as two"),
        ("half_the_rows", 0, "the count is of what is there: only the past tells that it is short"),
        ("header_only", None, "a header and nothing else"),
    ],
)
def test_finra_changes_its_table(
    simulator: Control, http: httpx.Client, kind: str, excess: int | None, why: str
) -> None:
    """And its trailer, or not."""
    good = http.get(FINRA).text.splitlines()
    simulator.fault("finra_short_volume", kind)
    header, *rows = http.get(FINRA).text.splitlines()
    if excess is None:
        assert rows == (good[1:-1] if kind == "no_trailer" else []), why
    else:
        assert int(rows.pop()) == len(rows) + excess, why
    assert {line.count("|") for line in [header, *rows]} == {6 if kind == "added_column" else 5}, why
    assert [header, *rows] != good[:-1] or kind in {"no_trailer", "wrong_count"}, why


def test_the_history_can_be_truncated_too(simulator: Control, http: httpx.Client) -> None:
    """A fault concerns every file of its feed."""
    simulator.fault("ecb_fx", "truncated")
    with pytest.raises(zipfile.BadZipFile):
        unzipped(http.get(HISTORY).content)
