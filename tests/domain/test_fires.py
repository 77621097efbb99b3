"""Which fires exist, why a day has none, and what each tick decides."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.domain.calendar import Calendar
from dagster_project.domain.fires import Feed, Fire, Hold, Skip, consider, decide, fires, nominal_day, read_fire_id
from tests.domain.tiny_calendars import CHICAGO, MUMBAI, NEW_YORK, always, at, closed, feed, tiny

NIGHT = {"at": "close + 9h"}  # 01:00 of the next day, 22:00 after an early close


def run(feed: Feed, day: str) -> Fire:
    """The fire of a nominal day."""
    found = consider(feed, "eod", date.fromisoformat(day))
    assert isinstance(found, Fire), found
    return found


@pytest.mark.parametrize(
    ("calendar", "said", "day", "session", "expected", "why"),
    [
        (NEW_YORK, {"at": "18:05"}, "2026-11-25", "2026-11-25", "2026-11-25 23:05", "a wall time"),
        (NEW_YORK, {"at": "18:05"}, "2026-11-27", "2026-11-27", "2026-11-27 23:05", "an early close moves it not"),
        (NEW_YORK, {"at": "close + 1h"}, "2026-11-25", "2026-11-25", "2026-11-25 22:00", "after the close"),
        (NEW_YORK, {"at": "close + 1h"}, "2026-11-27", "2026-11-27", "2026-11-27 19:00", "after an early close"),
        (NEW_YORK, {"at": "08:00", "lag": 1}, "2026-11-27", "2026-11-25", "2026-11-27 13:00", "lag over a holiday"),
        (NEW_YORK, {"at": "08:00", "lag": 1}, "2026-11-30", "2026-11-27", "2026-11-30 13:00", "lag over a weekend"),
        (NEW_YORK, {"at": "08:00", "lag": 4}, "2026-11-30", "2026-11-23", "2026-11-30 13:00", "lag over both"),
        (NEW_YORK, NIGHT, "2026-11-25", "2026-11-25", "2026-11-26 06:00", "past midnight into a holiday"),
        (NEW_YORK, {"at": "18:05", "timezone": "UTC"}, "2026-11-25", "2026-11-25", "2026-11-25 18:05", "its own zone"),
        (
            NEW_YORK,
            {"at": "08:00", "timezone": "Asia/Tokyo"},
            "2026-11-25",
            "2026-11-25",
            "2026-11-24 23:00",
            "the nominal day is the local one of the schedule's zone",
        ),
        (MUMBAI, {"at": "close + 1h"}, "2026-02-01", "2026-02-01", "2026-02-01 11:00", "a Sunday session"),
        (MUMBAI, {"at": "08:00", "lag": 1}, "2026-02-02", "2026-02-01", "2026-02-02 02:30", "lag to a Sunday session"),
        (MUMBAI, {"at": "18:45"}, "2026-11-08", "2026-11-08", "2026-11-08 13:15", "a wall time needs no hours"),
        (CHICAGO, {"at": "open - 30m"}, "2026-06-01", "2026-06-01", "2026-05-31 21:30", "on the evening before"),
    ],
)
def test_a_session_owes_a_fire(
    calendar: Calendar, said: dict[str, Any], day: str, session: str, expected: str, why: str
) -> None:
    """One fire for each session, at its instant, for the session `lag` back."""
    found = run(feed(calendar, eod=said), day)
    assert (found.session, found.day, found.at) == (
        date.fromisoformat(session),
        date.fromisoformat(day),
        at(expected),
    ), why
    assert found.id == f"prices/eod/{session}"


def test_a_fire_has_its_deadline_and_its_wait() -> None:
    """On its nominal day, following an early close where they are relative to it."""
    waiting = feed(
        NEW_YORK, eod={"at": "close + 1h", "deadline": "close + 4h", "wait": {"every": "5m", "until": "22:00"}}
    )
    found = run(waiting, "2026-11-27")
    assert (found.deadline, found.waits_until) == (at("2026-11-27 22:00"), at("2026-11-28 03:00"))
    assert (found.due, found.owed_since) == (found.at, None)


EXCEPTED = {"at": "18:05", "except": [{"date": "2026-11-25", "reason": "the source moves house"}]}


@pytest.mark.parametrize(
    ("calendar", "said", "day", "reason"),
    [
        (NEW_YORK, {"at": "18:05"}, "2026-11-26", "2026-11-26 is not a session of XNYS: Thanksgiving Day"),
        (NEW_YORK, {"at": "18:05"}, "2026-11-28", "2026-11-28 is not a session of XNYS: Saturday"),
        (MUMBAI, {"at": "18:05"}, "2026-01-26", "2026-01-26 is not a session of XNSE: Republic Day"),
        (NEW_YORK, EXCEPTED, "2026-11-25", "2026-11-25 is excepted in adapters/prices.yaml: the source moves house"),
        (
            NEW_YORK,
            {"at": "18:05"},
            "2025-12-31",
            "2025-12-31 is before 2026-01-01, the first day that XNYS knows",
        ),
        (NEW_YORK, {"at": "18:05"}, "2026-02-27", "session 2026-02-27 is before 2026-03-02, the start of prices"),
        (
            NEW_YORK,
            {"at": "18:05", "lag": 1},
            "2026-03-02",
            "the session 1 before 2026-03-02 is before 2026-03-02, the start of prices",
        ),
        (
            NEW_YORK,
            {"at": "18:05", "lag": 250},
            "2026-03-02",
            "the session 250 before 2026-03-02 is before 2026-03-02, the start of prices",
        ),
    ],
)
def test_a_day_without_a_fire_says_why(calendar: Calendar, said: dict[str, Any], day: str, reason: str) -> None:
    """The holiday by its name, the exception by its reason, the start by its date."""
    assert consider(feed(calendar, "2026-03-02", eod=said), "eod", date.fromisoformat(day)) == Skip(reason)


UNKNOWN_HOURS = (
    "2026-11-08 is a session of XNSE (Muhurat trading, hours to be notified) whose hours are not known; "
    "state them in calendars/XNSE.yaml"
)


@pytest.mark.parametrize(
    ("said", "day", "reason"),
    [
        (
            {"at": "18:05"},
            "2027-01-04",
            "whether 2027-01-04 is a session of XNSE is not known: it is verified through 2026-12-31; "
            "extend calendars/XNSE.yaml",
        ),
        (
            {"at": "18:05"},
            "2026-03-20",
            "whether 2026-03-20 is a session of XNSE is not known: Id-ul-Fitr, by the moon; "
            "settle it in calendars/XNSE.yaml",
        ),
        ({"at": "close + 1h"}, "2026-11-08", UNKNOWN_HOURS),
        ({"at": "18:05", "deadline": "close + 9h"}, "2026-11-08", UNKNOWN_HOURS),
        ({"at": "18:05", "wait": {"every": "5m", "until": "close + 9h"}}, "2026-11-08", UNKNOWN_HOURS),
        (
            {"at": "08:00", "lag": 1},
            "2026-03-23",
            "which session lies 1 back is not known: sessions of XNSE between 2026-03-23 and 2026-03-19 cannot be "
            "counted: 2026-03-20 is unknown: Id-ul-Fitr, by the moon",
        ),
    ],
)
def test_what_is_not_known_is_held(said: dict[str, Any], day: str, reason: str) -> None:
    """Never guessed: no fire that waits for ever, or not at all, because an hour is missing."""
    assert consider(feed(MUMBAI, eod=said), "eod", date.fromisoformat(day)) == Hold(reason)


def test_a_certain_closure_beyond_what_is_verified_is_skipped_by_name() -> None:
    """It needs no notice."""
    calendar = tiny("XNSE", "Asia/Kolkata", [("09:15", "15:30")], closed("2027-01-26", "Republic Day"))
    found = consider(feed(calendar, eod={"at": "18:05"}), "eod", date(2027, 1, 26))
    assert found == Skip("2027-01-26 is not a session of XNSE: Republic Day")


@pytest.mark.parametrize(
    ("calendar", "said", "tick", "session", "why"),
    [
        (NEW_YORK, {"at": "close + 1h"}, "2026-11-25 22:00", "2026-11-25", "at its time"),
        (NEW_YORK, {"at": "close + 1h"}, "2026-11-27 19:00", "2026-11-27", "after an early close"),
        (NEW_YORK, NIGHT, "2026-11-25 06:00", "2026-11-24", "past midnight, on a day that has a fire itself"),
        (NEW_YORK, NIGHT, "2026-11-26 06:00", "2026-11-25", "past midnight, on a holiday"),
        (NEW_YORK, NIGHT, "2026-11-21 06:00", "2026-11-20", "past midnight, on a Saturday"),
        (CHICAGO, {"at": "open - 30m"}, "2026-05-31 21:30", "2026-06-01", "on the Sunday before"),
        (NEW_YORK, {"at": "08:00", "lag": 1}, "2026-11-27 13:00", "2026-11-25", "for the session before"),
        (NEW_YORK, {"at": "close + 9h"}, "2027-01-01 06:00", "2026-12-31", "the last verified day's, after it"),
    ],
)
def test_a_tick_serves_the_fire_of_its_instant(
    calendar: Calendar, said: dict[str, Any], tick: str, session: str, why: str
) -> None:
    """Whatever day it falls on."""
    found = decide(feed(calendar, eod=said), "eod", at(tick))
    assert isinstance(found, Fire), why
    assert (found.at, found.session) == (at(tick), date.fromisoformat(session)), why


@pytest.mark.parametrize(
    ("calendar", "said", "tick", "reason"),
    [
        (
            NEW_YORK,
            {"at": "close + 1h"},
            "2026-11-27 22:00",
            "session 2026-11-27 is due at 14:00, not now: Day after Thanksgiving, XNYS closes at 13:00",
        ),
        (NEW_YORK, {"at": "close + 1h"}, "2026-11-25 19:00", "session 2026-11-25 is due at 17:00, not now"),
        (NEW_YORK, {"at": "18:05"}, "2026-11-27 19:00", "session 2026-11-27 is due at 18:05, not now"),
        (
            NEW_YORK,
            NIGHT,
            "2026-11-25 03:00",
            "session 2026-11-24 is due at 2026-11-25 01:00, not now",
        ),
        (NEW_YORK, NIGHT, "2026-11-27 06:00", "2026-11-26 is not a session of XNYS: Thanksgiving Day"),
        (NEW_YORK, NIGHT, "2026-11-22 06:00", "2026-11-21 is not a session of XNYS: Saturday"),
        (
            NEW_YORK,
            NIGHT,
            "2026-11-28 06:00",
            "session 2026-11-27 is due at 2026-11-27 22:00, not now: Day after Thanksgiving, XNYS closes at 13:00",
        ),
        (CHICAGO, {"at": "open - 30m"}, "2026-05-24 21:30", "2026-05-25 is not a session of CME: Memorial Day"),
        (
            NEW_YORK,
            {"at": "close + 1h", "timezone": "Asia/Kolkata"},
            "2026-11-27 22:00",
            "session 2026-11-27 is due at 00:30, not now: Day after Thanksgiving, XNYS closes at 23:30",
        ),
    ],
)
def test_a_tick_without_a_fire_says_what_its_day_owes(
    calendar: Calendar, said: dict[str, Any], tick: str, reason: str
) -> None:
    """Its day is the nominal one, also where the fires pass midnight or come on the evening before."""
    found = decide(feed(calendar, eod=said), "eod", at(tick))
    assert isinstance(found, Skip)
    assert found.reason == reason


def test_a_tick_at_another_time_names_the_fire_that_it_is_not() -> None:
    """So a record of this skip is not mistaken for the fire's own end."""
    early = feed(NEW_YORK, eod={"at": "close + 1h"})
    found = decide(early, "eod", at("2026-11-27 22:00"))
    assert isinstance(found, Skip)
    assert found.fire == run(early, "2026-11-27")
    holiday = decide(early, "eod", at("2026-11-26 22:00"))
    assert isinstance(holiday, Skip)
    assert holiday.fire is None


def test_a_tick_beyond_what_is_verified_is_held() -> None:
    """The Monday after the last verified week."""
    found = decide(feed(NEW_YORK, eod={"at": "18:05"}), "eod", at("2027-01-04 23:05"))
    assert isinstance(found, Hold)
    assert found.reason.startswith("whether 2027-01-04 is a session of XNYS is not known")


@pytest.mark.parametrize(
    ("said", "tick", "day"),
    [
        ({"at": "18:05"}, "2026-11-27 23:05", "2026-11-27"),
        (NIGHT, "2026-11-27 06:00", "2026-11-26"),
        (NIGHT, "2026-11-28 03:00", "2026-11-27"),
    ],
)
def test_a_tick_is_about_its_nominal_day(said: dict[str, Any], tick: str, day: str) -> None:
    """Which is where a record of its skip belongs."""
    assert nominal_day(feed(NEW_YORK, eod=said), "eod", at(tick)) == date.fromisoformat(day)


STARTS = st.integers(0, 365 * 1440).map(lambda minutes: at("2026-01-01 00:00") + timedelta(minutes=minutes))
SAID = st.sampled_from(
    [{"at": "18:05"}, {"at": "close + 1h"}, NIGHT, {"at": "08:00", "lag": 2}, {"at": "open - 2d"}, {"at": "close + 2d"}]
)
CALENDARS = st.sampled_from([NEW_YORK, MUMBAI, CHICAGO, always("America/Santiago")])


@given(CALENDARS, SAID, STARTS, st.timedeltas(timedelta(), timedelta(days=40)))
def test_the_fires_of_a_range_are_those_of_its_days(
    calendar: Calendar, said: dict[str, Any], since: datetime, length: timedelta
) -> None:
    """In order, each once, the start included and the end not; asked of each day of the year they are the same."""
    prices, until = feed(calendar, eod=said), since + length
    found = list(fires(prices, "eod", since, until))
    one_by_one = [
        fire
        for day in calendar.days(calendar.first, calendar.verified_through)
        if isinstance(fire := consider(prices, "eod", day.date), Fire) and since <= fire.at < until
    ]
    assert found == one_by_one == sorted(found, key=lambda fire: fire.at)
    assert len({fire.id for fire in found}) == len(found)


@given(CALENDARS, SAID, STARTS)
def test_the_next_fire_is_the_first_of_a_range(calendar: Calendar, said: dict[str, Any], since: datetime) -> None:
    """However long the range, and a tick at its time serves it."""
    prices = feed(calendar, eod=said)
    of_a_month = next(fires(prices, "eod", since, since + timedelta(days=30)), None)
    of_a_year = next(fires(prices, "eod", since, since + timedelta(days=400)), None)
    assert of_a_month == of_a_year or of_a_month is None
    if of_a_year is not None:
        assert next(fires(prices, "eod", of_a_year.at, of_a_year.at + timedelta.resolution)) == of_a_year
        assert decide(prices, "eod", of_a_year.at) == of_a_year


def test_a_fires_id_names_feed_and_session() -> None:
    """And never its time, so that moving a time makes no new fire."""
    early, late = (run(feed(NEW_YORK, eod={"at": time}), "2026-11-25") for time in ("17:00", "18:00"))
    assert early.id == late.id
    assert read_fire_id(early.id) == ("prices", date(2026, 11, 25))
