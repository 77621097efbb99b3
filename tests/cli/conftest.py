"""A small checkout of its own for each test, and the command line to ask about it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dagster_project.cli import main
from tests.cli.checkout import ALWAYS, BREAKS, TEST, TEST_DAYS, Ask, AskJson, Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with three calendars and no feed."""
    made = Checkout(tmp_path)
    made.calendar(TEST, TEST_DAYS)
    made.calendar(ALWAYS)
    made.calendar(BREAKS)
    return made


@pytest.fixture
def ask(checkout: Checkout) -> Ask:
    """Calls `marketday` on that checkout."""

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(main, [*arguments, "--root", str(checkout.root)])

    return call


@pytest.fixture
def ask_json(ask: Ask) -> AskJson:
    """What `marketday … --json` answers, decoded."""

    def call(*arguments: str) -> Any:
        answer = ask(*arguments, "--json")
        assert answer.exit_code in (0, 1), answer.output
        assert answer.exception is None or isinstance(answer.exception, SystemExit)
        return json.loads(answer.stdout)

    return call
