"""Compiled cron: a tick at every fire, as Dagster's own iterator ticks; few ticks; none that starts a fire twice."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import Any

import pytest
from dagster._utils.schedules import is_valid_cron_schedule, schedule_execution_time_iterator
from hypothesis import example, given
from hypothesis import strategies as st

from dagster_project.domain.calendar import Calendar
from dagster_project.domain.cron import compile_cron, cron_zone, ticks_since
from dagster_project.domain.fires import Feed, Fire, Hold, decide, fires
from dagster_project.io.calendars import load_calendar
from dagster_project.registry import project_root
from tests.domain.tiny_calendars import CHICAGO, MUMBAI, NEW_YORK, always, at, closed, feed, session, tiny

EVER = (datetime(2015, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))


def dagsters_ticks(prices: Feed, since: datetime, until: datetime, needed_from: date = date.min) -> list[datetime]:
    """The instants at which Dagster's daemon evaluates the compiled schedule."""
    strings, zone = compile_cron(prices, "eod", needed_from), cron_zone(prices, "eod", needed_from)
    assert is_valid_cron_schedule(strings), strings
    ticks: Iterator[datetime] = schedule_execution_time_iterator(since.timestamp(), strings, str(zone))
    instants = (datetime.fromtimestamp(tick.timestamp(), UTC) for tick in ticks)
    return list(takewhile(lambda instant: instant < until, instants))


def ticks_per_fire(prices: Feed, needed_from: date = date.min) -> float:
    """Fails where a fire has no tick, or an instant has two."""
    due = [fire for fire in fires(prices, "eod", *EVER) if fire.day >= needed_from]
    ticks = dagsters_ticks(prices, due[0].at, due[-1].at + timedelta(minutes=1), needed_from)
    assert Counter(ticks).most_common(1)[0][1] == 1
    assert not {fire.at for fire in due} - set(ticks)
    return len(ticks) / len(due)


@pytest.mark.parametrize(
    ("calendar", "said", "strings", "why"),
    [
        (NEW_YORK, {"at": "18:05"}, ["5 18 * * 1-5"], "a holiday is a visible tick"),
        (NEW_YORK, {"at": "close + 1h"}, ["0 14 27 11 *", "0 17 * * 1-5"], "an early close has a tick of its own"),
        (
            MUMBAI,
            {"at": "close + 1h"},
            ["30 16 * * 1-5", "30 16 1 2 *"],
            "days of month and weekdays never in one string: cron would tick on either",
        ),
        (NEW_YORK, {"at": "close + 9h"}, ["0 1 * * 2-6", "0 22 27 11 *"], "weekdays are those of the tick"),
        (CHICAGO, {"at": "open - 30m"}, ["30 16 * * 0-4"], "on the evening before"),
        (NEW_YORK, {"at": "18:05", "timezone": "Asia/Kolkata"}, ["5 18 * * 1-5"], "in the schedule's own zone"),
        (always("UTC"), {"at": "00:10"}, ["10 0 * * *"], "every day"),
        (
            tiny("FEW", "UTC", [("09:00", "17:00")], verified_through="2026-01-02", first="2026-01-01"),
            {"at": "18:00"},
            ["0 18 * * 4-5"],
            "of months that the calendar does not know yet: as in those that it does",
        ),
        (
            tiny("NONE", "UTC", [("09:00", "17:00")], weekdays=[]),
            {"at": "18:00"},
            ["0 0 1 1 *"],
            "a schedule that never fires has a tick that says so",
        ),
    ],
)
def test_a_schedule_compiles_to_few_strings(
    calendar: Calendar, said: dict[str, Any], strings: list[str], why: str
) -> None:
    """Which a person can read."""
    assert sorted(compile_cron(feed(calendar, eod=said), "eod")) == sorted(strings), why


def test_what_fires_by_another_zones_clock_has_strings_by_month() -> None:
    """New York's close is 01:30 or 02:30 in Kolkata; only the months of the changes have both."""
    prices = feed(NEW_YORK, eod={"at": "close", "timezone": "Asia/Kolkata"})
    strings = compile_cron(prices, "eod")
    assert {"30 1 * 3-10 2-6", "30 2 * 1-2,11-12 2-6"} <= set(strings)
    assert ticks_per_fire(prices) < 1.2


@pytest.mark.parametrize(
    ("timezone", "expected", "why"),
    [
        ("Asia/Kolkata", "Asia/Kolkata", "no change at all"),
        ("America/New_York", "UTC", "02:30 does not exist on one Sunday"),
        ("America/Phoenix", "America/Phoenix", "no change at all"),
    ],
)
def test_strings_are_local_unless_a_fire_falls_into_a_change(timezone: str, expected: str, why: str) -> None:
    """A change that no fire falls into is none of our business: the weekday's strings stay local."""
    assert str(cron_zone(feed(always(timezone), eod={"at": "02:30"}), "eod")) == expected, why
    assert str(cron_zone(feed(always(timezone), eod={"at": "18:05"}), "eod")) == timezone, why


SIX_ZONES = {
    "America/Santiago": ["23:30", "00:00", "00:30"],
    "Africa/Cairo": ["23:15", "00:15"],
    "America/New_York": ["01:30", "02:30"],
    "Europe/Berlin": ["02:00"],
    "Asia/Kolkata": ["02:30"],
    "Australia/Lord_Howe": ["01:45", "02:15"],
}


@pytest.mark.parametrize(("timezone", "wall"), [(zone, wall) for zone, walls in SIX_ZONES.items() for wall in walls])
def test_clock_changes_lose_no_fire_and_double_none(timezone: str, wall: str) -> None:
    """Each date of ten years has one fire, Dagster ticks at its instant, and no other tick starts it."""
    prices = feed(always(timezone, "2024-01-01", "2033-12-31"), eod={"at": wall})
    due = list(fires(prices, "eod", *EVER))
    assert [fire.session for fire in due] == [date(2024, 1, 1) + timedelta(days=passed) for passed in range(3653)]
    assert ticks_per_fire(prices) < 1.5
    # All four kinds of change of the six zones lie between March and November.
    ticks = dagsters_ticks(prices, at("2026-03-01 12:00"), at("2026-11-10 12:00"))
    served = [found.id for tick in ticks if isinstance(found := decide(prices, "eod", tick), Fire)]
    assert len(served) == len(set(served)) == 254


@pytest.mark.parametrize(("timezone", "wall"), [("America/Santiago", "00:30"), ("America/New_York", "01:30")])
@pytest.mark.parametrize("change", ["2026-03-08", "2026-04-05", "2026-09-06", "2026-11-01"])
def test_a_daemon_that_starts_at_any_moment_finds_the_next_tick(timezone: str, wall: str, change: str) -> None:
    """Around a change too: Dagster looks from the last moment on that it remembers."""
    prices = feed(always(timezone), eod={"at": wall})
    middle = at(f"{change} 03:00")
    due = [fire.at for fire in fires(prices, "eod", middle - timedelta(days=2), middle + timedelta(days=3))]
    for minutes in range(-9 * 60, 9 * 60, 30):
        start = middle + timedelta(minutes=minutes, seconds=1)
        expected = next(fire for fire in due if fire >= start)
        assert expected in dagsters_ticks(prices, start, expected + timedelta(seconds=1)), start


def test_a_leap_day_of_its_own_is_found_by_a_daemon_that_starts_on_it() -> None:
    """Dagster treats `29 2 *` alone in a way of its own, which loses the tick of a daemon that starts that day."""
    calendar = tiny(
        "LEAP",
        "UTC",
        [("09:00", "17:00")],
        session("2028-02-29", "early_close", "a short leap day", ("09:00", "12:00")),
        verified_through="2028-12-31",
    )
    prices = feed(calendar, eod={"at": "close + 1h"})
    leap_day = at("2028-02-29 13:00")
    assert leap_day in dagsters_ticks(prices, leap_day - timedelta(hours=4), leap_day + timedelta(hours=4))


def test_hours_that_are_no_more_need_no_tick() -> None:
    """Tokyo closes half an hour later since 2024-11-05: from the next year on, one tick a day is left."""
    prices = feed(load_calendar("XTKS", project_root() / "calendars"), eod={"at": "close + 1h"})
    assert ticks_per_fire(prices) > 2
    assert compile_cron(prices, "eod", since=date(2025, 1, 1)) == ["30 16 * * 1-5"]


def test_a_calendar_that_has_run_out_still_has_its_ticks() -> None:
    """They hold, each day, and say what to do."""
    prices = feed(NEW_YORK, eod={"at": "18:05"})
    assert compile_cron(prices, "eod", since=date(2028, 1, 1)) == ["5 18 * * 1-5"]
    tick = at("2028-02-01 18:05", "America/New_York")
    assert isinstance(decide(prices, "eod", tick), Hold)


@pytest.mark.parametrize(
    ("today", "since"),
    [("2026-11-23", "2026-01-01"), ("2027-01-20", "2026-01-01"), ("2027-02-05", "2027-01-01")],
)
def test_what_needs_ticks_moves_once_a_year(today: str, since: str) -> None:
    """Some weeks after its start, so that what the old year still owes has its ticks."""
    assert ticks_since(date.fromisoformat(today)) == date.fromisoformat(since)


DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(str)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Two years with holidays, early closes, weekend sessions, sometimes with sessions that pass midnight."""
    days = draw(st.lists(DAYS, unique=True, max_size=25))
    kinds = draw(st.lists(st.sampled_from(["closed", "early_close", "special_session"]), min_size=25, max_size=25))
    exceptional = [
        closed(day, "a holiday")
        if kind == "closed"
        else session(day, kind, kind, *draw(st.sampled_from([(("09:30", "13:00"),), (("18:00", "19:00"),), ()])))
        for day, kind in zip(days, kinds, strict=False)
    ]
    hours = draw(
        st.sampled_from([[("09:30", "16:00")], [("17:00", "16:00")], [("09:00", "11:30"), ("12:30", "02:00")]])
    )
    zone = draw(st.sampled_from(list(SIX_ZONES)))
    return tiny("RANDOM", zone, hours, *exceptional, verified_through="2027-12-31")


MOMENTS = st.one_of(
    st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59)),
    st.builds("close + {}m".format, st.integers(0, 2880)),
    st.builds("open - {}m".format, st.integers(0, 2880)),
)


@given(
    calendar=calendars(),
    moment=MOMENTS,
    timezone=st.sampled_from([None, "UTC", "America/Santiago", "Asia/Tokyo", "Africa/Cairo"]),
    lag=st.sampled_from([0, 0, 1, 5]),
    start=DAYS.filter(lambda day: day < "2027-06-01"),
)
@example(always("America/Santiago"), "00:00", None, 0, "2026-01-01")
@example(always("America/New_York"), "close + 90m", None, 0, "2026-01-01")
def test_every_fire_has_a_tick_at_its_instant(
    calendar: Calendar, moment: str, timezone: str | None, lag: int, start: str
) -> None:
    """Whatever the schedule and the calendar; the strings are few and Dagster accepts them."""
    prices = feed(calendar, start, eod={"at": moment, "timezone": timezone, "lag": lag})
    ticks_per_fire(prices)
    for string in compile_cron(prices, "eod"):
        _, _, days_of_month, _, weekdays = string.split(" ")
        assert "*" in (days_of_month, weekdays)


COMPILED = sorted((project_root() / "calendars" / "compiled").glob("*.jsonl"))
DAILY: list[dict[str, Any]] = [{"at": "18:05"}, {"at": "close + 1h"}, {"at": "08:00", "lag": 1}, {"at": "open - 30m"}]


@pytest.mark.parametrize("code", [path.stem for path in COMPILED])
def test_a_daily_schedule_on_a_real_calendar_has_few_ticks(code: str) -> None:
    """In the last two years that are known of it; those of earlier hours would have a tick on every day for ever."""
    calendar = load_calendar(code, project_root() / "calendars")
    since = date(calendar.verified_through.year - 1, 1, 1)
    for said in DAILY:
        if calendar.regimes[-1].spans or ":" in said["at"]:
            assert ticks_per_fire(feed(calendar, eod=said), since) < 1.5, said


@pytest.mark.parametrize("said", DAILY, ids=lambda said: str(said["at"]))
@pytest.mark.parametrize("code", ["XNYS", "XNSE", "TARGET"])
def test_every_fire_since_the_first_day_of_a_real_calendar_has_a_tick(code: str, said: dict[str, Any]) -> None:
    """More than ten years of them."""
    assert ticks_per_fire(feed(load_calendar(code, project_root() / "calendars"), eod=said)) >= 1


@pytest.mark.parametrize("said", DAILY, ids=lambda said: str(said["at"]))
def test_compiled_twice_it_is_the_same(said: dict[str, Any]) -> None:
    """A reload changes nothing that Dagster would take for an edit."""
    once, again = (compile_cron(feed(MUMBAI, eod=said), "eod") for _ in range(2))
    assert once == again
