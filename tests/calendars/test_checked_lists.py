"""Whole lists of checked days that lie beside the project."""

from pathlib import Path

import pytest

from dagster_project.io.known_days import verify

FOLDER = Path(__file__).resolve().parents[2] / "calendars"
LISTS = sorted((FOLDER.parent / ".." / "shared" / "calendars").glob("known_days*.csv"))


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_every_row_of_a_checked_list_is_right(path: Path) -> None:
    """Kind, open and close of every row, whatever the exchange."""
    assert [str(wrong) for wrong in verify(path, FOLDER)] == []
