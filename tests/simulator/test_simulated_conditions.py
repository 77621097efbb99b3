"""Conditional requests: a client that has a file already is told so, and is told when it no longer has it."""

from datetime import date, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import httpx
import pytest

from simulator.control import Control
from tests.simulator.conftest import SetClock
from tests.simulator.simulated_paths import DAILY, finra, nse

SESSION = date(2026, 3, 2)
PATHS = pytest.mark.parametrize("path", [nse(SESSION), finra(SESSION), DAILY], ids=["nse", "finra", "ecb"])


@PATHS
def test_the_same_etag_is_not_modified(http: httpx.Client, path: str) -> None:
    """304 without a body, with the ETag again."""
    tag = http.get(path).headers["ETag"]
    again = http.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)


@PATHS
@pytest.mark.parametrize(("later", "status"), [(0, 304), (1, 304), (-1, 200)])
def test_a_file_not_modified_since_is_not_sent(http: httpx.Client, path: str, later: int, status: int) -> None:
    """To the second of Last-Modified."""
    modified = parsedate_to_datetime(http.get(path).headers["Last-Modified"])
    since = format_datetime(modified + timedelta(seconds=later), usegmt=True)
    assert http.get(path, headers={"If-Modified-Since": since}).status_code == status


def test_the_etag_goes_before_the_date(http: httpx.Client) -> None:
    """RFC 9110: If-Modified-Since is ignored beside If-None-Match."""
    modified = http.get(DAILY).headers["Last-Modified"]
    headers = {"If-None-Match": '"other"', "If-Modified-Since": modified}
    assert http.get(DAILY, headers=headers).status_code == 200


def test_a_condition_that_is_no_date_is_ignored(http: httpx.Client) -> None:
    """The file is sent."""
    assert http.get(DAILY, headers={"If-Modified-Since": "yesterday"}).status_code == 200


@pytest.mark.parametrize(
    ("feed", "path"),
    [("nse_equity", nse(SESSION)), ("finra_short_volume", finra(SESSION)), ("ecb_fx", DAILY)],
)
def test_a_restated_session_is_another_file_from_then_on(
    simulator: Control, http: httpx.Client, clock: SetClock, feed: str, path: str
) -> None:
    """New content, a new ETag, a later Last-Modified; once more, another again. Before, it was what it was."""
    # ECB: the restated session is the newest one by this clock.
    published = simulator.publication(feed, SESSION)
    assert published is not None
    clock.at = published + timedelta(hours=1)
    first = http.get(path)
    clock.at += timedelta(hours=1)
    assert simulator.restate(feed, SESSION) == 1
    second = http.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert second.content != first.content
    assert len(second.content) > len(first.content) * 0.99
    assert parsedate_to_datetime(second.headers["Last-Modified"]) == clock.at.replace(microsecond=0)
    clock.at += timedelta(hours=1)
    assert simulator.restate(feed, SESSION) == 2
    assert http.get(path).content not in (first.content, second.content)
    clock.at -= timedelta(minutes=90)
    assert http.get(path).content == first.content


def test_a_restatement_changes_no_other_session(simulator: Control, http: httpx.Client) -> None:
    """Nor any other feed: neither their content nor their Last-Modified."""
    paths = nse(date(2026, 3, 3)), finra(SESSION), DAILY
    before = [(answer.content, answer.headers) for answer in map(http.get, paths)]
    simulator.restate("nse_equity", SESSION)
    assert [(answer.content, answer.headers) for answer in map(http.get, paths)] == before


@PATHS
@pytest.mark.parametrize("kind", ["wrong_date", "stale", "truncated"])
def test_a_fault_is_sent_to_who_holds_the_good_file(
    simulator: Control, http: httpx.Client, path: str, kind: str
) -> None:
    """Whatever the condition: no 304 hides a fault that a test asked for."""
    modified = http.get(path).headers["Last-Modified"]
    for feed in ("nse_equity", "finra_short_volume", "ecb_fx"):
        simulator.fault(feed, kind)
    assert http.get(path, headers={"If-Modified-Since": modified}).status_code == 200
