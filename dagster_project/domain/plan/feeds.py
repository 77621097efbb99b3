"""A plan as a value, and how it is made of two states of the files: feeds, calendars, collisions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from dagster_project.domain.fires import Feed
from dagster_project.domain.plan.calendar_changes import CalendarChange, calendar_changes
from dagster_project.domain.plan.collisions import Collision, collisions
from dagster_project.domain.plan.edits import Edit, feed_edits
from dagster_project.domain.plan.groups import Group, What
from dagster_project.domain.plan.past import Past, past
from dagster_project.domain.plan.schedules import SchedulePlan, Status, schedule_plans, status_of
from dagster_project.domain.plan.sources import Texts, hosts, is_same_code


@dataclass(frozen=True)
class Files:
    """One state of the files: the feeds, and the text of every adapter by its name."""

    feeds: tuple[Feed, ...]
    adapters: Texts


@dataclass(frozen=True)
class FeedPlan:
    """What becomes of one feed."""

    name: str
    status: Status
    edits: tuple[Edit, ...]
    is_code_changed: bool
    schedules: tuple[SchedulePlan, ...]
    past: Past


@dataclass(frozen=True)
class Plan:
    """What changes about the fires from `since` (included) until `until` (excluded), both in UTC."""

    since: datetime
    until: datetime
    feeds: tuple[FeedPlan, ...]
    calendars: tuple[CalendarChange, ...]
    collisions: tuple[Collision, ...]
    unknown_after: tuple[tuple[str, date], ...]  # calendars that are verified only through a date before `until`

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.feeds or self.calendars)

    def count(self, *kinds: What) -> int:
        """How many fires change in one of these ways."""
        return sum(len(group.changes) for group in self._groups() if group.what in kinds)

    @property
    def lost_slack(self) -> int:
        """How many fires have less time until their deadlines, or a deadline where none was."""
        return sum(len(group.changes) for group in self._groups() if group.is_loss)

    def _groups(self) -> Iterator[Group]:
        return (group for feed in self.feeds for schedule in feed.schedules for group in schedule.groups)


def make_plan(before: Files, after: Files, since: datetime, until: datetime) -> Plan:
    """What the edit from `before` to `after` changes, if it is deployed at `since` (aware, as `until`)."""
    was, now = ({feed.name: feed for feed in files.feeds} for files in (before, after))
    plans = [
        plan
        for name in sorted(was.keys() | now.keys())
        if (plan := _feed_plan(was.get(name), now.get(name), (before.adapters, after.adapters), since, until))
    ]
    changes = {(plan.name, each.name): each.changes for plan in plans for each in plan.schedules}
    asked = cache(lambda name: hosts(name, after.adapters))
    asked_before = cache(lambda name: hosts(name, before.adapters))
    moved = [plan.name for plan in plans if plan.is_code_changed and asked(plan.name) != asked_before(plan.name)]
    known = {feed.calendar.code: feed.calendar.verified_through for feed in after.feeds}
    return Plan(
        since=since,
        until=until,
        feeds=tuple(plans),
        calendars=calendar_changes(before.feeds, after.feeds, since, until),
        collisions=collisions(after.feeds, changes, asked, asked_before, moved, since, until),
        unknown_after=tuple((code, last) for code, last in sorted(known.items()) if last < until.date()),
    )


def _feed_plan(
    before: Feed | None, after: Feed | None, texts: tuple[Texts, Texts], since: datetime, until: datetime
) -> FeedPlan | None:
    feed = after or before
    assert feed is not None
    schedules = tuple(schedule_plans(before, after, since, until))
    edits = feed_edits(before, after)
    is_code_changed = before is not None and after is not None and not is_same_code(feed.name, *texts)
    groups = [group for each in schedules for group in each.groups if group.what is What.DUE_AT_ONCE]
    gained = past(
        before,
        after,
        edits=[edit for each in schedules for edit in each.edits],
        due_at_once=[session for group in groups for session in group.sessions],
        at=since,
    )
    if not (schedules or edits or is_code_changed or gained != Past()):
        return None
    return FeedPlan(feed.name, status_of(before, after), edits, is_code_changed, schedules, gained)
