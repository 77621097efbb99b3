"""What the commands print: JSON, or tables of which nothing is cut, wherever they go."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

import click

_SHORT = 24  # names, dates and times: a column with no longer cells keeps its width
_LEAST = 14  # how narrow a longer one may become before the rows are told one below the other
_GAP = 2
_PIPED_WIDTH = 1000  # wider than any row: what reads a pipe gets one line for each


def print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """A table; where the terminal is too narrow for one, each row as a list of its cells."""
    # Imported here: a third of the time that a command with --json takes.
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    cells = list(rows)
    longest = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    if title:
        console.print(Text(title, style="bold"))
    if sum((length if length <= _SHORT else _LEAST) + _GAP for length in longest) > console.width:
        _print_records(header, cells)
        return
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0))
    for name, length in zip(header, longest, strict=True):
        table.add_column(name, no_wrap=length <= _SHORT, overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    console.print(table)


def _print_records(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    width = max(map(len, header))
    for row in rows:
        told = (f"{name:>{width}}  {cell}" for name, cell in zip(header, row, strict=True) if cell)
        click.echo("\n".join(told) + "\n")


def note(message: str) -> None:
    """A remark beside the answer, on stderr."""
    click.echo(f"note: {message}", err=True)


def stamp(at: datetime | None) -> str | None:
    """An instant as JSON has it."""
    return None if at is None else at.isoformat(timespec="seconds")


def local(at: datetime | None) -> str:
    """An instant for people: weekday, date, wall time, zone."""
    return "" if at is None else f"{at:%a %Y-%m-%d %H:%M %Z}"
