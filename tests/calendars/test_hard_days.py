"""Days that are easily wrong, each with the reason why it is as it is."""

from datetime import date, datetime
from pathlib import Path

import pytest

from dagster_project.domain.calendar import UTC
from dagster_project.io.calendars import load_calendar

FOLDER = Path(__file__).resolve().parents[2] / "calendars"

# code, date, kind, open, close, why
HARD = """
XNSE 2015-02-28 special_session 09:15 15:30 Union Budget on a Saturday
XNSE 2016-10-30 special_session 18:30 19:30 Muhurat on a Sunday
XNSE 2019-04-29 closed - - election in Mumbai
XNSE 2020-02-01 special_session 09:15 15:30 Union Budget on a Saturday
XNSE 2020-11-14 special_session 18:15 19:15 Muhurat on a Saturday
XNSE 2021-02-24 special_session 09:15 17:00 a fault, and hours extended by decision
XNSE 2021-11-04 special_session 18:15 19:15 Muhurat on a day that is a holiday otherwise
XNSE 2023-06-28 session 09:15 15:30 a holiday that was moved away the day before
XNSE 2023-06-29 closed - - and to here
XNSE 2024-01-20 special_session 09:15 15:30 a Saturday whose kind changed the evening before
XNSE 2024-01-22 closed - - closed by decision three days before
XNSE 2024-03-02 special_session 09:15 12:30 two parts with a break
XNSE 2025-10-21 special_session 13:45 14:45 Muhurat at noon instead of the evening
XNSE 2026-01-15 closed - - a settlement holiday that became a trading holiday
XNSE 2026-02-01 special_session 09:15 15:30 Union Budget on a Sunday
XNSE 2026-03-19 session 09:15 15:30 banks closed, the exchange open
XNSE 2026-07-31 session 09:15 15:30 the last day before the closing auction
XNSE 2026-08-03 session 09:15 15:35 the first day with it
XNSE 2026-11-08 special_session - - a Sunday session whose hours are not known
XNSE 2026-11-09 session 09:15 15:35 the Monday after it is an ordinary one
XNSE 2027-01-26 closed - - certain although the year is not verified
XNSE 2027-01-27 unknown - - the libraries say open, nobody has said so
XBOM 2021-02-24 special_session 09:15 17:00 the other exchange's fault
XBOM 2020-05-25 closed - - pandas_market_calendars says open
XBOM 2020-07-31 session 09:15 15:30 pandas_market_calendars says closed
TARGET 2024-05-20 session 07:00 18:00 a holiday in most of the euro area, not of TARGET
TARGET 2026-04-06 closed - - Easter Monday
TARGET 2026-12-26 closed - - a Saturday
XNYS 2018-12-05 closed - - a day of mourning
XNYS 2025-01-09 closed - - a day of mourning
XNYS 2024-07-03 early_close 09:30 13:00 the day before Independence Day
XNYS 2026-07-02 session 09:30 16:00 no early close before an observed holiday
XNYS 2026-07-03 closed - - Independence Day observed
XNYS 2026-11-26 closed - - Thanksgiving Day
XNYS 2026-11-27 early_close 09:30 13:00 the day after it
XNYS 2027-12-31 session 09:30 16:00 New Year's Day on a Saturday is not observed
XNYS 2028-11-24 early_close 09:30 13:00 the last year that the exchange has announced
SIFMA_US 2023-04-07 early_close 07:00 12:00 Good Friday with the employment report: Treasury rates exist
SIFMA_US 2025-01-09 early_close 07:00 14:00 bonds traded when shares did not
SIFMA_US 2018-12-05 closed - - pandas_market_calendars says open
USFED 2026-07-03 session - - the Reserve Banks do not move a holiday from Saturday to Friday
CNB 2021-12-31 session - - the bank fixes when the Prague exchange is closed
BOE 2022-09-19 closed - - the Queen's funeral
EDGAR 2025-12-26 closed - - federal offices closed by executive order
CBOE_VIX 2024-11-28 special_session - - a value on Thanksgiving Day, in hours that were not recorded
CBOE_VIX 2021-11-25 closed - - not before 2022
XLON 2022-06-02 closed - - the spring bank holiday moved for a jubilee
XLON 2024-12-24 early_close 08:00 12:30 closes at noon, not in the evening
XHKG 2023-09-08 closed - - black rain: exchange_calendars says open
XHKG 2024-02-09 early_close 09:30 12:00 the afternoon falls away
XHKG 2024-11-14 session 09:30 16:00 open in a storm since September 2024
XTAI 2024-10-31 closed - - a typhoon that no library has
XTAI 2022-02-04 closed - - exchange_calendars says open
XKRX 2024-11-14 special_session 10:00 16:30 the college entrance test: an hour later
XKRX 2025-01-02 special_session 10:00 15:30 the first trading day opens late
XKRX 2026-07-17 closed - - Constitution Day is a holiday again
XTKS 2020-10-01 closed - - the exchange stood still all day
XTKS 2024-11-05 session 09:00 15:30 the first day of the later close
XSHG 2024-02-09 closed - - New Year's Eve, although a workday of the state
XSHE 2026-02-14 closed - - a weekend workday of the state is no session
XSHG 2027-02-09 unknown - - around the statutory days nothing is announced
XSES 2026-12-24 early_close 09:00 12:00 a half day that exchange_calendars lacks
XJSE 2024-05-29 closed - - an election that exchange_calendars lacks
XASX 2022-12-23 early_close 10:00 14:10 exchange_calendars misses the short days of 2022
BVMF 2026-02-18 special_session 13:00 18:00 Ash Wednesday opens late
BVMF 2026-07-09 session 10:00 17:00 a holiday of the state, and the hours of New York's summer
XMEX 2026-07-01 session 07:30 14:00 an hour earlier while New York has summer time
XMEX 2024-10-01 closed - - a new president
CME_Equity 2025-01-09 early_close 17:00 08:30 opened the evening before
CME_Equity 2025-04-18 closed - - Good Friday without an employment report
CME_Equity 2026-04-03 early_close 17:00 08:15 Good Friday with one
CME_Ag 2025-01-09 early_close 19:00 12:15 pandas_market_calendars says closed
INR_SETTLEMENT 2024-09-16 session - - a holiday that was moved three days before
INR_SETTLEMENT 2026-04-01 closed - - annual bank closing, a trading day of the exchanges
24x7 2026-12-25 session 00:00 00:00 never closed
"""
ROWS = [line.split(maxsplit=5) for line in HARD.strip().splitlines()]


@pytest.mark.parametrize(
    ("code", "day", "kind", "opens", "closes", "why"), ROWS, ids=[" ".join(row[:2]) for row in ROWS]
)
def test_a_hard_day_is_right(code: str, day: str, kind: str, opens: str, closes: str, why: str) -> None:
    """Kind and hours, in the calendar's own time."""
    found = load_calendar(code, FOLDER).day(date.fromisoformat(day))
    hours = [f"{at:%H:%M}" if at else "-" for at in (found.open, found.close)]
    assert (found.kind, *hours) == (kind, opens, closes), why


@pytest.mark.parametrize(
    ("code", "day", "name"),
    [
        ("XNYS", "2026-11-26", "Thanksgiving Day"),
        ("XNYS", "2018-12-05", "National Day of Mourning for former President George H. W. Bush"),
        ("XNYS", "2026-11-27", "Day after Thanksgiving Day"),
        ("XNSE", "2026-01-15", "Maharashtra municipal elections"),
        ("XNSE", "2026-03-03", "Holi"),
        ("TARGET", "2026-04-03", "Good Friday"),
        ("XTAI", "2024-07-24", "Typhoon Gaemi"),
        ("XHKG", "2026-12-24", "Christmas Eve"),
    ],
)
def test_a_day_is_named_as_people_call_it(code: str, day: str, name: str) -> None:
    """By the overlay, else by `holidays`, else by the library's own rule."""
    assert load_calendar(code, FOLDER).day(date.fromisoformat(day)).name == name


def test_a_line_of_an_overlay_names_its_place_and_its_source() -> None:
    """So that `explain` can say where the fact stands, and who stated it when."""
    found = load_calendar("XNSE", FOLDER).day(date(2026, 1, 15))
    assert found.source is not None
    place, _, source = found.source.partition(", ")
    file, line = place.split(":")
    assert source == "NSE circular of 2026-01-12 (DNA, Economic Times)"
    assert "2026-01-15" in (FOLDER.parent / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]


@pytest.mark.parametrize(
    ("day", "instant", "kind", "hours"),
    [
        ("2026-01-15", "2026-01-08T12:00Z", "session", "09:15"),
        ("2026-01-15", "2026-01-10T12:00Z", "session", "09:15"),
        ("2026-01-15", "2026-01-12T12:00Z", "closed", None),
        ("2024-01-20", "2023-12-01T12:00Z", "closed", None),
        ("2024-01-20", "2024-01-19T12:00Z", "special_session", "12:30"),
        ("2024-01-20", "2024-01-19T13:00Z", "special_session", "15:30"),
        ("2023-06-28", "2023-06-26T12:00Z", "closed", None),
        ("2023-06-28", "2023-06-27T12:00Z", "session", "15:30"),
        ("2024-11-01", "2024-03-01T12:00Z", "special_session", None),
        ("2024-11-01", "2024-10-30T12:00Z", "special_session", "19:00"),
    ],
)
def test_what_was_believed_at_a_time_can_be_asked(day: str, instant: str, kind: str, hours: str | None) -> None:
    """`hours` is the close, or the open of a day that has since been closed."""
    then = load_calendar("XNSE", FOLDER).as_of(datetime.fromisoformat(instant).astimezone(UTC))
    found = then.day(date.fromisoformat(day))
    stated = {f"{at:%H:%M}" for at in (found.open, found.close) if at}
    assert found.kind == kind
    assert (hours in stated) if hours else not stated
