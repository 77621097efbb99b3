"""The ticks of schedules and sensors: a session, waiting for publication, a holiday. In the order of the clock."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.e2e import ui
from tests.e2e.stack import Stack

NEW_YORK, KOLKATA = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")
ECB, FINRA, NSE = "ecb_fx", "finra_short_volume", "nse_equity"
SHORTLY = timedelta(seconds=4)

pytestmark = pytest.mark.timeout(600)


def test_a_tick_launches_the_run_of_its_session(ticking: Stack) -> None:
    """At 18:05 in New York the schedule, with no help of the sensor, publishes that day's session."""
    at = datetime(2026, 11, 25, 18, 5, tzinfo=NEW_YORK)
    ui.stop_sensor(ticking, f"{FINRA}_backlog")
    ticking.move_clock(at - SHORTLY)
    tick = tick_at(ticking, f"{FINRA}_daily", at)
    assert tick.status == "SUCCESS"
    (run_id,) = tick.runs
    run = ui.succeeded(ticking, run_id)
    assert run.tags[ui.PARTITION] == "2026-11-25"
    assert run.tags["dagster/schedule_name"] == f"{FINRA}_daily"
    assert run.tags["marketday/fire"] == f"{FINRA}/daily/2026-11-25"
    said = run.materializations["2026-11-25"]
    publication = ticking.simulator.publication(FINRA, date(2026, 11, 25))
    assert publication is not None
    assert said["rows"] > 1000
    assert said["bytes"] > 100_000
    assert said["seconds from close to publication"] == (publication - at.replace(hour=16, minute=0)).total_seconds()
    ui.start_sensor(ticking, f"{FINRA}_backlog")
    assert versions(ticking, FINRA, "2026-11-25") == [1]


def test_a_feed_that_waits_is_requested_once_its_source_has_published(ticking: Stack) -> None:
    """Its tick starts no run and says so; the sensor asks cheaply, and fetches nothing before the publication."""
    at = datetime(2026, 11, 26, 16, 35, tzinfo=KOLKATA)
    publication = ticking.simulator.publication(NSE, date(2026, 11, 26))
    assert publication is not None
    assert publication > at
    ticking.move_clock(at - SHORTLY)
    tick = tick_at(ticking, f"{NSE}_eod", at)
    assert (tick.status, tick.runs) == ("SKIPPED", [])
    assert (tick.skip_reason or "").startswith("waiting for publication of session 2026-11-26")
    ticking.until("the sensor to have asked", lambda: asked_for(ticking, "2026-11-26"))
    assert asked_for(ticking, "2026-11-26") == [("HEAD", 404)]

    ticking.move_clock(publication)
    ticking.until("its table", lambda: versions(ticking, NSE, "2026-11-26"))
    assert asked_for(ticking, "2026-11-26") == [("HEAD", 404), ("HEAD", 200), ("GET", 200)]
    fire = f"{NSE}/eod/2026-11-26"
    ((origin, claimed_at),) = ticking.rows("select origin, claimed_at from attempt where fire_id = %s", fire)
    assert origin == "sensor"
    assert claimed_at >= publication
    assert decisions(ticking, fire)[:2] == [
        ("wait", "waiting for publication of session 2026-11-26"),
        ("request", "session 2026-11-26 is published"),
    ]


def test_a_source_that_publishes_before_its_calendars_close_is_served_at_once(ticking: Stack) -> None:
    """The ECB publishes at 16:00 what TARGET closes at 18:00: its table is there minutes later, not refused."""
    publication = ticking.simulator.publication(ECB, date(2026, 11, 26))
    assert publication is not None
    ticking.move_clock(publication)
    ticking.until("its table", lambda: versions(ticking, ECB, "2026-11-26"))
    assert ticking.now() < publication.replace(hour=18, minute=0)


def test_a_tick_on_a_holiday_is_skipped_by_name(ticking: Stack) -> None:
    """Thanksgiving Day: the reason is in the UI, and in our own records; no run, no table."""
    at = datetime(2026, 11, 26, 18, 5, tzinfo=NEW_YORK)
    ticking.move_clock(at - SHORTLY)
    tick = tick_at(ticking, f"{FINRA}_daily", at)
    reason = "2026-11-26 is not a session of XNYS: Thanksgiving Day"
    assert (tick.status, tick.skip_reason, tick.runs) == ("SKIPPED", reason, [])
    assert decisions(ticking, f"{FINRA}/daily/2026-11-26") == [("skip", reason)]
    assert versions(ticking, FINRA, "2026-11-26") == []


def tick_at(stack: Stack, schedule: str, at: datetime) -> ui.Tick:
    """The tick of a schedule at its nominal time, once it has ended."""

    def look() -> ui.Tick | None:
        return next((tick for tick in ui.ticks(stack, schedule) if tick.at == at), None)

    return stack.until(f"the tick of {schedule} at {at}", look)


def versions(stack: Stack, feed: str, session: str) -> list[int]:
    query = "select version from publication where feed = %s and session = %s order by 1"
    return [version for (version,) in stack.rows(query, feed, session)]


def decisions(stack: Stack, fire: str) -> list[tuple[str, str]]:
    found = stack.rows("select kind, reason from decision where fire_id = %s order by id", fire)
    return [(kind, reason) for kind, reason in found]


def asked_for(stack: Stack, session: str) -> list[tuple[str, int]]:
    """What NSE was asked for a session, and what it answered."""
    entries = stack.simulator.requests(NSE)
    return [(entry.method, entry.status) for entry in entries if str(entry.session) == session]
