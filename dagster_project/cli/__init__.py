"""The command line `marketday`.

A command's module is imported when the command is called, so that those which only read schedule files and calendars
start without Dagster. Whatever a user does wrong is one line on stderr, never a traceback.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError, NoSuchCommand

OK, REFUSED, USAGE = 0, 1, 2
_INTERRUPTED = 130  # what shells expect of a command that Ctrl-C ended: 128 + SIGINT

_COMMANDS = {
    "run": "dagster_project.cli.run:run",
    "env": "dagster_project.cli.run:env",
    "list": "dagster_project.cli.feeds:list_feeds",
    "next": "dagster_project.cli.upcoming:next_fires",
    "explain": "dagster_project.cli.explain:explain",
    "plan": "dagster_project.cli.plan:plan",
    "calendar": "dagster_project.cli.calendar:calendar",
    "check": "dagster_project.cli.check:check",
    "new": "dagster_project.cli.new:new",
}


class Commands(click.Group):
    """Commands that are imported when they are called. What one returns is the exit code; None is 0."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            if ctx.resilient_parsing:  # a shell asks for completions: no time for errors
                return None
            raise NoSuchCommand(cmd_name, possibilities=_COMMANDS, ctx=ctx)
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """As click's, with every error on one line."""

        def call() -> Any:
            return super(Commands, self).main(args, prog_name, complete_var, standalone_mode=False, **extra)

        return sys.exit(_exit_code(call)) if standalone_mode else call()


def _exit_code(command: Callable[[], int | None]) -> int:
    try:
        return command() or OK
    except NoArgsIsHelpError as error:
        error.show()
        return USAGE
    except click.UsageError as error:
        where = f" (see {error.ctx.command_path} --help)" if error.ctx else ""
        message = error.format_message().rstrip(".").replace("\n", " ")
        click.echo(f"marketday: {message}{where}", err=True)
        return USAGE
    except click.ClickException as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.Abort:
        return _INTERRUPTED


@click.command(
    "marketday",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 mistakes found or refused (why: on stderr), 2 the command line is wrong "
    "(`plan` has its own).",
)
@click.version_option(package_name="marketday")
def main() -> None:
    """Market-data adapters that run on market days, once.

    The commands that read (list, next, explain, calendar, check) need nothing to run. Each has --json, with the
    fields that its --help names; instants have their offset from UTC.
    """
