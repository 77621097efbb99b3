"""The payload archive: what goes in comes out, once, whole, and without secrets."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from threading import Barrier

import pytest

from dagster_project.adapter import Payload
from dagster_project.io.payloads import PayloadArchive
from dagster_project.io.store_errors import PayloadDamaged, PayloadMissing, StoreError

SESSION = date(2026, 2, 1)
FETCHED = datetime(2026, 2, 1, 12, 30, tzinfo=UTC)


def payload(content: bytes = b"PK\x03\x04 a zip", after: timedelta = timedelta(0), etag: str = '"1"') -> Payload:
    return Payload(content, "https://source.example/file.zip", FETCHED + after, {"etag": etag})


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.fixture(params=["folder", "URL of a folder", "object store"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an archive may be: the same promises hold in each place."""
    return {
        "folder": str(tmp_path),
        "URL of a folder": f"file://{tmp_path}",
        "object store": f"memory://{tmp_path}",
    }[request.param]


def test_a_payload_comes_back_as_it_came(root: str) -> None:
    """Content, address, time and headers are those of the fetch."""
    archive = PayloadArchive(root)
    stored = archive.put("nse_equity", SESSION, payload(), "run-1")
    assert stored.sha256 == sha256(payload().content).hexdigest()
    assert stored.is_new
    assert PayloadArchive(root).get("nse_equity", SESSION, stored.sha256) == payload()


def test_the_same_bytes_again_are_not_new_and_change_nothing(root: str) -> None:
    """A second fetch of the same bytes keeps the first one's time and headers."""
    archive = PayloadArchive(root)
    first = archive.put("nse_equity", SESSION, payload(), "run-1")
    again = archive.put("nse_equity", SESSION, payload(after=timedelta(hours=1), etag='"2"'), "run-2")
    assert (again.sha256, again.path, again.is_new) == (first.sha256, first.path, False)
    assert archive.get("nse_equity", SESSION, first.sha256) == payload()


def test_payloads_are_listed_in_the_order_of_their_fetches(root: str) -> None:
    """The list has every payload of the session and none of another."""
    archive = PayloadArchive(root)
    contents = [b"third", b"first", b"second"]
    hours = [3, 1, 2]
    for content, hour in zip(contents, hours, strict=True):
        archive.put("nse_equity", SESSION, payload(content, after=timedelta(hours=hour)), "run")
    archive.put("nse_equity", SESSION + timedelta(days=1), payload(b"another session"), "run")
    listed = archive.list("nse_equity", SESSION)
    assert [archive.get("nse_equity", SESSION, each.sha256).content for each in listed] == [
        b"first",
        b"second",
        b"third",
    ]
    assert not any(each.is_new for each in listed)


def test_an_unknown_session_lists_nothing(root: str) -> None:
    """A session without payloads is an empty list, not an error."""
    assert PayloadArchive(root).list("nse_equity", SESSION) == []


def test_an_unknown_hash_is_missing(root: str) -> None:
    """The error names hash, feed, session and place."""
    with pytest.raises(PayloadMissing, match=r"no payload abc of nse_equity for 2026-02-01 at .*payloads/nse_equity"):
        PayloadArchive(root).get("nse_equity", SESSION, "abc")


def test_the_layout_is_feed_session_hash(tmp_path: Path) -> None:
    """Two files, whose names a person can predict, and nothing unfinished beside them."""
    stored = PayloadArchive(tmp_path).put("nse_equity", SESSION, payload(), "run-1")
    folder = f"payloads/nse_equity/2026-02-01/{stored.sha256}"
    assert files(tmp_path) == {folder, f"{folder}.json"}
    assert stored.path == str(tmp_path / folder)


def test_the_sidecar_says_how_the_payload_came(tmp_path: Path) -> None:
    """Address, time in UTC, headers, number of bytes and run; a time in another zone is converted."""
    india = timezone(timedelta(hours=5, minutes=30))
    came = Payload(b"12345", "https://source.example/f", FETCHED.astimezone(india), {"etag": '"1"'})
    stored = PayloadArchive(tmp_path).put("nse_equity", SESSION, came, "run-1")
    assert json.loads(Path(stored.path + ".json").read_text()) == {
        "url": "https://source.example/f",
        "fetched_at": "2026-02-01T12:30:00+00:00",
        "headers": {"etag": '"1"'},
        "bytes": 5,
        "run_id": "run-1",
    }


@pytest.mark.parametrize(
    "header",
    [
        "Set-Cookie",
        "cookie",
        "Authorization",
        "Proxy-Authorization",
        "WWW-Authenticate",
        "X-Api-Key",
        "x-session-token",
    ],
)
def test_a_header_that_opens_something_is_dropped(tmp_path: Path, header: str) -> None:
    """Whatever its case; the other headers stay."""
    stored = PayloadArchive(tmp_path).put(
        "f", SESSION, Payload(b"x", "https://a.example", FETCHED, {header: "opensesame", "etag": '"1"'}), "run"
    )
    sidecar = Path(stored.path + ".json").read_text()
    assert "opensesame" not in sidecar
    assert json.loads(sidecar)["headers"] == {"etag": '"1"'}


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.example/x?date=20260201&apikey=opensesame", "https://a.example/x?date=20260201&apikey=***"),
        ("https://a.example/x?X-Amz-Signature=opensesame&n=1", "https://a.example/x?X-Amz-Signature=***&n=1"),
        ("https://me:opensesame@a.example:8443/x", "https://a.example:8443/x"),
        ("http://a.example/x?from=2026-02-01%2F02&empty=&flag", "http://a.example/x?from=2026-02-01%2F02&empty=&flag"),
    ],
    ids=["a key in the query", "a signed address", "a password in the address", "nothing secret: unchanged"],
)
def test_an_address_is_stored_without_its_secrets(tmp_path: Path, url: str, kept: str) -> None:
    """The rest of the address stays, since it says where the payload came from."""
    archive = PayloadArchive(tmp_path)
    stored = archive.put("f", SESSION, Payload(b"x", url, FETCHED), "run")
    assert archive.get("f", SESSION, stored.sha256).url == kept


def test_a_payload_without_its_sidecar_is_completed_by_putting_it_again(tmp_path: Path) -> None:
    """A run that dies between the two files leaves nothing that counts as stored; the next one finishes."""
    archive = PayloadArchive(tmp_path)
    stored = archive.put("f", SESSION, payload(), "run-1")
    Path(stored.path + ".json").unlink()
    assert archive.list("f", SESSION) == []
    with pytest.raises(PayloadMissing):
        archive.get("f", SESSION, stored.sha256)
    assert archive.put("f", SESSION, payload(), "run-2").is_new
    assert archive.get("f", SESSION, stored.sha256) == payload()


def test_an_unfinished_file_is_not_listed(tmp_path: Path) -> None:
    """What a killed run left half-written is neither a payload nor in the way of one."""
    archive = PayloadArchive(tmp_path)
    stored = archive.put("f", SESSION, payload(), "run-1")
    path = Path(stored.path + ".json")
    (path.parent / f".{path.name}.0123").write_bytes(b"{")
    assert [each.sha256 for each in archive.list("f", SESSION)] == [stored.sha256]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """A header that cannot be written fails before the bytes are."""
    archive = PayloadArchive(tmp_path)
    with pytest.raises(TypeError):
        archive.put("f", SESSION, Payload(b"x", "https://a.example", FETCHED, {"etag": object()}), "run")  # type: ignore[dict-item]
    assert files(tmp_path) == set()


def test_damaged_bytes_are_refused(root: str) -> None:
    """A payload is checked against its hash when it is read: never other bytes than were received."""
    archive = PayloadArchive(root)
    stored = archive.put("f", SESSION, payload(), "run-1")
    archive._fs.pipe_file(stored.path, b"other")
    with pytest.raises(PayloadDamaged, match="holds 5 bytes with sha256"):
        archive.get("f", SESSION, stored.sha256)


def test_writers_of_the_same_bytes_at_once_store_them_once(tmp_path: Path) -> None:
    """Exactly one of eight finds them new, and the sidecar is that one's."""
    archive, together = PayloadArchive(tmp_path), Barrier(8)

    def put(number: int) -> bool:
        together.wait()
        return archive.put("f", SESSION, payload(b"x" * 100_000), f"run-{number}").is_new

    with ThreadPoolExecutor(8) as threads:
        is_new = list(threads.map(put, range(8)))
    (stored,) = archive.list("f", SESSION)
    assert is_new.count(True) == 1
    assert json.loads(Path(stored.path + ".json").read_text())["run_id"] == f"run-{is_new.index(True)}"
    assert len(files(tmp_path)) == 2


def test_a_naive_time_is_refused(tmp_path: Path) -> None:
    """A fetch without a zone could be any hour of two days."""
    naive = Payload(b"x", "https://a.example", FETCHED.replace(tzinfo=None))
    with pytest.raises(StoreError, match="naive"):
        PayloadArchive(tmp_path).put("f", SESSION, naive, "run")
    assert files(tmp_path) == set()


@pytest.mark.parametrize("feed", ["../escape", "a/b", "", "Upper", "prices_history", "1st"])
def test_a_feed_name_that_would_leave_its_place_is_refused(tmp_path: Path, feed: str) -> None:
    """A feed's name is a folder's name, in every part of the store."""
    with pytest.raises(StoreError, match="feed name"):
        PayloadArchive(tmp_path).put(feed, SESSION, payload(), "run")
    assert files(tmp_path) == set()
