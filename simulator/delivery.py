"""How a body travels: whole, slowly, without end, or cut off."""

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import Response as HttpResponse
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from simulator.answer import Response
from simulator.faults import Delivery

PIECES = 40
AT_ONCE = 64 * 1024


def delivered(response: Response) -> HttpResponse:
    """The HTTP answer that carries `response` in its manner. The server leaves out the body of a HEAD."""
    headers = dict(response.headers)
    length = {"Content-Length": str(len(response.body))}
    match response.delivery:
        case Delivery.SLOW:
            return StreamingResponse(_slowly(response.body, response.seconds), response.status, headers | length)
        case Delivery.ENDLESS:
            return StreamingResponse(_endlessly(response.body), response.status, headers)
        case Delivery.CUT:
            return CutResponse(response.body, response.status, headers)
        case _:
            return HttpResponse(response.body, response.status, headers)


class CutResponse(HttpResponse):
    """Announces the whole body and sends half; the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": scope["method"] != "HEAD"})


async def _slowly(body: bytes, seconds: float) -> AsyncIterator[bytes]:
    size = len(body) // PIECES + 1
    for start in range(0, len(body), size):
        yield body[start : start + size]
        await asyncio.sleep(seconds / PIECES)


async def _endlessly(body: bytes) -> AsyncIterator[bytes]:
    while True:
        for start in range(0, len(body), AT_ONCE):
            yield body[start : start + AT_ONCE]
            await asyncio.sleep(0)  # lets the server notice that the client has left
