"""`marketday plan`: what an edit changes, before it is deployed."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from dagster_project.cli import options
from dagster_project.cli.output import print_json
from dagster_project.cli.plan_fields import plan_fields
from dagster_project.cli.plan_files import files_here, files_of
from dagster_project.domain.plan import Plan, make_plan
from dagster_project.domain.plan.markdown import markdown, printable
from dagster_project.domain.plan.text import sections, summary
from dagster_project.io import clock
from dagster_project.io.git_tree import GitError, Tree, read_tree

_CHANGES = 2
_STYLES = {"+": "green", "-": "red", "~": "yellow", "!": "bold magenta"}


class _Strict(click.Command):
    """A command of which 2 means changes: a wrong command line is 1, as any other error."""

    def make_context(self, *arguments: Any, **named: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **named)
        except click.UsageError as error:
            message = error.format_message().rstrip(".").replace("\n", " ")
            raise options.Refused(f"marketday: {message} (see marketday plan --help)") from None


@click.command("plan", cls=_Strict)
@click.option("--base", required=True, metavar="REF", help="The branch, tag or commit to compare with.")
@click.option("--days", type=click.IntRange(1, 4000), default=400, show_default=True, help="How far ahead.")
@options.at
@options.as_json
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown, for a comment on a pull request.")
@options.root
def plan(base: str, days: int, at: date | datetime | None, as_json: bool, as_markdown: bool, root: Path) -> int:
    """What the files here change against the commit REF.

    Fires added, removed and moved, deadlines, calendars, what comes into one minute, and what a backfill would cost.
    The commit is read from git as data; none of its code runs. An --at without an offset is UTC.

    Exit codes: 0 no change, 2 changes, 1 an error, also one of the command line.

    \b
    JSON:
      base            {ref, commit}
      from, until     of the fires that are compared: the first instant, and the first one after
      is_changed      whether anything is
      fires           how many: {added, removed, moved, lost_slack}
      feeds           a list of those that change
        feed          its name
        status        added | removed | changed
        edits         a list of {key, before, after} as the files have them, null: not said
        is_code_changed    whether its adapter's code is
        past          dates of sessions before `from`: {backfill, dropped}, to fetch by hand and owed no more
        schedules     a list of
          schedule, formerly    its name, and the one it had; null: it had no other
          status      added | removed | renamed | changed
          timezone    of the times below
          edits       as above
          groups      sessions that change alike, a list of
            what      due_at_once | moved | removed | added | deadline | wait
            label     what is special about the sessions, null: nothing
            before, after      times of a session's fires; of deadline and wait, how long after the fire
            days_later         [least, most] days by which fires move, besides their times
            is_loss   whether a deadline loses slack
            sessions  their dates
            fires     a list of {session, before_utc, after_utc}; of deadline and wait empty
      calendars       a list of {calendar, verified_through, days}: {before, after}, and {before, after, dates}
      collisions      a list of pairs that come into the same minutes:
        feed, schedule, other_feed, other_schedule
        host          of the source that both ask, null: not the same, or not known
        times, first  how many minutes, and the first of them (UTC)
      unknown_after   calendars that end before `until`, with their last verified dates
    """
    if as_json and as_markdown:
        raise options.Refused("marketday: --json and --markdown exclude each other (see marketday plan --help)")
    since = options.as_instant(at, ZoneInfo("UTC")) if at else clock.now()
    after = files_here(root)
    try:
        tree = read_tree(root, base)
    except GitError as error:
        raise options.Refused(f"marketday: {error}") from None
    made = make_plan(files_of(tree), after, since, since + timedelta(days=days))
    if as_json:
        print_json(plan_fields(made, base, tree.commit))
    elif as_markdown:
        click.echo(markdown(made, base), nl=False)
    else:
        _print(made, tree)
    return 0 if made.is_empty else _CHANGES


def _print(made: Plan, tree: Tree) -> None:
    # Imported here: JSON and Markdown do without.
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    window = f"{made.since.astimezone(UTC):%Y-%m-%d %H:%M} to {made.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    console.print(Text(f"Against {printable(tree.ref)} ({tree.commit[:10]}), {window}:\n{summary(made)}"))
    for section in sections(made, printable):
        console.print(Text(f"\n{section.title}", style="bold"))
        for line in section.lines:
            indent = "  " * (line.depth + 1)
            console.print(Text(f"{indent}{line.mark or ' '} {line.text}", style=_STYLES.get(line.mark, "")))
