"""The simulated reference rates are written as the ECB's three files, and all three say the same."""

import io
import re
import zipfile
from datetime import date
from pathlib import Path

import pytest

from simulator.world import World
from tests.simulator.simulated_paths import GENUINE, shape

SESSION = date(2026, 3, 2)


def history(world: World, session: date) -> list[list[str]]:
    archive = zipfile.ZipFile(io.BytesIO(world.content("ecb_fx", "hist", session)))
    (member,) = archive.namelist()
    assert member == "eurofxref-hist.csv"
    text = archive.read(member).decode("ascii")
    assert text.endswith(",\n")
    return [line.split(",") for line in text.splitlines()]


def fixings(xml: str) -> dict[str, dict[str, str]]:
    """Rates by date and currency, of the daily or the 90-day file."""
    found: dict[str, dict[str, str]] = {}
    for day in re.split("<Cube time=", xml)[1:]:
        rates = re.findall(r"<Cube currency=['\"](\w{3})['\"] rate=['\"]([0-9.]+)['\"]/>", day)
        found[day[1:11]] = dict(rates)
    return found


def ninety_days(world: World, session: date) -> str:
    return world.content("ecb_fx", "hist-90d", session).decode()


def daily(world: World, session: date) -> str:
    return world.content("ecb_fx", "daily", session).decode()


def test_all_three_files_give_a_session_the_same_rates(world: World) -> None:
    """But for trailing zeros, which only the daily file keeps."""
    today = daily(world, SESSION)
    (rates,) = fixings(today).values()
    stripped = {currency: f"{float(rate):.5f}".rstrip("0").rstrip(".") for currency, rate in rates.items()}
    assert fixings(ninety_days(world, SESSION))["2026-03-02"] == stripped
    header, newest, *_ = history(world, SESSION)
    assert {name: cell for name, cell in zip(header[1:-1], newest[1:-1], strict=True) if cell != "N/A"} == stripped


def test_a_session_keeps_its_rates_in_later_files(world: World) -> None:
    """What the daily file said of a session, the 90 days and the history say for ever."""
    told = fixings(daily(world, date(2026, 2, 2)))["2026-02-02"]
    later = fixings(ninety_days(world, SESSION))["2026-02-02"]
    assert {currency: float(rate) for currency, rate in later.items()} == {
        currency: float(rate) for currency, rate in told.items()
    }


def test_the_daily_file_keeps_trailing_zeros_and_the_others_strip_them(world: World) -> None:
    """ISK shows it always: it is fixed in tenths and written with two decimals."""
    assert re.search(r"currency='ISK' rate='\d+\.\d0'", daily(world, SESSION))
    assert re.search(r'currency="ISK" rate="\d+(\.[1-9])?"', ninety_days(world, SESSION))


def test_the_history_is_newest_first_with_an_empty_last_column(world: World) -> None:
    """From the calendar's first session; N/A where a currency had no rate."""
    header, *days = history(world, SESSION)
    assert header[0] == "Date"
    assert {line[-1] for line in [header, *days]} == {""}
    assert {len(line) for line in days} == {len(header)}
    dates = [line[0] for line in days]
    assert dates == sorted(dates, reverse=True)
    assert (dates[0], dates[-1]) == ("2026-03-02", "2015-01-01")


def test_ninety_days_are_calendar_days(world: World) -> None:
    """The oldest is less than 90 days before the newest; the closed days are absent."""
    dates = list(fixings(ninety_days(world, date(2026, 4, 7))))
    assert dates == sorted(dates, reverse=True)
    assert (dates[0], dates[-1]) == ("2026-04-07", "2026-01-08")
    assert "2026-04-03" not in dates


@pytest.mark.parametrize(
    ("session", "present", "absent", "why"),
    [
        (date(2018, 1, 31), "RUB HRK BGN", "ISK", "no krona for ten years"),
        (date(2018, 2, 1), "ISK", "", "the krona is back"),
        (date(2022, 3, 1), "RUB", "", "the rouble's last fixing"),
        (date(2022, 3, 2), "HRK BGN", "RUB", "the rouble is suspended"),
        (date(2022, 12, 30), "HRK", "RUB", "the kuna's last fixing"),
        (date(2023, 1, 2), "BGN", "HRK", "Croatia has the euro"),
        (date(2025, 12, 31), "BGN", "HRK", "the lev's last fixing"),
        (date(2026, 1, 2), "USD ZAR", "BGN HRK RUB", "Bulgaria has the euro"),
    ],
)
def test_currencies_come_and_go_by_era(world: World, session: date, present: str, absent: str, why: str) -> None:
    """The daily file lists only what is fixed."""
    (rates,) = fixings(daily(world, session)).values()
    assert set(present.split()) <= set(rates), why
    assert not set(absent.split()) & set(rates), why


@pytest.mark.parametrize(("session", "last"), [(date(2018, 2, 1), "ILS"), (date(2018, 2, 2), "ZAR")])
def test_the_shekel_moved_on_2018_02_02(world: World, session: date, last: str) -> None:
    """The one known change of the column order."""
    assert history(world, session)[0][-2] == last


@pytest.mark.parametrize("genuine", sorted((GENUINE / "ecb_eurofxref").glob("*daily*.xml")), ids=lambda path: path.name)
def test_the_daily_file_is_written_as_a_genuine_one(genuine: Path, world: World) -> None:
    """For the same session: the same lines, the same currencies in the same order, the same decimals."""
    theirs = genuine.read_text(encoding="utf-8")
    ours = daily(world, date.fromisoformat(genuine.stem[-10:]))
    assert [shape(line) for line in ours.split("\n")] == [shape(line) for line in theirs.split("\n")]
    assert list(*(day.keys() for day in fixings(ours).values())) == list(
        *(day.keys() for day in fixings(theirs).values())
    )
    lengths = [
        {currency: len(rate.partition(".")[2]) for currency, rate in day.items()}
        for text in (ours, theirs)
        for day in fixings(text).values()
    ]
    assert lengths[0] == lengths[1]


@pytest.mark.parametrize("genuine", sorted((GENUINE / "ecb_eurofxref").glob("*90d*.xml")), ids=lambda path: path.name)
def test_the_90_days_are_written_as_genuine_ones(genuine: Path, world: World) -> None:
    """For the same session: the same text but for the rates (a stripped rate may lose its decimals)."""
    theirs = genuine.read_text(encoding="utf-8")
    ours = ninety_days(world, date.fromisoformat(genuine.stem[-10:]))

    def bare(text: str) -> str:
        return re.sub(r'rate="[0-9.]+"', "", text)

    assert bare(ours) == bare(theirs)


@pytest.mark.parametrize("genuine", sorted((GENUINE / "ecb_eurofxref").glob("*hist*.zip")), ids=lambda path: path.name)
def test_the_history_has_a_genuine_header(genuine: Path, world: World) -> None:
    """With the column order of the file's day."""
    archive = zipfile.ZipFile(genuine)
    header, newest = archive.read("eurofxref-hist.csv").decode().split("\n", 2)[:2]
    assert history(world, date.fromisoformat(newest[:10]))[0] == header.split(",")
