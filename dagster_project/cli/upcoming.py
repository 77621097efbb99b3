"""`marketday next`: the fires to come."""

import heapq
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path

import click

from dagster_project.cli import options
from dagster_project.cli.output import local, note, print_json, print_table, stamp
from dagster_project.domain.fires import Feed, Fire, fires
from dagster_project.domain.moment import FURTHEST
from dagster_project.io import clock

_MARGIN = FURTHEST + timedelta(days=4)  # a fire lies within this of its nominal day
_Fires = list[tuple[Feed, Fire]]


@click.command("next")
@click.argument("feed", required=False)
@click.option("--from", "since", type=options.When(), help="From this date or instant on. Default: now.")
@click.option("--count", type=click.IntRange(min=1), default=10, show_default=True, help="How many, of all feeds.")
@options.as_json
@options.root
def next_fires(feed: str | None, since: date | datetime | None, count: int, as_json: bool, root: Path) -> None:
    """The next fires of FEED, or of all feeds, in their order.

    A date or instant without an offset is read in each schedule's own timezone.

    \b
    JSON: a list of
      feed, schedule    whose fire
      session           the date of the data that it fetches
      weekday, kind     of the day on which it fires: session | early_close | special_session
      fire_utc          when it fires
      fire_local        the same, in the schedule's timezone
      timezone          that timezone
      waits_until       until when its source is polled (UTC), null: not at all
      deadline          by when the session must be there (UTC), null: none
    """
    feeds = [options.one_feed(feed, root)] if feed else options.every_feed(root)
    found = _merged(feeds, since or clock.now(), count)
    _note_ends(feeds, found, count)
    if as_json:
        print_json([fire_fields(each, fire) for each, fire in found])
        return
    rows = [
        (
            each.name,
            fire.schedule,
            f"{fire.session:%a %Y-%m-%d}",
            local(_here(each, fire, fire.at)),
            f"{fire.at:%H:%M}",
            _deadline(each, fire),
        )
        for each, fire in found
    ]
    print_table(("feed", "schedule", "session", "fire", "UTC", "deadline"), rows)


def fire_fields(feed: Feed, fire: Fire) -> dict[str, str | None]:
    """A fire as JSON has it."""
    return {
        "feed": feed.name,
        "schedule": fire.schedule,
        "session": str(fire.session),
        "weekday": f"{fire.day:%A}",
        "kind": feed.calendar.day(fire.day).kind.value,
        "fire_utc": stamp(fire.at),
        "fire_local": stamp(_here(feed, fire, fire.at)),
        "timezone": str(feed.zone(fire.schedule)),
        "waits_until": stamp(fire.waits_until),
        "deadline": stamp(fire.deadline),
    }


def upcoming(feed: Feed, name: str, since: datetime) -> Iterator[Fire]:
    """The fires of schedule `name` from `since` (included) on, as far as its calendar is verified."""
    since = max(since, _midnight(feed.start) - _MARGIN)
    step = timedelta(days=16)
    while since < (end := _midnight(feed.calendar.verified_through) + _MARGIN):
        until = min(since + step, end)
        yield from fires(feed, name, since, until)
        since, step = until, step * 2


def _merged(feeds: list[Feed], since: date | datetime, count: int) -> _Fires:
    streams = [_stream(feed, name, since) for feed in feeds for name in feed.schedules]
    return list(islice(heapq.merge(*streams, key=lambda each: each[1].at), count))


def _stream(feed: Feed, name: str, since: date | datetime) -> Iterator[tuple[Feed, Fire]]:
    for fire in upcoming(feed, name, options.as_instant(since, feed.zone(name))):
        yield feed, fire


def _note_ends(feeds: list[Feed], found: _Fires, count: int) -> None:
    """Says of which calendars later fires than those shown are not known, or belong between them."""
    last = found[-1][1].at.date() if len(found) == count else date.max
    for calendar in {feed.calendar.code: feed.calendar for feed in feeds}.values():
        if calendar.verified_through < last:
            note(
                f"{calendar.code} is verified through {calendar.verified_through}: what its feeds owe after that is "
                f"not known; extend calendars/{calendar.code}.yaml"
            )


def _deadline(feed: Feed, fire: Fire) -> str:
    """The deadline's wall time, with its date where that is not the fire's."""
    at, end = _here(feed, fire, fire.at), _here(feed, fire, fire.deadline)
    if at is None or end is None:
        return ""
    return f"{end:%H:%M}" if end.date() == at.date() else f"{end:%a %Y-%m-%d %H:%M}"


def _here(feed: Feed, fire: Fire, at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(feed.zone(fire.schedule))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
