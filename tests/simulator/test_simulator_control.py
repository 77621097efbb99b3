"""The control interface: which requests a fault concerns, what was seen, and what a mistake is told."""

from datetime import date

import httpx
import pytest

from simulator.control import Control
from tests.simulator.conftest import BROWSER, SetClock
from tests.simulator.simulated_paths import DAILY, finra, nse

SESSION, OTHER = date(2026, 3, 3), date(2026, 3, 4)
HOLIDAY = date(2026, 1, 26)


def statuses(http: httpx.Client, *paths: str) -> list[int]:
    return [http.get(path).status_code for path in paths]


def test_a_fault_of_one_session_spares_the_others(simulator: Control, http: httpx.Client) -> None:
    """And every other feed."""
    simulator.fault("nse_equity", "unavailable", session=SESSION)
    assert statuses(http, nse(SESSION), nse(OTHER), finra(SESSION), DAILY) == [503, 200, 200, 200]


def test_a_counted_fault_heals_itself(simulator: Control, http: httpx.Client) -> None:
    """After so many GET requests that it concerned; a HEAD sees it and does not use it up."""
    simulator.fault("nse_equity", "unavailable", session=SESSION, count=2)
    assert http.head(nse(SESSION)).status_code == 503
    assert statuses(http, nse(OTHER), nse(SESSION), nse(SESSION), nse(SESSION)) == [200, 503, 503, 200]
    assert simulator.faults() == []


def test_faults_queue(simulator: Control, http: httpx.Client) -> None:
    """The first one asked for comes first."""
    simulator.fault("ecb_fx", "unavailable", count=1)
    simulator.fault("ecb_fx", "rate_limited", count=1)
    assert statuses(http, DAILY, DAILY, DAILY) == [503, 429, 200]


def test_a_fault_of_a_file_waits_for_the_file(simulator: Control, http: httpx.Client) -> None:
    """A holiday has nothing to truncate: the fault stays for a request that it can concern."""
    simulator.fault("nse_equity", "truncated", count=1)
    assert statuses(http, nse(HOLIDAY)) == [404]
    assert [fault.count for fault in simulator.faults()] == [1]


def test_a_page_may_stand_where_no_file_is(simulator: Control, http: httpx.Client) -> None:
    """A block or an outage comes before the question of what is published."""
    simulator.fault("nse_equity", "html")
    assert statuses(http, nse(HOLIDAY)) == [200]


def test_healing_one_feed_leaves_the_others_ill(simulator: Control, http: httpx.Client) -> None:
    """Without a feed, all are healed."""
    simulator.fault("ecb_fx", "unavailable")
    simulator.fault("nse_equity", "unavailable")
    simulator.clear_faults("ecb_fx")
    assert statuses(http, DAILY, nse(SESSION)) == [200, 503]
    simulator.clear_faults()
    assert statuses(http, DAILY, nse(SESSION)) == [200, 200]


def test_every_request_to_a_source_is_remembered(simulator: Control, http: httpx.Client, clock: SetClock) -> None:
    """In order, with the simulator's time, who asked for what, and what it got; control requests are not."""
    simulator.fault("ecb_fx", "unavailable", count=1)
    statuses(http, DAILY, nse(HOLIDAY))
    http.head("/example.org/robots.txt")
    seen = simulator.requests()
    assert [(entry.method, entry.path, entry.status) for entry in seen] == [
        ("GET", DAILY, 503),
        ("GET", nse(HOLIDAY), 404),
        ("HEAD", "/example.org/robots.txt", 404),
    ]
    assert [(entry.feed, entry.session, entry.fault) for entry in seen] == [
        ("ecb_fx", date(2026, 11, 30), "unavailable"),
        ("nse_equity", HOLIDAY, None),
        (None, None, None),
    ]
    assert {entry.at for entry in seen} == {clock.at}
    assert {entry.user_agent for entry in seen} == {BROWSER}
    assert all(entry.client.startswith("127.0.0.1:") for entry in seen)
    assert [entry.path for entry in simulator.requests("nse_equity")] == [nse(HOLIDAY)]
    simulator.forget_requests()
    assert simulator.requests() == []


def test_a_reset_undoes_everything(simulator: Control, http: httpx.Client) -> None:
    """Faults, restatements, memory."""
    before = http.get(nse(SESSION)).content
    simulator.restate("nse_equity", SESSION)
    simulator.fault("nse_equity", "unavailable")
    simulator.reset()
    assert (simulator.faults(), simulator.requests()) == ([], [])
    assert http.get(nse(SESSION)).content == before


def test_a_closed_day_has_no_publication(simulator: Control) -> None:
    """None, where a session has its time."""
    assert simulator.publication("nse_equity", HOLIDAY) is None
    assert simulator.publication("nse_equity", SESSION) is not None


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("faults", '{"feed": "nse", "kind": "html"}', "no feed 'nse' here: expected one of ecb_fx, finra_short"),
        ("faults", '{"feed": "ecb_fx", "kind": "wrong_count"}', "no fault 'wrong_count' of ecb_fx: expected one of"),
        ("faults", '{"feed": "ecb_fx"}', "kind: Field required"),
        ("faults", '{"feed": "ecb_fx", "kind": "html", "cuont": 1}', "cuont: Extra inputs are not permitted"),
        ("faults", '{"feed": "ecb_fx", "kind": "html", "count": 0}', "count: Input should be greater than"),
        ("faults", "html", "Invalid JSON"),
        ("restatements", '{"feed": "nse_equity", "session": "2026-01-26"}', "no session of XNSE: Republic Day"),
        ("restatements", '{"feed": "nse_equity", "session": "2020-01-01"}', "nse_equity starts on 2024-07-08"),
    ],
)
def test_a_mistake_is_told_in_one_line(simulator: Control, http: httpx.Client, path: str, body: str, told: str) -> None:
    """With status 400; nothing is put in force."""
    answer = http.post(f"/_simulator/{path}", content=body)
    assert answer.status_code == 400
    assert told in answer.text
    assert "\n" not in answer.text
    assert simulator.faults() == []


def test_the_state_names_what_can_be_asked_for(http: httpx.Client) -> None:
    """Seed, clock, feeds and the faults of each."""
    state = http.get("/_simulator").json()
    assert sorted(state["feeds"]) == ["ecb_fx", "finra_short_volume", "nse_equity"]
    assert state["now"].startswith("2026-12-01T00:00:00")
    assert {"html", "stale", "comma_decimals"} <= set(state["feeds"]["ecb_fx"]["faults"])


def test_sources_only_answer_get_and_head(http: httpx.Client) -> None:
    """As a file server does."""
    assert http.post(DAILY).status_code == 405


def test_a_url_keeps_host_and_path(simulator: Control) -> None:
    """The way in which the Http port rewrites it."""
    assert simulator.url("https://cdn.finra.org/a/b.txt") == f"{simulator.base_url}/cdn.finra.org/a/b.txt"
