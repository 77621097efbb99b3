"""What the commands print: JSON, or tables that are whole wherever they go."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

import click

_PIPED_WIDTH = 1000  # wider than any row, so that nothing that reads a pipe sees a cut or wrapped cell


def print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """A table: on a terminal in its width, long cells folded; in a pipe one line a row."""
    # Imported here: a third of the time that a command with --json takes.
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    if title:
        console.print(Text(title, style="bold"))
    console.print(table)


def note(message: str) -> None:
    """A remark beside the answer, on stderr."""
    click.echo(f"note: {message}", err=True)


def stamp(at: datetime | None) -> str | None:
    """An instant as JSON has it."""
    return None if at is None else at.isoformat(timespec="seconds")


def local(at: datetime | None) -> str:
    """An instant for people: weekday, date, wall time, zone."""
    return "" if at is None else f"{at:%a %Y-%m-%d %H:%M %Z}"
