"""`marketday check`: every mistake of every file that a person writes, at once."""

from datetime import date, datetime
from pathlib import Path

import click

from dagster_project.cli import options
from dagster_project.cli.findings import Finding, findings
from dagster_project.cli.output import print_json
from dagster_project.io import clock


@click.command("check")
@options.as_json
@options.at
@options.root
def check(as_json: bool, at: date | datetime | None, root: Path) -> int:
    """Check schedule files, adapters and calendars.

    Prints `file:line: message`, one line for each mistake, and exits with 1 where there is one. A warning
    (`file:line: warning: message`) changes no exit code: a calendar that is sure of less than 90 more days, an
    exception on a day that is no session anyway.

    \b
    JSON: a list of
      file, line, message
      severity    mistake | warning
    """
    found = sorted(findings(root, at or clock.now()), key=lambda each: (each.file, each.line))
    mistakes = [each for each in found if not each.is_warning]
    if as_json:
        print_json([_fields(each) for each in found])
    else:
        for each in found:
            click.echo(f"{each.file}:{each.line}: {'warning: ' if each.is_warning else ''}{each.message}")
        click.echo(_summary(len(mistakes), len(found) - len(mistakes)), err=bool(mistakes))
    return 1 if mistakes else 0


def _fields(found: Finding) -> dict[str, object]:
    return {
        "file": found.file,
        "line": found.line,
        "severity": "warning" if found.is_warning else "mistake",
        "message": found.message,
    }


def _summary(mistakes: int, warnings: int) -> str:
    words = [
        f"{count} {word}{'' if count == 1 else 's'}" for count, word in ((mistakes, "mistake"), (warnings, "warning"))
    ]
    return ", ".join(words)
