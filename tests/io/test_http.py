"""The HTTP port against a real server that does as a script says: what becomes of each answer."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from time import monotonic

import pytest

from dagster_project.adapter import (
    AccessDenied,
    AdapterError,
    NotYetPublished,
    RateLimited,
    SourceChanged,
    SourceUnavailable,
)
from dagster_project.io.answers import Answer, RecentAnswers
from dagster_project.io.http import HttpClient, Patience, Sources

NOW = datetime(2026, 2, 2, 12, 0, tzinfo=UTC)
HURRIED = Patience(
    connect=timedelta(seconds=2),
    read=timedelta(seconds=2),
    total=timedelta(seconds=5),
    attempts=3,
    first_wait=timedelta(milliseconds=1),
    longest_wait=timedelta(milliseconds=2),
    jitter=timedelta(0),
)
Script = Callable[["Request"], Iterable[bytes]]


class Request(str):
    """The head of a request, as it was sent."""

    def header(self, name: str) -> str | None:
        lines = (line.partition(": ") for line in self.split("\r\n")[1:])
        return next((value for key, _, value in lines if key.lower() == name), None)


class Source:
    """A server that answers each request with the bytes of its script, and keeps what it was asked."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.requests: list[Request] = []
        self.connections = 0
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while head := self._head(connection):
                self.requests.append(head)
                for part in self._script(head):
                    connection.sendall(part)
                if self._closes(head):
                    return

    def _closes(self, head: Request) -> bool:
        return head.split(" ")[1].endswith("/then-close")

    @staticmethod
    def _head(connection: socket.socket) -> Request | None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = connection.recv(1)
            if not part:
                return None
            head += part
        return Request(head.decode())

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends a thread's wait in accept; close alone does not
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def serving(script: Script, patience: Patience = HURRIED, **options: object) -> Iterator[tuple[Source, HttpClient]]:
    source = Source(script)
    http = HttpClient(user_agent="marketday (a@b.example)", clock=lambda: NOW, patience=patience, **options)  # type: ignore[arg-type]
    try:
        yield source, http
    finally:
        http.close()
        source.close()


def answer(status: int = 200, body: bytes = b"data", **headers: str) -> list[bytes]:
    """A plain answer whose length is stated."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", *lines])
    return [f"{head}\r\n\r\n".encode() + body]


def in_turn(*answers: list[bytes]) -> Script:
    """Each answer once, the last one for ever."""
    rest = chain(answers, repeat(answers[-1]))
    return lambda request: next(rest)


def drip(*, seconds: float, part: bytes = b"x") -> Iterator[bytes]:
    """A part every 50 ms."""
    pace = threading.Event()
    for _ in range(int(seconds / 0.05)):
        pace.wait(0.05)
        yield part


S3_ABSENT = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
BLOCKED = (
    b"<html><title>ERROR: The request could not be satisfied</title><body>Request blocked. Try again later.</body>"
)
THROTTLED = (
    b"<html><body>The number of requests per second has exceeded the limit, try again after 10 minutes</body></html>"
)
UNDECLARED = (
    b"<html><head><title>Your Request Originates from an Undeclared Automated Tool</title></head>"
    b"<body>Users are limited to 10 requests per second</body></html>"
)


@pytest.mark.parametrize(
    ("status", "absent", "body", "expected"),
    [
        pytest.param(404, (404,), b"", NotYetPublished, id="404 is no file yet"),
        pytest.param(404, (403,), b"", SourceChanged, id="404 where it is not the way to say so: the address is wrong"),
        pytest.param(403, (403,), S3_ABSENT, NotYetPublished, id="an object store says AccessDenied of an absent key"),
        pytest.param(403, (403,), BLOCKED, AccessDenied, id="a wall is a wall, whatever its status usually means"),
        pytest.param(403, (403,), THROTTLED, RateLimited, id="so is a limit"),
        pytest.param(403, (404,), BLOCKED, AccessDenied, id="403"),
        pytest.param(403, (404,), THROTTLED, RateLimited, id="403 by which NSE says too fast"),
        pytest.param(403, (404,), UNDECLARED, AccessDenied, id="the headline counts before the small print"),
        pytest.param(401, (404,), b"", AccessDenied, id="401"),
        pytest.param(429, (404,), b"", RateLimited, id="429"),
        pytest.param(408, (404,), b"", SourceUnavailable, id="408 is a time-out"),
        pytest.param(410, (404,), b"", SourceChanged, id="410 is gone for good"),
        pytest.param(500, (404,), b"", SourceUnavailable, id="500"),
        pytest.param(503, (404,), b"", SourceUnavailable, id="503"),
        pytest.param(204, (404,), b"", SourceChanged, id="204 is a success without data"),
        pytest.param(304, (404,), b"", SourceChanged, id="304 where nothing was remembered"),
        pytest.param(302, (404,), b"", SourceChanged, id="a redirect to nowhere"),
    ],
)
def test_a_status_is_the_error_that_says_what_happens_next(
    status: int, absent: tuple[int, ...], body: bytes, expected: type[AdapterError]
) -> None:
    """Statuses become errors in one place, and the words of a page correct its status."""
    with serving(lambda _: answer(status, body if status not in (204, 304) else b"")) as (source, http):
        with pytest.raises(AdapterError, match=f"answered {status}") as caught:
            http.get(f"{source.url}/file", absent=absent)
        assert type(caught.value) is expected


def test_the_minutes_in_a_page_are_the_time_to_wait() -> None:
    """NSE answers 403 with a page that asks for ten minutes."""
    with serving(lambda _: answer(403, THROTTLED)) as (source, http):
        with pytest.raises(RateLimited) as caught:
            http.get(f"{source.url}/file")
        assert caught.value.retry_after == timedelta(minutes=10)
        assert len(source.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_unavailable_source_is_asked_again(status: int) -> None:
    """Two failures and an answer make an answer."""
    with serving(in_turn(answer(status), answer(status), answer())) as (source, http):
        assert http.get(f"{source.url}/file").content == b"data"
        assert len(source.requests) == 3


def test_an_unavailable_source_is_given_up_after_the_last_attempt() -> None:
    """The attempts are counted, not unlimited."""
    with serving(lambda _: answer(503)) as (source, http):
        with pytest.raises(SourceUnavailable, match="answered 503"):
            http.get(f"{source.url}/file")
        assert len(source.requests) == HURRIED.attempts


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429])
def test_nothing_else_is_asked_again(status: int) -> None:
    """Asking again makes a refusal worse, and an absent file no more present."""
    with serving(lambda _: answer(status)) as (source, http):
        with pytest.raises(AdapterError):
            http.get(f"{source.url}/file")
        assert len(source.requests) == 1


def test_a_broken_connection_is_asked_again() -> None:
    """The first connection is closed without an answer."""
    answers = iter([[], answer()])
    with serving(lambda _: next(answers)) as (source, http):
        url = f"{source.url}/then-close"
        assert http.get(url).content == b"data"


def test_a_source_that_is_not_there_is_unavailable() -> None:
    """Nobody listens at the port; nobody has the name."""
    with serving(lambda _: answer()) as (source, http):
        source.close()
        with pytest.raises(SourceUnavailable, match="does not answer"):
            http.get(f"{source.url}/file")
        with pytest.raises(SourceUnavailable, match="does not answer"):
            http.get("http://nobody.invalid/file")


def test_a_short_retry_after_is_honoured() -> None:
    """The source is asked again after exactly the second that it asked for."""
    with serving(in_turn(answer(429, Retry_After="1"), answer())) as (source, http):
        started = monotonic()
        assert http.get(f"{source.url}/file").content == b"data"
        assert 1 <= monotonic() - started < 3


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param("3600", timedelta(hours=1), id="seconds"),
        pytest.param("Mon, 02 Feb 2026 13:30:00 GMT", timedelta(minutes=90), id="a date"),
        pytest.param("99999999999999999999", timedelta(days=1), id="no end of seconds is a day"),
        pytest.param("soon", None, id="nothing readable"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_long_retry_after_is_told(said: str, expected: timedelta | None) -> None:
    """It is not waited for here: whoever schedules knows it from the error."""
    with serving(lambda _: answer(429, Retry_After=said)) as (source, http):
        with pytest.raises(RateLimited) as caught:
            http.get(f"{source.url}/file")
        assert caught.value.retry_after == expected
        assert len(source.requests) == 1


IMPATIENT = Patience(total=timedelta(seconds=0.4), attempts=1)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(lambda _: drip(seconds=5, part=b""), id="silence"),
        pytest.param(lambda _: chain([b"HTTP/1.1 200 x\r\nX-Drip: "], drip(seconds=5)), id="a header that never ends"),
        pytest.param(lambda _: chain([b"HTTP/1.1 200 x\r\nContent-Length: 999\r\n\r\n"], drip(seconds=5)), id="a body"),
        pytest.param(lambda _: chain([b"HTTP/1.1 503 x\r\n\r\n"], drip(seconds=5)), id="the body of an error"),
        pytest.param(lambda _: chain(drip(seconds=0.3, part=b""), answer(302, Location="/again")), id="redirects"),
    ],
)
def test_a_slow_drip_cannot_hang(script: Script) -> None:
    """Each wait is shorter than any limit on one wait: only the deadline of the whole answer ends it."""
    with serving(script, IMPATIENT) as (source, http):
        started = monotonic()
        with pytest.raises(SourceUnavailable):
            http.get(f"{source.url}/file")
        assert monotonic() - started < 2


def test_a_wait_for_the_next_bytes_is_limited() -> None:
    """A connection that died silently is noticed long before the whole answer's deadline."""
    patience = Patience(read=timedelta(seconds=0.2), total=timedelta(seconds=60), attempts=1)
    with serving(lambda _: drip(seconds=5, part=b""), patience) as (source, http):
        started = monotonic()
        with pytest.raises(SourceUnavailable, match="ReadTimeout"):
            http.get(f"{source.url}/file")
        assert monotonic() - started < 2


def test_a_probe_asks_once_and_within_its_time() -> None:
    """A sensor has five seconds and comes back anyway."""
    with serving(lambda _: answer(503)) as (source, http):
        with pytest.raises(SourceUnavailable):
            http.with_timeout(timedelta(seconds=5)).head(f"{source.url}/file")
        assert len(source.requests) == 1
    with serving(lambda _: drip(seconds=5, part=b"")) as (source, http):
        started = monotonic()
        with pytest.raises(SourceUnavailable):
            http.with_timeout(timedelta(seconds=0.2)).head(f"{source.url}/file")
        assert monotonic() - started < 2


def endless(head: bytes, part: bytes) -> Script:
    return lambda _: chain([head], repeat(part))


def chunk(part: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(part), part)


def two_members() -> bytes:
    return gzip.compress(b"one") + gzip.compress(b"two")


CHUNKED = b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED_GZIP = b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
BOMB = gzip.compress(bytes(50_000_000))
GZIP_HEADER = gzip.compress(b"")[:10]
EMPTY_BLOCKS = b"\x00\x00\x00\xff\xff" * 1000


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(
            lambda _: [b"HTTP/1.1 200 x\r\nContent-Length: 2000000000\r\n\r\n"],
            "would send 2,000,000,000 bytes",
            id="a length that is stated too long is not waited for",
        ),
        pytest.param(endless(CHUNKED, chunk(b"x" * 4000)), "more than the 10,000 bytes", id="a body without end"),
        pytest.param(endless(b"HTTP/1.1 200 x\r\n\r\n", b"x" * 4000), "more than the 10,000", id="nor a length"),
        pytest.param(lambda _: answer(200, BOMB, Content_Encoding="gzip"), "would send", id="a big gzip bomb"),
        pytest.param(
            lambda _: answer(200, gzip.compress(BOMB), Content_Encoding="gzip"), "more than", id="a small gzip bomb"
        ),
        pytest.param(
            lambda _: answer(200, gzip.compress(BOMB), Content_Encoding="gzip, gzip"), "gzip was asked", id="nested"
        ),
        pytest.param(lambda _: answer(200, b"x", Content_Encoding="br"), "gzip was asked", id="not asked for"),
        pytest.param(
            endless(CHUNKED_GZIP + chunk(GZIP_HEADER), chunk(EMPTY_BLOCKS)),
            "more than",
            id="gzip without end or content",
        ),
        pytest.param(
            lambda _: answer(200, two_members(), Content_Encoding="gzip"), "behind the end", id="more behind the gzip"
        ),
    ],
)
def test_a_body_longer_than_expected_is_refused(script: Script, expected: str) -> None:
    """Decoded bytes count, nothing is read to its end, and what an answer says of its length is not believed."""
    with serving(script) as (source, http), pytest.raises(SourceChanged, match=expected):
        http.get(f"{source.url}/file", max_bytes=10_000)


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(b"HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\ndata", id="shorter than stated"),
        pytest.param(CHUNKED + chunk(b"data"), id="no last chunk"),
        pytest.param(answer(200, gzip.compress(b"data")[:-9], Content_Encoding="gzip")[0], id="gzip without its end"),
        pytest.param(answer(200, b"\x1f\x8bdata", Content_Encoding="gzip")[0], id="gzip that is none"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", id="no HTTP"),
    ],
)
def test_a_body_that_is_cut_short_is_no_answer(part: bytes) -> None:
    """It is asked for again, and never handed over."""
    with serving(lambda _: [part]) as (source, http):
        with pytest.raises(SourceUnavailable):
            http.get(f"{source.url}/then-close")
        assert len(source.requests) == HURRIED.attempts


def test_gzip_is_undone() -> None:
    """The payload is what the source has, not how it travelled."""
    body = b"text " * 1000
    with serving(lambda _: answer(200, gzip.compress(body), Content_Encoding="gzip")) as (source, http):
        assert http.get(f"{source.url}/file", max_bytes=len(body)).content == body
        assert source.requests[0].header("accept-encoding") == "gzip"


@pytest.mark.parametrize(
    ("mark", "asked"),
    [("ETag", "if-none-match"), ("Last-Modified", "if-modified-since")],
)
def test_an_unchanged_file_is_not_sent_again(mark: str, asked: str) -> None:
    """The second request is conditional, and 304 gives the remembered body, fetched now."""
    stamp = "Mon, 02 Feb 2026 11:00:00 GMT"

    def script(request: Request) -> list[bytes]:
        return answer(304, b"") if request.header(asked) == stamp else answer(200, b"data", **{mark: stamp})

    with serving(script) as (source, http):
        first = http.get(f"{source.url}/file")
        later = http.with_timeout(timedelta(seconds=5)).get(f"{source.url}/file")
        assert source.requests[1].header(asked) == stamp
        assert (later.content, later.headers, later.fetched_at) == (first.content, first.headers, NOW)


def test_a_changed_file_replaces_the_remembered_one() -> None:
    """What counts is the last answer, not the first."""
    with serving(in_turn(answer(ETag="1"), answer(200, b"new", ETag="2"), answer(304, b""))) as (source, http):
        assert [http.get(f"{source.url}/file").content for _ in range(3)] == [b"data", b"new", b"new"]
        assert [request.header("if-none-match") for request in source.requests] == [None, "1", "2"]


def test_a_body_whose_end_nobody_stated_is_not_remembered() -> None:
    """It may have been cut short, and a 304 would then repeat that for ever."""
    with serving(lambda _: [b"HTTP/1.1 200 x\r\nETag: 1\r\n\r\ndata"]) as (source, http):
        for _ in range(2):
            assert http.get(f"{source.url}/then-close").content == b"data"
        assert source.requests[1].header("if-none-match") is None


def test_the_memory_forgets_the_oldest_first() -> None:
    """Its size is bounded by the bytes of the bodies."""
    memory = RecentAnswers(max_bytes=10)
    for address in ("a", "b"):
        memory.remember(address, Answer({}, b"12345"))
    assert memory.recall("a")
    memory.remember("c", Answer({}, b"1"))
    memory.remember("d", Answer({}, b"much too long"))
    assert [address for address in "abcd" if memory.recall(address)] == ["a", "c"]


def test_a_redirect_is_followed_and_recorded() -> None:
    """The payload names the address that gave it."""

    def script(request: Request) -> list[bytes]:
        return answer() if " /new " in request else answer(302, b"", Location="/new")

    with serving(script) as (source, http):
        assert http.get(f"{source.url}/old").url == f"{source.url}/new"
        assert http.head(f"{source.url}/old")["content-length"] == "4"


def test_redirects_without_end_are_refused() -> None:
    """Five are followed."""
    with serving(lambda _: answer(301, b"", Location="/again")) as (source, http):
        with pytest.raises(SourceChanged, match="more than 5 redirects"):
            http.get(f"{source.url}/file")
        assert len(source.requests) == 6


@pytest.mark.parametrize("location", ["http://plain.example/file", "ftp://x.example/", "file:///etc/passwd"])
def test_a_redirect_away_from_https_is_refused(location: str) -> None:
    """Nor is a file of this machine the source's answer."""
    source = Source(lambda _: answer(302, b"", Location=location))
    http = HttpClient(user_agent="x", clock=lambda: NOW, sources=Sources(source.url), patience=HURRIED)
    with pytest.raises(SourceChanged, match="expected an https address"):
        http.get("https://host.example/file")
    http.close()
    source.close()


def test_another_host_does_not_see_a_login() -> None:
    """A redirect elsewhere takes along what names us, not what lets us in."""
    with (
        serving(lambda _: answer()) as (elsewhere, _),
        serving(lambda _: answer(302, b"", Location=f"{elsewhere.url}/file")) as (source, http),
    ):
        http.get(f"{source.url}/file", headers={"Authorization": "Bearer s3cret", "Referer": "r"})
        assert source.requests[0].header("authorization") == "Bearer s3cret"
        assert elsewhere.requests[0].header("authorization") is None
        assert elsewhere.requests[0].header("referer") == "r"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://host.example/a/b.zip", "http://127.0.0.1:9/host.example/a/b.zip"),
        ("https://host.example:8443/a?b=c&d", "http://127.0.0.1:9/host.example:8443/a?b=c&d"),
        ("https://host.example", "http://127.0.0.1:9/host.example/"),
    ],
)
def test_the_simulator_speaks_for_every_host(url: str, expected: str) -> None:
    """The host becomes the first part of the path; live, an address stays as it is."""
    assert Sources("http://127.0.0.1:9/").address(url) == expected
    assert Sources().address(url) == url


def test_a_simulated_redirect_stays_with_the_simulator() -> None:
    """A source redirects to its own addresses, which the simulator answers too."""

    def script(request: Request) -> list[bytes]:
        if " /old.example/file " in request:
            return answer(301, b"", Location="https://new.example/file")
        return answer(301, b"", Location="/moved") if " /new.example/file " in request else answer()

    source = Source(script)
    http = HttpClient(user_agent="x", clock=lambda: NOW, sources=Sources(source.url), patience=HURRIED)
    assert http.get("https://old.example/file").url == f"{source.url}/new.example/moved"
    http.close()
    source.close()


@pytest.mark.parametrize("status", [200, 401, 404, 410, 429, 503])
def test_no_error_shows_a_secret(status: int) -> None:
    """Neither a login in the address, nor the values of its query, nor a header."""
    with serving(lambda _: answer(status, b"x" * 9)) as (source, http):
        url = f"{source.url.replace('//', '//user:s3cret@')}/file?key=s3cret&date=2026-02-02"
        with pytest.raises(AdapterError) as caught:
            http.get(url, headers={"X-Key": "s3cret"}, max_bytes=4)
        assert "s3cret" not in str(caught.value)
        assert "/file?key=…&date=…" in str(caught.value)


def test_a_payload_shows_no_login() -> None:
    """Its address and headers are stored beside it."""
    with serving(lambda _: answer(200, b"data", Set_Cookie="s3cret=1", X_Kept="Yes")) as (source, http):
        payload = http.get(f"{source.url.replace('//', '//user:s3cret@')}/file?date=2026")
        assert payload.url == f"{source.url}/file?date=2026"
        assert payload.headers == {"content-length": "4", "x-kept": "Yes"}


def test_a_request_says_who_asks() -> None:
    """The User-Agent has a contact, unless the adapter gives another."""
    with serving(lambda _: answer()) as (source, http):
        http.get(f"{source.url}/file")
        http.get(f"{source.url}/file", headers={"User-Agent": "Mozilla/5.0"})
        assert [request.header("user-agent") for request in source.requests] == [
            "marketday (a@b.example)",
            "Mozilla/5.0",
        ]


def test_connections_are_kept() -> None:
    """Many requests to a source cost one connection."""
    with serving(lambda _: answer()) as (source, http):
        for _ in range(5):
            http.get(f"{source.url}/file")
        assert (len(source.requests), source.connections) == (5, 1)


def test_threads_may_share_a_port() -> None:
    """Sensors run on threads: twenty are answered only once all twenty have asked."""
    all_there = threading.Barrier(20, timeout=5)

    def script(request: Request) -> list[bytes]:
        all_there.wait()
        return answer()

    with serving(script, replace(HURRIED, attempts=1)) as (source, http), ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda number: http.get(f"{source.url}/{number}").content, range(20)))
    assert found == [b"data"] * 20


def test_a_proxy_is_used_where_one_is_set() -> None:
    """It is asked for the whole address; the simulator stands on this side of it."""
    proxy = Source(lambda _: answer())
    with serving(lambda _: answer(), proxy=proxy.url) as (source, http):
        assert http.get("http://host.example/file").content == b"data"
        simulated = HttpClient(
            user_agent="x", clock=lambda: NOW, sources=Sources(source.url), proxy="http://127.0.0.1:1"
        )
        assert simulated.get("http://host.example/file").content == b"data"
        simulated.close()
    assert proxy.requests[0].startswith("GET http://host.example/file ")
    proxy.close()
