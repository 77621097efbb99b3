"""`marketday calendar`: each day with its kind, hours, name and source."""

import pytest

from tests.cli.checkout import Ask, AskJson


def test_the_fields_of_a_day_are_these(ask_json: AskJson) -> None:
    """The documented names; hours in the calendar's timezone."""
    assert ask_json("calendar", "TEST", "--from", "2026-11-26", "--to", "2026-11-27") == [
        {
            "date": "2026-11-26",
            "kind": "closed",
            "open": None,
            "close": None,
            "breaks": [],
            "name": "Thanksgiving Day",
            "source": "notice of 2025-12-23",
        },
        {
            "date": "2026-11-27",
            "kind": "early_close",
            "open": "2026-11-27T09:30:00-05:00",
            "close": "2026-11-27T13:00:00-05:00",
            "breaks": [],
            "name": "Day after Thanksgiving",
            "source": "notice of 2025-12-23",
        },
    ]


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        ("2026-11-25", "session", None),
        ("2026-02-01", "special_session", "Budget"),
        ("2026-11-28", "closed", "Saturday"),
        ("2027-01-04", "unknown", None),
        ("2025-12-31", "unknown", None),
    ],
)
def test_every_kind_of_day_is_named(ask_json: AskJson, day: str, kind: str, name: str | None) -> None:
    """Beyond what is verified a day is unknown, never a session."""
    (found,) = ask_json("calendar", "TEST", "--from", day, "--to", day)
    assert (found["kind"], found["name"]) == (kind, name)


def test_without_an_end_thirty_more_days_are_shown(ask_json: AskJson) -> None:
    """A month from the first day on."""
    found = ask_json("calendar", "TEST", "--from", "2026-03-01")
    assert (found[0]["date"], found[-1]["date"], len(found)) == ("2026-03-01", "2026-03-31", 31)


def test_an_instant_is_a_date_of_the_calendar(ask_json: AskJson) -> None:
    """20:00 UTC is the next day in Kolkata."""
    (found,) = ask_json("calendar", "BREAKS", "--from", "2026-03-02T20:00Z", "--to", "2026-03-03")
    assert found["date"] == "2026-03-03"


def test_hours_of_the_evening_before_and_breaks_are_shown(ask: Ask, ask_json: AskJson) -> None:
    """A session that opens on the day before says so, in the table too."""
    (found,) = ask_json("calendar", "BREAKS", "--from", "2026-03-03", "--to", "2026-03-03")
    assert found["open"] == "2026-03-02T21:00:00+05:30"
    assert found["breaks"] == [["2026-03-03T02:30:00+05:30", "2026-03-03T09:00:00+05:30"]]
    assert "Mon 21:00  11:30  02:30-09:00" in ask("calendar", "BREAKS", "--from", "2026-03-03").stdout


def test_the_table_says_why_a_day_is_unknown(ask: Ask) -> None:
    """And what to do about it."""
    answer = ask("calendar", "TEST", "--from", "2027-01-04", "--to", "2027-01-04").stdout
    assert "TEST is verified from 2026-01-01 through 2026-12-31; extend calendars/TEST.yaml" in answer


def test_a_pipe_gets_whole_lines(ask: Ask, checkout: object) -> None:
    """No cell is cut or folded to the width of a terminal that is not there: one line a day below two of header."""
    answer = ask("calendar", "TEST", "--from", "2026-01-01", "--to", "2027-12-31").stdout.splitlines()
    assert len(answer) == 730 + 3
    assert max(map(len, answer)) > 120
    assert not any("…" in line for line in answer)
