"""The feeds that a folder holds: each pair of files, or every mistake in them at once."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from dagster_project.domain.moment import Relative
from dagster_project.registry import (
    AdapterFileError,
    ScheduleFileError,
    UnknownFeed,
    adapter_module,
    feed,
    feeds,
    load_adapter,
    project_root,
    read_feeds,
)

RIGHT = """\
calendar: XNYS
start: 2026-01-05
owner: team:test
schedules:
  eod:
    at: close + 1h
    wait: {every: 5m, until: 22:00}
"""

Write = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with no feed, and the project's calendars."""
    (tmp_path / "adapters").mkdir()
    (tmp_path / "calendars").symlink_to(project_root() / "calendars")
    return tmp_path


@pytest.fixture
def write(root: Path) -> Write:
    """Writes a feed's two files."""

    def write(name: str, schedule: str | None = RIGHT, adapter: str | None = "adapter = None\n") -> Path:
        for ending, text in ((".yaml", schedule), (".py", adapter)):
            if text is not None:
                (root / "adapters" / (name + ending)).write_text(text, encoding="utf-8")
        return root

    return write


def mistakes(root: Path) -> list[str]:
    """All mistakes, as lines."""
    with pytest.raises(ScheduleFileError) as raised:
        feeds(root)
    assert [str(mistake) for mistake in raised.value.mistakes] == str(raised.value).splitlines()
    return str(raised.value).splitlines()


def test_each_pair_of_files_is_a_feed(root: Path, write: Write) -> None:
    """Named by its files, in the order of names; nothing is registered anywhere."""
    write("rates")
    write("prices")
    write("_shared", schedule=None)
    found = feeds(root)
    assert [each.name for each in found] == ["prices", "rates"]
    assert (found[0].calendar.code, found[0].start, found[0].owner) == ("XNYS", date(2026, 1, 5), "team:test")
    assert found[0].schedules["eod"].at == Relative("close", timedelta(hours=1))


def test_the_projects_own_feeds_are_right() -> None:
    """Each with its adapter."""
    found = feeds(project_root())
    assert {"nse_equity", "ecb_fx", "finra_short_volume"} <= {each.name for each in found}
    for each in found:
        assert load_adapter(each.name, project_root())


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        (
            "    at: close + 1h",
            "    at: 975",
            "prices.yaml:6: schedules.eod.at: found 975, expected a wall time such as",
        ),
        (
            "    at: close + 1h",
            "    at: 6pm",
            "prices.yaml:6: schedules.eod.at: found '6pm', expected a wall time such as",
        ),
        (
            "    at: close + 1h",
            "    at: on",
            "prices.yaml:6: schedules.eod.at: found 'on', expected a wall time such as",
        ),
        (
            "    at: close + 1h",
            "    at: 22:30",
            "prices.yaml:7: schedules.eod.wait: found until 22:00, expected a time after the fire at 22:30",
        ),
        (
            "    wait: {every: 5m, until: 22:00}",
            "    wait: {evry: 5m, until: 22:00}",
            "prices.yaml:7: schedules.eod.wait.every: is missing",
        ),
        (
            "    wait: {every: 5m, until: 22:00}",
            "    misfires: all",
            "prices.yaml:7: schedules.eod.misfires: unknown key; did you mean misfire?; there are: at, deadline, ",
        ),
        (
            "    wait: {every: 5m, until: 22:00}",
            "    misfire: no",
            "prices.yaml:7: schedules.eod.misfire: found 'no', expected 'all', 'latest' or 'skip'",
        ),
        (
            "owner: team:test",
            "owner: team:test\ngrace: 3d",
            "prices.yaml:4: grace: unknown key; there are: calendar, owner, schedules, start",
        ),
        ("    at: close + 1h", "    at: 18:00\n    at: 19:00", "prices.yaml:7: at is named twice"),
        ("calendar: XNYS", "calendar: NYSE", "prices.yaml:1: no calendar 'NYSE'"),
        ("start: 2026-01-05", "start: 2026-02-30", "prices.yaml:2: start: found '2026-02-30', expected a date such as"),
        ("start: 2026-01-05", "start: 1999-01-04", "prices.yaml:2: start: found 1999-01-04, expected a date that XNYS"),
    ],
)
def test_a_mistake_says_where_it_is_what_was_found_and_what_was_expected(
    root: Path, write: Write, right: str, wrong: str, expected: str
) -> None:
    """In one line, in words of a schedule file, not of Python's types."""
    assert right in RIGHT
    write("prices", RIGHT.replace(right, wrong))
    found = mistakes(root)[0]
    assert found.startswith(f"adapters/{expected}")
    assert not {"Input should", "validation", "Value error", "pydantic"} & set(found.split(" "))


def test_all_mistakes_of_all_files_come_at_once(root: Path, write: Write) -> None:
    """Several in one file, one in another, a file without its pair; a right one beside them is no matter."""
    write("prices", RIGHT.replace("2026-01-05", "soon").replace("team:test", "bob").replace("5m", "5"))
    write("rates")
    write("trades", adapter=None)
    write("volumes", schedule=None)
    places = [line.split(": ")[0] for line in mistakes(root)]
    assert places == [
        "adapters/prices.yaml:2",
        "adapters/prices.yaml:3",
        "adapters/prices.yaml:7",
        "adapters/trades.yaml:1",
        "adapters/volumes.py:1",
    ]
    right, wrong = read_feeds(root)
    assert ([each.name for each in right], len(wrong)) == (["rates"], 5)
    assert feed("rates", root).name == "rates"


@pytest.mark.parametrize("text", ["", "just words\n", "- a list\n", "schedules: eod\n", "schedules: {eod: }\n"])
def test_a_file_of_another_shape_is_a_mistake(root: Path, write: Write, text: str) -> None:
    """Empty, text, a list, a schedule that is none."""
    write("prices", text)
    assert all(line.startswith("adapters/prices.yaml:1: ") for line in mistakes(root))


def test_bytes_that_are_no_text_are_a_mistake(root: Path, write: Write) -> None:
    """Saved in another encoding."""
    write("prices")
    (root / "adapters" / "prices.yaml").write_bytes(RIGHT.replace("test", "Zürich").encode("latin-1"))
    assert mistakes(root) == ["adapters/prices.yaml:3: not UTF-8 text"]


def test_an_unknown_feed_names_those_that_there_are(root: Path, write: Write) -> None:
    """And a close one."""
    write("prices")
    with pytest.raises(UnknownFeed, match=r"no feed 'price'; there are: prices; did you mean prices\?"):
        feed("price", root)


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        (None, "adapters/prices.py: no such file"),
        ("x = 1\n", "adapters/prices.py: expected `adapter = Adapter"),
        ("adapter = 'prices'\n", "found 'prices'"),
    ],
)
def test_an_adapter_file_without_an_adapter_is_an_error(
    root: Path, write: Write, adapter: str | None, message: str
) -> None:
    """That says what was expected."""
    write("prices", adapter=adapter)
    with pytest.raises(AdapterFileError, match=message):
        load_adapter("prices", root)


def test_an_adapters_module_is_loaded_once(root: Path, write: Write) -> None:
    """Its values are the same objects wherever they are used."""
    write("prices", adapter="things = []\n")
    assert adapter_module("prices", root) is adapter_module("prices", root)
