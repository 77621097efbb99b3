"""What becomes of the schedules of one feed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from dagster_project.domain.fires import Feed, Fire, fires
from dagster_project.domain.plan.edits import Edit, schedule_edits
from dagster_project.domain.plan.groups import Group, grouped
from dagster_project.domain.plan.matching import Change, Named, changes_of_fires, latest


class Status(StrEnum):
    """What becomes of a feed or a schedule."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    CHANGED = "changed"


@dataclass(frozen=True)
class SchedulePlan:
    """What becomes of one schedule. `timezone` is that of its local times, as it will be."""

    name: str
    status: Status
    formerly: str | None
    timezone: str
    edits: tuple[Edit, ...]
    groups: tuple[Group, ...]
    changes: tuple[Change, ...]  # every fire in the window, those that stay as they are too


def schedule_plans(before: Feed | None, after: Feed | None, since: datetime, until: datetime) -> Iterator[SchedulePlan]:
    """The schedules that change, in the order of the file, those that go last."""
    for was, now in _paired(before, after, since, until):
        if was and now and _alone(*was) == _alone(*now):
            continue
        found = changes_of_fires(was, now, since, until)
        groups, edits = grouped(found, was, now, since), schedule_edits(was, now)
        feed, name = latest(was, now)
        formerly = was[1] if was and was[1] != name else None
        if groups or edits or formerly:
            status = Status.RENAMED if formerly else status_of(was, now)
            yield SchedulePlan(name, status, formerly, str(feed.zone(name)), edits, groups, tuple(found))


def status_of(before: object, after: object) -> Status:
    return Status.ADDED if before is None else Status.REMOVED if after is None else Status.CHANGED


def _paired(
    before: Feed | None, after: Feed | None, since: datetime, until: datetime
) -> Iterator[tuple[Named | None, Named | None]]:
    """Each schedule with what it was. One that is new is a former one renamed if all its fires are the same."""
    gone = [(before, name) for name in before.schedules if name not in _names(after)] if before else []
    for name in _names(after):
        assert after is not None
        now = after, name
        if before and name in before.schedules:
            yield (before, name), now
            continue
        own = _fires(now, since, until)
        was = next((each for each in gone if own and _fires(each, since, until) == own), None)
        if was:
            gone.remove(was)
        yield was, now
    for each in gone:
        yield each, None


def _names(feed: Feed | None) -> list[str]:
    return list(feed.schedules) if feed else []


def _fires(named: Named, since: datetime, until: datetime) -> list[Fire]:
    """A schedule's fires without its name."""
    return [replace(fire, schedule="") for fire in fires(*named, since, until)]


def _alone(feed: Feed, name: str) -> Feed:
    """A feed as if it had one schedule only, and no owner: what decides that schedule's fires."""
    return replace(feed, owner="", schedules={name: feed.schedules[name]})
