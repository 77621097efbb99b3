"""What a schedule file may say, how it is kept, and what is refused."""

import json
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dagster_project.domain.moment import Wall
from dagster_project.domain.schedule import LATE, Schedule, ScheduleFile

FILE: dict[str, Any] = {
    "calendar": "XNYS",
    "start": date(2026, 1, 2),
    "owner": "team:test",
    "schedules": {"eod": {"at": "18:45"}},
}


def refusals(said: dict[str, Any]) -> list[tuple[str, str]]:
    """Where a schedule is wrong, and what was expected there."""
    with pytest.raises(ValidationError) as raised:
        Schedule.model_validate(said)
    return [
        (".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, "))
        for error in raised.value.errors()
    ]


def test_what_is_not_said_has_a_default() -> None:
    """Only the time is needed: every session, that same session, every missed fire, three retries."""
    schedule = Schedule.model_validate({"at": "18:45"})
    assert schedule.at == Wall(time(18, 45))
    assert (schedule.lag, schedule.misfire, schedule.grace, schedule.wait, schedule.deadline) == (
        0,
        "all",
        None,
        None,
        None,
    )
    assert (schedule.retry.times, schedule.retry.backoff) == (3, timedelta(seconds=30))
    assert (schedule.timezone, schedule.except_) == (None, ())


SCHEDULES = st.fixed_dictionaries(
    {"at": st.sampled_from(["00:10", "close + 1h30m", "open - 30m", "close"])},
    optional={
        "deadline": st.sampled_from(["23:59", "close + 4h"]),
        "wait": st.fixed_dictionaries(
            {"every": st.sampled_from(["10s", "5m"]), "until": st.sampled_from(["22:00", "close + 5h30m"])}
        ),
        "lag": st.integers(0, 250),
        "timezone": st.sampled_from(["Asia/Kolkata", "UTC"]),
        "except": st.lists(
            st.fixed_dictionaries({"date": st.dates(), "reason": st.text(min_size=3)}),
            unique_by=lambda entry: entry["date"],
            max_size=3,
        ),
        "misfire": st.sampled_from(["all", "latest", "skip"]),
        "grace": st.sampled_from(["2m", "3d"]),
        "retry": st.fixed_dictionaries({}, optional={"times": st.integers(0, 20), "backoff": st.just("5m")}),
    },
)


@given(SCHEDULES)
def test_a_schedule_reads_back_from_the_records(said: dict[str, Any]) -> None:
    """As JSON, as the database gives it: what was in force can be asked again, and has the same fingerprint."""
    schedule = Schedule.model_validate(said)
    kept = json.loads(json.dumps(schedule.model_dump(mode="json", by_alias=True)))
    assert Schedule.model_validate(kept) == schedule
    assert Schedule.model_validate(kept).fingerprint == schedule.fingerprint


@given(SCHEDULES, SCHEDULES)
def test_two_schedules_that_differ_have_two_fingerprints(one: dict[str, Any], other: dict[str, Any]) -> None:
    """And two that are equal have one."""
    first, second = Schedule.model_validate(one), Schedule.model_validate(other)
    assert (first == second) is (first.fingerprint == second.fingerprint)


def test_a_default_that_is_written_out_changes_no_fingerprint() -> None:
    """So a key that the language gains later is no edit of the files that do not use it."""
    brief = Schedule.model_validate({"at": "18:45"})
    long = Schedule.model_validate({"at": "18:45", "lag": 0, "misfire": "all", "retry": {"times": 3}, "except": []})
    assert brief.fingerprint == long.fingerprint
    assert brief.fingerprint != Schedule.model_validate({"at": "18:46"}).fingerprint


@pytest.mark.parametrize(
    ("said", "where", "message"),
    [
        ({"at": 975}, "at", "expected a wall time such as 09:30 or 18:45, or open or close with a duration"),
        ({"at": None}, "at", "expected a wall time such as 09:30 or 18:45"),
        ({"at": ["12:00"]}, "at", "expected a wall time such as 09:30 or 18:45"),
        ({"at": "18:45", "deadline": "18:45"}, "deadline", "expected a time after the fire at 18:45"),
        ({"at": "close + 2h", "deadline": "close + 1h"}, "deadline", "expected a time after the fire at close + 2h"),
        (
            {"at": "18:45", "wait": {"every": "5m", "until": "18:00"}},
            "wait",
            "found until 18:00, expected a time after the fire at 18:45",
        ),
        ({"at": "18:45", "wait": {"every": "5s", "until": "19:00"}}, "wait.every", "expected at least 10s"),
        ({"at": "18:45", "grace": "1m"}, "grace", "expected at least 2m"),
        ({"at": "18:45", "grace": 3}, "grace", "expected a duration such as 5m, 1h30m or 3d"),
        ({"at": "18:45", "retry": {"backoff": "0s"}}, "retry.backoff", "expected at least 1s"),
        ({"at": "18:45", "lag": True}, "lag", "Input should be a valid integer"),
        ({"at": "18:45", "lag": "1"}, "lag", "Input should be a valid integer"),
        ({"at": "18:45", "lag": -1}, "lag", "Input should be greater than or equal to 0"),
        (
            {"at": "18:45", "timezone": "Asia/Kolkatta"},
            "timezone",
            "expected a timezone of the IANA database, such as Asia/Kolkata",
        ),
        ({"at": "18:45", "timezone": "America"}, "timezone", "expected a timezone of the IANA database"),
        ({"at": "18:45", "timezone": ""}, "timezone", "expected a timezone of the IANA database"),
        (
            {"at": "18:45", "except": [{"date": 20260102, "reason": "outage"}]},
            "except.0.date",
            "expected a date such as 2024-07-08",
        ),
        (
            {
                "at": "18:45",
                "except": [{"date": "2026-01-02", "reason": "one"}, {"date": "2026-01-02", "reason": "two"}],
            },
            "except",
            "found 2026-01-02 twice, expected each date once",
        ),
    ],
)
def test_a_refusal_says_where_and_what_was_expected(said: dict[str, Any], where: str, message: str) -> None:
    """One refusal for one mistake, at the key that is wrong."""
    ((found_where, found_message),) = refusals(said)
    assert found_where == where
    assert found_message.startswith(message)


def test_all_refusals_come_at_once() -> None:
    """A person mends a file in one go; what depends on a wrong value is not judged by it."""
    said = {"at": "noon", "deadline": "11:00", "wait": {"every": "x", "until": "y", "jitter": "1m"}, "lag": "two"}
    assert [where for where, _ in refusals(said)] == ["at", "wait.every", "wait.until", "wait.jitter", "lag"]


def test_a_time_relative_to_another_anchor_is_left_to_the_calendar() -> None:
    """Whether `close + 1h` is after 18:45 depends on the day."""
    Schedule.model_validate({"at": "18:45", "deadline": "close + 1h", "wait": {"every": "5m", "until": "close"}})


def test_no_grace_is_shorter_than_what_counts_as_late() -> None:
    """Else a tick that is still in time would be given up beside its run."""
    assert Schedule.model_validate({"at": "18:45", "grace": "2m"}).grace == LATE


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("owner", "alice"),
        ("start", 20260102),
        ("start", "2 January 2026"),
        ("schedules", {}),
        ("schedules", {"EOD": {"at": "18:45"}}),
        ("schedules", {"e/od": {"at": "18:45"}}),
        ("calendar", 4711),
        ("unknown", 1),
    ],
)
def test_a_file_is_refused_whole(key: str, value: object) -> None:
    """Owner without a team or address, a number as date, no schedule, a name that cannot stand in a fire's id."""
    assert ScheduleFile.model_validate(FILE)
    with pytest.raises(ValidationError) as raised:
        ScheduleFile.model_validate({**FILE, key: value})
    assert all(error["loc"][0] == key for error in raised.value.errors())
