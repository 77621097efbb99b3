"""`python -m simulator serve` runs the simulator; `python -m simulator sample` writes a small payload."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from dagster_project.domain.calendar import CalendarError
from dagster_project.io.clock import now
from simulator.board import Board
from simulator.sample import write_sample
from simulator.server import application, bind, server
from simulator.sources import find_sources
from simulator.world import CALENDARS, World

FOLDER = click.Path(path_type=Path, file_okay=False)
DATE = click.DateTime(formats=["%Y-%m-%d"])
SEED = click.option("--seed", default=1, show_default=True, help="Another seed, another world.")
CALENDARS_OPTION = click.option("--calendars", type=FOLDER, default=CALENDARS, help="The project's calendars/.")


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@click.option("--port", default=0, help="0 takes a free one.")
@click.option("--port-file", type=click.Path(path_type=Path), help="Where to write the port, once it listens.")
@click.option("--clock-offset", default=0.0, metavar="SECONDS", help="How far its clock is ahead of the true one.")
@click.option("--at", "instant", metavar="INSTANT", help="Stop its clock there, e.g. 2026-02-01T18:00:00+05:30.")
@SEED
@CALENDARS_OPTION
def serve(
    port: int, port_file: Path | None, clock_offset: float, instant: str | None, seed: int, calendars: Path
) -> None:
    """Serve every source on the loopback interface until SIGTERM or Ctrl-C."""
    clock = _clock(clock_offset, instant)
    try:
        world = World(seed, calendars)
        listener = bind(port)
    except (CalendarError, OSError) as error:
        raise click.ClickException(f"the simulator cannot start: {error}") from None
    chosen = listener.getsockname()[1]
    if port_file:
        part = port_file.with_name(f"{port_file.name}.part")
        part.write_text(f"{chosen}\n")
        os.replace(part, port_file)  # whoever waits for the file never reads half of it
    click.echo(f"simulator on http://127.0.0.1:{chosen}, seed {seed}: {', '.join(world.sources)}")
    with suppress(KeyboardInterrupt):
        server(application(world, Board(), clock)).run([listener])


@main.command()
@click.argument("feed", type=click.Choice(sorted(find_sources())))
@click.argument("session", type=DATE)
@click.option("--to", "folder", type=FOLDER, required=True, help="The folder to write <session>.<extension> into.")
@click.option("--rows", type=click.IntRange(min=1), default=40, show_default=True, help="Records to keep.")
@SEED
@CALENDARS_OPTION
def sample(feed: str, session: datetime, folder: Path, rows: int, seed: int, calendars: Path) -> None:
    """Write a small sample payload of FEED for SESSION in the source's exact wire format."""
    try:
        click.echo(write_sample(World(seed, calendars), feed, session.date(), folder, rows))
    except (CalendarError, ValueError) as error:
        raise click.ClickException(str(error)) from None


def _clock(offset: float, instant: str | None) -> Callable[[], datetime]:
    if instant is None:
        return lambda: now() + timedelta(seconds=offset)
    try:
        stopped = datetime.fromisoformat(instant)
    except ValueError as error:
        raise click.BadParameter(f"{error}: expected e.g. 2026-02-01T18:00:00+05:30", param_hint="--at") from None
    if stopped.tzinfo is None:
        raise click.BadParameter(f"{instant} has no offset from UTC: add +05:30, or Z", param_hint="--at")
    return lambda: stopped.astimezone(UTC)


if __name__ == "__main__":
    main(prog_name="python -m simulator")
