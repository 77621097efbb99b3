"""What the backlog decides about each fire that is owed: start it, wait, or give it up, and why."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from dagster_project.domain.attempt import SCHEDULE_FIRST, Attempt, Decision, GivenUp, Outcome, Request, Waiting
from dagster_project.domain.backlog import backlog, unanswered
from dagster_project.domain.owed import InForce, owed
from dagster_project.domain.schedule import LATE
from tests.domain.tiny_calendars import at, feed, tiny

WEEK = tiny("WEEK", "UTC", [("09:00", "17:00")])  # 2026-11-23 is a Monday
DEPLOYED = "2026-11-20 12:00"  # a Friday: the first fire that fell due by itself is that evening's
WAIT = {"every": "5m", "until": "22:00"}
ONE, TWO = (f"prices/eod/2026-11-{day}" for day in (23, 24))


def ended(
    fire_id: str, *outcomes: Outcome, at_time: str = "2026-11-23 18:01", retry_at: str | None = None
) -> list[Attempt]:
    """Attempts that ended so, one minute apart."""
    first = at(at_time)
    return [
        Attempt(
            fire_id,
            number,
            f"run{number}",
            outcome,
            first + timedelta(minutes=number - 1),
            at(retry_at) if retry_at else None,
        )
        for number, outcome in enumerate(outcomes, start=1)
    ]


def look(
    now: str,
    said: Mapping[str, Any],
    attempts: list[Attempt] | None = None,
    published: Mapping[str, str] | None = None,
    asked: Mapping[str, str] | None = None,
    given_up: set[str] | None = None,
    **other: dict[str, Any],
) -> dict[str, Decision]:
    """What is decided at `now` about each fire of schedule `eod` (and others) since Monday the 23rd, by its id."""
    prices = feed(WEEK, eod=dict(said), **other)
    decisions = backlog(
        owed(prices, [InForce(at(DEPLOYED), prices.schedules)], at(now)),
        prices.schedules,
        attempts or [],
        {date(2026, 11, 19): at(now), date(2026, 11, 20): at(now)}
        | {date.fromisoformat(day): at(when) for day, when in (published or {}).items()},
        {fire_id: at(when) for fire_id, when in (asked or {}).items()},
        at(now),
        given_up or set(),
    )
    return {decision.fire.id: decision for decision in decisions}


def told(decision: Decision) -> tuple[type[Decision], str]:
    """The kind of a decision and its reason."""
    return type(decision), decision.reason


EOD = {"at": "18:00"}


@pytest.mark.parametrize(
    ("now", "kind", "reason", "why"),
    [
        ("2026-11-23 18:00:00", Waiting, "due; the schedule's tick starts it", "the schedule's tick comes first"),
        ("2026-11-23 18:00:59", Waiting, "due; the schedule's tick starts it", "it still has its chance"),
        ("2026-11-23 18:01:00", Request, "was not started at its time, 2026-11-23 18:00 UTC", "it had it"),
        ("2026-11-24 11:00:00", Request, "was not started at its time, 2026-11-23 18:00 UTC", "however late"),
    ],
)
def test_a_fire_that_no_tick_started_is_requested(now: str, kind: type[Decision], reason: str, why: str) -> None:
    """Once the schedule's own tick had its chance."""
    assert told(look(now, EOD)[ONE]) == (kind, reason), why
    assert timedelta(minutes=1) == SCHEDULE_FIRST < LATE


def test_all_that_an_outage_missed_is_requested_oldest_first() -> None:
    """Without limit, by default."""
    found = look("2026-12-02 12:00", EOD)
    assert all(isinstance(decision, Request) and decision.attempt == 1 for decision in found.values())
    assert list(found) == [
        *(f"prices/eod/2026-11-{day}" for day in (23, 24, 25, 26, 27, 30)),
        "prices/eod/2026-12-01",
    ]


@pytest.mark.parametrize(
    ("published", "is_missing", "why"),
    [
        ({"2026-11-23": "2026-11-23 18:00:40"}, False, "by its own run, or any other after its time"),
        ({"2026-11-23": "2026-11-23 18:00:00"}, False, "at its very time"),
        ({"2026-11-23": "2026-11-23 17:59:59"}, True, "by hand before its time: the source may say more by now"),
        ({"2026-11-24": "2026-11-24 11:00:00"}, True, "another session"),
    ],
)
def test_a_publication_at_or_after_its_time_serves_a_fire(
    published: dict[str, str], is_missing: bool, why: str
) -> None:
    """Whoever started the run: a manual launch, a backfill, another schedule."""
    assert (ONE in look("2026-11-24 12:00", EOD, published=published)) is is_missing, why


def test_an_attempt_that_served_serves_for_good() -> None:
    """Also where the fire's time has moved behind the publication since, by an edit or by a calendar's new hours."""
    moved = {"at": "18:05"}
    published = {"2026-11-23": "2026-11-23 18:00:40"}
    assert ONE not in look("2026-11-24 12:00", moved, ended(ONE, Outcome.SERVED), published)
    assert ONE in look("2026-11-24 12:00", moved, [], published)


def test_a_run_by_hand_mends_a_fire_that_needed_a_person() -> None:
    """Nothing else to do: no command, no flag."""
    refused = ended(ONE, Outcome.REFUSED)
    assert told(look("2026-11-24 12:00", EOD, refused)[ONE]) == (GivenUp, "attempt 1 needs a person: see run run1")
    assert ONE not in look("2026-11-24 12:00", EOD, refused, {"2026-11-23": "2026-11-24 11:00"})


@pytest.mark.parametrize(
    ("outcomes", "now", "kind", "reason"),
    [
        ([None], "2026-11-24 12:00", Waiting, "attempt 1 runs as run1"),
        ([Outcome.CANCELED], "2026-11-24 12:00", GivenUp, "attempt 1 was cancelled: run run1"),
        (
            [Outcome.CRASHED],
            "2026-11-23 18:01:29",
            Waiting,
            "attempt 2 follows at 18:01:30 UTC: attempt 1 failed",
        ),
        ([Outcome.CRASHED], "2026-11-23 18:01:30", Request, "attempt 1 ended without serving it (crashed)"),
        ([Outcome.UNAVAILABLE], "2026-11-23 18:01:30", Request, "attempt 1 ended without serving it (unavailable)"),
        ([Outcome.NOT_PUBLISHED], "2026-11-23 18:01:30", Request, "attempt 1 ended without serving it (not_published)"),
        (
            [Outcome.CRASHED, Outcome.UNAVAILABLE, Outcome.CRASHED],
            "2026-11-23 18:04:59",
            Waiting,
            "attempt 4 follows at 18:05:00 UTC: attempt 3 failed",
        ),
        (
            [Outcome.CRASHED, Outcome.UNAVAILABLE, Outcome.CRASHED, None],
            "2026-11-24 12:00",
            Waiting,
            "attempt 4 runs as run4",
        ),
        (
            [Outcome.CRASHED, Outcome.UNAVAILABLE, Outcome.CRASHED, Outcome.CRASHED],
            "2026-11-23 18:04:01",
            GivenUp,
            "4 attempts failed, the last as run run4",
        ),
    ],
)
def test_an_attempt_that_failed_is_followed_by_another(
    outcomes: list[Outcome], now: str, kind: type[Decision], reason: str
) -> None:
    """After 30 s, twice as long each time, three times; never where a person must look; numbers go on."""
    decision = look(now, EOD, ended(ONE, *outcomes))[ONE]
    assert told(decision) == (kind, reason)
    if isinstance(decision, Request):
        assert (decision.attempt, decision.needs_probe) == (len(outcomes) + 1, False)


def test_pauses_grow_to_an_hour_and_no_further() -> None:
    """Twenty retries are no reason to wait for months."""
    said = {**EOD, "retry": {"times": 20, "backoff": "5m"}}
    failures = ended(ONE, *[Outcome.UNAVAILABLE] * 20)
    (last_end,) = (each.ended_at for each in failures if each.number == 20)
    assert last_end is not None
    for early, kind in ((1, Waiting), (0, Request)):
        now = last_end + timedelta(hours=1, seconds=-early)
        assert isinstance(look(f"{now:%Y-%m-%d %H:%M:%S}", said, failures)[ONE], kind)


def test_a_source_that_names_a_time_is_not_asked_before() -> None:
    """Retry-After goes before our own pause, never below it."""
    limited = ended(ONE, Outcome.UNAVAILABLE, retry_at="2026-11-23 19:00")
    assert isinstance(look("2026-11-23 18:59", EOD, limited)[ONE], Waiting)
    assert isinstance(look("2026-11-23 19:00", EOD, limited)[ONE], Request)
    sooner = ended(ONE, Outcome.UNAVAILABLE, retry_at="2026-11-23 18:01")
    assert isinstance(look("2026-11-23 18:01:20", EOD, sooner)[ONE], Waiting)


@pytest.mark.parametrize(
    ("policy", "now", "kinds", "why"),
    [
        ({}, "2026-11-26 12:00", [Request, Request, Request], "all, without limit"),
        ({"misfire": "latest"}, "2026-11-26 12:00", [GivenUp, GivenUp, Request], "the latest of what was missed"),
        ({"misfire": "skip"}, "2026-11-26 12:00", [GivenUp, GivenUp, GivenUp], "none of what was missed"),
        ({"misfire": "skip"}, "2026-11-25 18:02", [GivenUp, GivenUp, Request], "two minutes are not missed yet"),
        ({"grace": "20h"}, "2026-11-26 12:00", [GivenUp, GivenUp, Request], "eighteen hours are within it"),
        ({"grace": "1h"}, "2026-11-25 19:00", [GivenUp, GivenUp, Request], "to the minute"),
        ({"grace": "1h"}, "2026-11-25 19:00:01", [GivenUp, GivenUp, GivenUp], "and no longer"),
        ({"misfire": "latest", "grace": "1h"}, "2026-11-26 12:00", [GivenUp] * 3, "both"),
    ],
)
def test_a_misfire_policy_decides_after_an_outage(
    policy: dict[str, Any], now: str, kinds: list[type[Decision]], why: str
) -> None:
    """Of the three fires from Monday to Wednesday."""
    found = look(now, {**EOD, **policy})
    assert [type(decision) for decision in found.values()] == kinds, why
    reasons = {decision.reason for decision in found.values() if isinstance(decision, GivenUp)}
    assert all(reason.startswith("misfire: ") for reason in reasons)


def test_a_misfire_says_the_same_reason_at_any_time() -> None:
    """A reason that grew would be recorded at each look."""
    for policy in ({"misfire": "skip"}, {"grace": "1h"}, {"misfire": "latest"}):
        early, late = (look(now, {**EOD, **policy})[ONE] for now in ("2026-11-24 19:30", "2026-11-27 12:00"))
        assert isinstance(early, GivenUp)
        assert early == late


def test_the_latest_stays_the_latest_once_it_is_served() -> None:
    """Those that it took the place of do not come back."""
    found = look("2026-11-25 12:00", {**EOD, "misfire": "latest"}, ended(TWO, Outcome.SERVED))
    assert told(found[ONE]) == (GivenUp, "misfire: a later fire is due, and misfire is latest")


def test_no_policy_stops_what_was_started() -> None:
    """An attempt that failed in time may be followed by one that is late."""
    failed = ended(ONE, Outcome.CRASHED)
    for policy in ({"misfire": "latest"}, {"misfire": "skip"}, {"grace": "5m"}):
        assert isinstance(look("2026-11-25 12:00", {**EOD, **policy}, failed)[ONE], Request)


def test_what_was_given_up_is_not_decided_again() -> None:
    """Whatever the files say by now: an edit of a policy runs nothing of the past."""
    skipped = look("2026-11-25 12:00", {**EOD, "misfire": "skip"})
    given_up = {fire_id for fire_id, decision in skipped.items() if isinstance(decision, GivenUp) and decision.is_final}
    assert given_up == {ONE, TWO}
    assert look("2026-11-25 12:00", {**EOD, "misfire": "all"}, given_up=given_up) == {}


WAITING = {**EOD, "wait": WAIT}


@pytest.mark.parametrize(
    ("now", "asked", "kind", "why"),
    [
        ("18:00:00", None, Request, "asked at its time: no tick starts it"),
        ("18:04:59", "18:00:00", Waiting, "not sooner than every"),
        ("18:05:00", "18:00:00", Request, "every five minutes"),
        ("21:59:59", "21:58:00", Waiting, "until it is time"),
        ("22:00:00", "21:58:00", Request, "at the end, however short the time since"),
        ("22:00:00", "22:00:00", GivenUp, "asked at the end"),
        ("23:30:00", "21:58:00", Request, "an outage over the end: asked once more"),
        ("23:30:10", "23:30:00", GivenUp, "asked after the end"),
        ("23:30:00", None, Request, "an outage over all of it: asked once"),
    ],
)
def test_a_fire_that_waits_is_asked_for_until_its_end(
    now: str, asked: str | None, kind: type[Decision], why: str
) -> None:
    """And given up only when its source was asked at or after it, in vain."""
    decision = look(f"2026-11-23 {now}", WAITING, asked={ONE: f"2026-11-23 {asked}"} if asked else {})[ONE]
    assert type(decision) is kind, why
    if isinstance(decision, Request):
        assert (decision.attempt, decision.needs_probe) == (1, True)
    if isinstance(decision, GivenUp):
        assert decision.reason == "the source had not published session 2026-11-23 by 2026-11-23 22:00 UTC"


def test_a_run_that_found_nothing_published_asks_like_a_probe() -> None:
    """An adapter without a cheap way to ask polls by runs: they are no failures and use up no retry."""
    polls = ended(ONE, *[Outcome.NOT_PUBLISHED] * 30, at_time="2026-11-23 18:00")
    assert isinstance(look("2026-11-23 18:33", WAITING, polls)[ONE], Waiting)
    again = look("2026-11-23 18:34", WAITING, polls)[ONE]
    assert isinstance(again, Request)
    assert (again.attempt, again.needs_probe) == (31, True)
    failed = [*polls, *ended(ONE, *[Outcome.UNAVAILABLE] * 31, at_time="2026-11-23 18:05")[30:]]
    assert isinstance(look("2026-11-23 18:35:30", WAITING, failed)[ONE], Request)


@pytest.mark.parametrize(
    ("now", "failures", "at_time", "kind", "why"),
    [
        ("18:10", 6, "18:00", Waiting, "its retries are used up, but not its time; the pause has grown"),
        ("18:21", 6, "18:00", Request, "sixteen minutes after the sixth"),
        ("21:59", 6, "21:50", Waiting, "the pause"),
        ("22:00", 6, "21:50", Request, "is cut short by the end of the wait"),
        ("22:01", 4, "21:57", GivenUp, "all retries used up, the last after the end"),
        ("22:05", 3, "21:59", Request, "after the end the remaining retries follow"),
    ],
)
def test_failures_do_not_end_a_wait_before_its_time(
    now: str, failures: int, at_time: str, kind: type[Decision], why: str
) -> None:
    """A source that is down for an hour of four may publish in the fourth."""
    failed = ended(ONE, *[Outcome.UNAVAILABLE] * failures, at_time=f"2026-11-23 {at_time}")
    assert type(look(f"2026-11-23 {now}", WAITING, failed)[ONE]) is kind, why


@pytest.mark.parametrize(
    ("policy", "now", "asked", "kind", "why"),
    [
        ({"grace": "1h"}, "2026-11-23 21:00", None, Request, "what waits is not late"),
        ({"grace": "1h"}, "2026-11-23 23:00", None, Request, "late counts from the end of the wait"),
        ({"grace": "1h"}, "2026-11-23 23:01", None, GivenUp, "beyond grace"),
        ({"misfire": "skip"}, "2026-11-23 21:00", None, Request, "an outage within the wait is none"),
        ({"misfire": "skip"}, "2026-11-23 22:04", "2026-11-23 21:58", Request, "one look late"),
        ({"misfire": "skip"}, "2026-11-23 22:06", "2026-11-23 21:58", GivenUp, "an outage over the end"),
        ({"grace": "1h"}, "2026-11-23 23:30", "2026-11-23 22:00", GivenUp, "asked in time: no misfire"),
        ({"misfire": "latest"}, "2026-11-24 17:00", None, Request, "the latest due"),
        ({"misfire": "latest"}, "2026-11-24 19:00", None, Request, "the next one still waits itself"),
        ({"misfire": "latest"}, "2026-11-24 22:00", None, GivenUp, "the next one waits no longer"),
    ],
)
def test_a_misfire_policy_counts_from_the_end_of_a_wait(
    policy: dict[str, Any], now: str, asked: str | None, kind: type[Decision], why: str
) -> None:
    """Of Monday's fire, that was never started."""
    decision = look(now, {**WAITING, **policy}, asked={ONE: asked} if asked else {})[ONE]
    assert type(decision) is kind, why
    if isinstance(decision, GivenUp):
        assert decision.reason.startswith("misfire: ") is ("no misfire" not in why)


def test_latest_never_gives_up_what_waits_for_what_does_not_come() -> None:
    """Once the next one is published, it has taken the place."""
    said = {**EOD, "misfire": "latest", "wait": WAIT}
    served = look("2026-11-24 18:30", said, published={"2026-11-24": "2026-11-24 18:20"})
    assert isinstance(served[ONE], GivenUp)


@pytest.mark.parametrize(
    ("now", "kind", "needs_probe"),
    [("2026-11-23 21:59", Waiting, None), ("2026-11-23 22:00", Request, False), ("2026-11-24 09:00", Request, False)],
)
def test_a_source_that_does_not_answer_has_not_said_no(
    now: str, kind: type[Decision], needs_probe: bool | None
) -> None:
    """It is asked again while there is time; then a run finds out, and fails or serves on record."""
    request = look(now, WAITING)[ONE]
    assert isinstance(request, Request)
    decision = unanswered(request, "SourceUnavailable: 503", at(now))
    assert type(decision) is kind
    assert "could not be asked" in decision.reason
    assert "SourceUnavailable: 503" in decision.reason
    if isinstance(decision, Request):
        assert decision.needs_probe is needs_probe


def test_a_run_for_a_source_that_did_not_answer_is_retried_then_given_up() -> None:
    """Although the source was asked after the end of the wait."""
    asked = {ONE: "2026-11-23 22:00"}
    failed = ended(ONE, *[Outcome.UNAVAILABLE] * 4, at_time="2026-11-23 22:01")
    assert isinstance(look("2026-11-23 22:02", WAITING, failed[:1], asked=asked)[ONE], Request)
    last = look("2026-11-23 22:30", WAITING, failed, asked=asked)[ONE]
    assert told(last) == (GivenUp, "4 attempts failed, the last as run run4")


def test_a_schedule_that_is_gone_gives_its_fires_up_for_now() -> None:
    """Back in the file, it wants them again: it may have been absent for one load."""
    due = owed(feed(WEEK, eod=EOD), [InForce(at(DEPLOYED), feed(WEEK, eod=EOD).schedules)], at("2026-11-24 12:00"))
    (gone,) = backlog(due[-1:], {}, [], {}, {}, at("2026-11-24 12:00"))
    assert gone == GivenUp(due[-1], "schedule eod is no longer in adapters/prices.yaml", is_final=False)


def test_an_exception_stops_what_is_still_to_be_served() -> None:
    """A person wrote it to that end; a run that is under way goes on."""
    said = {**EOD, "except": [{"date": "2026-11-23", "reason": "the source moved house"}]}
    prices = feed(WEEK, eod=EOD)
    due = owed(prices, [InForce(at("2026-11-23 12:00"), prices.schedules)], at("2026-11-24 12:00"))
    edited = feed(WEEK, eod=said).schedules
    reason = "2026-11-23 is excepted in adapters/prices.yaml: the source moved house"
    for attempts in ([], ended(ONE, Outcome.CRASHED)):
        found = {each.fire.id: each for each in backlog(due, edited, attempts, {}, {}, at("2026-11-24 12:00"))}
        assert told(found[ONE]) == (GivenUp, reason)
    running = [Attempt(ONE, 1, "run1", None, None, None)]
    found = {each.fire.id: each for each in backlog(due, edited, running, {}, {}, at("2026-11-24 12:00"))}
    assert told(found[ONE]) == (Waiting, "attempt 1 runs as run1")


def test_two_schedules_of_a_session_ask_its_source_once_after_an_outage() -> None:
    """What one run publishes after both were due serves both; before, each asks for itself."""
    morning = {"at": "08:00", "lag": 1}
    found = look("2026-11-24 12:00", EOD, morning=morning)
    assert isinstance(found[ONE], Request)
    second = found["prices/morning/2026-11-23"]
    assert told(second) == (Waiting, "the run of prices/eod/2026-11-23 asks the source for the same session")
    assert look("2026-11-24 12:00", EOD, published={"2026-11-23": "2026-11-24 11:59"}, morning=morning) == {}
    again = look("2026-11-24 12:00", EOD, published={"2026-11-23": "2026-11-23 18:01"}, morning=morning)
    assert list(again) == ["prices/morning/2026-11-23"]
    assert isinstance(again["prices/morning/2026-11-23"], Request)


def test_a_run_under_way_holds_back_a_second_one_of_its_session() -> None:
    """Whichever schedule it is for; if it fails, the other does not stand back."""
    morning, second = {"at": "08:00", "lag": 1}, "prices/morning/2026-11-23"
    running = [Attempt(second, 1, "run1", None, None, None)]
    found = look("2026-11-24 12:00", EOD, running, morning=morning)
    assert told(found[ONE]) == (Waiting, f"the run of {second} asks the source for the same session")
    refused = ended(second, Outcome.REFUSED)
    assert isinstance(look("2026-11-24 12:00", EOD, refused, morning=morning)[ONE], Request)


def test_a_first_deployment_is_never_too_late() -> None:
    """Its latest fire counts from the deployment on: whatever the policy, a new feed shows a table."""
    for policy in ({}, {"misfire": "skip"}, {"misfire": "latest"}, {"grace": "1h"}, {"wait": WAIT}):
        prices = feed(WEEK, eod={**EOD, **policy})
        now = at("2026-11-28 12:00")
        due = owed(prices, [InForce(now, prices.schedules)], now)
        (decision,) = backlog(due, prices.schedules, [], {}, {}, now)
        assert isinstance(decision, Request), policy
        assert decision.fire.session == date(2026, 11, 27)


def test_a_first_deployment_shows_yesterdays_table_while_todays_is_awaited() -> None:
    """Also where only the latest is wanted: what still waits takes the place of nothing."""
    for misfire in ("all", "latest", "skip"):
        prices = feed(WEEK, eod={**WAITING, "misfire": misfire})
        now = at("2026-11-27 19:00")
        due = owed(prices, [InForce(now, prices.schedules)], now)
        found = backlog(due, prices.schedules, [], {}, {}, now)
        assert [(decision.fire.session.day, type(decision)) for decision in found] == [(26, Request), (27, Request)]
