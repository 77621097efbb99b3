"""The fires of one schedule under two states of its files, matched one by one.

A fire is the same one if its id is; moving a time never makes a new fire. Where a session has several, their ids
carry the time, and a fire at another time is told as moved where it keeps its place among as many.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dagster_project.domain.fires import Feed, Fire, fires

# How far around the window a fire may have come from or gone to: a roll or a few sessions; a lag of up to 250.
_REACHES = (timedelta(days=31), timedelta(days=400))

Named = tuple[Feed, str]  # a schedule: its feed and its name


@dataclass(frozen=True)
class Change:
    """One fire before and after; None where it is not there. At least one of the two is."""

    before: Fire | None
    after: Fire | None

    @property
    def fire(self) -> Fire:
        """The fire as it will be, or as it was where it is removed."""
        fire = self.after or self.before
        assert fire is not None
        return fire

    @property
    def session(self) -> date:
        return self.fire.session


def latest(before: Named | None, after: Named | None) -> Named:
    """A schedule as it will be, or as it was where it goes."""
    found = after or before
    assert found is not None
    return found


def changes_of_fires(before: Named | None, after: Named | None, since: datetime, until: datetime) -> list[Change]:
    """What becomes of each fire that is due from `since` (included) until `until` (excluded), unchanged ones too.

    A fire that was due before `since` has started: where the files now say later, it does not start again.
    """
    found: list[Change] = []
    for reach in _REACHES:
        lists = [list(fires(*each, since - reach, until + reach)) if each else [] for each in (before, after)]
        found = [change for change in matched(*lists) if _is_in(change, since, until)]
        if not (any(change.after is None for change in found) and any(change.before is None for change in found)):
            break
    return sorted(found, key=lambda change: (change.session, change.fire.at))


def _is_in(change: Change, since: datetime, until: datetime) -> bool:
    if change.before is None or change.after is None:
        return since <= change.fire.at < until
    return since <= change.before.at and (change.before.at < until or since <= change.after.at < until)


def matched(before: Iterable[Fire], after: Iterable[Fire]) -> Iterator[Change]:
    """Each fire of either side once, with what it was or becomes, if that is there."""
    by_session: dict[date, tuple[list[Fire], list[Fire]]] = {}
    for side, found in enumerate((before, after)):
        for fire in found:
            by_session.setdefault(fire.session, ([], []))[side].append(fire)
    for was, now in by_session.values():
        yield from _of_session(was, now)


def _of_session(before: list[Fire], after: list[Fire]) -> Iterator[Change]:
    """The fires of one session, matched by id, by instant, and by place where both sides have as many."""
    if len(before) == len(after) == 1:
        yield Change(before[0], after[0])
        return
    places = [{fire.id: place for place, fire in enumerate(side)} for side in (before, after)]
    matches: list[Callable[[Fire, Fire], bool]] = [
        lambda was, now: was.id == now.id,
        lambda was, now: was.at == now.at,
        lambda was, now: len(places[0]) == len(places[1]) and places[0][was.id] == places[1][now.id],
    ]
    was_left, now_left = list(before), list(after)
    for is_same in matches:
        for was in list(was_left):
            now = next((now for now in now_left if is_same(was, now)), None)
            if now is not None:
                yield Change(was, now)
                was_left.remove(was)
                now_left.remove(now)
    yield from (Change(was, None) for was in was_left)
    yield from (Change(None, now) for now in now_left)
