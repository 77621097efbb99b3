"""A checked list of days against calendars."""

from datetime import date, time

import pytest

from dagster_project.domain.calendar import Calendar, CalendarError, Exceptional, Hours, Kind
from dagster_project.domain.known_days import KnownDaysError, read_known_days, wrong_days

CALENDAR = Calendar(
    "TEST",
    "A test",
    "America/New_York",
    date(2026, 1, 1),
    date(2026, 12, 31),
    (Hours(date(2026, 1, 1), frozenset(range(5)), ((time(9, 30), time(16)),)),),
    (
        Exceptional(date(2026, 11, 26), Kind.CLOSED, "Thanksgiving Day", "notice"),
        Exceptional(date(2026, 11, 27), Kind.EARLY_CLOSE, "Day after", "notice", ((time(9, 30), time(13)),)),
    ),
)
HEADING = "exchange,date,kind,open,close,name,source,confidence\n"


def calendar_of(code: str) -> Calendar:
    """The one calendar that there is."""
    if code != "TEST":
        raise CalendarError(f"no calendar {code!r}")
    return CALENDAR


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("TEST,2026-11-26,holiday,,,Thanksgiving,s,high", "the name is not compared"),
        ("TEST,2026-11-28,holiday,,,a Saturday,s,high", "a weekend is closed too"),
        ("TEST,2026-11-27,early_close,09:30,13:00,x,s,high", "both hours are right"),
        ("TEST,2026-11-27,early_close,,13:00,x,s,high", "an hour that is not stated is not compared"),
        ("TEST,2026-11-25,normal,09:30,16:00,x,s,high", "a regular session"),
    ],
)
def test_a_right_row_is_not_reported(row: str, why: str) -> None:
    """Kind and hours as the list has them."""
    assert wrong_days(read_known_days(HEADING + row), calendar_of) == [], why


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("TEST,2026-11-25,holiday,,,x,s,high", "expected closed, found session opens 09:30 closes 16:00"),
        ("TEST,2026-11-26,normal,,,x,s,high", "expected session, found closed (Thanksgiving Day)"),
        ("TEST,2026-11-27,normal,,,x,s,high", "found early_close opens 09:30 closes 13:00 (Day after)"),
        ("TEST,2026-11-27,early_close,,13:15,x,s,high", "expected early_close closes 13:15"),
        ("TEST,2026-11-27,early_close,09:00,,x,s,high", "expected early_close opens 09:00"),
        ("TEST,2027-01-04,normal,,,x,s,high", "expected session, found unknown"),
        ("XXXX,2026-11-26,holiday,,,x,s,high", "found no calendar 'XXXX'"),
    ],
)
def test_a_wrong_row_says_what_was_expected_and_what_was_found(row: str, message: str) -> None:
    """With its line in the list, so that it can be looked up."""
    (wrong,) = wrong_days(read_known_days(HEADING + row), calendar_of)
    assert message in str(wrong)
    assert str(wrong).startswith("line 2: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exchange,date,kind\n", "line 1: expected the columns exchange, date, kind, open, close; open, close missing"),
        (HEADING + "TEST,2026-11-26,feast,,,x,s,high", "line 2: found kind 'feast'"),
        (HEADING + "TEST,26 Nov 2026,holiday,,,x,s,high", "line 2: Invalid isoformat string: '26 Nov 2026'"),
        (HEADING + "TEST,2026-11-26,holiday,9.30,,x,s,high", "line 2: Invalid isoformat string: '9.30'"),
    ],
)
def test_a_list_that_cannot_be_read_is_an_error_with_its_line(text: str, message: str) -> None:
    """Never a row that is quietly left out."""
    with pytest.raises(KnownDaysError, match="line") as error:
        read_known_days(text)
    assert str(error.value).startswith(message)
