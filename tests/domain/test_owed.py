"""Which fires are owed, through edits at any time: the past is never run again, the next fire is never lost."""

from collections.abc import Mapping
from typing import Any

import pytest

from dagster_project.domain.fires import Fire
from dagster_project.domain.owed import InForce, owed
from dagster_project.domain.schedule import Schedule
from tests.domain.tiny_calendars import MUMBAI, at, feed, session, tiny

WEEK = tiny("WEEK", "UTC", [("09:00", "17:00")])  # 2026-11-23 is a Monday
WAIT = {"every": "5m", "until": "22:00"}

Said = Mapping[str, dict[str, Any]]


def history(*edits: tuple[str, Said]) -> list[InForce]:
    """The schedules that each deployment put in force."""
    return [
        InForce(at(since), {name: Schedule.model_validate(said) for name, said in schedules.items()})
        for since, schedules in edits
    ]


def owes(now: str, *edits: tuple[str, Said], start: str = "2026-01-01") -> list[Fire]:
    """What a feed owes at `now` after these deployments."""
    return owed(feed(WEEK, start, **edits[-1][1]), history(*edits), at(now))


def days(found: list[Fire]) -> list[str]:
    """Schedule and day of month of the session of each fire."""
    return [f"{fire.schedule} {fire.session:%d}" for fire in found]


def eod(time: str, **more: object) -> Said:
    """One schedule, `eod`."""
    return {"eod": {"at": time, **more}}


@pytest.mark.parametrize(
    ("deployed", "said", "now", "expected", "why"),
    [
        ("2026-11-25 12:00", eod("18:00"), "2026-11-25 12:00", ["eod 24"], "the latest one that was due"),
        ("2026-11-25 18:00", eod("18:00"), "2026-11-25 18:00", ["eod 25"], "due at that very instant"),
        ("2026-11-29 12:00", eod("18:00"), "2026-11-29 12:00", ["eod 27"], "on a Sunday, Friday's"),
        ("2026-11-25 12:00", eod("08:00", lag=1), "2026-11-25 12:00", ["eod 24"], "the session before, by lag"),
        ("2026-11-25 19:00", eod("18:00", wait=WAIT), "2026-11-25 19:00", ["eod 24", "eod 25"], "it may still wait"),
        ("2026-11-25 22:00", eod("18:00", wait=WAIT), "2026-11-25 22:00", ["eod 25"], "its wait is over"),
        ("2026-11-25 12:00", eod("18:00"), "2026-11-26 18:00", ["eod 24", "eod 25", "eod 26"], "and all since then"),
        ("2026-01-01 12:00", eod("18:00"), "2026-01-01 12:00", [], "nothing was due yet"),
    ],
)
def test_a_first_deployment_owes_its_latest_due_fire(
    deployed: str, said: Said, now: str, expected: list[str], why: str
) -> None:
    """So a new feed shows a table at once, at any hour of any day."""
    found = owes(now, (deployed, said))
    assert days(found) == expected, why
    assert all(fire.owed_since == (at(deployed) if fire.at < at(deployed) else None) for fire in found)


def test_a_first_deployment_looks_back_as_far_as_it_must() -> None:
    """Over a closure of weeks; and for two, where the latest still waits."""
    closure = [{"date": f"2026-10-{day:02}", "kind": "closed", "name": "A long holiday"} for day in range(2, 31)]
    calendar = tiny("REST", "UTC", [("09:00", "17:00")], *closure)
    prices = feed(calendar, eod={"at": "18:00", "wait": WAIT})
    in_force = [InForce(at("2026-11-02 19:00"), prices.schedules)]
    assert days(owed(prices, in_force, at("2026-11-02 19:00"))) == ["eod 01", "eod 02"]


def test_a_first_deployment_before_the_start_owes_nothing() -> None:
    """Until the start is due."""
    assert owes("2026-11-25 12:00", ("2026-11-25 12:00", eod("18:00")), start="2026-11-26") == []
    assert days(owes("2026-11-26 18:00", ("2026-11-25 12:00", eod("18:00")), start="2026-11-26")) == ["eod 26"]


def test_nothing_is_owed_before_anything_is_deployed() -> None:
    """An empty history."""
    assert owed(feed(WEEK, eod={"at": "18:00"}), [], at("2026-11-25 12:00")) == []


MONDAY = ("2026-11-23 12:00", eod("18:00"))  # in force since then; owes Friday the 20th by being the first


@pytest.mark.parametrize(
    ("edit", "said", "now", "expected", "why"),
    [
        ("2026-11-25 12:00", eod("20:00"), "2026-11-25 19:00", ["20", "23", "24"], "to later: not due at the old time"),
        ("2026-11-25 12:00", eod("20:00"), "2026-11-25 20:00", ["20", "23", "24", "25"], "to later: at the new time"),
        (
            "2026-11-25 18:30",
            eod("20:00"),
            "2026-11-25 20:00",
            ["20", "23", "24", "25"],
            "to later after it was due: once",
        ),
        ("2026-11-25 12:00", eod("13:00"), "2026-11-25 13:00", ["20", "23", "24", "25"], "to earlier, still to come"),
        (
            "2026-11-25 12:00",
            eod("10:00"),
            "2026-11-25 12:00",
            ["20", "23", "24", "25"],
            "to earlier, over now: due at once",
        ),
        (
            "2026-11-25 18:30",
            eod("10:00"),
            "2026-11-25 18:30",
            ["20", "23", "24", "25"],
            "to earlier after it was due: once",
        ),
        (
            "2026-11-25 12:00",
            eod("18:00", **{"except": [{"date": "2026-11-25", "reason": "an outage"}]}),
            "2026-11-25 18:00",
            ["20", "23", "24"],
            "excepted before it is due",
        ),
        ("2026-11-25 12:00", eod("08:00", lag=1), "2026-11-25 23:00", ["20", "23", "24"], "to the next morning"),
        ("2026-11-25 12:00", eod("08:00", lag=1), "2026-11-26 08:00", ["20", "23", "24", "25"], "the next morning"),
        (
            "2026-11-25 12:00",
            eod("18:00", grace="1h"),
            "2026-11-25 18:00",
            ["20", "23", "24", "25"],
            "not moved at all",
        ),
    ],
)
def test_an_edit_neither_runs_the_past_again_nor_loses_the_next_fire(
    edit: str, said: Said, now: str, expected: list[str], why: str
) -> None:
    """Each session is owed once, by the files that were in force when it fell due."""
    found = owes(now, MONDAY, (edit, said))
    assert [f"{fire.session:%d}" for fire in found] == expected, why


def test_a_fire_that_an_edit_moved_behind_itself_is_due_since_the_edit() -> None:
    """Lateness, and with it misfire and grace, count from there."""
    (*_, moved) = owes("2026-11-25 12:30", MONDAY, ("2026-11-25 12:00", eod("10:00")))
    assert (moved.at, moved.owed_since, moved.due) == (
        at("2026-11-25 10:00"),
        at("2026-11-25 12:00"),
        at("2026-11-25 12:00"),
    )


def test_a_schedule_from_the_evening_to_the_morning_after_and_back_owes_each_session_once() -> None:
    """The lag changes with it; the session of the fire stays the same."""
    there = ("2026-11-24 12:00", eod("08:00", lag=1))
    back = ("2026-11-26 20:00", eod("18:00"))
    found = owes("2026-11-30 23:00", MONDAY, there, back)
    assert days(found) == [f"eod {day}" for day in (20, 23, 24, 25, 26, 27, 30)]
    assert next(fire for fire in found if fire.session.day == 26).owed_since == at("2026-11-26 20:00")


def test_a_new_schedule_owes_nothing_of_before() -> None:
    """That needs a backfill: the table is there already."""
    both: Said = {**eod("18:00"), "noon": {"at": "12:00"}}
    assert days(owes("2026-11-26 12:00", MONDAY, ("2026-11-25 12:30", both))) == [
        "eod 20",
        "eod 23",
        "eod 24",
        "eod 25",
        "noon 26",
    ]


def test_a_removed_schedule_still_owes_what_fell_due() -> None:
    """Only what was still to come is gone; and while it was away it owes nothing."""
    other: Said = {"noon": {"at": "12:00"}}
    gone = ("2026-11-24 19:00", other)
    back = ("2026-11-26 12:00", {**other, **eod("18:00")})
    found = owes("2026-11-26 18:00", MONDAY, gone, back)
    assert [day for day in days(found) if day.startswith("eod")] == ["eod 20", "eod 23", "eod 24", "eod 26"]


def test_an_edit_of_another_schedule_changes_nothing() -> None:
    """Of one file with two."""
    both: Said = {**eod("18:00"), "noon": {"at": "12:00"}}
    before = owes("2026-11-25 18:00", ("2026-11-23 12:00", both))
    after = owes(
        "2026-11-25 18:00", ("2026-11-23 12:00", both), ("2026-11-25 09:00", {**both, "noon": {"at": "13:00"}})
    )
    assert [fire for fire in before if fire.schedule == "eod"] == [fire for fire in after if fire.schedule == "eod"]


@pytest.mark.parametrize(
    ("edit", "said", "until", "why"),
    [
        ("21:00", eod("18:00", wait={"every": "5m", "until": "23:00"}), "23:00", "while it waits it waits longer"),
        ("21:00", eod("18:00", wait={"every": "5m", "until": "21:30"}), "21:30", "or less long"),
        ("22:30", eod("18:00", wait={"every": "5m", "until": "23:00"}), "22:00", "a wait that is over stays over"),
        ("21:00", eod("18:00"), None, "it waits no longer"),
        ("21:00", {"noon": {"at": "12:00"}}, "22:00", "its schedule is gone"),
        (
            "21:00",
            eod("22:30", wait={"every": "5m", "until": "23:30"}),
            "23:30",
            "moved to later: it fell due all the same",
        ),
        (
            "21:00",
            eod("18:00", **{"except": [{"date": "2026-11-25", "reason": "an outage"}]}),
            "22:00",
            "excepted by now: the backlog says so",
        ),
    ],
)
def test_a_fire_that_waits_follows_an_edit_of_its_wait(edit: str, said: Said, until: str | None, why: str) -> None:
    """An operator who sees that the source is late can let it wait longer."""
    first = ("2026-11-25 12:00", eod("18:00", wait=WAIT))
    found = [fire for fire in owes("2026-11-25 23:45", first, (f"2026-11-25 {edit}", said)) if fire.session.day == 25]
    (waiting,) = [fire for fire in found if fire.schedule == "eod"]
    assert waiting.waits_until == (at(f"2026-11-25 {until}") if until else None), why
    assert waiting.at == at("2026-11-25 18:00")


def test_a_held_day_is_owed_once_it_is_known() -> None:
    """It was never decided against: the calendar has no history here, on purpose."""
    said = {"at": "close + 1h"}
    in_force = history(("2026-11-05 12:00", {"eod": said}))
    held = owed(feed(MUMBAI, eod=said), in_force, at("2026-11-09 12:00"))
    assert days(held) == ["eod 05", "eod 06", "eod 09"]
    muhurat = session("2026-11-08", "special_session", "Muhurat", ("18:00", "19:00"))
    known = tiny("XNSE", "Asia/Kolkata", [("09:15", "15:30")], muhurat)
    assert days(owed(feed(known, eod=said), in_force, at("2026-11-09 12:00"))) == [
        "eod 05",
        "eod 06",
        "eod 08",
        "eod 09",
    ]


def test_another_calendar_makes_no_day_of_the_past_due() -> None:
    """A feed that moves to a calendar with weekend sessions does not owe the weekends before the move."""
    every_day = tiny("EVERY", "UTC", [("09:00", "17:00")], weekdays=(0, 1, 2, 3, 4, 5, 6))
    schedules = {"eod": Schedule.model_validate({"at": "18:00"})}
    now = feed(every_day, "2026-01-01", eod={"at": "18:00"})
    then = [
        InForce(at("2026-11-19 19:00"), schedules, WEEK),
        InForce(at("2026-11-23 12:00"), schedules, every_day),
    ]
    assert days(owed(now, then, at("2026-11-29 19:00"))) == [
        f"eod {day}" for day in (19, 20, 23, 24, 25, 26, 27, 28, 29)
    ]
