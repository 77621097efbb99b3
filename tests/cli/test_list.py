"""`marketday list`: the feeds, what their files say, and their next fires."""

from tests.cli.checkout import DAILY, Ask, AskJson, Checkout

TWO = DAILY + """\
  morning:
    at: 06:30
    lag: 1
    timezone: Europe/Berlin
    wait: {every: 90s, until: 08:00}
"""  # fmt: skip


def test_the_fields_of_a_feed_are_these(checkout: Checkout, ask_json: AskJson) -> None:
    """The documented names, with moments as the schedule file writes them."""
    checkout.feed("prices", TWO)
    (found,) = ask_json("list", "--at", "2026-11-26T12:00Z")
    daily, morning = found.pop("schedules")
    assert found == {
        "feed": "prices",
        "calendar": "TEST",
        "owner": "team:test",
        "timezone": "America/New_York",
        "verified_through": "2026-12-31",
        "start": "2026-01-05",
    }
    (fire,) = ask_json("next", "prices", "--from", "2026-11-27T12:00Z", "--count", "1")
    assert daily == {
        "schedule": "daily",
        "at": "close + 1h",
        "lag": 0,
        "deadline": "close + 4h",
        "timezone": "America/New_York",
        "wait": None,
        "next": fire,
    }
    assert (morning["timezone"], morning["lag"], morning["deadline"]) == ("Europe/Berlin", 1, None)
    assert morning["wait"] == {"every": "1m30s", "until": "08:00"}
    assert morning["next"]["fire_local"] == "2026-11-27T06:30:00+01:00"


def test_the_table_has_a_row_for_each_schedule(checkout: Checkout, ask: Ask) -> None:
    """Names, moments, owner, and the next fire in the schedule's own time."""
    checkout.feed("prices", TWO)
    daily, morning = ask("list", "--at", "2026-11-26T12:00Z").stdout.splitlines()[2:]
    assert daily.split()[:3] == ["prices", "TEST", "daily"]
    assert "close + 1h, due by close + 4h" in daily
    assert "Fri 2026-11-27 14:00 EST" in daily
    assert "06:30, 1 session back, polls every 1m30s until 08:00" in morning
    assert "Fri 2026-11-27 06:30 CET" in morning


def test_a_feed_whose_calendar_has_ended_says_unknown(checkout: Checkout, ask: Ask, ask_json: AskJson) -> None:
    """No next fire is known: that is said, not left blank."""
    checkout.feed("prices", DAILY)
    assert ask_json("list", "--at", "2027-02-01")[0]["schedules"][0]["next"] is None
    assert "unknown after 2026-12-31" in ask("list", "--at", "2027-02-01").stdout


def test_files_that_are_no_feeds_are_left_alone(checkout: Checkout, ask_json: AskJson) -> None:
    """A Python file that begins with an underscore is shared code."""
    checkout.feed("prices", DAILY)
    (checkout.root / "adapters" / "__init__.py").write_text("")
    (checkout.root / "adapters" / "_shared.py").write_text("")
    assert [each["feed"] for each in ask_json("list")] == ["prices"]
