"""The control interface, `/_simulator/...`: faults, restatements, publication times and the requests seen.

    GET    /_simulator                              seed, clock, the feeds and the faults that each knows
    DELETE /_simulator                              forget faults, restatements and requests
    POST   /_simulator/faults                       {"feed", "kind", "session"?, "count"?, ...}: see faults.Fault
    GET    /_simulator/faults                       those in force
    DELETE /_simulator/faults?feed=                 heal (every feed, without one)
    POST   /_simulator/restatements                 {"feed", "session"}: from now on its content is another
    GET    /_simulator/publications/FEED/SESSION    when it is published, 404 where it never is
    GET    /_simulator/requests?feed=               the requests to the sources, oldest first
    DELETE /_simulator/requests                     forget them

A mistake is a 400 with one line of text.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.board import Board
from simulator.faults import Fault, Restatement, known_faults
from simulator.world import World

Model = TypeVar("Model", bound=BaseModel)


class Session(BaseModel, frozen=True, extra="forbid"):
    """A session of a feed, as a restatement names it."""

    feed: str
    session: date


def control_routes(world: World, board: Board, clock: Callable[[], datetime]) -> list[Route]:
    """The routes under `/_simulator`."""

    def require_feed(feed: str) -> None:
        if feed not in world.sources:
            raise HTTPException(400, f"no feed {feed!r} here: expected one of {', '.join(world.sources)}")

    async def state(request: Request) -> Response:
        if request.method == "DELETE":
            board.reset()
            return Response(status_code=204)
        feeds = {feed: {"faults": known_faults(source)} for feed, source in world.sources.items()}
        return JSONResponse({"seed": world.seed, "now": clock().isoformat(), "feeds": feeds})

    async def faults(request: Request) -> Response:
        match request.method:
            case "POST":
                fault = await _read(Fault, request)
                require_feed(fault.feed)
                known = known_faults(world.sources[fault.feed])
                if fault.kind not in known:
                    raise HTTPException(
                        400, f"no fault {fault.kind!r} of {fault.feed}: expected one of {', '.join(known)}"
                    )
                board.add(fault)
                return JSONResponse(fault.model_dump(mode="json"), 201)
            case "DELETE":
                board.clear_faults(request.query_params.get("feed"))
                return Response(status_code=204)
            case _:
                return JSONResponse([fault.model_dump(mode="json") for fault in board.faults()])

    async def restatements(request: Request) -> Response:
        named = await _read(Session, request)
        require_feed(named.feed)
        if world.publication(named.feed, named.session) is None:
            raise HTTPException(400, world.why_never(named.feed, named.session))
        count = board.restate(Restatement(named.feed, named.session, clock()))
        return JSONResponse({"feed": named.feed, "session": str(named.session), "restated": count}, 201)

    async def publication(request: Request) -> Response:
        feed, session = request.path_params["feed"], request.path_params["session"]
        require_feed(feed)
        try:
            day = date.fromisoformat(session)
        except ValueError:
            raise HTTPException(400, f"{session!r} is no date: expected YYYY-MM-DD") from None
        published = world.publication(feed, day)
        if published is None:
            raise HTTPException(404, world.why_never(feed, day))
        return JSONResponse({"feed": feed, "session": session, "published": published.isoformat()})

    async def requests(request: Request) -> Response:
        if request.method == "DELETE":
            board.forget_entries()
            return Response(status_code=204)
        entries = board.entries(request.query_params.get("feed"))
        return JSONResponse([entry.model_dump(mode="json") for entry in entries])

    return [
        Route("/_simulator", state, methods=["GET", "DELETE"]),
        Route("/_simulator/faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/_simulator/restatements", restatements, methods=["POST"]),
        Route("/_simulator/publications/{feed}/{session}", publication),
        Route("/_simulator/requests", requests, methods=["GET", "DELETE"]),
    ]


async def _read(model: type[Model], request: Request) -> Model:
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise HTTPException(400, f"not a {model.__name__.lower()}: {mistakes}") from None
