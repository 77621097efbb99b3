"""The answer to one request, pure: (request, instant, fault, restatements) to a response."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from simulator.faults import Delivery, Fault, FileFault, Refusal, Restatement, refusal
from simulator.source import Page
from simulator.wire import bomb, etag_of, http_date, is_unmodified
from simulator.world import Asked, World

NOWHERE = Page(404, b"No simulated source has a file here. Paths are /<host>/<path on that host>.\n", "text/plain")


@dataclass(frozen=True)
class Response:
    """`delivery` says how the body travels; `seconds` is how long a slow one takes."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    delivery: Delivery = Delivery.WHOLE
    seconds: float = 0.0


@dataclass(frozen=True)
class Request:
    """A GET or HEAD of what `asked` found, at an instant. `headers` have lower-case names.

    `fault` is in force for it; `restatements` are all that were ever asked for.
    """

    asked: Asked | None
    at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    restatements: Sequence[Restatement] = ()

    def has(self, *kinds: str) -> bool:
        return self.fault is not None and self.fault.kind in kinds


def answer(world: World, request: Request) -> Response:
    """What the source answers."""
    if request.asked is None:
        return _page(NOWHERE, request.at)
    source = world.sources[request.asked.feed]
    if page := source.refuse(request.headers):
        return _page(page, request.at)
    if request.fault and request.has(*Refusal):
        response = _page(refusal(request.fault, source), request.at)
        extra = {"Retry-After": str(request.fault.retry_after)} if request.has(Refusal.RATE_LIMITED) else {}
        return replace(response, headers={**response.headers, **extra})
    session = _session_shown(world, request, request.asked)
    return _page(source.absent, request.at) if session is None else _file(world, request, request.asked, session)


def _page(page: Page, at: datetime) -> Response:
    return Response(page.status, {"Date": http_date(at), "Content-Type": page.content_type}, page.body)


def _session_shown(world: World, request: Request, asked: Asked) -> date | None:
    """The session whose content is served: another than was asked for, where a fault puts it there."""
    if asked.session is None or not asked.is_published:
        return None
    is_named = asked.file.session is not None
    if request.has(FileFault.UNPUBLISHED) and is_named:
        return None
    if request.has(FileFault.STALE, FileFault.UNPUBLISHED):
        earlier = world.sessions(asked.feed, asked.session - timedelta(days=1))
        return earlier[-1] if earlier else None
    return asked.session


def _file(world: World, request: Request, asked: Asked, session: date) -> Response:
    """The file as of `session`, with what the fault does to it."""
    source, kind, fault = world.sources[asked.feed], asked.file.kind, request.fault
    member = source.member(kind, session)
    published = world.publication(asked.feed, session) or request.at
    headers = {"Date": http_date(request.at), "Content-Type": "application/zip" if member else source.content_type}
    if request.has(Delivery.BOMB):
        encoding = {} if member else {"Content-Encoding": "gzip"}
        return Response(200, headers | encoding, bomb(member, published))

    known = [
        each
        for each in request.restatements
        if each.feed == asked.feed
        and each.at <= request.at
        and (each.session == session or (asked.file.session is None and each.session < session))
    ]
    body = world.content(
        asked.feed,
        kind,
        session,
        restated=frozenset(Counter(each.session for each in known).items()),
        edit=fault.kind if fault and fault.kind in source.edits else None,
        dated=(fault.dated or session + timedelta(days=1)) if fault and request.has(FileFault.WRONG_DATE) else None,
    )
    if request.has(FileFault.TRUNCATED):
        body = body[: len(body) // 2]
    if source.is_conditional:
        etag, modified = etag_of(body), max([published, *(each.at for each in known)])
        headers |= {"Last-Modified": http_date(modified), "ETag": etag}
        # A fault is not hidden from a client that holds the good file: it is sent whole, whatever the condition.
        is_sound = fault is None or request.has(FileFault.UNPUBLISHED)
        if is_sound and is_unmodified(request.headers, etag, modified):
            return Response(304, headers)
    return Response(200, headers, body, fault.delivery if fault else Delivery.WHOLE, fault.seconds if fault else 0.0)
