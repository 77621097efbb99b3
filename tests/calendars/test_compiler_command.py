"""`python -m dagster_project.calendar_compiler`: compiles, or compares with what is committed."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dagster_project.calendar_compiler.__main__ import main

RULES = """\
title: Every weekday
timezone: UTC
first: 2026-01-01
verified_through: 2026-12-31
verified_by: nobody
regular:
  - since: 2026-01-01
    weekdays: mon-fri
    source: nobody
overlays:
  - date: 2026-03-10
    what: closed
    name: A holiday
    source: circular 1
    confidence: official
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one calendar that has been compiled."""
    (tmp_path / "TEST.yaml").write_text(RULES)
    assert call(tmp_path).exit_code == 0
    return tmp_path


def call(folder: Path, *arguments: str) -> Result:
    """The command on a folder."""
    return CliRunner().invoke(main, [*arguments, "--folder", str(folder)])


def test_what_is_committed_passes_the_check(folder: Path) -> None:
    """Nothing is written."""
    compiled = folder / "compiled" / "TEST.jsonl"
    before = compiled.stat().st_mtime_ns
    answer = call(folder, "--check")
    assert (answer.exit_code, answer.output) == (0, "TEST: as committed\n")
    assert compiled.stat().st_mtime_ns == before


def test_a_difference_is_shown_day_by_day_and_fails_the_check(folder: Path) -> None:
    """As it is committed, and as it is now."""
    (folder / "TEST.yaml").write_text(RULES.replace("2026-03-10", "2026-03-11"))
    answer = call(folder, "TEST", "--check")
    assert answer.exit_code == 1
    lines = answer.output.splitlines()
    day = '{"kind": "closed", "name": "A holiday", "source": "calendars/TEST.yaml, circular 1"}'
    assert lines[0] == "TEST: differs from what is committed"
    assert lines[-2:] == [f"  - 2026-03-10 {day}", f"  + 2026-03-11 {day}"]


def test_an_overlay_that_moved_to_another_line_is_one_difference(folder: Path) -> None:
    """Not one for each day below it; the rules' hash differs too."""
    (folder / "TEST.yaml").write_text("# a comment\n" + RULES)
    answer = call(folder, "--check")
    assert answer.exit_code == 1
    assert [line.split()[1] for line in answer.output.splitlines()[1:]] == ["rules_sha256", "rules_sha256"]


def test_compiling_again_mends_the_difference(folder: Path) -> None:
    """And says what it changed."""
    (folder / "TEST.yaml").write_text(RULES.replace("A holiday", "Another"))
    assert "Another" in call(folder).output
    assert call(folder, "--check").exit_code == 0


def test_a_mistake_writes_nothing(folder: Path) -> None:
    """One line for it, no traceback."""
    before = (folder / "compiled" / "TEST.jsonl").read_text()
    (folder / "TEST.yaml").write_text(RULES.replace("2026-03-10", "2026-03-14"))
    answer = call(folder)
    assert (answer.exit_code, answer.output.count("\n")) == (1, 1)
    assert answer.output.startswith("Error: calendars/TEST.yaml:11: 2026-03-14 is closed already")
    assert (folder / "compiled" / "TEST.jsonl").read_text() == before


def test_an_unknown_code_names_those_that_there_are(folder: Path) -> None:
    """And compiles none."""
    answer = call(folder, "XXXX")
    assert (answer.exit_code, "no XXXX.yaml" in answer.output, "there are: TEST" in answer.output) == (1, True, True)
