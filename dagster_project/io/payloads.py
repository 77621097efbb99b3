"""The payload archive: the bytes that a source gave, stored unchanged under their own hash, and how they came.

A payload is two files in `payloads/<feed>/<session>/`: `<sha256>`, the bytes, and `<sha256>.json`, a sidecar with
`url`, `fetched_at`, `headers`, `bytes` (their number) and `run_id`. Neither is ever written a second time. The
sidecar is written last: a payload without one does not count as stored, and putting it again completes it.
"""

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from fsspec.core import url_to_fs  # type: ignore[import-untyped]
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

from dagster_project.adapter import Payload
from dagster_project.io.store_errors import PayloadDamaged, PayloadMissing, StoreError
from dagster_project.io.store_layout import payload_folder

# Names of headers and query parameters whose value opens something; a sidecar is read by more people than a secret.
SECRET = re.compile(r"cookie|auth|token|secret|key|signature|credential|password|^sig$", re.IGNORECASE)
SIDECAR = ".json"


@dataclass(frozen=True)
class StoredPayload:
    """A payload in the archive: its hash, the path or URL of its bytes, and whether this call stored it."""

    sha256: str
    path: str
    is_new: bool


class PayloadArchive:
    """The payloads below `root`, a local folder or a URL that fsspec knows; `options` go to its file system."""

    def __init__(self, root: str | Path, options: dict[str, Any] | None = None) -> None:
        self._root = root
        self._fs, _ = url_to_fs(str(root), **(options or {}))

    def put(self, feed: str, session: date, payload: Payload, run_id: str) -> StoredPayload:
        """Store `payload`; the same bytes again change nothing and keep the sidecar of the first time."""
        if payload.fetched_at.utcoffset() is None:
            raise StoreError(f"payload of {feed} for {session}: fetched_at {payload.fetched_at} is naive; pass UTC")
        digest = sha256(payload.content).hexdigest()
        path = f"{payload_folder(self._root, feed, session)}/{digest}"
        how_it_came = {
            "url": _without_secrets(payload.url),
            "fetched_at": payload.fetched_at.astimezone(UTC).isoformat(),
            "headers": {name: value for name, value in payload.headers.items() if not SECRET.search(name)},
            "bytes": len(payload.content),
            "run_id": run_id,
        }
        sidecar = json.dumps(how_it_came, indent=1, sort_keys=True).encode()
        self._write_once(path, payload.content)
        is_new = self._write_once(path + SIDECAR, sidecar)
        return StoredPayload(digest, path, is_new)

    def get(self, feed: str, session: date, digest: str) -> Payload:
        """The payload with the sha256 `digest`, its bytes checked. Raises PayloadMissing, PayloadDamaged."""
        path = f"{payload_folder(self._root, feed, session)}/{digest}"
        try:
            sidecar = json.loads(self._fs.cat_file(path + SIDECAR))
            content: bytes = self._fs.cat_file(path)
        except FileNotFoundError:
            raise PayloadMissing(f"no payload {digest} of {feed} for {session} at {path}: list the session") from None
        found = sha256(content).hexdigest()
        if found != digest:
            raise PayloadDamaged(f"{path} holds {len(content)} bytes with sha256 {found}: restore it, or fetch again")
        return Payload(content, sidecar["url"], datetime.fromisoformat(sidecar["fetched_at"]), sidecar["headers"])

    def list(self, feed: str, session: date) -> list[StoredPayload]:
        """The session's payloads, in the order in which they were first fetched."""
        folder = payload_folder(self._root, feed, session)
        self._fs.invalidate_cache(folder)  # object stores remember listings; another process may have written since
        try:
            names = [entry.rpartition("/")[2] for entry in self._fs.ls(folder, detail=False)]
        except FileNotFoundError:
            return []
        digests = [name.removesuffix(SIDECAR) for name in names if name.endswith(SIDECAR)]
        fetched = {digest: json.loads(self._fs.cat_file(f"{folder}/{digest}{SIDECAR}")) for digest in digests}
        digests.sort(key=lambda digest: (fetched[digest]["fetched_at"], digest))
        return [StoredPayload(digest, f"{folder}/{digest}", is_new=False) for digest in digests]

    def _write_once(self, path: str, content: bytes) -> bool:
        """Write `content` whole, unless `path` exists already; whether it was written."""
        try:
            if isinstance(self._fs, LocalFileSystem):
                _write_file_once(Path(self._fs._strip_protocol(path)), content)
            else:
                self._fs.pipe_file(path, content, mode="create")  # an object appears whole
        except FileExistsError:
            return False
        return True


def _write_file_once(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all; raises FileExistsError, also where two writers race."""
    if path.exists():
        raise FileExistsError(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.parent / f".{path.name}.{uuid4().hex}"
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)  # unlike a rename, it refuses to replace what another writer put there
    finally:
        unfinished.unlink(missing_ok=True)


def _without_secrets(url: str) -> str:
    """`url` with its user and password dropped and the values of secret query parameters replaced by `***`."""
    parts = urlsplit(url)
    pairs = [pair.partition("=") for pair in parts.query.split("&")]
    query = "&".join(name + equals + ("***" if SECRET.search(name) else value) for name, equals, value in pairs)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query))
