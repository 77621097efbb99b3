"""Fires that an edit brings into one minute: on one source, or only side by side.

A source that several feeds ask at once may ask for fewer requests; a minute with many fires is a queue. What moves
together, and met before it moved, is no news.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations

from dagster_project.domain.fires import Feed, fires
from dagster_project.domain.plan.matching import Change

Key = tuple[str, str]  # feed, schedule
Hosts = Callable[[str], frozenset[str]]  # of a feed's adapter
_Minute = int  # since 1970: sets of numbers are compared far faster than sets of instants
_Moves = set[tuple[_Minute, _Minute | Key]]  # when a fire is, and when it was, or whose it is where it was not


@dataclass(frozen=True)
class Collision:
    """Two schedules that fire in the same minutes and did not before; the first is one that the edit changes."""

    feed: str
    schedule: str
    other_feed: str
    other_schedule: str
    host: str | None  # of a source that both ask
    times: int
    first: datetime  # UTC


def collisions(
    feeds: Collection[Feed],
    changes: Mapping[Key, Sequence[Change]],
    hosts: Hosts,
    former_hosts: Hosts,
    moved_feeds: Collection[str],
    since: datetime,
    until: datetime,
) -> tuple[Collision, ...]:
    """The collisions from `since` until `until` that there were not before, those on one source first.

    `changes` are those of the schedules that change, by their feeds and names as they will be; `moved_feeds` are
    those whose `hosts` are not their `former_hosts`.
    """
    moves = {key: _moves(key, some, since, until) for key, some in changes.items()}
    coming = {
        key: {at for at, _ in moves[key]} - {_minute(change.before.at) for change in some if change.before}
        for key, some in changes.items()
    }
    if not any(coming.values()) and not moved_feeds:
        return ()
    for feed in feeds:
        for name in feed.schedules:
            if (feed.name, name) not in moves:
                stays = {_minute(fire.at) for fire in fires(feed, name, since, until)}
                moves[feed.name, name] = {(at, at) for at in stays}
    minutes = {key: {at for at, _ in some} for key, some in moves.items()}
    newcomers = {key for key in minutes if coming.get(key) or key[0] in moved_feeds}
    found = []
    for one, two in combinations(sorted(minutes), 2):
        if not (one in newcomers or two in newcomers):
            continue
        met = minutes[one] & minutes[two]
        host = min(hosts(one[0]) & hosts(two[0]), default=None) if met else None
        is_new_source = host is not None and not former_hosts(one[0]) & former_hosts(two[0])
        if not (is_new_source and {one[0], two[0]} & set(moved_feeds)):
            met &= coming.get(one, set()) | coming.get(two, set())
            met -= {at for at, _ in moves[one] & moves[two]}
        if met:
            pair = (*one, *two) if one in newcomers else (*two, *one)
            found.append(Collision(*pair, host, len(met), datetime.fromtimestamp(min(met) * 60, UTC)))
    return tuple(sorted(found, key=lambda each: (each.host is None, -each.times, each.feed, each.schedule, each.first)))


def _moves(key: Key, changes: Sequence[Change], since: datetime, until: datetime) -> _Moves:
    return {
        (_minute(change.after.at), _minute(change.before.at) if change.before else key)
        for change in changes
        if change.after and since <= change.after.at < until
    }


def _minute(at: datetime) -> _Minute:
    return int(at.timestamp()) // 60
