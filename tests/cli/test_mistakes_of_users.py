"""A user's mistake is one line on stderr with an exit code that says of what sort it is; never a traceback."""

import pytest
from click.testing import CliRunner

from dagster_project.cli import main
from tests.cli.checkout import DAILY, Ask, Checkout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["next", "prizes"], 1, "marketday: no feed 'prizes'; there are: prices, rates; did you mean prices?"),
        (["explain", "nothing", "2026-02-01"], 1, "marketday: no feed 'nothing'; there are: prices, rates"),
        (["calendar", "XYZ"], 1, "there are: ALWAYS, BREAKS, TEST"),
        (["explain", "prices", "2026-02-30"], 2, "found '2026-02-30', expected a date such as 2026-02-01"),
        (["explain", "prices", "0001-01-01"], 2, "expected a date such as 2026-02-01"),
        (["explain", "prices"], 2, "Missing argument 'DATE' (see marketday explain --help)"),
        (["next", "--from", "tomorrow"], 2, "found 'tomorrow', expected a date or instant such as 2026-02-01 or"),
        (["next", "--from", "9999-12-31"], 2, "expected a date or instant"),
        (["next", "--count", "0"], 2, "0 is not in the range x>=1"),
        (["next", "--count", "many"], 2, "'many' is not a valid integer"),
        (["list", "--jsno"], 2, "No such option '--jsno'. Did you mean '--json'? (see marketday list --help)"),
        (["calendar", "TEST", "--from", "2026-02-02", "--to", "2026-02-01"], 2, "--to 2026-02-01 is before --from"),
        (["new", "my-feed"], 1, "found 'my-feed', expected lower-case letters, digits and underscores, a letter first"),
    ],
)
def test_each_mistake_is_one_line(checkout: Checkout, ask: Ask, arguments: list[str], code: int, message: str) -> None:
    """1: what was asked for is not there or refused. 2: the command line cannot be read."""
    checkout.feed("prices", DAILY)
    checkout.feed("rates", DAILY)
    answer = ask(*arguments)
    assert (answer.exit_code, answer.stdout) == (code, "")
    (line,) = answer.stderr.splitlines()
    assert message in line


def test_an_unknown_command_names_a_close_one() -> None:
    """Before its options are looked at."""
    answer = CliRunner().invoke(main, ["calender", "--whatever"])
    assert (answer.exit_code, answer.stderr) == (
        2,
        "marketday: No such command 'calender'. Did you mean 'calendar'? (see marketday --help)\n",
    )


def test_a_mistake_in_a_schedule_file_is_its_own_line(checkout: Checkout, ask: Ask) -> None:
    """What `check` would say is said by every command that needs the file."""
    checkout.feed("prices", DAILY.replace("2026-01-05", "soon").replace("team:test", "bob"))
    for arguments in (["list"], ["next"], ["next", "prices"], ["explain", "prices", "2026-02-02"]):
        answer = ask(*arguments)
        assert answer.exit_code == 1
        assert [line.split(": ")[0] for line in answer.stderr.splitlines()] == [
            "adapters/prices.yaml:2",
            "adapters/prices.yaml:3",
        ]


@pytest.mark.parametrize("damage", ["<<<<<<< HEAD\n", '{"date": "2026-01-01"}\n', "[]\n", "{}\n"])
def test_a_damaged_calendar_is_one_line(checkout: Checkout, ask: Ask, damage: str) -> None:
    """A merge that went wrong, a day that lacks its kind, other JSON: with the command that mends it."""
    checkout.feed("prices", DAILY)
    with (checkout.root / "calendars" / "compiled" / "TEST.jsonl").open("a") as file:
        file.write(damage)
    for arguments in (["calendar", "TEST"], ["next"], ["explain", "prices", "2026-02-02"], ["check"]):
        answer = ask(*arguments)
        line = (answer.stdout or answer.stderr).splitlines()[0]
        assert answer.exit_code == 1
        assert "calendars/compiled/TEST.jsonl is damaged" in line
        assert "python -m dagster_project.calendar_compiler TEST" in line


@pytest.mark.parametrize("command", ["run", "env", "list", "next", "explain", "plan", "calendar", "check", "new"])
def test_every_command_explains_itself(command: str) -> None:
    """Its help has a first line, and the overview lists it with the exit codes."""
    overview = CliRunner().invoke(main, ["--help"])
    assert f"  {command} " in overview.stdout
    assert "Exit codes: 0 done, 1 mistakes found or refused" in " ".join(overview.stdout.split())
    shown = CliRunner().invoke(main, [command, "--help"])
    assert shown.exit_code == 0
    assert len(shown.stdout.splitlines()[2].strip()) > 20
