"""`marketday check`: every mistake of every file at once, with its line, what was found and what was expected."""

import hashlib
import json

import pytest

from tests.cli.checkout import ALWAYS, DAILY, TEST, Ask, AskJson, Checkout

SCHEDULE = "adapters/prices.yaml"


def said(ask: Ask, *arguments: str) -> list[str]:
    """The lines that a check prints, but for its summary."""
    return [line for line in ask("check", *arguments, "--at", "2026-03-02").stdout.splitlines() if ".yaml:" in line]


@pytest.mark.parametrize(
    ("written", "instead_of", "expected"),
    [
        ("calender: TEST", "calendar: TEST", ["1: calendar: is missing", "1: calender: unknown key; did you mean cal"]),
        ("calendar: 5", "calendar: TEST", ["1: calendar: found 5, expected text"]),
        ("start: 2026-02-30", "start: 2026-01-05", ["2: start: found '2026-02-30', expected a date such as"]),
        ("start: soon", "start: 2026-01-05", ["2: start: found 'soon', expected a date such as 2024-07-08"]),
        (
            "start: 2025-01-06",
            "start: 2026-01-05",
            ["2: start: found 2025-01-06, expected a date that TEST knows: 2026-01-01 through 2026-12-31"],
        ),
        (
            "owner: bob",
            "owner: team:test",
            [r"3: owner: found 'bob', expected text of the form ^(team:\S+|\S+@\S+\.\S+)$"],
        ),
        ("Daily:", "daily:", ["5: schedules.Daily: found 'Daily', expected text of the form ^[a-z][a-z0-9_]*$"]),
        (
            "at: 25:00",
            "at: close + 1h",
            ["6: schedules.daily.at: found '25:00', expected a wall time such as "],
        ),
        ("at:", "at: close + 1h", ["6: schedules.daily.at: found nothing, "]),
        ("misfire: never", "deadline: close + 4h", ["7: schedules.daily.misfire: found 'never', expected 'all', 'lat"]),
        ("lag: two", "deadline: close + 4h", ["7: schedules.daily.lag: found 'two', expected a whole number"]),
        ("lag: -1", "deadline: close + 4h", ["7: schedules.daily.lag: found -1, expected at least 0"]),
        ("wait: 5m", "deadline: close + 4h", ["7: schedules.daily.wait: found '5m', expected keys with values"]),
        (
            "timezone: Asia/Calcuta",
            "deadline: close + 4h",
            ["7: schedules.daily.timezone: found 'Asia/Calcuta', expected a timezone of the IANA database"],
        ),
        (
            "except: [{date: 2026-03-02, reason: x}]",
            "deadline: close + 4h",
            ["7: schedules.daily.except.0.reason: found 'x', expected at least 3 characters"],
        ),
        ("deadlin: 18:00", "deadline: close + 4h", ["7: schedules.daily.deadlin: unknown key; did you mean deadline?"]),
        ("deadline: close", "deadline: close + 4h", ["7: schedules.daily.deadline: found 'close', expected a time"]),
        ("deadline: [", "deadline: close + 4h", ["not YAML: "]),
        ("at: 12:00", "deadline: close + 4h", ["7: at is named twice"]),
        ("calendar: NONE", "calendar: TEST", ["1: no calendar 'NONE' "]),
        ("calendar: ALWAYS", "calendar: TEST", ["5: schedules.daily: never fires from 2026-01-05 on, by ALWAYS, "]),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place(
    checkout: Checkout, ask: Ask, written: str, instead_of: str, expected: list[str]
) -> None:
    """Each kind of mistake, where it stands in the file."""
    assert instead_of in DAILY
    checkout.feed("prices", DAILY.replace(instead_of, written))
    answer = ask("check", "--at", "2026-03-02")
    lines = answer.stdout.splitlines()
    assert answer.exit_code == 1
    assert all(line.startswith(f"{SCHEDULE}:") for line in lines)
    assert [words in line for words, line in zip(expected, lines, strict=True)] == [True] * len(lines), lines


def test_all_mistakes_of_all_files_are_told_at_once(checkout: Checkout, ask: Ask) -> None:
    """In the order of files and lines, and one that is right is not mentioned."""
    checkout.feed("good", DAILY)
    checkout.feed("prices", DAILY.replace("2026-01-05", "soon").replace("close + 4h", "never"))
    checkout.feed("rates", DAILY, adapter=None)
    checkout.feed("Bad-name", DAILY)
    assert [line.split(": ")[0] for line in said(ask)] == [
        "adapters/Bad-name.yaml:1",
        "adapters/prices.yaml:2",
        "adapters/prices.yaml:7",
        "adapters/rates.yaml:1",
    ]


@pytest.mark.parametrize(
    ("adapter", "expected"),
    [
        (None, "adapters/prices.yaml:1: has no adapter; write adapters/prices.py"),
        ("x = 1\ny = (\n", "adapters/prices.py:2: not Python: '(' was never closed"),
        ("x = 1\n", "adapters/prices.py:1: has no `adapter = Adapter(...)`"),
        ("def f() -> None:\n    adapter = 1\n", "adapters/prices.py:1: has no `adapter = Adapter(...)`"),
    ],
)
def test_an_adapter_that_cannot_be_one_is_found_without_running_it(
    checkout: Checkout, ask: Ask, adapter: str | None, expected: str
) -> None:
    """Its source is read: none, one that is no Python, and one that defines no adapter."""
    checkout.feed("prices", DAILY, adapter=adapter)
    assert ask("check", "--at", "2026-03-02").stdout.splitlines() == [expected]


def test_a_pair_needs_both_its_halves(checkout: Checkout, ask: Ask) -> None:
    """An adapter without a schedule file would never run."""
    checkout.feed("prices", DAILY)
    (checkout.root / "adapters" / "prices.yaml").unlink()
    assert ask("check").stdout.splitlines()[0] == (
        "adapters/prices.py:1: has no schedule file; write adapters/prices.yaml"
    )


@pytest.mark.parametrize(
    ("at", "key", "end", "expected", "why"),
    [
        ("17:30", "deadline", "close + 2h", "17:30 on 2026-02-01, the first of 2 such days", "the two early closes"),
        ("18:00", "deadline", "close + 2h", "18:00 on 2026-01-05, the first of ", "at the fire itself is not after it"),
        ("close + 1h", "deadline", "15:00", "17:00 on 2026-01-05, the first of ", "a wall time before most closes"),
        ("17:30", "wait", "close + 2h", "17:30 on 2026-02-01, the first of 2 such days", "polling ends as well"),
    ],
)
def test_what_ends_before_the_fire_on_some_days_only_is_found(
    checkout: Checkout, ask: Ask, at: str, key: str, end: str, expected: str, why: str
) -> None:
    """The file alone does not show it: the calendar's early closes do."""
    written = f"wait: {{every: 5m, until: {end}}}" if key == "wait" else f"deadline: {end}"
    checkout.feed("prices", DAILY.replace("close + 1h", at).replace("deadline: close + 4h", written))
    (line,) = said(ask)
    name = "wait.until" if key == "wait" else key
    assert line.startswith(f"{SCHEDULE}:7: schedules.daily.{name}: is not after the fire at {expected}"), why


@pytest.mark.parametrize(
    ("at", "is_warned", "why"),
    [
        ("2026-10-02", False, "exactly 90 days are left"),
        ("2026-10-03", True, "less than 90 days are left"),
        ("2027-02-01", True, "the last verified day has passed"),
    ],
)
def test_a_calendar_that_runs_out_is_a_warning(
    checkout: Checkout, ask: Ask, at: str, is_warned: bool, why: str
) -> None:
    """In time to look up next year's notices; the exit code stays 0, so that a date alone breaks no build."""
    checkout.feed("prices", DAILY)
    (checkout.root / "calendars" / "TEST.yaml").write_text("title: x\n\nverified_through: 2026-12-31\n")
    answer = ask("check", "--at", at)
    assert answer.exit_code == 0
    assert ("calendars/TEST.yaml:3: warning: TEST is verified through 2026-12-31" in answer.stdout) == is_warned, why


def test_a_calendar_that_was_edited_and_not_compiled_is_a_mistake(checkout: Checkout, ask: Ask) -> None:
    """What is compiled says of which rules; others would be believed and not followed."""
    rules = b"verified_through: 2026-12-31\n"
    checkout.feed("prices", DAILY)
    checkout.calendar(TEST | {"rules_sha256": hashlib.sha256(rules).hexdigest()})
    (checkout.root / "calendars" / "TEST.yaml").write_bytes(rules)
    assert ask("check", "--at", "2026-03-02").exit_code == 0
    (checkout.root / "calendars" / "TEST.yaml").write_bytes(rules + b"# edited\n")
    checkout.calendar(TEST | {"rules_sha256": hashlib.sha256(rules).hexdigest(), "code": "TEST"})
    assert ask("check", "--at", "2026-03-02").exit_code == 1


def test_an_exception_on_a_day_that_is_closed_anyway_is_a_warning(checkout: Checkout, ask: Ask) -> None:
    """It names the wrong day, or the calendar has learned of the holiday."""
    checkout.feed(
        "prices", f"{DAILY}    except: [{{date: 2026-03-03, reason: moves}}, {{date: 2026-11-26, reason: feast}}]\n"
    )
    answer = ask("check", "--at", "2026-03-02")
    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[0] == (
        f"{SCHEDULE}:8: warning: except: 2026-11-26 is no session of TEST anyway: Thanksgiving Day"
    )


def test_the_fields_of_a_finding_are_these(checkout: Checkout, ask_json: AskJson) -> None:
    """The documented names."""
    checkout.feed("prices", DAILY.replace("calendar: TEST", "calendar: 5"))
    assert ask_json("check", "--at", "2026-03-02") == [
        {"file": SCHEDULE, "line": 1, "severity": "mistake", "message": "calendar: found 5, expected text"}
    ]


def test_no_mistake_is_exit_code_0(checkout: Checkout, ask: Ask) -> None:
    """With a summary, so that silence is not mistaken for a check that did not run."""
    checkout.feed("prices", DAILY)
    checkout.calendar(json.loads(json.dumps(ALWAYS)))
    answer = ask("check", "--at", "2026-03-02")
    assert (answer.exit_code, answer.stdout) == (0, "0 mistakes, 0 warnings\n")
