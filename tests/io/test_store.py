"""The store of tables: one result per session, every earlier one readable, whatever dies or races."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from random import Random
from threading import Barrier

import duckdb
import polars as pl
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import DeltaError
from polars.testing import assert_frame_equal

from dagster_project.io.store import Publication, Store
from dagster_project.io.store_errors import PublicationConflict, StoreError, TableRefused
from dagster_project.io.store_tables import open_or_create

FEED = "prices"
KEY = ("session", "symbol")
MONDAY, TUESDAY = date(2026, 2, 2), date(2026, 2, 3)
NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)
RECORD = ["_version", "_known_from", "_payload", "_content"]


def at(hours: float) -> datetime:
    """An instant so many hours after NOON."""
    return NOON + timedelta(hours=hours)


def prices(session: date = MONDAY, **price: str | None) -> pl.DataFrame:
    """A table of symbols and their prices, with each kind of column that a feed has."""
    price = price or {"NAN": "1.50", "TRUE": "2.25", "A": None}
    rows = len(price)
    return pl.DataFrame(
        {
            "session": [session] * rows,
            "symbol": list(price),
            "price": pl.Series([value and Decimal(value) for value in price.values()], dtype=pl.Decimal(18, 4)),
            "volume": pl.Series(range(rows), dtype=pl.Int64),
            "weight": pl.Series([float("nan")] * rows, dtype=pl.Float64),
            "published": pl.Series([NOON] * rows, dtype=pl.Datetime("us", "UTC")),
        }
    )


def publish(
    store: Store,
    frame: pl.DataFrame | None = None,
    *,
    hours: float = 0,
    session: date = MONDAY,
    run_id: str = "run-1",
    transaction: tuple[str, int] | None = None,
) -> Publication:
    return store.publish(
        FEED,
        session,
        prices(session) if frame is None else frame,
        key=KEY,
        payload_sha256=f"payload at {hours}",
        known_from=at(hours),
        run_id=run_id,
        transaction=transaction,
    )


def shown(rows: pl.DataFrame) -> dict[str, str | None]:
    """The prices of one version by symbol; fails where a symbol is there twice."""
    found = {symbol: price and str(price.normalize()) for symbol, price in rows.select("symbol", "price").rows()}
    assert len(found) == rows.height
    return found


def history(root: Path) -> pl.DataFrame:
    return pl.read_delta(str(root / "tables" / f"{FEED}_history"))


class Interrupted(Exception):
    """The run died here."""


class DiesBeforeReplacing(Store):
    """A store whose run dies after the history has the superseded version, before the session is replaced."""

    def _replace(self, *_: object) -> None:
        raise Interrupted


class DiesAfterReplacing(Store):
    """A store whose run dies when the session is replaced, before it can say so."""

    def _replace(
        self,
        table: DeltaTable,
        session: date,
        rows: pl.DataFrame,
        metadata: Mapping[str, str],
        transaction: tuple[str, int] | None,
    ) -> None:
        super()._replace(table, session, rows, metadata, transaction)
        raise Interrupted


class Pauses(Store):
    """A store that calls `meanwhile` once, after it compared and before it commits."""

    def __init__(self, root: Path, meanwhile: Callable[[], object]) -> None:
        super().__init__(root)
        self._meanwhile = meanwhile

    def _replace(
        self,
        table: DeltaTable,
        session: date,
        rows: pl.DataFrame,
        metadata: Mapping[str, str],
        transaction: tuple[str, int] | None,
    ) -> None:
        self._meanwhile()
        super()._replace(table, session, rows, metadata, transaction)


# What is stored


def test_a_published_table_is_read_as_it_was(tmp_path: Path) -> None:
    """Types, nulls, NaN, the texts NAN and TRUE, and the record of the version in every row."""
    frame = prices()
    published = publish(Store(tmp_path), frame)
    read = Store(tmp_path).read(FEED, MONDAY)
    assert read.columns == [*frame.columns, *RECORD]
    assert_frame_equal(read.select(frame.columns), frame)
    assert read.select(RECORD).unique().rows() == [(1, NOON, "payload at 0", published.content_sha256)]
    assert read.schema["_version"] == pl.Int32
    assert read.schema["_known_from"] == pl.Datetime("us", "UTC")


def test_a_first_publication_has_nothing_to_compare_with(tmp_path: Path) -> None:
    """It is new and no restatement, and its counts of changes are unknown rather than zero."""
    published = publish(Store(tmp_path))
    assert (published.version, published.is_new, published.restated, published.rows) == (1, True, False, 3)
    assert (published.rows_added, published.rows_removed, published.rows_altered) == (None, None, None)
    assert published.table_version == DeltaTable(tmp_path / "tables" / FEED).version()


def test_the_same_content_makes_no_version_and_no_commit(tmp_path: Path) -> None:
    """Neither another order of rows nor another payload makes a version; the first one's record stays."""
    store = Store(tmp_path)
    first = publish(store)
    again = publish(store, prices().reverse(), hours=1)
    assert again == Publication(1, False, False, 3, 0, 0, 0, first.content_sha256, first.table_version)
    current = store.current(FEED, MONDAY)
    assert current is not None
    assert (current.known_from, current.payload_sha256) == (NOON, "payload at 0")
    assert not (tmp_path / "tables" / f"{FEED}_history").exists()


def test_null_is_other_content_than_an_empty_text(tmp_path: Path) -> None:
    """A source that begins to say nothing where it said an empty text has restated."""
    store = Store(tmp_path)
    frame = prices(A="1").with_columns(note=pl.lit(""))
    publish(store, frame)
    restated = publish(store, frame.with_columns(note=pl.lit(None, pl.String)), hours=1)
    assert (restated.restated, restated.rows_altered) == (True, 1)


def test_other_content_is_a_restatement(tmp_path: Path) -> None:
    """Rows added, removed and altered are counted by key; a NaN or a null that stayed is no change."""
    store = Store(tmp_path)
    publish(store, prices(A="1", B="2", C=None, D="4"))
    altered = prices(A="1", B="3", C=None, E="5", F="6").with_columns(volume=pl.col("volume"))
    restated = publish(store, altered, hours=1)
    assert (restated.version, restated.is_new, restated.restated, restated.rows) == (2, True, True, 5)
    assert (restated.rows_added, restated.rows_removed, restated.rows_altered) == (2, 1, 1)
    assert shown(store.read(FEED, MONDAY)) == {"A": "1", "B": "3", "C": None, "E": "5", "F": "6"}


def test_a_restatement_leaves_the_other_sessions_alone(tmp_path: Path) -> None:
    """Their rows and versions are untouched; versions count per session."""
    store = Store(tmp_path)
    publish(store, session=MONDAY)
    publish(store, session=TUESDAY)
    before = store.read(FEED, TUESDAY)
    assert publish(store, prices(A="9"), hours=1).version == 2
    assert_frame_equal(store.read(FEED, TUESDAY), before)
    assert store.sessions(FEED) == [MONDAY, TUESDAY]


def test_all_sessions_are_read_in_order(tmp_path: Path) -> None:
    """Whatever the order in which they were published."""
    store = Store(tmp_path)
    publish(store, session=TUESDAY)
    publish(store, session=MONDAY)
    assert store.read(FEED)["session"].to_list() == [MONDAY] * 3 + [TUESDAY] * 3


def test_what_was_never_published_is_unknown(tmp_path: Path) -> None:
    """No current version and no sessions; reading a feed without a table names the place."""
    store = Store(tmp_path)
    assert store.current(FEED, MONDAY) is None
    assert store.sessions(FEED) == []
    with pytest.raises(StoreError, match=r"no table at .*tables/prices: nothing of prices was published yet"):
        store.read(FEED)
    publish(store, session=TUESDAY)
    assert store.current(FEED, MONDAY) is None
    assert store.read(FEED, MONDAY).is_empty()


def test_a_root_may_be_a_url(tmp_path: Path) -> None:
    """An address with a scheme is the same store as its folder."""
    publish(Store(f"file://{tmp_path}"))
    assert Store(tmp_path).sessions(FEED) == [MONDAY]


def test_a_commit_says_enough_to_rebuild_its_record(tmp_path: Path) -> None:
    """Feed, session, run, version, payload, content, rows and changes can be read from the commit alone."""
    store = Store(tmp_path)
    publish(store, prices(A="1", B="1"))
    published = publish(store, prices(B="2", C="3"), hours=1, run_id="run-2")
    commit = DeltaTable(tmp_path / "tables" / FEED).history(1)[0]
    assert {name: commit[name] for name in commit if name in {"feed", "session", "run_id"}} == {
        "feed": FEED,
        "session": "2026-02-02",
        "run_id": "run-2",
    }
    rebuilt = Publication(
        version=int(commit["session_version"]),
        is_new=True,
        restated=int(commit["session_version"]) > 1,
        rows=int(commit["rows"]),
        rows_added=int(commit["rows_added"]),
        rows_removed=int(commit["rows_removed"]),
        rows_altered=int(commit["rows_altered"]),
        content_sha256=commit["content_sha256"],
        table_version=commit["version"],
    )
    assert rebuilt == published
    assert (commit["payload_sha256"], datetime.fromisoformat(commit["known_from"])) == ("payload at 1", at(1))


# What was known


def test_as_of_gives_exactly_what_was_known(tmp_path: Path) -> None:
    """From the instant at which a version became known until just before the next; nothing before the first."""
    store = Store(tmp_path)
    for hours, price in [(0, "1"), (24, "2"), (72, "3")]:
        publish(store, prices(A=price), hours=hours)
    second = timedelta(microseconds=1)
    table = [
        (at(0) - second, {}, "not yet known"),
        (at(0), {"A": "1"}, "known from its instant"),
        (at(24) - second, {"A": "1"}, "until just before the next"),
        (at(24), {"A": "2"}, "the next"),
        (at(72), {"A": "3"}, "in force"),
        (at(10_000), {"A": "3"}, "still in force"),
    ]
    for instant, expected, reason in table:
        assert shown(store.read(FEED, MONDAY, as_of=instant)) == expected, reason


def test_a_superseded_version_is_in_the_history_with_its_times(tmp_path: Path) -> None:
    """Each row as it was, known from the one instant until the other."""
    store = Store(tmp_path)
    publish(store)
    before = store.read(FEED)
    publish(store, prices(A="9"), hours=3)
    kept = history(tmp_path)
    assert_frame_equal(kept.select(before.columns), before)
    assert kept["_known_until"].unique().to_list() == [at(3)]


def test_as_of_agrees_with_a_memory_of_all_that_was_published(tmp_path: Path) -> None:
    """Thirty publications of three sessions, some unchanged: at each instant, all sessions together and one by one."""
    store, random = Store(tmp_path), Random(7)
    sessions = [MONDAY, TUESDAY, date(2026, 2, 4)]
    known: dict[date, str] = {}
    memory: list[tuple[datetime, dict[date, str]]] = []
    for hour in range(30):
        session, price = random.choice(sessions), str(random.randint(1, 3))
        publish(store, prices(session, A=price), hours=hour, session=session)
        known[session] = price
        memory.append((at(hour), dict(known)))
    for instant, expected in memory:
        found = store.read(FEED, as_of=instant)
        assert {
            session: str(price.normalize()) for session, price in found.select("session", "price").rows()
        } == expected
        assert found.height == len(expected)
    instant, expected = memory[15]
    for session in sessions:
        assert shown(store.read(FEED, session, as_of=instant)) == (
            {"A": expected[session]} if session in expected else {}
        )


def test_the_past_outlives_the_log_and_the_files_of_the_table(tmp_path: Path) -> None:
    """Delta's time travel is not relied on: its log cleaned and its old files removed, a past answer stays."""
    store = Store(tmp_path)
    publish(store, prices(A="1"))
    publish(store, prices(A="2"), hours=1)
    for name in (FEED, f"{FEED}_history"):
        folder = tmp_path / "tables" / name
        DeltaTable(folder).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        table = DeltaTable(folder)
        table.create_checkpoint()
        for entry in (folder / "_delta_log").glob("*.json"):
            if int(entry.stem) < table.version():
                entry.unlink()
    with pytest.raises(DeltaError, match="No files in log segment"):
        DeltaTable(tmp_path / "tables" / FEED, version=1)
    assert shown(store.read(FEED, MONDAY, as_of=at(0))) == {"A": "1"}
    assert shown(store.read(FEED, MONDAY)) == {"A": "2"}
    assert publish(store, prices(A="3"), hours=2).version == 3


def test_a_version_cannot_become_known_before_the_one_that_it_supersedes(tmp_path: Path) -> None:
    """A clock that runs behind is refused: the past would change."""
    store = Store(tmp_path)
    publish(store, prices(A="1"), hours=1)
    for hours in (0, 1):
        with pytest.raises(StoreError, match=r"version 1 became known at 2026-02-03 13:00.*check the host's clock"):
            publish(store, prices(A="2"), hours=hours)
    assert publish(store, prices(A="1"), hours=0).version == 1


# What dies


@pytest.mark.parametrize(
    ("retried", "version", "kept"),
    [("2", 2, {1: "1"}), ("3", 2, {1: "1"}), ("1", 1, {1: "1"})],
    ids=["the same restatement", "the source restated once more", "the source took the restatement back"],
)
def test_a_run_that_died_before_replacing_is_completed_by_the_next(
    tmp_path: Path, retried: str, version: int, kept: dict[int, str]
) -> None:
    """The history has each version once, and every instant has exactly one answer, before and after the retry."""
    store = Store(tmp_path)
    publish(store, prices(A="1"))
    for hours in (1, 2):
        with pytest.raises(Interrupted):
            publish(DiesBeforeReplacing(tmp_path), prices(A="2"), hours=hours)
        for instant in (at(0), at(1), at(2), at(9)):
            assert shown(store.read(FEED, MONDAY, as_of=instant)) == {"A": "1"}
    assert publish(store, prices(A=retried), hours=3).version == version
    found = history(tmp_path)
    assert {row["_version"]: str(row["price"].normalize()) for row in found.iter_rows(named=True)} == kept
    assert found.height == len(kept)
    assert [shown(store.read(FEED, MONDAY, as_of=at(hours)))["A"] for hours in (0, 1, 2.9, 3)] == [
        "1",
        "1",
        "1",
        retried,
    ]
    if version == 2:
        assert found["_known_until"].to_list() == [at(3)]


def test_a_run_that_died_after_replacing_is_found_done(tmp_path: Path) -> None:
    """The next one sees the same content and makes no version; the commit says what the first one did."""
    store = Store(tmp_path)
    publish(store, prices(A="1"))
    with pytest.raises(Interrupted):
        publish(DiesAfterReplacing(tmp_path), prices(A="2"), hours=1, run_id="run-2")
    again = publish(store, prices(A="2"), hours=2, run_id="run-3")
    assert (again.version, again.is_new) == (2, False)
    assert DeltaTable(tmp_path / "tables" / FEED).history(1)[0]["run_id"] == "run-2"
    assert history(tmp_path).height == 1


def test_a_run_that_died_at_the_first_publication_leaves_no_session(tmp_path: Path) -> None:
    """An empty table is no result: the next run publishes version 1."""
    with pytest.raises(Interrupted):
        publish(DiesBeforeReplacing(tmp_path))
    store = Store(tmp_path)
    assert store.sessions(FEED) == []
    assert store.current(FEED, MONDAY) is None
    assert publish(store).version == 1


# Who races


@pytest.mark.parametrize("stored", [None, "1"], ids=["a first publication", "a restatement"])
def test_the_slower_of_two_writers_of_a_session_is_refused(tmp_path: Path, stored: str | None) -> None:
    """What the faster one published stays whole; the error names the table and what to do."""
    store = Store(tmp_path)
    if stored:
        publish(store, prices(A=stored))
    slower = Pauses(tmp_path, lambda: publish(store, prices(A="2", B="2"), hours=1, run_id="faster"))
    with pytest.raises(PublicationConflict, match=r"tables/prices.*another writer changed.*session = '2026-02-02'"):
        publish(slower, prices(A="3", C="3"), hours=2, run_id="slower")
    assert shown(store.read(FEED, MONDAY)) == {"A": "2", "B": "2"}
    assert shown(store.read(FEED, MONDAY, as_of=at(0))) == ({"A": stored} if stored else {})
    assert publish(store, prices(A="3", C="3"), hours=3).version == (3 if stored else 2)
    assert shown(store.read(FEED, MONDAY, as_of=at(2))) == {"A": "2", "B": "2"}


def test_writers_of_two_sessions_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Both compare before either commits, first publications and then restatements: all four are in force."""
    for hours, price in [(0, "1"), (1, "2")]:
        together = Barrier(2, timeout=60)

        def write(session: date, hours: int = hours, price: str = price, together: Barrier = together) -> int:
            store = Pauses(tmp_path, together.wait)
            return publish(store, prices(session, A=price), hours=hours, session=session).version

        with ThreadPoolExecutor(2) as threads:
            assert list(threads.map(write, [MONDAY, TUESDAY])) == [hours + 1] * 2
    assert Store(tmp_path).read(FEED)["price"].to_list() == [Decimal(2)] * 2
    assert history(tmp_path).height == 2


def test_creators_at_once_make_one_table(tmp_path: Path) -> None:
    """One of four creates it and the others open it: no second creation is committed on top."""
    for number in range(10):
        uri, together = str(tmp_path / str(number)), Barrier(4, timeout=60)

        def create(_: int, uri: str = uri, together: Barrier = together) -> int:
            together.wait()
            return open_or_create(uri, prices().schema, ["session"], None).version()

        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(create, range(4))) == [0] * 4
        assert DeltaTable(uri).version() == 0


def _race(root: str, number: int) -> int | None:
    """One process: publishes a table of its own for the same session; the version, or None where it was refused."""
    try:
        frame = prices(MONDAY, **{f"S{row}": str(number) for row in range(50)})
        return publish(Store(root), frame, hours=number, run_id=f"run-{number}").version
    except StoreError:
        return None


def test_processes_that_race_for_a_session_never_mix(tmp_path: Path) -> None:
    """Each version, past or in force, is whole and one writer's; versions count without a gap."""
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as processes:
        versions = list(processes.map(_race, [str(tmp_path)] * 6, range(1, 7)))
    won = sorted(version for version in versions if version is not None)
    assert won == list(range(1, len(won) + 1))
    assert won
    store = Store(tmp_path)
    for number, version in enumerate(versions, start=1):
        if version is not None:
            rows = store.read(FEED, MONDAY, as_of=at(number))
            assert rows["price"].to_list() == [Decimal(number)] * 50
            assert rows["_version"].to_list() == [version] * 50
    current = store.current(FEED, MONDAY)
    assert current is not None
    assert (current.version, current.rows) == (won[-1], 50)


# Who lost the lease


def test_a_fencing_token_travels_in_the_commit(tmp_path: Path) -> None:
    """The table remembers the highest one; a commit that is not made carries none."""
    store = Store(tmp_path)
    publish(store, transaction=("prices/2026-02-02", 4))
    publish(store, hours=1, transaction=("prices/2026-02-02", 5))
    assert DeltaTable(tmp_path / "tables" / FEED).transaction_version("prices/2026-02-02") == 4


def test_an_older_token_is_refused(tmp_path: Path) -> None:
    """A run that lost its lease publishes nothing, and nothing of it reaches the history."""
    store = Store(tmp_path)
    publish(store, prices(A="1"), transaction=("lease", 4))
    with pytest.raises(PublicationConflict, match="fencing token 3 of lease is older than 4"):
        publish(store, prices(A="2"), hours=1, transaction=("lease", 3))
    assert shown(store.read(FEED, MONDAY)) == {"A": "1"}
    assert not (tmp_path / "tables" / f"{FEED}_history").exists()
    assert publish(store, prices(A="2"), hours=1, transaction=("lease", 4)).version == 2


def test_a_token_older_than_the_history_s_is_refused(tmp_path: Path) -> None:
    """Where the newer holder died between history and table, the older one still may not touch what it kept."""
    store = Store(tmp_path)
    publish(store, prices(A="1"), transaction=("lease", 3))
    with pytest.raises(Interrupted):
        publish(DiesBeforeReplacing(tmp_path), prices(A="2"), hours=2, transaction=("lease", 5))
    with pytest.raises(PublicationConflict, match=r"prices_history.*fencing token 4 of lease is older than 5"):
        publish(store, prices(A="3"), hours=1, transaction=("lease", 4))
    assert history(tmp_path)["_known_until"].to_list() == [at(2)]
    assert shown(store.read(FEED)) == {"A": "1"}


def test_a_token_committed_meanwhile_refuses_the_older_writer(tmp_path: Path) -> None:
    """A run that takes over commits its token without any rows; the paused writer wakes and is refused."""

    def take_over() -> None:
        table = DeltaTable(tmp_path / "tables" / FEED)
        token = CommitProperties(app_transactions=[Transaction("lease", 2)])
        table.create_write_transaction([], mode="append", schema=table.schema(), commit_properties=token)

    store = Store(tmp_path)
    publish(store, prices(A="1"), transaction=("lease", 1))
    with pytest.raises(PublicationConflict):
        publish(Pauses(tmp_path, take_over), prices(A="2"), hours=1, transaction=("lease", 1))
    assert shown(store.read(FEED, MONDAY)) == {"A": "1"}
    assert publish(store, prices(A="3"), hours=2, transaction=("lease", 2)).version == 2


# What is refused


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        (prices().clear(), "no rows"),
        (prices(TUESDAY), r"holds \[datetime.date\(2026, 2, 3\)\], expected 2026-02-02 only"),
        (pl.concat([prices(MONDAY), prices(TUESDAY)]), "expected 2026-02-02 only"),
        (prices().drop("session"), r"lacks \['session'\]"),
        (prices().drop("symbol"), r"lacks \['symbol'\]"),
        (pl.concat([prices(), prices()]), "6 rows share their key, the first .*'NAN'"),
        (prices().with_columns(pl.col("volume").cast(pl.UInt32)), "volume has type UInt32"),
        (prices().with_columns(pl.col("published").dt.replace_time_zone(None)), "published has type Datetime"),
        (prices().with_columns(pl.col("published").dt.cast_time_unit("ns")), "published has type Datetime"),
        (prices().with_columns(pl.col("symbol").cast(pl.Categorical)), "symbol has type Categorical"),
        (prices().with_columns(_version=1), r"columns \['_version'\]"),
        (prices().with_columns(pl.lit(1).alias("a b")), r"columns \['a b'\]"),
    ],
    ids=[
        "no rows: nothing would say that the session has a result",
        "another session",
        "two sessions",
        "no session",
        "a part of the key is missing",
        "the key is not unique",
        "Delta would store it as Int32, and overflow",
        "an instant without a zone",
        "Delta would cut off nanoseconds",
        "Delta cannot write it",
        "a column of the store's own",
        "a name that Delta does not allow",
    ],
)
def test_a_frame_that_cannot_be_the_session_is_refused(tmp_path: Path, frame: pl.DataFrame, found: str) -> None:
    """Before anything is written."""
    with pytest.raises(TableRefused, match=found):
        publish(Store(tmp_path), frame)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        (prices(A="2").drop("volume"), r"column volume \(Int64\) of the stored table is gone"),
        (prices(A="2").with_columns(pl.col("volume").cast(pl.Int32)), "volume is Int32 in the frame and Int64 in the"),
        (prices(A="2").with_columns(pl.col("price").cast(pl.Decimal(18, 2))), "price is Decimal.*scale=2"),
        (prices(A="2").with_columns(Volume=1), "Volume and volume differ in case only"),
    ],
    ids=["a column is gone", "a narrower type", "another scale", "a name that other engines take for the same"],
)
def test_a_stored_column_stays_as_it_is(tmp_path: Path, frame: pl.DataFrame, found: str) -> None:
    """A column that is removed, retyped or ambiguous is refused, and the table stays."""
    store = Store(tmp_path)
    publish(store)
    with pytest.raises(TableRefused, match=found):
        publish(store, frame, hours=1)
    assert shown(store.read(FEED)) == {"NAN": "1.5", "TRUE": "2.25", "A": None}


def test_a_column_may_be_added(tmp_path: Path) -> None:
    """It is null in the older sessions and versions; the frame's order of columns does not matter afterwards."""
    store = Store(tmp_path)
    publish(store, prices(MONDAY, A="1"), session=MONDAY)
    publish(store, prices(TUESDAY, A="1"), session=TUESDAY)
    grown = prices(MONDAY, A="1").with_columns(series=pl.lit("EQ"))
    restated = publish(store, grown, hours=1)
    assert (restated.version, restated.rows_altered) == (2, 1)
    assert store.read(FEED).columns == [*grown.columns, *RECORD]
    assert store.read(FEED)["series"].to_list() == ["EQ", None]
    assert store.read(FEED, MONDAY, as_of=at(0))["series"].to_list() == [None]
    publish(store, grown.select(reversed(grown.columns)).with_columns(series=pl.lit("BE")), hours=2)
    assert store.read(FEED, MONDAY, as_of=at(1))["series"].to_list() == ["EQ"]
    assert history(tmp_path).sort("_version")["series"].to_list() == [None, "EQ"]


def test_an_added_column_that_is_empty_is_no_restatement(tmp_path: Path) -> None:
    """Nothing was said that was not known."""
    store = Store(tmp_path)
    publish(store)
    grown = prices().with_columns(series=pl.lit(None, pl.String))
    assert not publish(store, grown, hours=1).is_new


@pytest.mark.parametrize("as_of", [NOON.replace(tzinfo=None)])
def test_a_naive_instant_is_refused(tmp_path: Path, as_of: datetime) -> None:
    """An instant without a zone is a guess, in a question as in a publication."""
    store = Store(tmp_path)
    publish(store)
    with pytest.raises(StoreError, match="naive"):
        store.read(FEED, as_of=as_of)
    with pytest.raises(StoreError, match="naive"):
        store.publish(FEED, MONDAY, prices(), key=KEY, payload_sha256="", known_from=as_of, run_id="")


# Who else reads


def test_polars_reads_the_table_without_any_of_this_code(tmp_path: Path) -> None:
    """Only a folder's name is needed; what is superseded is not seen."""
    publish(Store(tmp_path), prices(A="1"))
    publish(Store(tmp_path), prices(A="2"), hours=1)
    rows = pl.scan_delta(str(tmp_path / "tables" / FEED)).filter(pl.col("session") == MONDAY).collect()
    assert shown(rows) == {"A": "2"}


def test_duckdb_reads_the_table_and_its_history_through_arrow(tmp_path: Path) -> None:
    """A question as of an instant, in SQL, over the two tables."""
    publish(Store(tmp_path), prices(A="1"))
    publish(Store(tmp_path), prices(A="2"), hours=2)
    connection = duckdb.connect()
    now = DeltaTable(tmp_path / "tables" / FEED).scan()
    before = DeltaTable(tmp_path / "tables" / f"{FEED}_history").scan()
    connection.register("now", now)
    connection.register("before", before)
    question = """
        SELECT price::VARCHAR, _version FROM now WHERE _known_from <= '2026-02-03 13:00:00+00'
        UNION ALL SELECT price::VARCHAR, _version FROM before
        WHERE _known_from <= '2026-02-03 13:00:00+00' AND _known_until > '2026-02-03 13:00:00+00'
    """
    assert connection.execute(question).fetchall() == [("1.0000", 1)]


def test_publishing_and_reading_import_neither_pandas_nor_pyarrow(tmp_path: Path) -> None:
    """The run path stays light: seen in a fresh process that publishes, restates and reads as of."""
    program = """
import sys
from datetime import UTC, date, datetime
import polars as pl
from dagster_project.adapter import Payload
from dagster_project.io.payloads import PayloadArchive
from dagster_project.io.store import Store
root, day = sys.argv[1], date(2026, 2, 2)
PayloadArchive(root).put("prices", day, Payload(b"x", "https://a.example", datetime(2026, 2, 2, tzinfo=UTC)), "run")
for hour in (1, 2):
    frame = pl.DataFrame({"session": [day], "price": [hour]})
    when = datetime(2026, 2, 2, hour, tzinfo=UTC)
    Store(root).publish("prices", day, frame, key=["session"], payload_sha256="", known_from=when, run_id="run")
assert Store(root).read("prices", as_of=datetime(2026, 2, 2, 1, tzinfo=UTC))["price"].to_list() == [1]
print(sorted({"pandas", "pyarrow", "dagster", "numpy"} & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False)
    assert (ran.stdout.strip(), ran.returncode) == ("[]", 0), ran.stderr
