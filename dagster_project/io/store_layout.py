"""Where the store keeps things, below its root: a local folder or any object-store URL.

::

    payloads/<feed>/<session>/<sha256>        the bytes as received
    payloads/<feed>/<session>/<sha256>.json   how they came
    tables/<feed>/                            a Delta table: what is known now
    tables/<feed>_history/                    a Delta table: what was known before
"""

import re
from datetime import date
from pathlib import Path

from dagster_project.io.store_errors import StoreError

HISTORY = "_history"
NAME = re.compile(r"[a-z][a-z0-9_]*")


def payload_folder(root: str | Path, feed: str, session: date) -> str:
    """The folder (or prefix) of one session's payloads."""
    return _join(root, "payloads", _checked(feed), session.isoformat())


def table_uri(root: str | Path, feed: str) -> str:
    """Where the feed's table is."""
    return _join(root, "tables", _checked(feed))


def history_uri(root: str | Path, feed: str) -> str:
    """Where the versions are that the feed's table no longer holds."""
    return _join(root, "tables", _checked(feed) + HISTORY)


def _join(root: str | Path, *parts: str) -> str:
    return "/".join((str(root).rstrip("/"), *parts))


def _checked(feed: str) -> str:
    """`feed`, which becomes a folder's name: it must stay in its place, and off another feed's history."""
    if NAME.fullmatch(feed) and not feed.endswith(HISTORY):
        return feed
    raise StoreError(
        f"feed name {feed!r}: expected lower-case letters, digits and _, a letter first, not ending in {HISTORY}. "
        "Rename the adapter's file."
    )
