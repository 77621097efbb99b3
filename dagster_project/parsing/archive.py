"""Files in a zip, taken out in memory and checked."""

import io
import re
import struct
import zipfile
import zlib

from dagster_project.adapter import SourceChanged, SourceUnavailable
from dagster_project.parsing.pages import refuse_page, unexpected

MAX_INFLATED = 256 * 1024 * 1024
MAX_RATIO = 200  # honest text deflates to a tenth or so; a bomb to a thousandth

_END_OF_ZIP = b"PK\x05\x06"
# What zipfile raises on damaged bytes is not one family: seen by flipping bytes.
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OverflowError, OSError, RuntimeError)


def only_member(payload: bytes, name: str, *, max_bytes: int = MAX_INFLATED) -> bytes:
    """The one file inside a zip, whole and checked by its CRC. Its name must match the pattern `name`.

    Nothing is written anywhere, and never more than `max_bytes` is inflated, whatever the archive says of itself.
    """
    refuse_page(payload, f"a zip with {name}")
    if not payload.startswith(b"PK"):
        raise unexpected(payload, f"expected a zip with {name}")
    if payload.rfind(_END_OF_ZIP) < 0:
        raise SourceUnavailable(f"the zip is cut short: {len(payload):,} bytes without a central directory; ask again")
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            info = _only_info(archive, name, max_bytes)
            with archive.open(info) as member:
                content = member.read(info.file_size + 1)
    except _DAMAGED as error:
        raise SourceUnavailable(f"the zip is damaged ({error}); ask again") from error
    if len(content) != info.file_size:
        raise SourceUnavailable(f"{info.filename} holds {len(content):,} bytes, its zip says {info.file_size:,}")
    return content


def _only_info(archive: zipfile.ZipFile, name: str, max_bytes: int) -> zipfile.ZipInfo:
    found = [info.filename for info in archive.infolist()]
    if len(found) != 1 or not re.fullmatch(name, found[0], re.ASCII):
        raise SourceChanged(f"expected a zip with only {name}, found {len(found)} members: {', '.join(found[:5])}")
    info = archive.infolist()[0]
    if info.flag_bits & 0x1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise SourceChanged(f"{info.filename} is encrypted or packed by method {info.compress_type}: expected deflate")
    if info.file_size > max_bytes or info.file_size > MAX_RATIO * max(info.compress_size, 1024):
        raise SourceChanged(
            f"{info.filename} would inflate from {info.compress_size:,} to {info.file_size:,} bytes: "
            f"the limits are {max_bytes:,} bytes and {MAX_RATIO} to one"
        )
    return info
