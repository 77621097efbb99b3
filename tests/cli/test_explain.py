"""`marketday explain`: the rules that decide a day, in their order, and the decision in which they end."""

from datetime import date, timedelta

import pytest

from dagster_project.cli.explain import reason, rules
from dagster_project.domain.fires import Fire, Hold, Skip, consider
from dagster_project.registry import feed
from tests.cli.checkout import DAILY, TEST, TEST_DAYS, Ask, AskJson, Checkout

ELABORATE = """\
calendar: TEST
start: 2026-01-07
owner: team:test
schedules:
  plain: {at: close + 1h}
  lagging: {at: 09:00, lag: 2}
  excepting:
    at: open - 30m
    except: [{date: 2026-03-03, reason: the source moves house}]
"""


@pytest.mark.parametrize(
    ("day", "decision", "reason", "last"),
    [
        ("2026-11-26", "skip", "2026-11-26 is not a session of TEST: Thanksgiving Day", "calendar"),
        ("2026-11-28", "skip", "2026-11-28 is not a session of TEST: Saturday", "calendar"),
        ("2026-03-03", "skip", "2026-03-03 is excepted in adapters/prices.yaml: the source moves house", "except"),
        ("2026-01-06", "skip", "session 2026-01-06 is before 2026-01-07, the start of prices", "start"),
        (
            "2026-06-15",
            "hold",
            "2026-06-15 is a session of TEST (Evening) whose hours are not known; state them in calendars/TEST.yaml",
            "at",
        ),
        (
            "2027-01-04",
            "hold",
            "whether 2027-01-04 is a session of TEST is not known: it is verified through 2026-12-31; "
            "extend calendars/TEST.yaml",
            "calendar",
        ),
        ("2026-11-27", "run", "session 2026-11-27 at Fri 2026-11-27 09:00 EST (14:00 UTC)", "at"),
    ],
)
def test_the_rules_end_where_the_day_is_decided(
    checkout: Checkout, ask_json: AskJson, day: str, decision: str, reason: str, last: str
) -> None:
    """A closed day, an exception, a day before the start, unknown hours, an unknown day, and one that runs."""
    checkout.feed("prices", ELABORATE)
    found = {each["schedule"]: each for each in ask_json("explain", "prices", day)["schedules"]}["excepting"]
    assert (found["decision"], found["reason"]) == (decision, reason)
    assert found["rules"][-1]["rule"] == last
    assert (found["fire"] is None) == (decision != "run")


def test_the_rules_agree_with_the_decision_on_every_day(checkout: Checkout) -> None:
    """From before the calendar's first day to after its last: the rule that is named last is the one that decided."""
    unknown = {"date": "2026-08-14", "kind": "unknown", "name": "a typhoon is expected", "source": "notice"}
    checkout.calendar(TEST, [*TEST_DAYS[:2], unknown, *TEST_DAYS[2:]])
    checkout.feed("prices", ELABORATE)
    found = feed("prices", checkout.root)
    ends = {
        ("calendar", Skip): (" is not a session of ", "is before 2026-01-01"),
        ("calendar", Hold): (" is not known: it is verified through", " is not known: a typhoon"),
        ("except", Skip): ("is excepted in ",),
        ("start", Skip): ("is before 2026-01-07, the start of ",),
        ("lag", Hold): ("back is not known: ",),
        ("at", Hold): ("hours are not known",),
        ("at", Fire): ("session",),
    }
    seen = set()
    for name in found.schedules:
        for number in range(-10, 400):
            day = date(2026, 1, 1) + timedelta(days=number)
            explained = [rule.rule for rule in rules(found, name, day)]
            end = explained[-1], type(consider(found, name, day))
            assert any(words in reason(found, name, day) for words in ends[end]), (name, day)
            order = [rule for rule in ("calendar", "except", "lag", "start", "at") if rule in explained]
            assert explained == order
            seen.add(end)
    assert seen == set(ends)


def test_an_early_close_is_told_with_its_hours_and_its_source(checkout: Checkout, ask: Ask) -> None:
    """The table names the day, its hours in local time, and who says so."""
    checkout.feed("prices", DAILY)
    answer = ask("explain", "prices", "2026-11-27").stdout
    assert "early close (Day after Thanksgiving), opens at 09:30, closes at 13:00 EST" in answer
    assert "notice of 2025-12-23" in answer
    assert answer.rstrip().endswith("run: session 2026-11-27 at Fri 2026-11-27 14:00 EST (19:00 UTC)")


@pytest.mark.parametrize(
    ("at", "day", "says"),
    [
        ("02:30", "2026-03-08", "clocks change and 02:30 does not exist: Sun 2026-03-08 03:00 EDT (07:00 UTC)"),
        (
            "01:30",
            "2026-11-01",
            "clocks change and 01:30 comes twice, the second: Sun 2026-11-01 01:30 EST (06:30 UTC)",
        ),
        ("02:30", "2026-03-09", "Mon 2026-03-09 02:30 EDT (06:30 UTC)"),
        ("20:00", "2026-03-09", "Mon 2026-03-09 20:00 EDT (Tue 00:00 UTC)"),
    ],
)
def test_a_change_of_clocks_is_told(checkout: Checkout, ask_json: AskJson, at: str, day: str, says: str) -> None:
    """A wall time that does not exist, one that exists twice, and two that are plain."""
    checkout.feed("prices", f"calendar: ALWAYS\nstart: 2026-01-05\nowner: team:x\nschedules: {{daily: {{at: {at}}}}}\n")
    (schedule,) = ask_json("explain", "prices", day)["schedules"]
    assert {rule["rule"]: rule["says"] for rule in schedule["rules"]}["at"] == says


def test_waiting_and_deadline_are_told_with_their_instants(checkout: Checkout, ask_json: AskJson) -> None:
    """What happens after the fire's time stands after it."""
    checkout.feed("prices", f"{DAILY}    wait: {{every: 5m, until: 19:00}}\n")
    (schedule,) = ask_json("explain", "prices", "2026-11-25")["schedules"]
    assert [(rule["rule"], rule["says"]) for rule in schedule["rules"][-3:]] == [
        ("at", "close + 1h: Wed 2026-11-25 17:00 EST (22:00 UTC)"),
        ("wait", "polls the source every 5m until Wed 2026-11-25 19:00 EST (Thu 00:00 UTC)"),
        ("deadline", "close + 4h: Wed 2026-11-25 20:00 EST (Thu 01:00 UTC)"),
    ]


def test_the_day_is_given_as_the_calendar_has_it(checkout: Checkout, ask_json: AskJson) -> None:
    """The same fields as `marketday calendar`, so that a reader learns them once."""
    checkout.feed("prices", DAILY)
    explained = ask_json("explain", "prices", "2026-11-27")
    assert [explained["day"]] == ask_json("calendar", "TEST", "--from", "2026-11-27", "--to", "2026-11-27")
    assert (explained["feed"], explained["calendar"]) == ("prices", "TEST")
