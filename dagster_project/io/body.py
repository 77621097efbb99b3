"""The body of an answer, decoded and never longer than allowed.

httpx decodes for us, but unbounded: 64 KB of gzip may be 64 MB, gzip within gzip without end; and it takes a gzip
stream that stops early for a whole one. So gzip, the only coding that we ask for, is undone here.
"""

import zlib
from collections.abc import Iterator

import httpx

from dagster_project.adapter import SourceChanged, SourceUnavailable
from dagster_project.io.transport import BROKEN

GZIP = 16 + zlib.MAX_WBITS


def read_body(answer: httpx.Response, where: str, max_bytes: int) -> bytes:
    """The whole body. SourceChanged where it is longer than `max_bytes`; SourceUnavailable where it is cut short.

    What the answer says of its length is believed only where that refuses it sooner.
    """
    stated = answer.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > max_bytes:
        raise SourceChanged(f"{where} would send {int(stated):,} bytes: at most {max_bytes:,} are expected")
    parts, length = [], 0
    for part in _decoded(answer, where, max_bytes):
        parts.append(part)
        length += len(part)
        if length > max_bytes:
            raise SourceChanged(f"{where} sends more than the {max_bytes:,} bytes that are expected")
    return b"".join(parts)


def read_opening(answer: httpx.Response, where: str, max_bytes: int) -> bytes:
    """As much of the body as comes, up to `max_bytes`: the words of an answer that is an error anyway."""
    found = b""
    try:
        for part in _decoded(answer, where, max_bytes):
            found += part
            if len(found) >= max_bytes:
                break
    except (*BROKEN, SourceChanged, SourceUnavailable):
        pass
    return found[:max_bytes]


def is_framed(answer: httpx.Response) -> bool:
    """Whether the answer told where its body ends. Otherwise a broken connection looks like the end."""
    return "content-length" in answer.headers or "chunked" in answer.headers.get("transfer-encoding", "").lower()


def _decoded(answer: httpx.Response, where: str, max_bytes: int) -> Iterator[bytes]:
    """The body in parts, of which none makes it longer than `max_bytes` + 1."""
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity":
        yield from answer.iter_raw()
        return
    if coding not in ("gzip", "x-gzip"):
        raise SourceChanged(f"{where} sends its body coded as “{coding[:40]}”: gzip was asked for")
    inflate, coded, room = zlib.decompressobj(GZIP), 0, max_bytes + 1
    for part in answer.iter_raw():
        coded += len(part)
        try:
            plain = inflate.decompress(part, room)
        except zlib.error as error:
            raise SourceUnavailable(f"{where} sent damaged gzip ({error}); ask again") from error
        room -= len(plain)
        yield plain
        if room == 0 or coded > max_bytes:
            raise SourceChanged(f"{where} sends more than the {max_bytes:,} bytes that are expected")
        if inflate.unused_data:
            raise SourceChanged(f"{where} sends {len(inflate.unused_data)} bytes behind the end of its gzip")
    if not inflate.eof:
        raise SourceUnavailable(f"{where} sent gzip that is cut short; ask again")
