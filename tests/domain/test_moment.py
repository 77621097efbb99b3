"""Times as schedule files write them, and the one rule for clock changes."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dagster_project.domain.calendar import Calendar
from dagster_project.domain.moment import (
    FURTHEST,
    Moment,
    Relative,
    Wall,
    instant,
    read_duration,
    read_moment,
    resolve,
    write_duration,
)
from tests.domain.tiny_calendars import CHICAGO, MUMBAI, NEW_YORK, at

WALLS = st.builds(Wall, st.builds(time, st.integers(0, 23), st.integers(0, 59)))
OFFSETS = st.integers(-FURTHEST // timedelta(minutes=1), FURTHEST // timedelta(minutes=1))
RELATIVES = st.builds(
    Relative, st.sampled_from(["open", "close"]), OFFSETS.map(lambda minutes: timedelta(0, 0, 0, 0, minutes))
)


@given(WALLS | RELATIVES)
def test_a_moment_reads_back_as_it_was_written(moment: Moment) -> None:
    """Records keep schedules as text, so no moment may change on the way."""
    assert read_moment(str(moment)) == moment


@given(st.integers(0, 9999 * 86400))
def test_a_duration_reads_back_as_it_was_written(seconds: int) -> None:
    """To the second, from nothing to 27 years."""
    duration = timedelta(seconds=seconds)
    assert read_duration(write_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "moment", "why"),
    [
        ("18:45", Wall(time(18, 45)), "a wall time"),
        ("00:00", Wall(time(0)), "midnight belongs to the day that it begins"),
        (" 18:45 ", Wall(time(18, 45)), "spaces around it"),
        ("close", Relative("close", timedelta(0)), "no duration"),
        ("close + 1h30m", Relative("close", timedelta(hours=1, minutes=30)), "two units"),
        ("close + 1h 30m", Relative("close", timedelta(hours=1, minutes=30)), "two units apart"),
        ("close+90min", Relative("close", timedelta(hours=1, minutes=30)), "no spaces, minutes spelt min"),
        ("open - 30m", Relative("open", timedelta(minutes=-30)), "before"),
        ("close + 1d", Relative("close", timedelta(days=1)), "a day"),
        ("close + 120s", Relative("close", timedelta(minutes=2)), "seconds that make whole minutes"),
    ],
)
def test_a_moment_is_read(text: str, moment: Moment, why: str) -> None:
    """Each form of the language."""
    assert read_moment(text) == moment, why


ANY = "expected a wall time such as 09:30 or 18:45, or open or close with a duration, such as close + 1h30m"
DURATION = "expected a duration such as 5m, 1h30m or 3d"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ANY),
        ("975", ANY),
        ("24:00", ANY),
        ("9:30", ANY),
        ("18:60", ANY),
        ("18:45:30", ANY),
        ("6pm", ANY),
        ("closing + 1h", ANY),
        ("close 1h", ANY),
        ("close +", ANY),
        ("next open - 1h", ANY),
        ("close + an hour", DURATION),
        ("close + 1.5h", DURATION),
        ("close + 1h30", DURATION),
        ("close + 30s", "expected whole minutes: nothing starts at a second"),
        ("close + 2d1m", "expected at most 2d from the session; lag counts sessions"),
    ],
)
def test_what_is_no_moment_says_what_was_expected(text: str, message: str) -> None:
    """The reader adds what was found and where."""
    with pytest.raises(ValueError, match="expected") as raised:
        read_moment(text)
    assert str(raised.value) == message


@pytest.mark.parametrize("text", ["", " ", "5", "m", "1h30", "-5m", "5 minutes", "1m1h", "99999d", "1w"])
def test_what_is_no_duration_says_what_was_expected(text: str) -> None:
    """A number without a unit, a unit without a number, wrong order, no week."""
    with pytest.raises(ValueError, match="expected a duration such as 5m, 1h30m or 3d"):
        read_duration(text)


@pytest.mark.parametrize(
    ("zone", "wall", "expected", "why"),
    [
        ("America/New_York", "2026-03-08 01:59", "2026-03-08 06:59", "the minute before the gap"),
        ("America/New_York", "2026-03-08 02:00", "2026-03-08 07:00", "the gap's first minute is its end"),
        ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:00", "in the gap"),
        ("America/New_York", "2026-03-08 03:00", "2026-03-08 07:00", "the gap's end itself"),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 06:30", "twice: the second"),
        ("America/New_York", "2026-11-01 00:59", "2026-11-01 04:59", "before it is twice"),
        ("America/New_York", "2026-11-01 02:00", "2026-11-01 07:00", "after it was twice"),
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00", "in the gap"),
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 01:30", "twice: the second"),
        ("America/Santiago", "2026-09-06 00:30", "2026-09-06 04:00", "a gap at midnight"),
        ("America/Santiago", "2026-09-06 00:00", "2026-09-06 04:00", "midnight itself does not exist"),
        ("America/Santiago", "2026-04-04 23:30", "2026-04-05 03:30", "twice before midnight: the second"),
        ("Africa/Cairo", "2026-04-24 00:15", "2026-04-23 22:00", "a gap at midnight"),
        ("Africa/Cairo", "2026-10-29 23:15", "2026-10-29 21:15", "twice before midnight: the second"),
        ("Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-03 15:30", "a gap of half an hour"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 15:15", "half an hour twice: the second"),
        ("Asia/Kolkata", "2026-03-29 02:30", "2026-03-28 21:00", "a zone without changes"),
    ],
)
def test_a_clock_change_has_one_rule(zone: str, wall: str, expected: str, why: str) -> None:
    """A wall time that does not exist is the first instant after the gap; one that exists twice is the second."""
    naive = datetime.fromisoformat(wall)
    assert instant(naive.date(), naive.time(), ZoneInfo(zone)) == at(expected), why


@given(
    zone=st.sampled_from(["America/New_York", "America/Santiago", "Africa/Cairo", "Australia/Lord_Howe", "UTC"]),
    day=st.dates(date(2015, 1, 1), date(2030, 12, 31)),
    minute=st.integers(0, 1439),
)
@example("America/Santiago", date(2026, 9, 6), 30)
@example("America/Santiago", date(2026, 4, 4), 23 * 60 + 30)
@example("Australia/Lord_Howe", date(2026, 10, 4), 2 * 60 + 29)
def test_an_instant_is_the_last_that_shows_its_wall_time(zone: str, day: date, minute: int) -> None:
    """Or, of a wall time that no clock shows, the first that shows a later one."""
    wall = datetime.combine(day, time(*divmod(minute, 60)))
    found = instant(day, wall.time(), ZoneInfo(zone))

    def shown(after: timedelta) -> datetime:
        return (found + after).astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    if shown(timedelta(0)) == wall:
        assert all(shown(timedelta(minutes=30 * steps)) != wall for steps in range(1, 7))
    else:
        assert shown(timedelta(seconds=-1)) < wall < shown(timedelta(0))


@pytest.mark.parametrize(
    ("calendar", "day", "moment", "expected", "why"),
    [
        (NEW_YORK, "2026-11-25", "close + 1h", "2026-11-25 22:00", "an ordinary close"),
        (NEW_YORK, "2026-11-27", "close + 1h", "2026-11-27 19:00", "an early close moves it"),
        (NEW_YORK, "2026-11-27", "18:05", "2026-11-27 23:05", "a wall time stays"),
        (NEW_YORK, "2026-11-27", "open - 30m", "2026-11-27 14:00", "before the open"),
        (CHICAGO, "2026-11-30", "open - 30m", "2026-11-29 22:30", "a session that opens on Sunday evening"),
        (NEW_YORK, "2026-11-25", "close + 9h", "2026-11-26 06:00", "past midnight"),
        (MUMBAI, "2026-11-08", "18:45", "2026-11-08 13:15", "a wall time needs no hours"),
        (MUMBAI, "2026-11-08", "close + 1h", None, "hours that nobody knows"),
    ],
)
def test_a_moment_resolves_on_a_session(
    calendar: Calendar, day: str, moment: str, expected: str | None, why: str
) -> None:
    """To an instant in UTC, or to None where it would have to be guessed."""
    found = resolve(read_moment(moment), calendar.day(date.fromisoformat(day)), calendar.zone)
    assert found == (at(expected) if expected else None), why
