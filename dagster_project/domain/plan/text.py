"""A plan as sections of lines: the same for a terminal and for a comment on a pull request."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dagster_project.domain.plan.calendar_changes import CalendarChange
from dagster_project.domain.plan.collisions import Collision
from dagster_project.domain.plan.feeds import FeedPlan, Plan
from dagster_project.domain.plan.groups import What
from dagster_project.domain.plan.schedules import SchedulePlan, Status
from dagster_project.domain.plan.words import Line, Quoted, count, dates, edit_lines, group_line

_MANY = 12  # lines of one kind, beyond which the rest is counted
_MARKS = {Status.ADDED: "+", Status.REMOVED: "-"}
_STATUS = {Status.ADDED: ", new", Status.REMOVED: ", removed"}


@dataclass(frozen=True)
class Section:
    """A heading and its lines."""

    title: str
    lines: tuple[Line, ...]


def summary(plan: Plan) -> str:
    """What changes, in numbers."""
    if plan.is_empty:
        return "no change"
    fires = {
        "added": plan.count(What.ADDED),
        "removed": plan.count(What.REMOVED),
        "moved": plan.count(What.MOVED, What.DUE_AT_ONCE),
        "with less slack": plan.lost_slack,
    }
    parts = [f"{count(number, 'fire')} {what}" for what, number in fires.items() if number] or ["no fire changes"]
    if sources := sum(each.host is not None for each in plan.collisions):
        parts.append(f"{count(sources, 'collision')} on a source")
    if sessions := sum(len(feed.past.backfill) for feed in plan.feeds):
        parts.append(f"{count(sessions, 'session')} to backfill")
    return ", ".join(parts)


def sections(plan: Plan, quoted: Quoted) -> Iterator[Section]:
    """What the plan holds, in its order."""
    for feed in plan.feeds:
        yield Section(quoted(feed.name) + _STATUS.get(feed.status, ""), tuple(_of_feed(feed, quoted)))
    if plan.calendars:
        yield Section("Calendars", tuple(line for each in plan.calendars for line in _of_calendar(each, quoted)))
    if plan.collisions:
        yield Section("In the same minute", tuple(_of_collisions(plan.collisions, quoted)))
    if plan.unknown_after:
        known = ", ".join(f"{quoted(code)} after {last}" for code, last in plan.unknown_after)
        yield Section("Not known yet", (Line("", f"sessions of {known}"),))


def _of_feed(feed: FeedPlan, quoted: Quoted) -> Iterator[Line]:
    if feed.status is not Status.REMOVED:  # that it goes says it all
        yield from edit_lines(feed.edits, quoted)
    if feed.is_code_changed:
        yield Line("~", f"code of {quoted(f'adapters/{feed.name}.py')}, or what it imports")
    for schedule in feed.schedules:
        yield from _of_schedule(schedule, quoted)
    if found := feed.past.backfill:
        itself = "; the latest is fetched by itself" if feed.status is Status.ADDED else ""
        yield Line("!", f"a backfill would cost {count(len(found), 'session')}, {dates(found)}{itself}")
    if found := feed.past.dropped:
        what = "are fetched no more" if feed.status is Status.REMOVED else "are the feed's no more"
        yield Line("!", f"{count(len(found), 'past session')}, {dates(found)}, {what}")


def _of_schedule(schedule: SchedulePlan, quoted: Quoted) -> Iterator[Line]:
    formerly = f", formerly {quoted(schedule.formerly)}" if schedule.formerly else ""
    status = _STATUS.get(schedule.status, "")
    yield Line(_MARKS.get(schedule.status, "~"), f"{quoted(schedule.name)}, {schedule.timezone}{status}{formerly}")
    lines = [] if schedule.status is Status.REMOVED else list(edit_lines(schedule.edits, quoted))
    lines += [group_line(group, quoted) for group in schedule.groups[:_MANY]]
    if rest := schedule.groups[_MANY:]:
        sessions = len({session for group in rest for session in group.sessions})
        lines.append(Line("~", f"{len(rest)} more such changes, on {count(sessions, 'session')}"))
    if not schedule.groups:
        lines.append(Line("", "no fire changes"))
    yield from (replace(line, depth=1) for line in lines)


def _of_calendar(change: CalendarChange, quoted: Quoted) -> Iterator[Line]:
    before, after = change.verified_before, change.verified_after
    if before != after:
        mark = "!" if after < before else "+"
        yield Line(mark, f"{quoted(change.code)} verified through {before} → {after}")
    for days in change.days[:_MANY]:
        on = dates(days.days)
        yield Line("~", f"{quoted(change.code)} {on}: {quoted(days.before)} → {quoted(days.after)}")
    if rest := change.days[_MANY:]:
        yield Line("~", f"{quoted(change.code)} {count(sum(len(each.days) for each in rest), 'day')} more")


def _of_collisions(collisions: Sequence[Collision], quoted: Quoted) -> Iterator[Line]:
    def named(feed: str, schedule: str) -> str:
        return quoted(f"{feed}/{schedule}")

    on_source = [each for each in collisions if each.host]
    for each in on_source[:_MANY]:
        both = f"{named(each.feed, each.schedule)} and {named(each.other_feed, each.other_schedule)}"
        yield Line("!", f"{both} ask {quoted(each.host or '')} {_when(each)}")
    if rest := on_source[_MANY:]:
        yield Line("!", f"{len(rest)} more pairs ask one source")
    beside: dict[tuple[str, str], list[Collision]] = {}
    for each in collisions[len(on_source) :]:
        beside.setdefault((each.feed, each.schedule), []).append(each)
    for at, (key, some) in enumerate(beside.items()):
        if at == _MANY:
            yield Line("", f"{len(beside) - _MANY} more schedules fire beside others")
            break
        most = f"{named(some[0].other_feed, some[0].other_schedule)} {_when(some[0])}"
        others = f", and beside {count(len(some) - 1, 'other schedule')}" if some[1:] else ""
        yield Line("", f"{named(*key)} fires beside {most}{others}")


def _when(collision: Collision) -> str:
    return f"{count(collision.times, 'time')}, first {collision.first:%a %Y-%m-%d %H:%M} UTC"
