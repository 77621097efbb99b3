"""The backlog through outages, late sources, failures and edits, against a model that knows only arithmetic.

The model never asks the domain: sessions are weekdays, times are UTC, and what must have happened is said in terms
of the steps on which the daemon was up.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dagster_project.domain.attempt import Outcome
from dagster_project.domain.schedule import LATE, Schedule
from tests.domain.simulated_daemon import Daemon
from tests.domain.tiny_calendars import at, feed, tiny

WEEK = tiny("WEEK", "UTC", [("09:00", "17:00")])
BEGIN, END = at("2026-11-18 09:00"), at("2026-11-30 00:00")  # a Wednesday, and twelve days
WEEKDAYS = [day.date for day in WEEK.days(date(2026, 11, 9), date(2026, 12, 9)) if day.date.weekday() < 5]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

INSTANTS = st.integers(1, (END - BEGIN) // MINUTE).map(lambda minutes: BEGIN + minutes * MINUTE)
LENGTHS = st.sampled_from([MINUTE, 8 * MINUTE, HOUR, 8 * HOUR, 26 * HOUR, 72 * HOUR])
OUTAGES = st.lists(st.tuples(INSTANTS, LENGTHS), max_size=4)
Outages = list[tuple[datetime, timedelta]]


def steps(outages: Outages, *moments: Iterable[datetime]) -> list[datetime]:
    """The steps on which the daemon is up: at each moment and soon after, twice a day, and often at the end."""
    found = {BEGIN, *(BEGIN + 12 * HOUR * count for count in range(24)), *(END + HOUR * count for count in range(9))}
    for moment in (moment for each in moments for moment in each):
        found |= {moment + minutes * MINUTE for minutes in (0, 1, 2, 30)}
    found |= {start + length for start, length in outages}
    is_down = [(start, start + length) for start, length in outages]
    last = END + 72 * HOUR  # behind the longest outage
    found |= {last + HOUR * count for count in range(5)}
    return [step for step in sorted(found) if step >= BEGIN and not any(start <= step < end for start, end in is_down)]


def first(up: list[datetime], since: datetime) -> datetime:
    """The first step at or after an instant on which the daemon is up."""
    return next(step for step in up if step >= since)


def on(day: date, wall: str) -> datetime:
    """A wall time of a day, in UTC."""
    return at(f"{day} {wall}")


POLICIES = st.fixed_dictionaries(
    {}, optional={"misfire": st.sampled_from(["all", "latest", "skip"]), "grace": st.sampled_from(["5m", "2h", "30h"])}
)
GRACES = {"5m": 5 * MINUTE, "2h": 2 * HOUR, "30h": 30 * HOUR, None: timedelta(days=999)}


@given(
    wall=st.sampled_from(["00:00", "18:00", "23:59"]),
    policy=POLICIES,
    outages=OUTAGES,
    failures=st.lists(st.sampled_from([0, 0, 0, 1, 3, 4]), min_size=len(WEEKDAYS), max_size=len(WEEKDAYS)),
)
def test_each_fire_is_served_once_or_given_up_with_the_reason_of_its_policy(
    wall: str, policy: dict[str, Any], outages: Outages, failures: list[int]
) -> None:
    """Outages from a minute to three days, runs that fail once or more than they may."""
    due = {f"prices/eod/{day}": on(day, wall) for day in WEEKDAYS if BEGIN < on(day, wall) < END}
    latest_before = max(on(day, wall) for day in WEEKDAYS if on(day, wall) <= BEGIN).date()
    failing = {f"prices/eod/{day}": count for day, count in zip(WEEKDAYS, failures, strict=True)}
    up = steps(outages, due.values())

    expected = {}
    for fire_id, fell_due in due.items():
        started = first(up, fell_due)
        is_late = started - fell_due > LATE
        if started - fell_due > max(GRACES[policy.get("grace")], LATE):
            expected[fire_id] = "grace"
        elif is_late and policy.get("misfire") == "skip":
            expected[fire_id] = "skip"
        elif policy.get("misfire") == "latest" and any(fell_due < other <= started for other in due.values()):
            expected[fire_id] = "latest"
        else:
            expected[fire_id] = "served" if failing[fire_id] <= 3 else "attempts failed"
    expected[f"prices/eod/{latest_before}"] = (
        "served" if failures[WEEKDAYS.index(latest_before)] <= 3 else "attempts failed"
    )

    daemon = Daemon(
        feed(WEEK, eod={"at": wall, **policy}),
        fails=lambda fire_id, number: (
            [Outcome.CRASHED, Outcome.UNAVAILABLE][number % 2] if number <= failing[fire_id] else None
        ),
    )
    for step in up:
        daemon.step(step, daemon.feed.schedules)
    # Fires between the last day that is judged and the last step are as due as the others.
    judged = {fire_id: found for fire_id, found in ends(daemon).items() if fire_id in expected}
    assert {fire_id: reason(found) for fire_id, found in judged.items()} == expected


def ends(daemon: Daemon) -> dict[str, str]:
    """How each fire ended; a fire that ended twice, or whose attempts are not numbered in turn, fails."""
    served = Counter(daemon.served())
    assert all(times == 1 for times in served.values())
    assert not set(served) & set(daemon.given_up)
    for fire_id in {attempt.fire_id for attempt in daemon.attempts}:
        numbers = [attempt.number for attempt in daemon.attempts if attempt.fire_id == fire_id]
        assert numbers == list(range(1, len(numbers) + 1))
    return dict.fromkeys(served, "served") | daemon.given_up


def reason(found: str) -> str:
    """The word of the model for how a fire ended."""
    words = ("served", "grace", "skip", "latest", "attempts failed", "had not published")
    return next(word for word in words if word in found)


@given(
    wall=st.sampled_from(["00:00", "17:30"]),
    policy=POLICIES,
    outages=OUTAGES,
    delays=st.lists(
        st.sampled_from([None, -5 * HOUR, timedelta(0), HOUR, 4 * HOUR, 5 * HOUR, 20 * HOUR]),
        min_size=len(WEEKDAYS),
        max_size=len(WEEKDAYS),
    ),
)
def test_each_fire_that_waits_is_served_once_published_or_given_up_after_its_source_was_asked(
    wall: str, policy: dict[str, Any], outages: Outages, delays: list[timedelta | None]
) -> None:
    """The source is asked at each step, publishes in time, late or never, and is always asked at or after the end."""
    ends_at = {"00:00": "04:00", "17:30": "21:30"}[wall]
    due = {day: on(day, wall) for day in WEEKDAYS if BEGIN < on(day, wall) < END}
    until = {day: on(day, ends_at) for day in due}
    published = {
        day: on(day, wall) + delay
        for day, delay in zip(WEEKDAYS, delays, strict=True)
        if delay is not None and day in due
    }
    up = steps(outages, due.values(), until.values(), published.values())

    expected = {}
    for day in due:
        last_look = first(up, until[day])
        asked = [step for step in up if due[day] <= step < until[day]]
        if day in published and any(step >= published[day] for step in asked):
            expected[day] = "served"
            continue
        late = last_look - until[day]
        if late > GRACES[policy.get("grace")]:
            expected[day] = "grace"
        elif policy.get("misfire") == "skip" and late > LATE:
            expected[day] = "skip"
        elif policy.get("misfire") == "latest" and any(until[day] < until[other] <= last_look for other in due):
            expected[day] = "latest"
        else:
            expected[day] = "served" if published.get(day, last_look + HOUR) <= last_look else "had not published"

    said = {"at": wall, "wait": {"every": "1m", "until": ends_at}, **policy}
    daemon = Daemon(
        feed(WEEK, eod=said),
        is_published=lambda session, now: session not in due or (session in published and published[session] <= now),
    )
    for step in up:
        daemon.step(step, daemon.feed.schedules)
    judged = {date.fromisoformat(fire_id[-10:]): found for fire_id, found in ends(daemon).items()}
    assert {day: reason(found) for day, found in judged.items() if day in due} == expected


SAID = st.tuples(st.sampled_from(["00:00", "06:00", "12:00", "18:00", "23:30"]), st.sampled_from([0, 0, 1, 3]))
VERSIONS = st.fixed_dictionaries({}, optional={"eod": SAID, "extra": SAID})


@given(begun=VERSIONS.filter(bool), edits=st.lists(st.tuples(INSTANTS, VERSIONS), max_size=5), outages=OUTAGES)
def test_edits_at_any_time_run_nothing_again_and_lose_nothing(
    begun: dict[str, tuple[str, int]], edits: list[tuple[datetime, dict[str, tuple[str, int]]]], outages: Outages
) -> None:
    """Times move to and fro, lags change, schedules come and go, while the daemon is up or down."""
    versions = [(BEGIN, begun), *sorted(edits, key=lambda edit: edit[0])]
    walls = {wall for _, files in versions for wall, _ in files.values()}
    up = steps(outages, (on(day, wall) for day in WEEKDAYS for wall in walls), (edited for edited, _ in edits))

    def files_at(step: datetime) -> dict[str, tuple[str, int]]:
        return [files for since, files in versions if since <= step][-1]

    daemon = Daemon(feed(WEEK, **{name: as_said(*said) for name, said in begun.items()}))
    deployed: list[tuple[datetime, dict[str, tuple[str, int]]]] = []
    for step in up:
        files = files_at(step)
        if not deployed or deployed[-1][1] != files:
            deployed.append((step, files))
        daemon.step(step, {name: Schedule.model_validate(as_said(*said)) for name, said in files.items()})

    started = Counter(attempt.fire_id for attempt in daemon.attempts)
    assert all(times == 1 for times in started.values()), "run again"
    for name in ("eod", "extra"):
        for session in WEEKDAYS[:-4]:
            fell_due = due_since(name, session, deployed, up[-1])
            if fell_due is None:
                assert f"prices/{name}/{session}" not in started, "not owed"
            elif any(name in files_at(step) for step in up if step >= fell_due[1]):
                ran = [when for when, fire in daemon.started if fire.session == session]
                assert any(when >= fell_due[0] for when in ran), f"{name} of {session} is lost"


def as_said(wall: str, lag: int) -> dict[str, Any]:
    """A schedule as its file says it."""
    return {"at": wall, "lag": lag}


def fires_at(said: tuple[str, int], session: date) -> datetime:
    """When a schedule fires for a session: `lag` weekdays later."""
    wall, lag = said
    return on(WEEKDAYS[WEEKDAYS.index(session) + lag], wall)


def due_since(
    name: str, session: date, deployed: list[tuple[datetime, dict[str, tuple[str, int]]]], last: datetime
) -> tuple[datetime, datetime] | None:
    """The time of a session's fire, and when it fell due: at that time, or by the deployment of a file."""
    ends = [since for since, _ in deployed[1:]] + [last + MINUTE]
    before: Mapping[str, tuple[str, int]] | None = None
    for (since, files), end in zip(deployed, ends, strict=True):
        if name in files:
            fires = fires_at(files[name], session)
            if since <= fires < end:
                return fires, fires
            if before is None:
                earlier = [day for day in WEEKDAYS[:-4] if fires_at(files[name], day) <= since]
                if session == earlier[-1]:
                    return fires, since
            elif name in before and fires < since <= fires_at(before[name], session):
                return fires, since
        before = files
    return None


@given(outages=OUTAGES, unreachable=OUTAGES, wall=st.just(time(18)))
def test_a_source_that_cannot_be_asked_loses_no_fire(outages: Outages, unreachable: Outages, wall: time) -> None:
    """Down before, while and after the wait ends: each fire is served, or its failed runs are on record."""
    due = [on(day, "18:00") for day in WEEKDAYS if BEGIN < on(day, "18:00") < END]
    down = [(start, start + length) for start, length in unreachable]
    up = steps(outages, due, (moment + 3 * HOUR for moment in due), (end for _, end in down))
    daemon = Daemon(
        feed(WEEK, eod={"at": "18:00", "wait": {"every": "1m", "until": "21:00"}}),
        is_reachable=lambda now: not any(start <= now < end for start, end in down),
    )
    for step in up:
        daemon.step(step, daemon.feed.schedules)
    found = ends(daemon)
    for fell_due in due:
        fire_id = f"prices/eod/{fell_due.date()}"
        assert reason(found[fire_id]) in ("served", "attempts failed")
        answered = [
            step
            for step in up
            if fell_due <= step <= first(up, fell_due + 3 * HOUR)
            and not any(start <= step < end for start, end in down)
        ]
        if answered:
            assert found[fire_id] == "served"
