"""A private folder for Unix sockets: only their owner can enter it, and their paths are short enough."""

import hashlib
import os
import re
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

_LONGEST_NAME = ".s.PGSQL.54321"


class NoSocketFolder(OSError):
    """No folder takes a private socket."""


def socket_folder(folder: Path) -> Path:
    """`folder / "socket"`, else a short one in the temporary folder: a socket's path has at most 107 bytes."""
    short = f"marketday-{os.geteuid()}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"
    for candidate in (folder / "socket", Path(tempfile.gettempdir(), short), Path("/tmp", short)):
        with suppress(OSError):
            candidate.mkdir(mode=0o700, exist_ok=True)
            status = candidate.lstat()
            # In a shared folder the name can be taken by somebody else, who would then own the way to what listens.
            if status.st_uid == os.geteuid() and not status.st_mode & 0o077 and _takes_a_socket(candidate):
                return candidate
    raise NoSocketFolder(f"no folder takes a private socket: neither {folder} nor /tmp/{short}")


def _takes_a_socket(folder: Path) -> bool:
    """Whether a socket fits: the path's length, the file system, no character that libpq or a URL would split at."""
    if not re.fullmatch(r"[\w./+-]+", str(folder), re.ASCII):
        return False
    probe = folder / _LONGEST_NAME
    probe.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(probe))
    probe.unlink()
    return True
