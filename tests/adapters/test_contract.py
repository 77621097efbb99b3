"""The contract of every adapter: over its samples, over damaged ones, and over genuine files where they are at hand.

Adapters and samples are found, never listed: a new feed is one `.py`, one `.yaml` and one sample.
"""

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random

import polars as pl
import pytest

from dagster_project.adapter import (
    AccessDenied,
    Adapter,
    AdapterError,
    RateLimited,
    SourceUnavailable,
)
from dagster_project.domain.table import content_sha256, problems
from dagster_project.registry import adapter_module, load_adapter, project_root

ROOT = project_root()
SAMPLES = Path(__file__).parent / "samples"
FEEDS = sorted(path.stem for path in (ROOT / "adapters").glob("*.py"))
FILES = sorted(path for path in SAMPLES.glob("*/*"))
each_feed = pytest.mark.parametrize("feed", FEEDS)
each_sample = pytest.mark.parametrize("sample", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")


def adapter_of(feed: str) -> Adapter:
    return load_adapter(feed, ROOT)


@cache
def whole(sample: Path) -> pl.DataFrame:
    """The table of a sample, as it is."""
    return adapter_of(sample.parent.name).parse(sample.read_bytes(), date.fromisoformat(sample.stem))


def outcome(adapter: Adapter, payload: bytes, session: date) -> pl.DataFrame | None:
    """The table of a payload, or None where it gives an AdapterError. Any other exception is a failure."""
    try:
        return adapter.parse(payload, session)
    except AdapterError:
        return None


@each_feed
def test_an_adapter_describes_itself(feed: str) -> None:
    """Its docstring names the source; each column says what it holds; the key is columns that are never empty."""
    adapter = adapter_of(feed)
    docstring = adapter_module(feed, ROOT).__doc__ or ""
    assert docstring.splitlines()[0].endswith(".")
    assert "https://" in docstring
    assert "terms of use" in docstring.lower()
    assert next(iter(adapter.columns)) == "session"
    assert adapter.columns["session"].dtype == pl.Date
    assert all(column.description for column in adapter.columns.values())
    assert adapter.key[0] == "session"
    assert len(set(adapter.key)) == len(adapter.key)
    assert not any(adapter.columns[name].is_nullable for name in adapter.key)


@each_feed
def test_an_adapter_has_a_small_sample(feed: str) -> None:
    """A sample is a payload that a person can read, in the source's own format."""
    found = [path for path in FILES if path.parent.name == feed]
    assert found
    assert all(path.stat().st_size < 10_000 for path in found)


def test_each_sample_has_an_adapter() -> None:
    """A sample without one tests nothing."""
    assert {path.parent.name for path in FILES} <= set(FEEDS)


@each_sample
def test_a_sample_becomes_the_table_that_is_declared(sample: Path) -> None:
    """Exactly the columns, the key unique, and every row of the session in the sample's name."""
    adapter, table = adapter_of(sample.parent.name), whole(sample)
    assert problems(table, adapter.columns, adapter.key) == []
    assert table["session"].unique().to_list() == [date.fromisoformat(sample.stem)]


@each_sample
def test_a_payload_parsed_again_is_the_same_table(sample: Path) -> None:
    """A stored payload is as good as its table."""
    adapter = adapter_of(sample.parent.name)
    again = adapter.parse(sample.read_bytes(), date.fromisoformat(sample.stem))
    assert content_sha256(again, adapter.key) == content_sha256(whole(sample), adapter.key)


@each_sample
@pytest.mark.parametrize("days", [-3650, -1, 1, 3650])
def test_a_payload_of_another_session_is_no_table(sample: Path, days: int) -> None:
    """The file's own date counts, not what was asked for."""
    session = date.fromisoformat(sample.stem) + timedelta(days)
    assert outcome(adapter_of(sample.parent.name), sample.read_bytes(), session) is None


@each_sample
def test_a_payload_that_is_cut_short_is_never_a_partial_table(sample: Path) -> None:
    """Cut anywhere it gives an error, or (where only a line's end is missing) the whole table."""
    adapter, payload, session = adapter_of(sample.parent.name), sample.read_bytes(), date.fromisoformat(sample.stem)
    for at in range(len(payload)):
        table = outcome(adapter, payload[:at], session)
        assert table is None or table.equals(whole(sample))


@each_sample
def test_a_damaged_payload_is_never_a_partial_table(sample: Path) -> None:
    """One byte changed gives an error, or a table that is as long and as right: a digit may be another."""
    adapter, payload, session = adapter_of(sample.parent.name), sample.read_bytes(), date.fromisoformat(sample.stem)
    random = Random(sample.name)
    for _ in range(400):
        damaged = bytearray(payload)
        damaged[random.randrange(len(payload))] = random.choice((random.randrange(256), ord("\n"), ord("0"), ord(",")))
        table = outcome(adapter, bytes(damaged), session)
        if table is not None:
            assert problems(table, adapter.columns, adapter.key) == []
            assert table.height == whole(sample).height


@each_sample
def test_a_part_of_a_payload_twice_is_no_table(sample: Path) -> None:
    """A stretch over a line's end is repeated, as when a download is resumed at the wrong place.

    Within one field it makes another value, which no reader can tell from a true one.
    """
    adapter, payload, session = adapter_of(sample.parent.name), sample.read_bytes(), date.fromisoformat(sample.stem)
    random = Random(sample.name)
    for _ in range(200):
        start, end = sorted(random.sample(range(len(payload)), k=2))
        if b"\n" not in payload[start:end]:
            continue
        table = outcome(adapter, payload[:end] + payload[start:], session)
        assert table is None or table.equals(whole(sample))


NO_DATA = [
    pytest.param(b"", SourceUnavailable, id="nothing"),
    pytest.param(b" \r\n", SourceUnavailable, id="blank"),
    pytest.param(
        b"<html><h1>Service Temporarily Unavailable</h1></html>", SourceUnavailable, id="a page that says later"
    ),
    pytest.param(
        b"\n<!DOCTYPE html><html><head><title>Access Denied</title></head></html>",
        AccessDenied,
        id="a page that says no",
    ),
    pytest.param(
        b"<HTML><body>The number of requests per second has exceeded</body></HTML>",
        RateLimited,
        id="one that says slower",
    ),
    pytest.param(b"<head><title>Document Moved</title></head>", AdapterError, id="a page that says nothing"),
    pytest.param(b"{}", AdapterError, id="JSON"),
    pytest.param(b"PK\x05\x06" + bytes(18), AdapterError, id="an empty zip"),
    pytest.param(b"<?xml version='1.0'?><a/>", AdapterError, id="another XML"),
    pytest.param(b"a,b\n1,2\n", AdapterError, id="another CSV"),
    pytest.param(b"\xff\xfe\x00\x01" * 50, AdapterError, id="bytes"),
]


@each_feed
@pytest.mark.parametrize(("payload", "expected"), NO_DATA)
def test_what_is_no_data_is_an_error(feed: str, payload: bytes, expected: type[AdapterError]) -> None:
    """A page or nothing, served with status 200, is never data."""
    with pytest.raises(expected):
        adapter_of(feed).parse(payload, date(2026, 2, 2))
