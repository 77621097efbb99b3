"""What the commands take in common: the checkout, instants, and feeds and calendars by name."""

from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from dagster_project import registry
from dagster_project.domain.calendar import Calendar, CalendarError
from dagster_project.domain.fires import Feed
from dagster_project.domain.moment import instant

_YEARS = range(1900, 2200)  # no table is older, and no calendar is known so far ahead


class When(click.ParamType[date | datetime]):
    """An ISO date or instant. What has no offset is read in the zone of the feed or calendar that is asked."""

    name = "when"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date | datetime:
        for read in (date.fromisoformat, datetime.fromisoformat):
            with suppress(ValueError):
                if (found := read(str(value))).year in _YEARS:
                    return found
        expected = "expected a date or instant such as 2026-02-01 or 2026-02-01T09:15+05:30"
        raise click.BadParameter(f"found {value!r}, {expected}", ctx, param)


class Day(click.ParamType[date]):
    """An ISO date."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        with suppress(ValueError):
            if (found := date.fromisoformat(str(value))).year in _YEARS:
                return found
        raise click.BadParameter(f"found {value!r}, expected a date such as 2026-02-01", ctx, param)


root = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    default=registry.project_root,
    help="Another checkout: the folder with adapters/ and calendars/.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, with the fields named above.")
at = click.option("--at", type=When(), help="Answer as if it were this time. Default: now.")


class Refused(click.ClickException):
    """A user's mistake that is not one of the command line: its reasons, one a line."""

    exit_code = 1


def every_feed(root: Path) -> list[Feed]:
    """All feeds, or all mistakes of their files."""
    try:
        return registry.feeds(root)
    except registry.ScheduleFileError as error:
        raise Refused(str(error)) from None


def one_feed(name: str, root: Path) -> Feed:
    """The feed `name`, or the reason why it cannot be had."""
    try:
        return registry.feed(name, root)
    except registry.ScheduleFileError as error:
        raise Refused(str(error)) from None
    except registry.UnknownFeed as error:
        raise Refused(f"marketday: {error}") from None


def one_calendar(code: str, root: Path) -> Calendar:
    """The calendar `code`, or the reason why it cannot be had."""
    try:
        return registry.calendar(code, root)
    except CalendarError as error:
        raise Refused(f"marketday: {error}") from None


def as_instant(when: date | datetime, zone: ZoneInfo) -> datetime:
    """`when` in UTC: without an offset it is a wall time of `zone`, a date its first instant."""
    if not isinstance(when, datetime):
        return instant(when, datetime.min.time(), zone)
    return when.astimezone(UTC) if when.tzinfo else instant(when.date(), when.time(), zone)


def as_date(when: date | datetime, zone: ZoneInfo) -> date:
    """The date of `when`, in `zone` where it has an offset."""
    if not isinstance(when, datetime):
        return when
    return when.astimezone(zone).date() if when.tzinfo else when.date()
