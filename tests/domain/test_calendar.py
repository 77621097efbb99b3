"""What a calendar answers: which dates are sessions, when they open and close, why not, and what nobody knows."""

import json
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from dagster_project.domain.calendar import UTC, Calendar, CalendarError, Exceptional, Hours, Kind, read_calendar

KOLKATA = ZoneInfo("Asia/Kolkata")
DAY, LUNCH, HOUR = ((time(9, 15), time(15, 30)),), ((time(9), time(11)), (time(12), time(15))), time(13)
WEEKDAYS = frozenset(range(5))
REGULAR = Hours(date(2026, 1, 1), WEEKDAYS, DAY)


def at(text: str) -> datetime:
    """An instant, local where it has no offset."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=KOLKATA)


def exceptional(day: str, kind: Kind, announced: str | None = None, **more: object) -> Exceptional:
    """An exceptional day, named by its date and kind."""
    said = at(announced) if announced else None
    return Exceptional(date.fromisoformat(day), kind, f"{day} {kind}", "circular", announced=said, **more)  # type: ignore[arg-type]


def calendar(
    *exceptions: Exceptional, regimes: tuple[Hours, ...] = (REGULAR,), timezone: str = "Asia/Kolkata"
) -> Calendar:
    """January to March 2026, verified throughout."""
    return Calendar("TEST", "A test", timezone, date(2026, 1, 1), date(2026, 3, 31), regimes, exceptions)


INDIA = calendar(
    exceptional("2026-01-26", Kind.CLOSED),
    exceptional("2026-01-30", Kind.EARLY_CLOSE, spans=((time(9, 15), HOUR),)),
    exceptional("2026-02-01", Kind.SPECIAL_SESSION, spans=DAY),
    exceptional("2026-02-08", Kind.SPECIAL_SESSION),
    exceptional("2026-03-20", Kind.UNKNOWN),
    exceptional("2026-04-03", Kind.CLOSED),
    exceptional("2026-04-05", Kind.SPECIAL_SESSION, spans=DAY),
)


@pytest.mark.parametrize(
    ("day", "kind", "hours", "why"),
    [
        ("2026-01-27", Kind.SESSION, ("09:15", "15:30"), "a regular weekday"),
        ("2026-01-31", Kind.CLOSED, None, "a Saturday without a session"),
        ("2026-01-26", Kind.CLOSED, None, "a holiday"),
        ("2026-01-30", Kind.EARLY_CLOSE, ("09:15", "13:00"), "an early close"),
        ("2026-02-01", Kind.SPECIAL_SESSION, ("09:15", "15:30"), "a session on a Sunday"),
        ("2026-02-08", Kind.SPECIAL_SESSION, None, "a session whose hours are not known"),
        ("2026-03-20", Kind.UNKNOWN, None, "a holiday estimated ± 1 day"),
        ("2025-12-31", Kind.UNKNOWN, None, "before the first day"),
        ("2026-04-01", Kind.UNKNOWN, None, "after what is verified: not open, although a weekday"),
        ("2026-04-03", Kind.CLOSED, None, "a closure that is certain already"),
        ("2026-04-04", Kind.UNKNOWN, None, "after what is verified not even a Saturday is known to be closed"),
        ("2026-04-05", Kind.UNKNOWN, None, "after what is verified no session is stated"),
    ],
)
def test_each_kind_of_day_is_answered_with_its_hours(
    day: str, kind: Kind, hours: tuple[str, str] | None, why: str
) -> None:
    """Kind and wall times; nothing is open that is not known to be."""
    found = INDIA.day(date.fromisoformat(day))
    opens_closes = (f"{found.open:%H:%M}", f"{found.close:%H:%M}") if found.open and found.close else None
    assert (found.kind, opens_closes) == (kind, hours), why
    assert INDIA.is_session(found.date) is found.is_session


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2026-01-26", "2026-01-26 closed"),
        ("2026-01-31", "Saturday"),
        ("2026-03-20", "unknown: 2026-03-20 unknown"),
        ("2026-04-01", "unknown: TEST is verified from 2026-01-01 through 2026-03-31; extend calendars/TEST.yaml"),
    ],
)
def test_a_day_without_a_session_has_its_reason(day: str, reason: str) -> None:
    """The holiday's name, the weekday, or why it is not known and how to make it known."""
    assert INDIA.why_closed(date.fromisoformat(day)) == reason


def test_every_date_is_a_session_by_the_list_exactly_when_its_day_is_one() -> None:
    """`sessions`, `is_session` and `day` are three ways to ask one thing."""
    sessions = set(INDIA.sessions(date(2025, 1, 1), date(2027, 1, 1)))
    days = list(INDIA.days(date(2025, 12, 1), date(2026, 4, 30)))
    assert {day.date for day in days if day.is_session} == sessions
    assert {day.date for day in days if INDIA.is_session(day.date)} == sessions


def test_both_ends_of_a_range_of_sessions_are_included() -> None:
    """From a session through a session; a Sunday session in between counts."""
    assert INDIA.sessions(date(2026, 1, 30), date(2026, 2, 2)) == [
        date(2026, 1, 30),
        date(2026, 2, 1),
        date(2026, 2, 2),
    ]


@pytest.mark.parametrize(
    ("day", "by", "expected", "why"),
    [
        ("2026-01-27", 0, "2026-01-27", "a session itself"),
        ("2026-01-27", 1, "2026-01-28", "the next one"),
        ("2026-01-30", 1, "2026-02-01", "Saturday is passed over, the Sunday session is not"),
        ("2026-01-27", -1, "2026-01-23", "the holiday and the weekend are passed over"),
        ("2026-01-26", 1, "2026-01-27", "from a closed day 1 is the next session"),
        ("2026-01-26", -1, "2026-01-23", "from a closed day -1 is the previous session"),
        ("2026-01-26", -2, "2026-01-22", "and -2 the one before it"),
    ],
)
def test_sessions_are_counted_from_a_day(day: str, by: int, expected: str, why: str) -> None:
    """Forwards and backwards, from a session and from a closed day."""
    assert INDIA.offset(date.fromisoformat(day), by) == date.fromisoformat(expected), why


@pytest.mark.parametrize(
    ("day", "by", "message"),
    [
        ("2026-01-26", 0, "2026-01-26 is no session of TEST: 2026-01-26 closed"),
        ("2026-03-31", 1, "1 sessions after 2026-03-31 lies outside"),
        ("2026-01-01", -1, "1 sessions before 2026-01-01 lies outside"),
        ("2026-04-10", -1, "2026-04-10: unknown: TEST is verified"),
        ("2026-03-19", 1, "2026-03-20 is unknown"),
        ("2026-03-23", -1, "2026-03-20 is unknown"),
    ],
)
def test_what_cannot_be_counted_is_an_error(day: str, by: int, message: str) -> None:
    """Outside what is verified, or across a day that may or may not be a session, there is no answer."""
    with pytest.raises(CalendarError, match=message):
        INDIA.offset(date.fromisoformat(day), by)


def test_breaks_lie_between_the_parts_of_a_session() -> None:
    """A lunch break is stated as the end of one part and the start of the next."""
    tokyo = calendar(regimes=(Hours(date(2026, 1, 1), WEEKDAYS, LUNCH),), timezone="Asia/Tokyo")
    (lunch,) = tokyo.day(date(2026, 1, 27)).breaks
    assert [f"{end:%H:%M}" for end in lunch] == ["11:00", "12:00"]


def test_a_session_may_open_on_the_evening_before() -> None:
    """Monday's session of an exchange in Chicago opens on Sunday and closes on Monday."""
    globex = Hours(date(2026, 1, 1), WEEKDAYS, ((time(17), time(16)),), opens_day_before=True)
    monday = calendar(regimes=(globex,), timezone="America/Chicago").day(date(2026, 1, 26))
    assert (monday.open, monday.close) == (at("2026-01-25T17:00-06:00"), at("2026-01-26T16:00-06:00"))


def test_a_later_part_of_a_session_may_lie_after_midnight() -> None:
    """An evening part, a break, and a part on the next date."""
    night = Hours(date(2026, 1, 1), WEEKDAYS, ((time(17), time(23)), (time(1), time(5))))
    found = calendar(regimes=(night,)).day(date(2026, 1, 27))
    assert (found.open, found.close) == (at("2026-01-27T17:00"), at("2026-01-28T05:00"))
    assert found.breaks == ((at("2026-01-27T23:00"), at("2026-01-28T01:00")),)


def test_a_day_round_the_clock_ends_at_the_next_midnight() -> None:
    """00:00 to 00:00 is a whole day."""
    always = Hours(date(2026, 1, 1), frozenset(range(7)), ((time(0), time(0)),))
    sunday = calendar(regimes=(always,), timezone="UTC").day(date(2026, 1, 25))
    assert (sunday.open, sunday.close) == (at("2026-01-25T00:00Z"), at("2026-01-26T00:00Z"))


@pytest.mark.parametrize(("day", "utc"), [("2026-03-06", "14:30"), ("2026-03-09", "13:30")])
def test_wall_times_keep_their_clock_across_a_change_of_it(day: str, utc: str) -> None:
    """New York opens at 09:30 before and after its clocks change, an hour apart in UTC."""
    regime = Hours(date(2026, 1, 1), WEEKDAYS, ((time(9, 30), time(16)),))
    found = calendar(regimes=(regime,), timezone="America/New_York").day(date.fromisoformat(day))
    assert found.open is not None
    assert f"{found.open.astimezone(UTC):%H:%M}" == utc


@pytest.mark.parametrize(("day", "close"), [("2026-02-13", "15:30"), ("2026-02-16", "15:35")])
def test_hours_change_on_the_day_that_their_regime_says(day: str, close: str) -> None:
    """The last day of the old hours and the first of the new ones."""
    later = Hours(date(2026, 2, 16), WEEKDAYS, ((time(9, 15), time(15, 35)),))
    found = calendar(regimes=(REGULAR, later)).day(date.fromisoformat(day))
    assert f"{found.close:%H:%M}" == close


CHANGED = calendar(
    exceptional("2026-01-15", Kind.SESSION, "2026-01-09", spans=DAY, settles=False),
    exceptional("2026-01-15", Kind.CLOSED, "2026-01-12T18:00"),
    exceptional("2026-01-26", Kind.CLOSED),
)


@pytest.mark.parametrize(
    ("instant", "kind", "settles", "why"),
    [
        ("2026-01-08T23:59", Kind.SESSION, True, "an ordinary session until it was announced"),
        ("2026-01-09T00:00", Kind.SESSION, False, "a settlement holiday from the 9th"),
        ("2026-01-12T17:59", Kind.SESSION, False, "a minute before the second circular"),
        ("2026-01-12T18:00", Kind.CLOSED, True, "a trading holiday from then on"),
    ],
)
def test_a_past_instant_gets_the_answer_of_that_time(instant: str, kind: Kind, settles: bool, why: str) -> None:
    """Of several announcements about a day the last one known at that instant holds."""
    then = CHANGED.as_of(at(instant))
    found = then.day(date(2026, 1, 15))
    assert (found.kind, found.settles) == (kind, settles), why
    assert then.is_session(date(2026, 1, 15)) is found.is_session
    assert then.day(date(2026, 1, 26)).kind is Kind.CLOSED, "what has no time of announcement was always known"


def test_the_last_announcement_holds_today() -> None:
    """And it says when it was made, and by whom."""
    found = CHANGED.day(date(2026, 1, 15))
    assert (found.kind, found.announced, found.source) == (Kind.CLOSED, at("2026-01-12T18:00"), "circular")


def test_a_compiled_text_becomes_the_calendar_that_it_says() -> None:
    """Every field of the format is read: see calendars/README.md."""
    head = {
        "code": "TEST",
        "title": "A test",
        "timezone": "Asia/Kolkata",
        "first": "2026-01-01",
        "verified_through": "2026-03-31",
        "rules_sha256": "ab12",
        "regimes": [{"since": "2026-01-01", "weekdays": [0, 1, 2, 3, 4], "hours": [["09:15", "15:30"]]}],
    }
    lines = [
        {"date": "2026-01-15", "kind": "session", "name": "a", "source": "s", "hours": [["09:15", "15:30"]],
         "settles": False, "announced": "2026-01-09"},
        {"date": "2026-01-15", "kind": "closed", "name": "b", "source": "s", "announced": "2026-01-12T12:30+00:00"},
        {"date": "2026-02-02", "kind": "early_close", "name": "c", "source": "s", "hours": [["17:00", "12:00"]],
         "opens_day_before": True},
    ]  # fmt: skip
    found = read_calendar("\n".join(map(json.dumps, [head, *lines])) + "\n")
    spans = ((time(17), time(12)),)
    assert found == Calendar(
        "TEST",
        "A test",
        "Asia/Kolkata",
        date(2026, 1, 1),
        date(2026, 3, 31),
        (REGULAR,),
        (
            Exceptional(date(2026, 1, 15), Kind.SESSION, "a", "s", DAY, at("2026-01-09"), settles=False),
            Exceptional(date(2026, 1, 15), Kind.CLOSED, "b", "s", (), at("2026-01-12T18:00")),
            Exceptional(date(2026, 2, 2), Kind.EARLY_CLOSE, "c", "s", spans, opens_day_before=True),
        ),
        "ab12",
    )
