"""The adapters over the real port against the simulator: what each does as its source publishes, and misbehaves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from dagster_project.adapter import (
    AccessDenied,
    Adapter,
    AdapterError,
    NotYetPublished,
    RateLimited,
    SourceChanged,
    SourceUnavailable,
)
from dagster_project.domain.table import content_sha256, problems
from dagster_project.io.http import HttpClient, Patience, Sources
from dagster_project.registry import load_adapter, project_root
from simulator.control import Control
from simulator.faults import known_faults
from simulator.server import running_simulator
from simulator.sources import find_sources

FEEDS = sorted(find_sources())
SESSION = date(2026, 2, 2)  # a Monday that all three calendars have
BEFORE = datetime(2026, 2, 2, 8, tzinfo=UTC)
AFTER = datetime(2026, 2, 3, 3, tzinfo=UTC)
HURRIED = Patience(
    attempts=2,
    first_wait=timedelta(milliseconds=1),
    longest_wait=timedelta(milliseconds=1),
    jitter=timedelta(0),
)


@dataclass
class SetClock:
    """A clock that stands where the test puts it."""

    at: datetime = AFTER

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="module")
def running(clock: SetClock) -> Iterator[Control]:
    with running_simulator(clock) as control:
        yield control


@pytest.fixture
def simulator(running: Control, clock: SetClock) -> Control:
    running.reset()
    clock.at = AFTER
    return running


@pytest.fixture
def http(simulator: Control, clock: SetClock) -> Iterator[HttpClient]:
    client = HttpClient(user_agent="marketday", clock=clock, sources=Sources(simulator.base_url), patience=HURRIED)
    yield client
    client.close()


def adapter_of(feed: str) -> Adapter:
    return load_adapter(feed, project_root())


def table_of(feed: str, http: HttpClient, session: date = SESSION) -> pl.DataFrame:
    adapter = adapter_of(feed)
    table = adapter.parse(adapter.fetch(session, http).content, session)
    assert problems(table, adapter.columns, adapter.key) == []
    assert table["session"].unique().to_list() == [session]
    return table


@pytest.mark.parametrize("feed", FEEDS)
def test_a_session_is_there_once_it_is_published(feed: str, http: HttpClient, clock: SetClock) -> None:
    """Before, the probe and the fetch say that it is not; after, both have it."""
    adapter = adapter_of(feed)
    assert adapter.probe is not None
    clock.at = BEFORE
    with pytest.raises(NotYetPublished):
        adapter.probe(SESSION, http)
    with pytest.raises(NotYetPublished):
        adapter.fetch(SESSION, http)
    clock.at = AFTER
    adapter.probe(SESSION, http)
    assert table_of(feed, http).height > 20


@pytest.mark.parametrize("feed", FEEDS)
def test_a_probe_is_one_request(feed: str, simulator: Control, http: HttpClient) -> None:
    """A sensor has five seconds for it."""
    adapter = adapter_of(feed)
    assert adapter.probe is not None
    simulator.forget_requests()
    adapter.probe(SESSION, http)
    assert len(simulator.requests(feed)) == 1


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("session", [date(2025, 12, 15), date(2025, 2, 3)])
def test_an_older_session_is_found_too(feed: str, session: date, http: HttpClient) -> None:
    """Within the last 90 days, and before: a backfill asks for any."""
    table_of(feed, http, session)


@pytest.mark.parametrize("feed", FEEDS)
def test_a_restated_session_is_another_table(feed: str, simulator: Control, http: HttpClient) -> None:
    """An unchanged file is the same table from memory; a changed one is fetched, although it was remembered."""
    key = adapter_of(feed).key
    first, again = table_of(feed, http), table_of(feed, http)
    assert content_sha256(first, key) == content_sha256(again, key)
    assert 304 in [entry.status for entry in simulator.requests(feed)]
    simulator.restate(feed, SESSION)
    assert content_sha256(table_of(feed, http), key) != content_sha256(first, key)


# What becomes of each fault, by its kind, and by its feed and kind where a source has a way of its own.
OUTCOMES: dict[str, type[AdapterError]] = {
    "added_column": SourceChanged,
    "blocked": AccessDenied,
    "blocked nse_equity": RateLimited,  # its page asks to come back in ten minutes
    "bomb": SourceChanged,
    "comma_decimals": SourceChanged,
    "cut": SourceUnavailable,
    "duplicate_row": SourceChanged,
    "empty": SourceUnavailable,
    "endless": SourceChanged,
    "fifteen_columns": SourceChanged,
    "header_only": NotYetPublished,
    "html": SourceUnavailable,
    "no_trailer": SourceUnavailable,
    "rate_limited": RateLimited,
    "slow": SourceUnavailable,
    "stale": NotYetPublished,
    "truncated": SourceUnavailable,
    "unavailable": SourceUnavailable,
    "unpublished": NotYetPublished,
    "wrong_count": SourceUnavailable,
    "wrong_date": SourceChanged,
}
# Right by all that one file says; the row count's check sees the one, and nothing is wrong with the other.
TABLES = {"half_the_rows", "added_currency"}
FAULTS = [(feed, kind) for feed in FEEDS for kind in known_faults(find_sources()[feed])]


@pytest.mark.parametrize(("feed", "kind"), [case for case in FAULTS if case[1] not in TABLES])
def test_a_fault_of_a_source_is_the_right_error(feed: str, kind: str, simulator: Control, http: HttpClient) -> None:
    """Never a table, whatever the source does."""
    simulator.fault(feed, kind)
    port = http.with_timeout(timedelta(seconds=0.5)) if kind == "slow" else http
    with pytest.raises(AdapterError) as caught:
        table_of(feed, port)
    assert type(caught.value) is OUTCOMES.get(f"{kind} {feed}", OUTCOMES.get(kind))


@pytest.mark.parametrize(("feed", "kind"), [case for case in FAULTS if case[1] in TABLES])
def test_a_file_that_is_right_in_itself_is_a_table(feed: str, kind: str, simulator: Control, http: HttpClient) -> None:
    """Fewer rows, or one more, are judged against the sessions before, not here."""
    whole = table_of(feed, http)
    simulator.fault(feed, kind)
    assert table_of(feed, http).height != whole.height


@pytest.mark.parametrize("feed", FEEDS)
def test_a_fault_that_passes_is_survived(feed: str, simulator: Control, http: HttpClient) -> None:
    """One broken answer, then the file."""
    for kind in ("unavailable", "cut"):
        simulator.fault(feed, kind, count=1)
        table_of(feed, http)
        assert simulator.faults() == []
