"""`marketday calendar`: what a trading calendar says of each day."""

from datetime import date, datetime, timedelta
from pathlib import Path

import click

from dagster_project.cli import options
from dagster_project.cli.output import print_json, print_table, stamp
from dagster_project.domain.calendar import Calendar, Day, Kind
from dagster_project.io import clock

_SHOWN = timedelta(days=30)


@click.command("calendar")
@click.argument("code")
@click.option("--from", "since", type=options.When(), help="The first date. Default: today, in the calendar's zone.")
@click.option("--to", "through", type=options.When(), help="The last date. Default: 30 days after the first.")
@options.as_json
@options.root
def calendar(
    code: str, since: date | datetime | None, through: date | datetime | None, as_json: bool, root: Path
) -> None:
    """What the trading calendar CODE says of each day.

    A session or not, its hours, why not, and who says so.

    \b
    JSON: a list of
      date
      kind        session | early_close | special_session | closed | unknown
      open, close when known, in the calendar's timezone, else null
      breaks      a list of [start, end]
      name        of the holiday or of what is special, null: nothing is
      source      who says so, null: the regular hours
    """
    found = options.one_calendar(code, root)
    first = options.as_date(since or clock.now(), found.zone)
    last = options.as_date(through, found.zone) if through else first + _SHOWN
    if last < first:
        raise click.UsageError(f"--to {last} is before --from {first}", click.get_current_context())
    days = list(found.days(first, last))
    if as_json:
        print_json([day_fields(day) for day in days])
        return
    known = f"verified from {found.first} through {found.verified_through}"
    has_breaks = any(day.breaks for day in days)
    header = ("date", "kind", "open", "close", *(("breaks",) if has_breaks else ()), "name", "source")
    rows = [_row(found, day, has_breaks) for day in days]
    print_table(header, rows, f"{found.code}: {found.title}, {found.timezone}, {known}")


def _row(found: Calendar, day: Day, has_breaks: bool) -> tuple[str, ...]:
    breaks = ", ".join(f"{wall(start, day)}-{wall(end, day)}" for start, end in day.breaks)
    return (
        f"{day.date:%a %Y-%m-%d}",
        day.kind.value,
        wall(day.open, day),
        wall(day.close, day),
        *((breaks,) if has_breaks else ()),
        found.why_closed(day.date) if day.kind is Kind.UNKNOWN else day.name or "",
        day.source or "",
    )


def day_fields(day: Day) -> dict[str, object]:
    """A day as JSON has it."""
    return {
        "date": str(day.date),
        "kind": day.kind.value,
        "open": stamp(day.open),
        "close": stamp(day.close),
        "breaks": [[stamp(start), stamp(end)] for start, end in day.breaks],
        "name": day.name,
        "source": day.source,
    }


def wall(at: datetime | None, day: Day) -> str:
    """A wall time, with its date where that is not the session's."""
    return "" if at is None else f"{at:%H:%M}" if at.date() == day.date else f"{at:%a %H:%M}"
