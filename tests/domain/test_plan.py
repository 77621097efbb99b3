"""What an edit changes, by example: each edit's plan, as it stands in a comment on a pull request.

The plans are in golden/, one for each edit. After a change that is meant, WRITE_GOLDEN=1 writes them anew; read the
difference before it is committed.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.domain.fires import Feed, fires
from dagster_project.domain.plan import Files, Plan, make_plan
from dagster_project.domain.plan.markdown import markdown
from dagster_project.domain.plan.matching import Change
from tests.domain.plan_checkout import (
    MUMBAI_DAYS,
    NEW_YORK_DAYS,
    PRICES,
    SINCE,
    UNTIL,
    VOLUMES,
    Texts,
    adapter,
    day,
    edited,
    files,
    mumbai,
    new_york,
)
from tests.domain.tiny_calendars import NEW_YORK, feed

GOLDEN = Path(__file__).with_name("golden")
PRICES_FILE, VOLUMES_FILE = "adapters/prices.yaml", "adapters/volumes.yaml"
INDIA_FILE, COINS_FILE = "adapters/india.yaml", "adapters/coins.yaml"
XNYS, XNSE = "calendars/compiled/XNYS.jsonl", "calendars/compiled/XNSE.jsonl"
UNSAID: Texts = {}
MOMENTS = st.sampled_from(["00:30", "09:00", "18:05", "23:30", "open - 10h", "open", "close + 1h", "close + 14h"])
LAGS = st.integers(0, 3)
Side = Mapping[str, str | None]


@dataclass(frozen=True)
class Edit:
    """What differs from the base project before and after, why it is here, and when it is made."""

    before: Side
    after: Side
    why: str
    at: datetime = SINCE


EDITS = {
    "time_moved": Edit(UNSAID, edited(VOLUMES_FILE, ("18:05", "18:35")), "a wall time moves on all sessions alike"),
    "close_offset_changed": Edit(
        UNSAID,
        edited(PRICES_FILE, ("close + 1h", "close + 1h30m")),
        "early closes are a group of their own",
    ),
    "wall_time_becomes_close": Edit(
        UNSAID,
        edited(VOLUMES_FILE, ("18:05", "close + 2h05m")),
        "the same on all days but early closes",
    ),
    "special_session_moved": Edit(
        UNSAID,
        edited(INDIA_FILE, ("at: close + 1h", "at: 16:30")),
        "the same on all days but Muhurat, which fires before it begins",
    ),
    "timezone_changed": Edit(
        UNSAID,
        edited(VOLUMES_FILE, ("at: 18:05", "at: 23:05\n    timezone: Europe/London"), ("20:00", "23:50")),
        "the same but in the weeks in which only one of the two has changed its clocks",
    ),
    "night_of_the_clock_change": Edit(
        UNSAID,
        edited(COINS_FILE, ("02:30", "01:30")),
        "02:30 does not exist on one day: it was 03:00",
    ),
    "schedule_renamed": Edit(
        UNSAID, edited(PRICES_FILE, ("  eod:", "  evening:")), "the same fires under another name"
    ),
    "schedule_added": Edit(
        UNSAID,
        {PRICES_FILE: PRICES + "  morning: {at: 07:00, lag: 1}\n"},
        "another look at each session, on the session after",
    ),
    "schedule_removed": Edit(
        {PRICES_FILE: PRICES + "  morning: {at: 07:00, lag: 1}\n"},
        UNSAID,
        "the sessions are still fetched by the other schedule: nothing is dropped",
    ),
    "feed_added": Edit(
        {PRICES_FILE: None, "adapters/prices.py": None},
        UNSAID,
        "fires, what a backfill costs, and whom it meets",
    ),
    "feed_removed": Edit(UNSAID, {PRICES_FILE: None, "adapters/prices.py": None}, "its past stays, nothing follows"),
    "calendar_changed": Edit(
        UNSAID,
        edited(PRICES_FILE, ("XNYS", "XNSE")),
        "other sessions, at other times; one of the past needs a backfill",
    ),
    "holiday_added": Edit(
        UNSAID,
        {XNYS: new_york(*NEW_YORK_DAYS, day("2026-12-09", "closed", "National Day of Mourning"))},
        "every feed of the calendar loses one fire",
    ),
    "early_close_added": Edit(
        UNSAID,
        {XNYS: new_york(*NEW_YORK_DAYS, day("2027-07-02", "early_close", "Bank holiday", ("09:30", "13:00")))},
        "only what follows the close moves",
    ),
    "muhurat_hours_announced": Edit(
        {XNSE: mumbai(MUMBAI_DAYS[0], day("2027-10-30", "special_session", "Muhurat trading"))},
        UNSAID,
        "a session whose hours were not known was held",
    ),
    "unknown_day_settled": Edit(
        {XNSE: mumbai(*MUMBAI_DAYS, day("2027-03-10", "unknown", "Id-ul-Fitr, by the moon"))},
        {XNSE: mumbai(*MUMBAI_DAYS, day("2027-03-10", "closed", "Id-ul-Fitr"))},
        "no fire was owed and none is: only the calendar knows more",
    ),
    "verified_through_extended": Edit(
        {XNSE: mumbai(verified_through="2026-12-31")},
        {XNSE: mumbai(verified_through="2027-12-31")},
        "a year of fires becomes known",
    ),
    "verified_through_shortened": Edit(
        UNSAID,
        {XNSE: mumbai(verified_through="2026-12-31")},
        "a year of fires is held again",
    ),
    "except_added": Edit(
        UNSAID,
        {VOLUMES_FILE: VOLUMES + "    except: [{date: 2027-03-03, reason: the source moves house}]\n"},
        "one fire goes, with its reason",
    ),
    "past_except_removed": Edit(
        {VOLUMES_FILE: VOLUMES + "    except: [{date: 2026-03-03, reason: the source moves house}]\n"},
        UNSAID,
        "no edit makes a past fire due: it needs a backfill",
    ),
    "lag_added": Edit(
        UNSAID,
        {VOLUMES_FILE: VOLUMES + "    lag: 1\n"},
        "each session is fetched one session later; a weekend lies between some",
    ),
    "start_moved_back": Edit(
        {PRICES_FILE: PRICES.replace("2025-01-02", "2026-11-02")},
        UNSAID,
        "the sessions between need a backfill",
    ),
    "start_moved_on": Edit(
        UNSAID, {PRICES_FILE: PRICES.replace("2025-01-02", "2027-01-04")}, "past and coming sessions go"
    ),
    "deadline_loses_slack": Edit(UNSAID, edited(VOLUMES_FILE, ("20:00", "19:00")), "no fire moves, but time is short"),
    "deadline_added": Edit(
        {VOLUMES_FILE: VOLUMES.replace("    deadline: 20:00\n", "")},
        UNSAID,
        "what could not be late now can",
    ),
    "wait_changed": Edit(UNSAID, edited(INDIA_FILE, ("close + 5h}", "close + 5h30m}")), "polls longer"),
    "retry_added": Edit(
        UNSAID,
        {PRICES_FILE: PRICES + "    retry: {times: 5, backoff: 5m}\n"},
        "a change of the files that changes no fire",
    ),
    "owner_changed": Edit(
        UNSAID, edited(PRICES_FILE, ("team:us", "team:equities")), "a change of the feed, of no fire"
    ),
    "comment_changed": Edit(
        UNSAID,
        {
            **edited(PRICES_FILE, ("# After the close, early closes included.", "# An hour after the close.")),
            "adapters/prices.py": "# A comment.\n" + adapter("files.example"),
        },
        "no change",
    ),
    "adapter_code_changed": Edit(
        UNSAID,
        edited("adapters/prices.py", ("files/", "archive/")),
        "the schedule is the same, what it fetches is not",
    ),
    "shared_code_changed": Edit(
        UNSAID,
        edited("adapters/_exchange.py", ("https", "http")),
        "the adapters that import it change",
    ),
    "one_source_in_one_minute": Edit(
        UNSAID,
        {**edited(VOLUMES_FILE, ("18:05", "17:00")), "adapters/volumes.py": adapter("files.example")},
        "two feeds now ask one host at once, but on early closes",
    ),
    "source_moved": Edit(
        {VOLUMES_FILE: VOLUMES.replace("18:05", "17:00")},
        {VOLUMES_FILE: VOLUMES.replace("18:05", "17:00"), "adapters/volumes.py": adapter("files.example")},
        "no fire changes, but two that met at other hosts now meet at one",
    ),
    "moved_over_the_time_of_the_edit": Edit(
        UNSAID,
        edited(VOLUMES_FILE, ("18:05", "17:00")),
        "today's fire was still to come at 18:05, and 17:00 has passed: it is due at once",
        datetime(2026, 11, 24, 22, 30, tzinfo=UTC),
    ),
    "moved_on_after_it_fired": Edit(
        UNSAID,
        edited(VOLUMES_FILE, ("18:05", "19:00"), ("20:00", "21:00")),
        "today's fire started at 18:05 and does not start again at 19:00",
        datetime(2026, 11, 24, 23, 30, tzinfo=UTC),
    ),
    "moved_over_and_excepted_no_more": Edit(
        {VOLUMES_FILE: VOLUMES + "    except: [{date: 2026-03-03, reason: the source moves house}]\n"},
        edited(VOLUMES_FILE, ("18:05", "17:00")),
        "the past gains one session; today's is due at once, and needs no backfill",
        datetime(2026, 11, 24, 22, 30, tzinfo=UTC),
    ),
    "replaced_over_the_time_of_the_edit": Edit(
        UNSAID,
        edited(VOLUMES_FILE, ("  daily:", "  evening:"), ("18:05", "17:00")),
        "the old schedule's fire of today is gone, the new one's is not owed: today needs a backfill",
        datetime(2026, 11, 24, 22, 30, tzinfo=UTC),
    ),
    "replaced_after_it_fired": Edit(
        UNSAID,
        edited(VOLUMES_FILE, ("  daily:", "  late:"), ("18:05", "19:00"), ("20:00", "21:00")),
        "today's session was fetched by the old schedule and is by the new one: nothing of the past goes",
        datetime(2026, 11, 24, 23, 30, tzinfo=UTC),
    ),
    "earlier_schedule_added": Edit(
        UNSAID,
        {VOLUMES_FILE: VOLUMES + "  noon: {at: 12:00}\n"},
        "today's noon has passed, but today is still fetched at 18:05: no backfill",
        datetime(2026, 11, 24, 22, 30, tzinfo=UTC),
    ),
    "year_end": Edit(
        {XNSE: mumbai(verified_through="2026-12-31")},
        {
            XNSE: mumbai(verified_through="2026-12-31"),
            **edited(INDIA_FILE, ("at: close + 1h", "lag: 1\n    at: close + 1h")),
        },
        "a lag of one session at the end of what is known: the last session's fire is not known any more",
        datetime(2026, 12, 29, tzinfo=UTC),
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_the_plan_of_an_edit_is_as_reviewed(name: str, tmp_path: Path) -> None:
    """Each edit in the words in which a reviewer reads it, 400 days ahead."""
    golden = GOLDEN / f"{name}.md"
    found = markdown(_plan(EDITS[name], tmp_path), "main")
    if os.environ.get("WRITE_GOLDEN"):
        golden.write_text(found)
    assert found == golden.read_text(), EDITS[name].why


def test_each_golden_file_has_its_edit() -> None:
    """None is left over from an edit that is no more."""
    assert {path.stem for path in GOLDEN.iterdir()} == set(EDITS)


def _plan(edit: Edit, folder: Path) -> Plan:
    before, after = files(folder / "before", edit.before), files(folder / "after", edit.after)
    return make_plan(before, after, edit.at, edit.at + timedelta(days=400))


@settings(max_examples=25)
@given(moment=MOMENTS, later=MOMENTS, lags=st.tuples(LAGS, LAGS), hours=st.integers(0, 24 * 40))
def test_what_changes_is_the_whole_difference(moment: str, later: str, lags: tuple[int, int], hours: int) -> None:
    """Fires as they were, without what goes and with what comes, are the fires as they will be."""
    at, until = SINCE + timedelta(hours=hours), SINCE + timedelta(days=90)
    before, after = (_one(each, lag) for each, lag in ((moment, lags[0]), (later, lags[1])))
    told = _told(before, after, at, until)
    was = {(fire.session, fire.at) for fire in fires(before, "eod", at, until)}
    now = {(fire.session, fire.at) for fire in fires(after, "eod", at, until)}
    started = {fire.session for fire in fires(before, "eod", at - timedelta(days=60), at)}
    goes = {(change.session, change.before.at) for change in told if change.before}
    comes = {(change.session, change.after.at) for change in told if change.after}
    assert was - goes == now - comes - {each for each in now if each[0] in started}
    assert goes & was == was - now
    assert comes & now == {each for each in now - was if each[0] not in started}


@settings(max_examples=10)
@given(moment=MOMENTS, lag=LAGS)
def test_nothing_changes_where_nothing_is_edited(moment: str, lag: int) -> None:
    """Whatever the schedule."""
    feed = _one(moment, lag)
    assert make_plan(Files((feed,), {}), Files((replace(feed),), {}), SINCE, UNTIL).is_empty


def _one(moment: str, lag: int) -> Feed:
    return feed(NEW_YORK, "2026-01-02", eod={"at": moment, "lag": lag})


def _told(before: Feed, after: Feed, at: datetime, until: datetime) -> list[Change]:
    made = make_plan(Files((before,), {}), Files((after,), {}), at, until)
    groups = [group for plan in made.feeds for schedule in plan.schedules for group in schedule.groups]
    return [change for group in groups for change in group.changes]
