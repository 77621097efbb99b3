"""Sessions of the past that an edit brings into a feed's table, or takes out of it.

No edit makes a past fire due: what comes in needs a backfill, which a person starts and pays for.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from dagster_project.domain.fires import Feed, fires
from dagster_project.domain.plan.edits import Edit

# Keys of a schedule that say when its fires start and what becomes of them, never of which sessions there are any.
_TIMES = frozenset({"at", "timezone", "lag", "deadline", "wait", "misfire", "grace", "retry"})
_MARGIN = timedelta(days=31)  # from a session to its fires
_TO_COME = timedelta(days=400)  # from a session to its fire with the longest lag


@dataclass(frozen=True)
class Past:
    """Sessions whose fires lie before an instant, by their dates."""

    backfill: tuple[date, ...] = ()  # owed only by the files after: nothing has fetched them, and nothing will
    dropped: tuple[date, ...] = ()  # owed only by the files before


def past(
    before: Feed | None, after: Feed | None, edits: Collection[Edit], due_at_once: Collection[date], at: datetime
) -> Past:
    """What the past before `at` gains and loses.

    `edits` are those of the feed's schedules, `due_at_once` the sessions whose fires were to come and have passed now.
    """
    reach = _reach(before, after, edits, at)
    if reach is None:
        return Past()
    was, now = (_sessions(feed, *reach) for feed in (before, after))
    to_come = _sessions(after, at, at + _TO_COME) if reach[1] == at else set()
    return Past(tuple(sorted(now - was - to_come - set(due_at_once))), tuple(sorted(was - now - to_come)))


def _sessions(feed: Feed | None, since: datetime, until: datetime) -> set[date]:
    return {fire.session for name in feed.schedules for fire in fires(feed, name, since, until)} if feed else set()


def _reach(
    before: Feed | None, after: Feed | None, edits: Collection[Edit], at: datetime
) -> tuple[datetime, datetime] | None:
    """From when until when fires can have come or gone; None: nowhere."""
    starts = [feed.start for feed in (before, after) if feed]
    everything = _midnight(min(starts)) - _MARGIN, at
    if before is None or after is None or any(map(_makes_sessions, edits)):
        return everything
    if _as_whole(before, after) != _as_whole(after, after):
        return everything
    if before.calendar == after.calendar:
        return None
    was, now = (set(feed.calendar.sessions(min(starts), at.date())) for feed in (before, after))
    differing = was ^ now
    if not differing:
        return None
    return _midnight(min(differing)) - _MARGIN, min(at, _midnight(max(differing)) + _MARGIN)


def _makes_sessions(edit: Edit) -> bool:
    key = edit.key.split(".")[2]
    return key not in _TIMES or (key == "at" and None in (edit.before, edit.after))  # a schedule that comes or goes


def _as_whole(feed: Feed, other: Feed) -> Feed:
    """A feed without its owner and schedules, on the calendar of another."""
    return replace(feed, owner="", schedules={}, calendar=other.calendar)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
