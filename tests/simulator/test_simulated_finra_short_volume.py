"""The simulated short volume file is what FINRA's is, but for the values."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from simulator.sources.finra_short_volume import DECIMAL_SINCE
from simulator.world import World
from tests.simulator.simulated_paths import GENUINE, shape

WHOLE = date(2026, 2, 20)  # the last session with whole volumes
DECIMAL = DECIMAL_SINCE


def lines_of(world: World, session: date) -> list[str]:
    text = world.content("finra_short_volume", "daily", session).decode("ascii")
    assert text.endswith("\n")
    assert "\r" not in text
    return text.splitlines()


@pytest.mark.parametrize("session", [WHOLE, DECIMAL])
def test_the_last_line_counts_the_rows(world: World, session: date) -> None:
    """Some 9,000 rows of six fields, sorted by symbol, each symbol once, each of the session."""
    header, *rows, count = lines_of(world, session)
    assert header == "Date|Symbol|ShortVolume|ShortExemptVolume|TotalVolume|Market"
    assert int(count) == len(rows)
    assert 8_800 <= len(rows) <= 9_300
    fields = [row.split("|") for row in rows]
    assert {len(each) for each in fields} == {6}
    assert {each[0] for each in fields} == {f"{session:%Y%m%d}"}
    symbols = [each[1] for each in fields]
    assert symbols == sorted(set(symbols))


def test_tickers_that_look_like_something_else_are_there(world: World) -> None:
    """A missing value, a truth, a path."""
    assert {"NAN", "NA", "TRUE", "ACIC/U", "BRK/B"} <= {line.split("|")[1] for line in lines_of(world, WHOLE)[1:-1]}


@pytest.mark.parametrize(("session", "is_decimal"), [(WHOLE, False), (DECIMAL, True), (date(2021, 1, 4), False)])
def test_volumes_become_decimal(world: World, session: date, is_decimal: bool) -> None:
    """With six decimals, and not in every row."""
    volumes = [volume for line in lines_of(world, session)[1:-1] for volume in line.split("|")[2:5]]
    decimals = {len(volume.partition(".")[2]) for volume in volumes}
    assert decimals == ({0, 6} if is_decimal else {0})


@pytest.mark.parametrize("session", [WHOLE, DECIMAL])
def test_exempt_is_part_of_short_and_short_of_total(world: World, session: date) -> None:
    """No row contradicts itself."""
    for line in lines_of(world, session)[1:-1]:
        short, exempt, total = map(Decimal, line.split("|")[2:5])
        assert 0 <= exempt <= short <= total, line
        assert total >= 1, line


@pytest.mark.parametrize("genuine", sorted((GENUINE / "finra_regsho").glob("CNMS*.txt")), ids=lambda path: path.name)
def test_lines_are_written_as_in_a_genuine_file(genuine: Path, world: World) -> None:
    """For the same session: every line of ours has a form that stands in theirs, and so has every market."""
    theirs = genuine.read_text(encoding="ascii").splitlines()
    ours = lines_of(world, date.fromisoformat(f"{genuine.stem[-8:-4]}-{genuine.stem[-4:-2]}-{genuine.stem[-2:]}"))
    assert ours[0] == theirs[0]
    assert {shape(line) for line in ours} <= {shape(line) for line in theirs} | {"9|A/A|9|9|9|A"}
    markets = [{line.split("|")[5] for line in lines[1:-1]} for lines in (ours, theirs)]
    assert markets[0] <= markets[1] | {"B", "B,N"}
