"""`marketday list`: the feeds that there are."""

from datetime import date, datetime
from pathlib import Path

import click

from dagster_project.cli import options
from dagster_project.cli.output import local, print_json, print_table
from dagster_project.cli.upcoming import fire_fields, upcoming
from dagster_project.domain.fires import Feed, Fire
from dagster_project.domain.moment import write_duration
from dagster_project.domain.schedule import Schedule
from dagster_project.io import clock


@click.command("list")
@options.as_json
@options.at
@options.root
def list_feeds(as_json: bool, at: date | datetime | None, root: Path) -> None:
    """The feeds, with their schedules and next fires.

    \b
    JSON: a list of
      feed, calendar, owner
      timezone          the calendar's
      verified_through  the last date that its calendar is sure of
      start             the first session of the table
      schedules         a list of
        schedule, at, lag, deadline, timezone    as the schedule file has them
        wait            {every, until}, null: it does not wait for its source
        next            the next fire, as `marketday next --json` has it; null: none is known
    """
    now = at or clock.now()
    feeds = options.every_feed(root)
    found = {
        (feed.name, name): next(upcoming(feed, name, options.as_instant(now, feed.zone(name))), None)
        for feed in feeds
        for name in feed.schedules
    }
    if as_json:
        print_json([_fields(feed, {name: found[feed.name, name] for name in feed.schedules}) for feed in feeds])
        return
    header = ("feed", "calendar", "schedule", "when", "next fire", "start", "owner")
    print_table(header, [_row(feed, name, found[feed.name, name]) for feed in feeds for name in feed.schedules])


def _fields(feed: Feed, fires: dict[str, Fire | None]) -> dict[str, object]:
    return {
        "feed": feed.name,
        "calendar": feed.calendar.code,
        "owner": feed.owner,
        "timezone": feed.calendar.timezone,
        "verified_through": str(feed.calendar.verified_through),
        "start": str(feed.start),
        "schedules": [
            {
                "schedule": name,
                "at": str(schedule.at),
                "lag": schedule.lag,
                "deadline": schedule.deadline and str(schedule.deadline),
                "timezone": str(feed.zone(name)),
                "wait": schedule.wait
                and {"every": write_duration(schedule.wait.every), "until": str(schedule.wait.until)},
                "next": (fire := fires[name]) and fire_fields(feed, fire),
            }
            for name, schedule in feed.schedules.items()
        ],
    }


def _row(feed: Feed, name: str, fire: Fire | None) -> tuple[str, ...]:
    following = (
        local(fire.at.astimezone(feed.zone(name))) if fire else f"unknown after {feed.calendar.verified_through}"
    )
    return feed.name, feed.calendar.code, name, _when(feed.schedules[name]), following, str(feed.start), feed.owner


def _when(schedule: Schedule) -> str:
    """What a schedule says of its times, in words."""
    parts = [str(schedule.at)]
    if schedule.lag:
        parts.append(f"{schedule.lag} session{'' if schedule.lag == 1 else 's'} back")
    if schedule.wait:
        parts.append(f"polls every {write_duration(schedule.wait.every)} until {schedule.wait.until}")
    if schedule.deadline:
        parts.append(f"due by {schedule.deadline}")
    return ", ".join(parts)
