"""What the calendar libraries are asked, and the versions in which they answer rightly."""

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from dagster_project.calendar_compiler.libraries import LibraryError, ask, check_pandas, holiday_names


def test_this_pandas_keeps_the_week_masks_of_exchange_calendars() -> None:
    """Korea traded on Saturdays until December 1998; pandas 3.1 loses them without a word."""
    sessions = ask("exchange_calendars", "XKRX", date(1998, 11, 1), date(1998, 12, 31), ZoneInfo("Asia/Seoul")).sessions
    assert sessions is not None
    assert [day for day in sorted(sessions) if day.weekday() == 5][-1] == date(1998, 12, 5)
    assert {day.weekday() for day in sessions} == {0, 1, 2, 3, 4, 5}


@pytest.mark.parametrize("pandas", ["2.3.3", "3.0.6"])
def test_a_pandas_that_keeps_them_is_taken(pandas: str) -> None:
    """Up to 3.0."""
    check_pandas(pandas)


@pytest.mark.parametrize("pandas", ["3.1.0", "4.0"])
def test_a_pandas_that_breaks_calendars_is_refused(pandas: str) -> None:
    """With the version that was found and the command that mends it."""
    with pytest.raises(LibraryError, match=f"found pandas {pandas}, expected < 3.1.*pip install 'pandas<3.1'"):
        check_pandas(pandas)


@pytest.mark.parametrize("library", ["exchange_calendars", "pandas_market_calendars", "holidays"])
def test_a_calendar_that_a_library_lacks_is_an_error(library: str) -> None:
    """It names the library and the calendar."""
    with pytest.raises(LibraryError, match=f"{library} has no answer for NOWHERE"):
        ask(library, "NOWHERE", date(2026, 1, 1), date(2026, 12, 31), ZoneInfo("UTC"))


def test_exchange_calendars_refuses_years_that_it_does_not_know() -> None:
    """The other library's copy of the same calendar goes on with no closure at all."""
    with pytest.raises(LibraryError, match="XSHG"):
        ask("exchange_calendars", "XSHG", date(2027, 1, 1), date(2027, 12, 31), ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("library", "calendar", "day", "closes"),
    [
        ("pandas_market_calendars", "XNYS", date(2026, 11, 27), time(13)),
        ("exchange_calendars", "XHKG", date(2026, 12, 24), time(12)),
        ("pandas_market_calendars", "CME Globex Equity", date(2026, 11, 27), time(12, 15)),
    ],
)
def test_only_times_that_are_not_regular_are_told(library: str, calendar: str, day: date, closes: time) -> None:
    """In the zone that is asked for; a regular day has no entry."""
    zone = {"XNYS": "America/New_York", "XHKG": "Asia/Hong_Kong"}.get(calendar, "America/Chicago")
    answer = ask(library, calendar, date(2026, 11, 1), date(2026, 12, 31), ZoneInfo(zone))
    assert answer.closes[day] == closes
    assert date(2026, 11, 24) not in answer.closes
    assert answer.opens == {}


def test_remarks_on_hours_are_left_out_of_names() -> None:
    """The hours are ours; a remark would repeat them, or contradict them."""
    names = holiday_names("XNYS", date(2026, 1, 1), date(2026, 12, 31))
    assert names[date(2026, 12, 24)] == "Christmas Eve"
    assert names[date(2026, 7, 3)] == "Independence Day (observed)"


def test_a_country_and_a_part_of_it_have_names_too() -> None:
    """Bank holidays come from countries, in English."""
    assert holiday_names("CZ", date(2026, 7, 1), date(2026, 7, 31))[date(2026, 7, 6)] == "Jan Hus Day"
    assert date(2026, 8, 31) in holiday_names("GB-ENG", date(2026, 8, 1), date(2026, 8, 31))
