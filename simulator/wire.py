"""How content becomes bytes on the wire: zip members, decompression bombs, dates, conditional requests."""

import gzip
import hashlib
import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

BOMB_MIB = 256
MIB = b"0" * 1024 * 1024


def zipped(member: str, content: bytes, at: datetime) -> bytes:
    """A zip with one deflated member, stamped `at` in UTC, as the sources' servers write it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(_entry(member, at), content)
    return out.getvalue()


@lru_cache(maxsize=1)
def bomb(member: str | None, at: datetime) -> bytes:
    """Some 1 MiB that unpack to 256: a zip with `member`, or gzip (a Content-Encoding) where there is no member."""
    out = io.BytesIO()
    if member is None:
        with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1, mtime=0) as stream:
            for _ in range(BOMB_MIB):
                stream.write(MIB)
    else:
        with zipfile.ZipFile(out, "w", compresslevel=1) as archive, archive.open(_entry(member, at), "w") as stream:
            for _ in range(BOMB_MIB):
                stream.write(MIB)
    return out.getvalue()


def _entry(member: str, at: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(member, at.astimezone(UTC).timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o640 << 16
    return entry


def http_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def etag_of(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_unmodified(headers: Mapping[str, str], etag: str, modified: datetime) -> bool:
    """Whether a client that sends `headers` has this content already (RFC 9110, 13.1: the ETag goes first)."""
    if tags := headers.get("if-none-match"):
        return tags.strip() == "*" or etag in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    try:
        since = parsedate_to_datetime(headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return since.tzinfo is not None and modified.replace(microsecond=0) <= since
