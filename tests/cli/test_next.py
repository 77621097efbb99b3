"""`marketday next`: which fires come, in which order, and where what is known ends."""

import pytest

from tests.cli.checkout import DAILY, Ask, AskJson, Checkout


def test_the_fields_of_a_fire_are_these(checkout: Checkout, ask_json: AskJson) -> None:
    """The documented names, with instants that carry their offset."""
    checkout.feed("prices", DAILY.replace("    deadline", "    wait: {every: 5m, until: close + 3h}\n    deadline"))
    assert ask_json("next", "prices", "--from", "2026-11-27", "--count", "1") == [
        {
            "feed": "prices",
            "schedule": "daily",
            "session": "2026-11-27",
            "weekday": "Friday",
            "kind": "early_close",
            "fire_utc": "2026-11-27T19:00:00+00:00",
            "fire_local": "2026-11-27T14:00:00-05:00",
            "timezone": "America/New_York",
            "waits_until": "2026-11-27T21:00:00+00:00",
            "deadline": "2026-11-27T22:00:00+00:00",
        }
    ]


@pytest.mark.parametrize(
    ("since", "expected", "why"),
    [
        ("2026-01-30", "2026-01-30", "a date is its first instant in the schedule's timezone"),
        ("2026-01-30T16:59", "2026-01-30", "a wall time is one of the schedule's timezone"),
        ("2026-01-30T17:00", "2026-01-30", "the instant itself is included"),
        ("2026-01-30T17:01", "2026-02-01", "a Sunday that is a session follows"),
        ("2026-01-31T03:31+05:30", "2026-02-01", "an instant with an offset is that instant: 17:01 in New York"),
        ("2026-01-30T22:00:00Z", "2026-01-30", "Z is UTC: 17:00 in New York"),
        ("1990-01-01", "2026-01-05", "nothing is due before the feed's start"),
    ],
)
def test_from_is_read_in_the_zone_of_the_schedule(
    checkout: Checkout, ask_json: AskJson, since: str, expected: str, why: str
) -> None:
    """What has no offset is local to the schedule that is asked."""
    checkout.feed("prices", DAILY)
    assert ask_json("next", "prices", "--from", since, "--count", "1")[0]["session"] == expected, why


def test_feeds_are_merged_in_the_order_of_their_fires(checkout: Checkout, ask_json: AskJson) -> None:
    """Without a feed's name all feeds answer, each schedule in its own timezone."""
    checkout.feed("new_york", DAILY)
    checkout.feed("kolkata", DAILY.replace("TEST", "BREAKS").replace("close + 1h", "18:00"))
    checkout.feed("twice", f"{DAILY}  early: {{at: open}}\n")
    found = ask_json("next", "--from", "2026-01-05", "--count", "5")
    assert [(each["feed"], each["schedule"], each["fire_utc"]) for each in found] == [
        ("kolkata", "daily", "2026-01-05T12:30:00+00:00"),
        ("twice", "early", "2026-01-05T14:30:00+00:00"),
        ("new_york", "daily", "2026-01-05T22:00:00+00:00"),
        ("twice", "daily", "2026-01-05T22:00:00+00:00"),
        ("kolkata", "daily", "2026-01-06T12:30:00+00:00"),
    ]


def test_the_session_of_a_lagging_schedule_is_an_earlier_one(checkout: Checkout, ask_json: AskJson) -> None:
    """`session` is the data's date, `weekday` and `kind` are those of the day on which it fires."""
    checkout.feed("prices", f"{DAILY}    lag: 1\n")
    (found,) = ask_json("next", "prices", "--from", "2026-11-27", "--count", "1")
    assert (found["session"], found["weekday"], found["kind"]) == ("2026-11-25", "Friday", "early_close")


@pytest.mark.parametrize("at", ["close + 2d", "open - 2d"])
def test_fires_far_from_their_days_are_all_there(checkout: Checkout, ask_json: AskJson, at: str) -> None:
    """The first and the last session of a feed included, though their fires lie before its start or after its end."""
    checkout.feed("prices", f"calendar: TEST\nstart: 2026-01-05\nowner: team:x\nschedules: {{daily: {{at: {at}}}}}\n")
    found = ask_json("next", "--from", "2025-01-01", "--count", "1000")
    assert (found[0]["session"], found[-1]["session"]) == ("2026-01-05", "2026-12-31")
    assert len({each["session"] for each in found}) == len(found)


def test_where_the_calendar_ends_a_note_says_so(checkout: Checkout, ask: Ask) -> None:
    """Fewer fires than asked for are no failure, and never silent."""
    checkout.feed("prices", DAILY)
    answer = ask("next", "--from", "2026-12-30", "--count", "3")
    assert answer.exit_code == 0
    assert [line.split()[3] for line in answer.stdout.splitlines()[2:]] == ["2026-12-30", "2026-12-31"]
    assert "TEST is verified through 2026-12-31" in answer.stderr


def test_a_calendar_that_ends_between_the_fires_of_others_is_noted(checkout: Checkout, ask: Ask) -> None:
    """A feed that is missing from a merged list because its calendar has ended is named, though the list is full."""
    checkout.calendar({"code": "LONG", "title": "", "timezone": "UTC", "first": "2026-01-01",
                       "verified_through": "2028-12-31",
                       "regimes": [{"since": "2026-01-01", "weekdays": [0], "hours": []}]})  # fmt: skip
    checkout.feed("short", DAILY)
    checkout.feed("long", "calendar: LONG\nstart: 2026-01-05\nowner: team:x\nschedules: {weekly: {at: 12:00}}\n")
    assert ask("next", "--from", "2026-12-01", "--count", "5").stderr == ""
    full = ask("next", "--from", "2027-06-01", "--count", "2")
    assert len(full.stdout.splitlines()) == 4
    assert "TEST is verified through 2026-12-31" in full.stderr
    assert "LONG" not in full.stderr


def test_a_mistake_in_another_feed_does_not_hide_this_one(checkout: Checkout, ask: Ask) -> None:
    """A feed that is asked for by its name is read alone."""
    checkout.feed("good", DAILY)
    checkout.feed("bad", "calendar: NONE\n")
    assert ask("next", "good", "--from", "2026-02-01").exit_code == 0
    refused = ask("next")
    assert refused.exit_code == 1
    assert "adapters/bad.yaml:1: start: is missing" in refused.stderr.splitlines()
