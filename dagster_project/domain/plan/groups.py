"""Changes of fires in groups: all sessions on which a schedule changes alike.

Times are local, as a person reads them, so that early closes, special sessions and the weeks between the clock
changes of two timezones fall into groups of their own.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dagster_project.domain.fires import Fire
from dagster_project.domain.moment import write_duration
from dagster_project.domain.plan.labels import Label, labels
from dagster_project.domain.plan.matching import Change, Named, latest


class What(StrEnum):
    """How a fire changes, in the order in which changes are told."""

    DUE_AT_ONCE = "due_at_once"  # its new time has passed, its old one has not
    MOVED = "moved"
    REMOVED = "removed"
    ADDED = "added"
    DEADLINE = "deadline"
    WAIT = "wait"


@dataclass(frozen=True)
class Group:
    """The sessions on which the fires of a schedule change alike.

    `before` and `after` hold a text for each of a session's fires that change, in order: the local time, or of a
    deadline or a wait how long after the fire it ends; empty where there is none.
    """

    what: What
    before: tuple[str, ...]
    after: tuple[str, ...]
    changes: tuple[Change, ...]
    sessions: tuple[date, ...]
    spans: tuple[tuple[date, date], ...]  # runs of these sessions with no other one of the schedule between
    days_later: tuple[int, int]  # by how much nominal days move, the least and the most; negative: earlier
    is_loss: bool  # a deadline that loses slack, or comes where none was
    label: str  # what is special about these sessions; empty: nothing


@dataclass(frozen=True)
class _Told:
    """One thing that changes about one fire."""

    what: What
    change: Change
    before: str | timedelta | None
    after: str | timedelta | None
    days_later: int = 0
    is_loss: bool = False


def grouped(changes: Sequence[Change], before: Named | None, after: Named | None, since: datetime) -> tuple[Group, ...]:
    """All that changes, the largest group of a kind first; local times are in the zone of `after`, if it is there.

    `changes` are those of one schedule, in order, with the fires that stay as they are.
    """
    feed, name = latest(before, after)
    zone = feed.zone(name)
    of_session: dict[tuple[What, date], list[_Told]] = defaultdict(list)
    for change in changes:
        for told in _tell(change, zone, since):
            of_session[told.what, change.session].append(told)
    if not of_session:
        return ()
    alike: dict[tuple[object, ...], list[_Told]] = defaultdict(list)
    for (what, _), some in of_session.items():
        directions = tuple((told.days_later > 0) - (told.days_later < 0) for told in some)
        alike[what, _pairs(some), directions].extend(some)
    place = {session: at for at, session in enumerate(dict.fromkeys(change.session for change in changes))}
    label = labels(changes, before, after)
    found = [_group(some, place, label) for some in alike.values()]
    kinds = list(What)
    return tuple(sorted(found, key=lambda group: (kinds.index(group.what), -len(group.sessions), group.sessions)))


def _tell(change: Change, zone: ZoneInfo, since: datetime) -> Iterator[_Told]:
    before, after = change.before, change.after
    if before is None or after is None:
        what = What.ADDED if before is None else What.REMOVED
        wall = _wall(change.fire, zone)
        yield _Told(what, change, wall if before else None, wall if after else None)
        return
    if before.at != after.at:
        later = (after.day - before.day).days
        what = What.MOVED if after.at >= since else What.DUE_AT_ONCE
        yield _Told(what, change, _wall(before, zone), _wall(after, zone), later)
    was, now = (_from(fire, fire.deadline) for fire in (before, after))
    if was != now:
        is_loss = now is not None and (was is None or now < was)
        yield _Told(What.DEADLINE, change, was, now, is_loss=is_loss)
    was, now = (_from(fire, fire.waits_until) for fire in (before, after))
    if was != now:
        yield _Told(What.WAIT, change, was, now)


def _group(some: Sequence[_Told], place: Mapping[date, int], label: Label) -> Group:
    changes = tuple(told.change for told in some)
    sessions = tuple(sorted({change.session for change in changes}))
    pairs = _pairs(some)
    later = [told.days_later for told in some]
    return Group(
        what=some[0].what,
        before=tuple(_text(was) for was, _ in pairs if was is not None),
        after=tuple(_text(now) for _, now in pairs if now is not None),
        changes=changes,
        sessions=sessions,
        spans=tuple(_spans(sessions, place)),
        days_later=(min(later), max(later)),
        is_loss=any(told.is_loss for told in some),
        label=label(changes),
    )


def _pairs(some: Sequence[_Told]) -> tuple[tuple[str | timedelta | None, str | timedelta | None], ...]:
    """What was and what will be of each fire of a session; what several have in common once."""
    return tuple(dict.fromkeys((told.before, told.after) for told in some))


def _spans(sessions: Sequence[date], place: Mapping[date, int]) -> Iterator[tuple[date, date]]:
    first = sessions[0]
    for session, following in zip(sessions, (*sessions[1:], None), strict=True):
        if following is None or place[following] != place[session] + 1:
            yield first, session
            first = following or session


def _wall(fire: Fire, zone: ZoneInfo) -> str:
    """A fire's local time, and how many days from its nominal day that is."""
    local = fire.at.astimezone(zone)
    days = (local.date() - fire.day).days
    return f"{local:%H:%M}" + (f" ({days:+d} day{'s' if abs(days) > 1 else ''})" if days else "")


def _from(fire: Fire, end: datetime | None) -> timedelta | None:
    return None if end is None else end - fire.at


def _text(told: str | timedelta) -> str:
    if isinstance(told, str):
        return told
    return ("-" if told < timedelta(0) else "") + write_duration(abs(told))
