"""`marketday explain`: why a feed runs on a day, or why not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import click

from dagster_project.cli import options
from dagster_project.cli.calendar import day_fields, wall
from dagster_project.cli.output import local, print_json, print_table
from dagster_project.cli.upcoming import fire_fields
from dagster_project.domain.calendar import CalendarError, Day, Kind
from dagster_project.domain.fires import Feed, Fire, Hold, Skip, consider
from dagster_project.domain.moment import Moment, Wall, write_duration

_DECISIONS = {Fire: "run", Skip: "skip", Hold: "hold"}


@dataclass(frozen=True)
class Rule:
    """One rule of those that decide a day, in the order in which they are asked, and who says what it says."""

    rule: str
    says: str
    source: str


@click.command("explain")
@click.argument("feed")
@click.argument("day", metavar="DATE", type=options.Day())
@options.as_json
@options.root
def explain(feed: str, day: date, as_json: bool, root: Path) -> None:
    """Why FEED runs on DATE, or why not.

    For each of its schedules the rules that decide, in their order, up to the one that ends in a skip or a hold.

    \b
    JSON:
      feed, calendar  the feed, and the code of its calendar
      day             what the calendar says of DATE, as `marketday calendar --json` has it
      schedules       a list of
        schedule      its name
        decision      run | skip | hold
        reason        why, in words
        rules         a list of {rule, says, source}: those that decided
        fire          as `marketday next --json` has it; null: none
    """
    found = options.one_feed(feed, root)
    if as_json:
        print_json(
            {
                "feed": found.name,
                "calendar": found.calendar.code,
                "day": day_fields(found.calendar.day(day)),
                "schedules": [_fields(found, name, day) for name in found.schedules],
            }
        )
        return
    for name in found.schedules:
        rows = [(each.rule, each.says, each.source) for each in rules(found, name, day)]
        print_table(("rule", "says", "source"), rows, f"{found.name} {name}, {day:%A} {day}")
        click.echo(f"\n{_decision(found, name, day)}: {reason(found, name, day)}\n")


def reason(feed: Feed, name: str, day: date) -> str:
    """The decision about a day, in words."""
    decision = consider(feed, name, day)
    if isinstance(decision, Fire):
        return f"session {decision.session} at {_both(feed, name, decision.at)}"
    return decision.reason


def rules(feed: Feed, name: str, day: date) -> Iterator[Rule]:
    """The rules that decide `day` for schedule `name`, up to the one that ends in a skip or a hold."""
    schedule, file = feed.schedules[name], f"adapters/{feed.name}.yaml"
    found = feed.calendar.day(day)
    source = found.source or ("regular hours" if found.is_session else "")
    yield Rule("calendar", f"{feed.calendar.code}: {_of(feed, found)}", source)
    if not found.is_session:
        return
    excepted = next((entry for entry in schedule.except_ if entry.date == day), None)
    yield Rule("except", excepted.reason if excepted else "does not name this day", file)
    if excepted:
        return
    decision, session = consider(feed, name, day), _session(feed, name, day)
    if session:
        back = f"{schedule.lag} session{'' if schedule.lag == 1 else 's'} back is session {session}"
        yield Rule("lag", back if schedule.lag else "none: the session of the day itself", file)
    if isinstance(decision, Skip):
        yield Rule("start", decision.reason, file)
        return
    if isinstance(decision, Hold):
        yield Rule("at" if session else "lag", decision.reason, file)
        return
    yield Rule("start", f"session {decision.session} is not before {feed.start}", file)
    yield Rule("at", _moment(feed, name, schedule.at, decision.at, day), file)
    if schedule.wait and decision.waits_until:
        until = _moment(feed, name, schedule.wait.until, decision.waits_until, day)
        yield Rule("wait", f"polls the source every {write_duration(schedule.wait.every)} until {until}", file)
    if schedule.deadline and decision.deadline:
        yield Rule("deadline", _moment(feed, name, schedule.deadline, decision.deadline, day), file)


def _session(feed: Feed, name: str, day: date) -> date | None:
    """The session that the schedule's lag leads to from `day`, where it is known."""
    try:
        return feed.calendar.offset(day, -feed.schedules[name].lag)
    except CalendarError:
        return None


def _of(feed: Feed, day: Day) -> str:
    """What the calendar says of a day, in words."""
    if day.kind is Kind.UNKNOWN:
        return feed.calendar.why_closed(day.date)
    words = f"{day.kind.value.replace('_', ' ')}{f' ({day.name})' if day.name else ''}"
    if not day.is_session or day.open is None or day.close is None:
        return f"{words}, hours not known" if day.is_session else words
    pauses = "".join(f", pauses from {wall(start, day)} to {wall(end, day)}" for start, end in day.breaks)
    return f"{words}, opens at {wall(day.open, day)}{pauses}, closes at {wall(day.close, day)} {day.close:%Z}"


def _moment(feed: Feed, name: str, moment: Moment, at: datetime, day: date) -> str:
    """A moment of a schedule file and the instant that it is; says where clocks change just then."""
    here = at.astimezone(feed.zone(name))
    if not isinstance(moment, Wall):
        return f"{moment}: {_both(feed, name, at)}"
    if here.time() != moment.at:
        return f"clocks change and {moment} does not exist: {_both(feed, name, at)}"
    is_twice = here.replace(fold=0).utcoffset() != here.replace(fold=1).utcoffset()
    return f"{f'clocks change and {moment} comes twice, the second: ' if is_twice else ''}{_both(feed, name, at)}"


def _both(feed: Feed, name: str, at: datetime) -> str:
    here = at.astimezone(feed.zone(name))
    return f"{local(here)} ({at:{'%H:%M' if at.date() == here.date() else '%a %H:%M'}} UTC)"


def _decision(feed: Feed, name: str, day: date) -> str:
    return _DECISIONS[type(consider(feed, name, day))]


def _fields(feed: Feed, name: str, day: date) -> dict[str, object]:
    decision = consider(feed, name, day)
    return {
        "schedule": name,
        "decision": _decision(feed, name, day),
        "reason": reason(feed, name, day),
        "rules": [vars(each) for each in rules(feed, name, day)],
        "fire": fire_fields(feed, decision) if isinstance(decision, Fire) else None,
    }
