"""Sockets that never wait past a request's deadline.

httpx limits each wait (to connect, to read some bytes), so a server that drips one byte at a time, in the headers
already, holds a client for ever. Here every wait on a socket ends at the request's deadline at the latest.

The deadline needs no state: httpcore hands the request's timeouts to its sockets unread, so what is given as
`httpx.Timeout(deadline)` is the instant (of `time.monotonic`) by which the whole answer must be there. The name
look-up before a connection is the system resolver's, and bounded by its own settings only.
"""

import ssl
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

BROKEN = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpx.TransportError,
)


class DeadlineTransport(httpx.BaseTransport):
    """httpx's door to the network: keeps connections alive, and reads `Timeout(deadline)` as an instant.

    `connect` and `read` limit single waits, in seconds. Raises one of BROKEN.
    """

    def __init__(self, connect: float, read: float, proxy: str | None = None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            proxy=None if proxy is None else httpcore.Proxy(proxy),
            max_connections=None,  # threads do not queue for a connection: that wait would know no deadline
            keepalive_expiry=30,
            network_backend=_Backend(_Waits(connect, read)),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.read(),
                extensions={"timeout": request.extensions["timeout"]},
            )
        )
        assert isinstance(answer.stream, Iterable)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer.stream))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()


@dataclass(frozen=True)
class _Waits:
    """How long one wait may be, in seconds: the rest of the time until the deadline, within a limit."""

    connect: float
    read: float

    def until(self, deadline: float | None, limit: float) -> float:
        if deadline is None:
            return limit
        left = deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time for the whole answer is over")
        return min(limit, left)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, waits: _Waits) -> None:
        self._waits = waits
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        wait = self._waits.until(timeout, self._waits.connect)
        return _Stream(self._sockets.connect_tcp(host, port, wait, local_address, socket_options), self._waits)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, waits: _Waits) -> None:
        self._stream = stream
        self._waits = waits

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._waits.until(timeout, self._waits.read))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._waits.until(timeout, self._waits.read))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        wait = self._waits.until(timeout, self._waits.connect)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, wait), self._waits)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
