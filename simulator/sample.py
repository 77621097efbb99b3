"""Writes a small payload in a source's exact wire format, for an adapter's tests."""

from datetime import date
from pathlib import Path

from simulator.world import World


def write_sample(world: World, feed: str, session: date, folder: Path, rows: int | None = None) -> Path:
    """Writes `folder/<YYYY-MM-DD>.<extension>` with `rows` records, the awkward ones first; its path.

    Raises ValueError where `feed` publishes nothing for `session`.
    """
    published = world.publication(feed, session)
    if published is None:
        raise ValueError(world.why_never(feed, session))
    source = world.sources[feed]
    path = folder / f"{session}.{source.sample_extension}"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(world.content(feed, source.sample_kind, session, rows=rows))
    return path
