"""The simulator on HTTP: every source under `/<host>/<path>`, its control under `/_simulator`."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.routing import Route

from dagster_project.io.clock import now
from simulator.answer import Request, Response, answer
from simulator.board import Board, Entry
from simulator.control import Control
from simulator.control_routes import control_routes
from simulator.delivery import delivered
from simulator.world import CALENDARS, World

Clock = Callable[[], datetime]


def application(world: World, board: Board, clock: Clock) -> Starlette:
    """The ASGI application. `clock` gives aware datetimes; it decides what is published."""

    def respond(method: str, path: str, headers: dict[str, str], client: str) -> Response:
        at = clock()
        asked = world.find(path, at)
        fault = board.take(asked, method)
        response = answer(world, Request(asked, at, headers, fault, board.restatements()))
        entry = Entry(
            at=at,
            client=client,
            user_agent=headers.get("user-agent", ""),
            method=method,
            path=path,
            status=response.status,
            feed=asked.feed if asked else None,
            session=asked.session if asked else None,
            fault=fault.kind if fault else None,
        )
        board.record(entry)  # before the answer leaves: who has the answer finds the entry
        return response

    async def source(request: HttpRequest) -> HttpResponse:
        client = f"{request.client.host}:{request.client.port}" if request.client else ""
        response = await run_in_threadpool(respond, request.method, request.url.path, dict(request.headers), client)
        return delivered(response)

    return Starlette(
        routes=[
            *control_routes(world, board, clock),
            Route("/{path:path}", source, methods=["GET", "HEAD"]),
        ]
    )


def bind(port: int = 0) -> socket.socket:
    """A listening socket on the loopback interface only; port 0 takes a free one. Raises OSError if it is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


def server(app: Starlette) -> uvicorn.Server:
    """The web server, silent, with a Date by the simulator's own clock; open answers get a second to end."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",  # closes a connection whose body is cut off; also the one without a second parser
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
        )
    )


@contextmanager
def running_simulator(
    clock: Clock = now, *, seed: int = 1, calendars: Path = CALENDARS, port: int = 0
) -> Iterator[Control]:
    """A simulator in a thread of this process, for as long as the block lasts; its control, with `base_url`."""
    listener = bind(port)
    running = server(application(World(seed, calendars), Board(), clock))
    thread = threading.Thread(target=running.run, args=([listener],), name="simulator", daemon=True)
    thread.start()  # no wait: the socket listens already, so a first request waits in its queue
    try:
        with Control(f"http://127.0.0.1:{listener.getsockname()[1]}") as control:
            yield control
    finally:
        running.should_exit = True
        thread.join()
        listener.close()
