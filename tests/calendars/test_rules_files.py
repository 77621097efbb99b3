"""What a person may write in a rules file, and how a mistake is told: its file and line, what was found, what next."""

from datetime import date, time
from pathlib import Path

import pytest

from dagster_project.calendar_compiler.compiled import Compiled, compiled
from dagster_project.calendar_compiler.rules_file import RulesError, read_rules, sha256
from dagster_project.domain.calendar import Calendar, Kind, read_calendar

# New York by a library: closed on Thanksgiving Day 2026-11-26, until 13:00 on the day after
HEAD = """\
title: A test
timezone: America/New_York
first: 2026-01-01
verified_through: 2026-12-31
verified_by: notice of 2025-12-23
library: exchange_calendars XNYS
names: XNYS
regular:
  - since: 2026-01-01
    weekdays: mon-fri
    hours: [09:30-16:00]
    source: trading hours
overlays:
"""
LIKE = """\
title: Another
like: TEST  # the same market
verified_through: 2026-06-30
verified_by: a notice
"""
FIRST_OVERLAY = HEAD.count("\n") + 1


def written(folder: Path, overlays: str, head: str = HEAD) -> Path:
    """A rules file with these overlays."""
    path = folder / "TEST.yaml"
    path.write_text(head + overlays)
    return path


def overlay(text: str) -> str:
    """`date: …, what: …` as an overlay with a name, a source and a confidence, one key per line."""
    keys = {"name": "A reason", "source": "circular 1", "confidence": "official"}
    keys |= dict(part.split(": ", 1) for part in text.split("; "))
    lines = [f"{key}: {value}" for key, value in keys.items() if value != "-"]
    return "  - " + "\n    ".join(lines) + "\n"


def result(folder: Path, *overlays: str, head: str = HEAD) -> Compiled:
    """Those overlays compiled."""
    return compiled(read_rules(written(folder, "".join(map(overlay, overlays)), head)))


def calendar(folder: Path, *overlays: str, head: str = HEAD) -> Calendar:
    """Those overlays compiled, as the calendar that they make."""
    return read_calendar(result(folder, *overlays, head=head).text)


def hours(found: Calendar, day: str) -> tuple[Kind, list[str]]:
    """The kind of a day, and its open, breaks and close."""
    answer = found.day(date.fromisoformat(day))
    times = [answer.open, *(at for pause in answer.breaks for at in pause), answer.close]
    return answer.kind, [f"{at:%H:%M}" for at in times if at]


@pytest.mark.parametrize(
    ("text", "day", "kind", "expected"),
    [
        ("date: 2026-03-10; what: closed", "2026-03-10", "closed", ""),
        ("date: 2026-11-26; what: open", "2026-11-26", "session", "09:30 16:00"),
        ("date: 2026-03-14; what: session; hours: regular", "2026-03-14", "special_session", "09:30 16:00"),
        ("date: 2026-03-15; what: session; hours: unknown", "2026-03-15", "special_session", ""),
        ("date: 2026-11-26; what: session; hours: [09:30-12:00]", "2026-11-26", "early_close", "09:30 12:00"),
        ("date: 2026-03-10; what: hours; hours: [09:30-12:00]", "2026-03-10", "early_close", "09:30 12:00"),
        ("date: 2026-03-10; what: hours; hours: [11:00-16:00]", "2026-03-10", "special_session", "11:00 16:00"),
        ("date: 2026-03-10; what: hours; hours: [09:30-18:00]", "2026-03-10", "special_session", "09:30 18:00"),
        ("date: 2026-03-10; what: hours; hours: [09:30-11:00, 12:00-16:00]", "2026-03-10", "special_session",
         "09:30 11:00 12:00 16:00"),
        ("date: 2026-03-10; what: hours; hours: unknown", "2026-03-10", "special_session", ""),
        ("date: 2026-03-10; what: shift; by: +1h30m", "2026-03-10", "special_session", "11:00 17:30"),
        ("date: 2026-03-10; what: shift; by: -30m", "2026-03-10", "special_session", "09:00 15:30"),
        ("date: 2026-03-10; what: settlement_holiday", "2026-03-10", "session", "09:30 16:00"),
        ("date: 2026-03-11; what: estimated", "2026-03-11", "unknown", ""),
        ("date: 2026-03-11; what: estimated", "2026-03-10", "unknown", ""),
        ("date: 2026-03-11; what: estimated", "2026-03-12", "unknown", ""),
        ("date: 2026-03-13; what: estimated", "2026-03-14", "closed", ""),
        ("date: 2027-01-01; what: closed", "2027-01-01", "closed", ""),
        ("dates: {2026-03-10: One, 2026-03-11: Two}; name: -; what: closed", "2026-03-11", "closed", ""),
    ],
)  # fmt: skip
def test_each_kind_of_overlay_makes_its_day(tmp_path: Path, text: str, day: str, kind: str, expected: str) -> None:
    """Closures, sessions on any weekday, hours with breaks, shifts, settlement holidays and estimates."""
    assert hours(calendar(tmp_path, text), day) == (kind, expected.split())


def test_a_settlement_holiday_says_so(tmp_path: Path) -> None:
    """Trading goes on, settlement does not."""
    found = calendar(tmp_path, "date: 2026-03-10; what: settlement_holiday").day(date(2026, 3, 10))
    assert (found.is_session, found.settles) == (True, False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "date: 2026-03-14; what: closed",
            "2026-03-14 is closed already: a regular Saturday; expected a session to close",
        ),
        (
            "date: 2026-11-26; what: shift; by: +1h",
            "2026-11-26 is closed: closed (Thanksgiving Day, exchange_calendars",
        ),
        ("date: 2026-03-10; what: open", "2026-03-10 has no closure to remove: a regular session"),
        ("date: 2026-03-14; what: open", "2026-03-14 is a regular Saturday; expected `session`"),
        ("date: 2026-03-10; what: session; hours: regular", "2026-03-10 is a session already: a regular session"),
        ("date: 2026-11-26; what: hours; hours: [09:30-12:00]", "expected `session`, which opens it"),
        ("date: 2026-03-14; what: settlement_holiday", "expected a session without settlement"),
        ("date: 2026-03-10; what: hours; hours: [12:00-09:30]", "hours out of order: 12:00-09:30"),
        (
            "date: 2026-03-10; what: hours; hours: [09:30-13:00, 12:00-16:00]",
            "hours out of order: 09:30-13:00, 12:00-16:00",
        ),
        ("date: 2026-03-10; what: hours; hours: [09:30-16:00]", "2026-03-10 has these hours already"),
        ("date: 2025-12-31; what: closed", "2025-12-31 lies outside 2026-01-01"),
        (
            "date: 2027-01-02; what: session; hours: regular",
            "2027-01-02 is after 2026-12-31, through which the calendar",
        ),
        (
            "date: 2026-03-10; what: closed; agrees: true",
            "`agrees: true`, but the library says of 2026-03-10: a regular day",
        ),
    ],
)
def test_an_overlay_that_does_not_fit_its_day_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """In one line: file, line, what was found, what was expected."""
    with pytest.raises(RulesError) as error:
        result(tmp_path, text)
    assert str(error.value).startswith(f"calendars/TEST.yaml:{FIRST_OVERLAY}: ")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("date: 2026-03-10; what: closed; source: -", 0, "overlays.0.source is missing"),
        ("date: 2026-03-10; what: closed; confidence: -", 0, "overlays.0.confidence is missing"),
        ("date: 2026-03-10; what: closed; colour: red", 5, "overlays.0.colour: unknown key"),
        ("date: 2026-03-10; what: holiday", 4, "overlays.0.what: found 'holiday', Input should be 'closed', 'open'"),
        ("date: 2026-03-10; what: closed; name: -", 0, "expected either a date and its name, or dates: {date: name}"),
        ("date: 2026-03-10; what: closed; hours: regular", 0, "expected hours with `session` and `hours`"),
        ("date: 2026-03-10; what: session", 0, "expected hours with `session` and `hours`"),
        ("date: 2026-03-10; what: hours; hours: regular", 0, "expected other hours than the regular ones"),
        ("date: 2026-03-10; what: shift", 0, "expected `by`, such as +1h or -30m"),
        ("date: 2026-03-10; what: shift; by: 1h", 5, "overlays.0.by: found '1h', expected a shift such as +1h or -30m"),
        ("date: 2026-03-10; what: hours; hours: [9-4]", 5, "expected hours such as [09:15-15:30]"),
        (
            "date: 2026-03-10; what: closed; announced: yesterday",
            5,
            "found 'yesterday', expected a date, or a time with",
        ),
        (
            "date: 2026-03-10; what: closed; announced: 2026-01-01T10:00",
            5,
            "expected a date, or a time with its offset",
        ),
        ("date: 2026-02-30; what: closed", 3, "2026-02-30"),
    ],
)
def test_a_file_that_says_something_else_is_told_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    """`line` counts from the overlay's first."""
    with pytest.raises(RulesError) as error:
        result(tmp_path, text)
    place, found = str(error.value).split(": ", 1)
    assert message in found
    assert place == f"calendars/TEST.yaml:{FIRST_OVERLAY + line}"


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    """One line each."""
    with pytest.raises(RulesError) as error:
        result(tmp_path, "date: 2026-03-14; what: closed", "date: 2026-03-10; what: open")
    assert len(str(error.value).splitlines()) == len(["closed already", "no closure to remove"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("America/New_York", "America/Gotham", "timezone: found 'America/Gotham', expected a timezone such as"),
        ("mon-fri", "mon-fry", "expected weekdays such as mon-fri, or: sun mon tue"),
        ("[09:30-16:00]", "[16:00-09:30]", "hours out of order: 16:00-09:30"),
        ("since: 2026-01-01", "since: 2026-02-01", "the first no later than `first`"),
        ("verified_by: notice of 2025-12-23", "checked_by: me", "verified_by is missing"),
        ("exchange_calendars XNYS", "quantlib XNYS", "library"),
    ],
)
def test_a_heading_that_cannot_be_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Each key says what it expected."""
    with pytest.raises(RulesError) as error:
        result(tmp_path, "date: 2026-03-10; what: closed", head=HEAD.replace(old, new))
    assert message in str(error.value)


def test_it_is_told_when_a_library_has_caught_up(tmp_path: Path) -> None:
    """The overlay still holds; it may go, or stay for its name."""
    text = "date: 2026-11-26; what: closed; name: Turkey Day"
    (warning,) = result(tmp_path, text).warnings
    assert warning.startswith(f"calendars/TEST.yaml:{FIRST_OVERLAY}: exchange_calendars says the same of 2026-11-26")
    kept = result(tmp_path, f"{text}; agrees: true")
    assert kept.warnings == ()
    assert read_calendar(kept.text).why_closed(date(2026, 11, 26)) == "Turkey Day"


def test_several_announcements_of_one_day_are_kept_in_order(tmp_path: Path) -> None:
    """The last one holds; before the first one the day was what the library says."""
    found = calendar(
        tmp_path,
        "date: 2026-11-26; what: open; announced: 2026-06-01",
        "date: 2026-11-26; what: hours; hours: [09:30-12:00]; announced: 2026-07-01",
    )
    entries = [entry for entry in found.exceptions if entry.day == date(2026, 11, 26)]
    assert [entry.kind for entry in entries] == [Kind.CLOSED, Kind.SESSION, Kind.EARLY_CLOSE]


@pytest.mark.parametrize("announced", ["announced: 2026-05-01", "what: open"])
def test_announcements_out_of_order_are_refused(tmp_path: Path, announced: str) -> None:
    """A later overlay of a day must say that it was announced later."""
    with pytest.raises(RulesError, match="has several overlays; expected each later one to say when it was announced"):
        result(
            tmp_path,
            "date: 2026-03-10; what: closed; announced: 2026-06-01",
            f"date: 2026-03-10; what: open; {announced}",
        )


def test_another_calendar_s_rules_can_be_taken_over(tmp_path: Path) -> None:
    """With its overlays; an own overlay of a day replaces those of that day."""
    written(tmp_path, overlay("date: 2026-03-10; what: closed") + overlay("date: 2026-03-11; what: closed"))
    like = tmp_path / "LIKE.yaml"
    like.write_text(LIKE + "overlays:\n" + overlay("date: 2026-03-10; what: hours; hours: [09:30-12:00]"))
    found = read_calendar(compiled(read_rules(like)).text)
    assert (found.code, found.title, found.verified_through) == ("LIKE", "Another", date(2026, 6, 30))
    assert hours(found, "2026-03-10") == (Kind.EARLY_CLOSE, ["09:30", "12:00"])
    assert found.day(date(2026, 3, 11)).kind is Kind.CLOSED
    assert found.day(date(2026, 11, 26)).kind is Kind.UNKNOWN


def test_an_edit_of_a_calendar_makes_the_one_like_it_stale(tmp_path: Path) -> None:
    """Its hash covers both files."""
    base = written(tmp_path, overlay("date: 2026-03-10; what: closed"))
    like = tmp_path / "LIKE.yaml"
    like.write_text(
        "title: Another\nlike: TEST  # the same market\nverified_through: 2026-06-30\nverified_by: a notice\n"
    )
    before = sha256(like)
    assert before == read_rules(like).sha256
    base.write_text(base.read_text() + "\n")
    assert sha256(like) != before


def test_summer_hours_follow_another_place_s_clocks(tmp_path: Path) -> None:
    """A regime per season, changing on the days on which New York changes its clocks."""
    head = HEAD.replace("America/New_York", "America/Mexico_City").replace(
        "    hours: [09:30-16:00]\n",
        "    hours: [08:30-15:00]\n    summer: {of: America/New_York, hours: [07:30-14:00]}\n",
    )
    found = calendar(
        tmp_path, "date: 2026-03-10; what: closed", head=head.replace("library: exchange_calendars XNYS\n", "")
    )
    assert [regime.since for regime in found.regimes] == [date(2026, 1, 1), date(2026, 3, 8), date(2026, 11, 1)]
    assert hours(found, "2026-03-06") == (Kind.SESSION, ["08:30", "15:00"])
    assert hours(found, "2026-03-09") == (Kind.SESSION, ["07:30", "14:00"])


def test_half_days_by_name_close_at_the_hour_that_the_file_states(tmp_path: Path) -> None:
    """Where a library knows the holidays, and only `holidays` knows the half days."""
    head = HEAD.replace("America/New_York", "Asia/Singapore").replace("XNYS", "XSES").replace(
        "names: XSES\n", "names: XSES\nhalf_days: 12:00\n"
    ).replace("[09:30-16:00]", "[09:00-12:00, 13:00-17:00]")  # fmt: skip
    found = calendar(tmp_path, "date: 2026-03-10; what: closed", head=head)
    assert hours(found, "2026-12-24") == (Kind.EARLY_CLOSE, ["09:00", "12:00"])
    assert found.day(date(2026, 12, 24)).name == "Christmas Eve"
    assert found.regime(date(2026, 12, 23)).spans[1][1] == time(17)
