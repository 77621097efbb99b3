"""`marketday new`: a working example that passes every check as it is, and never overwrites anything."""

import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from dagster_project.cli import main
from dagster_project.domain.table import problems
from dagster_project.registry import feed, load_adapter, project_root
from tests.cli.checkout import DAILY, Ask, Checkout

FILES = ["adapters/prices.py", "adapters/prices.yaml", "tests/adapters/samples/prices/2026-11-25.csv"]
NEW = ("new", "prices", "--calendar", "TEST", "--at", "2026-11-27T12:00Z")


def written(root: Path) -> list[str]:
    """The files of a checkout that are no calendars."""
    found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if path.parts[0] != "calendars" and "__pycache__" not in path.parts)


def test_a_new_feed_passes_check_and_parses_its_sample(checkout: Checkout, ask: Ask) -> None:
    """Three files, named by the feed and the latest session: all that a feed is."""
    answer = ask(*NEW)
    assert answer.exit_code == 0
    assert written(checkout.root) == FILES
    assert [line for line in answer.stdout.splitlines() if line.startswith("wrote")] == [
        f"wrote {path}" for path in FILES
    ]
    assert ask("check", "--at", "2026-03-02").stdout == "0 mistakes, 0 warnings\n"

    made = feed("prices", checkout.root)
    assert (made.calendar.code, made.start, made.owner) == ("TEST", date(2026, 11, 25), "team:data")
    adapter = load_adapter("prices", checkout.root)
    table = adapter.parse((checkout.root / FILES[2]).read_bytes(), date(2026, 11, 25))
    assert problems(table, adapter.columns, adapter.key) == []
    assert table.height == 3


@pytest.mark.parametrize(
    "name", ["Prices", "my-prices", "2nd", "prices.v2", "../prices", "", "class", "input", "_x", "a b"]
)
def test_a_name_that_can_be_no_feeds_is_refused(checkout: Checkout, ask: Ask, name: str) -> None:
    """Not a name in Python and Dagster, or a word of theirs: nothing is written."""
    answer = ask("new", name, "--calendar", "TEST")
    assert (answer.exit_code, len(answer.stderr.splitlines())) == (1, 1)
    assert written(checkout.root) == []


@pytest.mark.parametrize(
    "path", ["adapters/prices.py", "adapters/prices.yaml", "tests/adapters/samples/prices/old.csv"]
)
def test_what_is_there_is_never_overwritten(checkout: Checkout, ask: Ask, path: str) -> None:
    """One file of that name is enough, and the two others are not written either."""
    (checkout.root / path).parent.mkdir(parents=True)
    (checkout.root / path).write_text("mine")
    answer = ask(*NEW)
    assert answer.exit_code == 1
    assert "is there already; nothing was written" in answer.stderr
    assert written(checkout.root) == [path]
    assert (checkout.root / path).read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--calendar", "NONE"), "there are: ALWAYS, BREAKS, TEST"),
        (("--calendar", "TEST", "--owner", "bob"), "--owner: found 'bob', expected team:NAME or an e-mail address"),
        (("--calendar", "TEST", "--owner", "team:a b # c"), "expected team:NAME"),
        (("--calendar", "TEST", "--at", "2025-06-01"), "TEST knows no session before 2025-06-01"),
    ],
)
def test_what_would_not_pass_check_is_refused(
    checkout: Checkout, ask: Ask, arguments: tuple[str, ...], message: str
) -> None:
    """An unknown calendar, an owner that is none, a calendar without a session so far."""
    answer = ask("new", "prices", *arguments)
    assert answer.exit_code == 1
    assert message in answer.stderr
    assert written(checkout.root) == []


def test_a_calendar_without_hours_gets_wall_times(checkout: Checkout, ask: Ask) -> None:
    """`close + 1h` would hold for ever there."""
    assert ask("new", "prices", "--calendar", "ALWAYS", "--at", "2026-03-02").exit_code == 0
    assert ask("check", "--at", "2026-03-02").exit_code == 0
    assert str(feed("prices", checkout.root).schedules["daily"].at) == "18:00"


def test_a_folder_that_cannot_be_written_is_one_line(checkout: Checkout, ask: Ask) -> None:
    """A file where `tests` should be: no traceback."""
    (checkout.root / "tests").write_text("")
    answer = ask(*NEW)
    assert answer.exit_code == 1
    assert answer.stderr.startswith("marketday: cannot write ")
    assert len(answer.stderr.splitlines()) == 1


def test_a_new_feed_is_clean_in_types_and_style(tmp_path: Path) -> None:
    """mypy --strict and ruff, as the project configures them, find nothing in the example."""
    shutil.copytree(project_root() / "calendars", tmp_path / "calendars")
    assert CliRunner().invoke(main, ["new", "example_prices", "--root", str(tmp_path)]).exit_code == 0
    config = str(project_root() / "pyproject.toml")
    adapter = str(tmp_path / "adapters" / "example_prices.py")
    for tool in (
        ["mypy", "--config-file", config, adapter],
        ["ruff", "check", "--config", config, adapter],
        ["ruff", "format", "--check", "--config", config, adapter],
    ):
        found = subprocess.run([sys.executable, "-m", *tool], cwd=project_root(), capture_output=True, text=True)
        assert found.returncode == 0, found.stdout + found.stderr


def test_a_new_feed_keeps_the_contract_of_every_adapter(tmp_path: Path) -> None:
    """A copy of the project with the example in it: the contract finds the pair and its sample, and is green."""
    for folder in ("calendars", "dagster_project", "tests/adapters"):
        shutil.copytree(
            project_root() / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "samples")
        )
    shutil.copy(project_root() / "pyproject.toml", tmp_path)
    made = CliRunner().invoke(main, ["new", "example_prices", "--at", "2026-11-23", "--root", str(tmp_path)])
    assert made.exit_code == 0
    contract = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/adapters/test_contract.py"]
    found = subprocess.run([sys.executable, *contract], cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout
    assert (
        "example_prices-2026-11-20.csv"
        in subprocess.run(
            [sys.executable, *contract, "--collect-only"], cwd=tmp_path, capture_output=True, text=True
        ).stdout
    )


def test_a_feed_beside_the_new_one_is_left_as_it_is(checkout: Checkout, ask: Ask) -> None:
    """A new feed is three files, and nothing else is edited."""
    checkout.feed("rates", DAILY)
    before = {path: (checkout.root / path).read_bytes() for path in written(checkout.root)}
    assert ask(*NEW).exit_code == 0
    assert {path: (checkout.root / path).read_bytes() for path in before} == before
    assert written(checkout.root) == sorted([*before, *FILES])
