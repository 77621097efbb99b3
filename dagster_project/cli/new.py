"""`marketday new`: a working example of an adapter, its schedule file and a sample, to be replaced piece by piece."""

import re
from datetime import date, datetime
from pathlib import Path
from string import Template

import click

from dagster_project.cli import options
from dagster_project.domain.calendar import Calendar
from dagster_project.io import clock
from dagster_project.registry import why_no_name

_OWNER = re.compile(r"team:[\w.-]+|[\w.+-]+@[\w-]+(\.[\w-]+)+")
_SCAFFOLD = Path(__file__).parent / "scaffold"
_NEXT = """Next:
  1. adapters/{name}.py: the source's address, its columns, its documentation.
  2. tests/adapters/samples/{name}/: a payload as the source gave it, named by its session, for the example.
  3. adapters/{name}.yaml: when it runs. Then `marketday check` and `marketday next {name}`.
  4. `make check`: types, and the contract that every adapter keeps, over your sample.
  5. `make run SOURCES=live`: the simulator does not know this source."""


@click.command("new")
@click.argument("name")
@click.option("--calendar", "code", default="XNYS", show_default=True, help="The trading calendar that it follows.")
@click.option("--owner", default="team:data", show_default=True, help="team:NAME, or an e-mail address.")
@options.at
@options.root
def new(name: str, code: str, owner: str, at: date | datetime | None, root: Path) -> None:
    """Write an example feed NAME, to be changed.

    Its adapter, its schedule file and a sample: they pass all checks as they are. Nothing is overwritten.
    """
    if reason := why_no_name(name):
        raise options.Refused(f"marketday: the name of the feed: {reason}")
    if not _OWNER.fullmatch(owner):
        raise options.Refused(f"marketday: --owner: found {owner!r}, expected team:NAME or an e-mail address")
    calendar = options.one_calendar(code, root)
    files = _files(name, calendar, owner, _latest(calendar, at or clock.now()))
    taken = [path for path in (*files, f"tests/adapters/samples/{name}") if (root / path).exists()]
    if taken:
        raise options.Refused(f"marketday: {taken[0]} is there already; nothing was written")
    try:
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
            click.echo(f"wrote {path}")
    except OSError as error:
        raise options.Refused(f"marketday: cannot write {error.filename}: {error.strerror}") from None
    click.echo(_NEXT.format(name=name))


def _files(name: str, calendar: Calendar, owner: str, session: date) -> dict[str, str]:
    """The text of each new file by its path."""
    has_hours = calendar.day(session).close is not None
    times = ("close + 1h", "close + 5h", "close + 4h") if has_hours else ("18:00", "23:00", "22:00")
    values = dict(zip(("at", "until", "deadline"), times, strict=True))
    values |= {"name": name, "calendar": calendar.code, "owner": owner, "session": str(session)}
    paths = {
        f"adapters/{name}.py": "adapter.py.txt",
        f"adapters/{name}.yaml": "schedule.yaml.txt",
        f"tests/adapters/samples/{name}/{session}.csv": "sample.csv.txt",
    }
    return {
        path: Template((_SCAFFOLD / source).read_text(encoding="utf-8")).substitute(values)
        for path, source in paths.items()
    }


def _latest(calendar: Calendar, at: date | datetime) -> date:
    """The latest session before the day of `at`: one whose data a source has."""
    today = options.as_date(at, calendar.zone)
    found = [day for day in calendar.sessions(calendar.first, today) if day < today]
    if not found:
        raise options.Refused(f"marketday: {calendar.code} knows no session before {today}")
    return found[-1]
