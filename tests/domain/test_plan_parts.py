"""What a plan is made of: matched fires, sources read from text, Markdown that stays text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from typing import Any

import pytest

from dagster_project.domain.fires import Fire
from dagster_project.domain.plan import Files, make_plan
from dagster_project.domain.plan.groups import grouped
from dagster_project.domain.plan.markdown import code, markdown
from dagster_project.domain.plan.matching import matched
from dagster_project.domain.plan.sources import hosts, is_same_code
from dagster_project.domain.plan.words import group_line
from tests.domain.plan_checkout import SINCE, UNTIL
from tests.domain.tiny_calendars import feed, tiny

LONDON = tiny("XLON", "Europe/London", [("08:00", "16:30")])
DAYS = (date(2026, 12, 1), date(2026, 12, 2))


@dataclass(frozen=True)
class OneOfSeveral(Fire):
    """A fire of a schedule that has several in a session: its id carries its time."""

    @property
    def id(self) -> str:
        return f"{super().id}/{self.at:%H:%M}"


def several(*times: str) -> list[Fire]:
    """Fires at these times of two winter days in London."""
    return [
        OneOfSeveral("prices", "intraday", day, day, datetime.combine(day, time.fromisoformat(at), UTC), None, None)
        for day in DAYS
        for at in times
    ]


@pytest.mark.parametrize(
    ("before", "after", "told", "why"),
    [
        (["12:00", "15:00"], ["12:30", "15:00"], ["moved … 12:00 → 12:30"], "it keeps its place among as many"),
        (["12:00", "15:00"], ["15:00"], ["removed … 12:00"], "the other stays what it was"),
        (["15:00"], ["12:00", "15:00"], ["added … 12:00"], "the other stays what it was"),
        (["12:00", "15:00"], ["16:00"], ["removed … 12:00, 15:00", "added … 16:00"], "no telling which one moved"),
        (["12:00", "12:15"], ["12:15", "12:30"], ["removed … 12:00", "added … 12:30"], "one at the end, none moved"),
        (
            ["09:00", "10:00", "11:00", "12:00"],
            ["09:05", "10:05", "11:05", "12:05"],
            ["moved … 09:00 … 12:00 (4 times) → 09:05 … 12:05 (4 times)"],
            "all of a session move alike",
        ),
    ],
)
def test_several_fires_of_a_session_are_matched_by_time_and_place(
    before: Sequence[str], after: Sequence[str], told: Sequence[str], why: str
) -> None:
    """What stays is no change; what is told is told of both days at once."""
    changes = list(matched(several(*before), several(*after)))
    named = feed(LONDON, intraday={"at": "12:00"}), "intraday"
    lines = [group_line(group, str).text for group in grouped(changes, named, named, SINCE)]
    on = "on 2 sessions, Tue 2026-12-01, Wed 2026-12-02:"
    assert lines == [line.replace("…", on, 1) for line in told], why


def test_one_fire_of_a_session_becomes_several() -> None:
    """Ids then carry times; the one that keeps its time is still there."""
    one = [Fire("prices", "intraday", day, day, datetime.combine(day, time(15), UTC), None, None) for day in DAYS]
    changes = list(matched(one, several("12:00", "15:00")))
    assert {f"{change.fire.at:%H:%M}": change.before is None for change in changes} == {"12:00": True, "15:00": False}


def test_earlier_and_later_days_are_told_apart() -> None:
    """The same times, and a day in opposite directions."""
    was = [Fire("prices", "eod", day, day, datetime.combine(day, time(15), UTC), None, None) for day in DAYS]
    days = [timedelta(days=1), timedelta(days=-1)]
    now = [replace(fire, day=fire.day + by, at=fire.at + by) for fire, by in zip(was, days, strict=True)]
    named = feed(LONDON, eod={"at": "12:00"}), "eod"
    assert [group_line(group, str).text for group in grouped(list(matched(was, now)), named, named, SINCE)] == [
        "moved on 1 session, Tue 2026-12-01: 15:00 → 15:00, 1 day later",
        "moved on 1 session, Wed 2026-12-02: 15:00 → 15:00, 1 day earlier",
    ]


def test_a_fire_matches_its_own_id_wherever_it_moves() -> None:
    """One fire of a session is the same one at any time."""
    (was,) = several("12:00")[:1]
    now = Fire("prices", "intraday", was.session, was.day, was.at + timedelta(hours=9), None, None)
    (change,) = matched([was], [now])
    assert (change.before, change.after) == (was, now)


@pytest.mark.parametrize(
    ("text", "found", "why"),
    [
        ('URL = "https://files.example/{session}.csv"', {"files.example"}, "a constant"),
        ('URL: str = "https://files.example"', {"files.example"}, "with its type"),
        (
            'ROOT = "HTTPS://Files.Example:8443/a"\nNEW = f"{ROOT}b.csv"',
            {"files.example:8443"},
            "what others begin with",
        ),
        ('URL = f"https://files.example/{YEAR}"', {"files.example"}, "composed"),
        ('URL = "https://files.example/" + NAME', {"files.example"}, "added"),
        ('URLS = {"a": "https://a.example/x", "b": ("https://b.example",)}', {"a.example", "b.example"}, "several"),
        ('HEADERS = {"Referer": "https://www.example/", "Origin": "https://www.example"}', set(), "asked for nothing"),
        ('"""See https://docs.example."""\n# https://docs.example', set(), "documentation"),
        ('def fetch():\n    return "https://inner.example"', set(), "no constant of the module"),
        ("URL = os.environ['URL']", set(), "not in the text"),
        ("URL = 'https://{host}/x'", set(), "not in the text"),
        ("not Python", set(), "nothing can be read"),
    ],
)
def test_whom_an_adapter_asks_is_read_from_its_constants(text: str, found: set[str], why: str) -> None:
    """Nothing is run."""
    assert hosts("prices", {"prices": text}) == found, why


@pytest.mark.parametrize(
    ("before", "after", "is_same", "why"),
    [
        ("a = 1", "# one\na  =  1\n", True, "comments and layout"),
        ("a = 1", "a = 2", False, "a value"),
        ("a = (", "a = (", True, "no Python, and the same text"),
        ("a = (", "a = ( ", False, "no Python: its text is all there is to compare"),
        ("from adapters._shared import x", "from adapters._shared import x", False, "what it imports changed"),
        ("from adapters import _shared", "from adapters import _shared", False, "imported as a module"),
        ("from adapters._between import x", "from adapters._between import x", False, "over another one"),
        ("_shared = 1", "_shared = 1", True, "a name is no import"),
    ],
)
def test_code_is_the_same_where_it_says_the_same(before: str, after: str, is_same: bool, why: str) -> None:
    """The adapter's own code and all shared code that it leads to."""
    between = {"_between": "from adapters._shared import x"}
    texts = {"prices": before, "_shared": "x = 1", **between}, {"prices": after, "_shared": "x = 2", **between}
    assert is_same_code("prices", *texts) is is_same, why


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "`plain`"),
        ("@everyone <b>|", "`@everyone <b>|`"),
        ("a `b` c", "``a `b` c``"),
        ("`", "`` ` ``"),
        ("two\nlines", "`two lines`"),
        ("\x1b[31mred", "`\N{REPLACEMENT CHARACTER}[31mred`"),
    ],
)
def test_what_stands_in_a_file_stays_text(text: str, shown: str) -> None:
    """Nothing of it is markup, mentions anybody or steers a terminal."""
    assert code(text) == shown


def test_a_comment_is_never_too_long() -> None:
    """GitHub takes 65,536 characters; what is cut is counted, at the end of a line."""
    schedules = {f"{letter}{number}": {"at": "12:00"} for number in range(60) for letter in "abcdefgh"}
    cut = markdown(make_plan(Files((), {}), Files((feed(LONDON, **schedules),), {}), SINCE, UNTIL), "main")
    assert 50_000 < len(cut) < 65_536
    assert cut.splitlines()[-1].endswith("more lines: `marketday plan --base` `main` shows them.")


def test_a_hundred_feeds_are_planned_in_seconds_of_cpu() -> None:
    """400 days, where every second feed moves to the time of the others: half a second where nothing else runs."""
    longer = tiny("LONG", "Europe/London", [("08:00", "16:30")], verified_through="2028-12-31")
    before, after = (
        Files(
            tuple(
                replace(feed(longer, eod={"at": at[number % 2], "deadline": "close + 6h"}), name=f"feed_{number:02}")
                for number in range(100)
            ),
            {},
        )
        for at in (("close + 1h", "close + 2h"), ("close + 2h", "close + 2h"))
    )
    seconds = []
    for _ in range(3):
        start = process_time()
        made = make_plan(before, after, SINCE, UNTIL)
        seconds.append(process_time() - start)
    assert (len(made.feeds), len(made.collisions)) == (50, 2500)
    assert min(seconds) < 2


def named_feeds(**schedules: dict[str, Any]) -> Files:
    """Feeds by name, each with one schedule."""
    return Files(tuple(replace(feed(LONDON, eod=said), name=name) for name, said in schedules.items()), {})


def test_what_moves_together_is_no_new_collision() -> None:
    """Two feeds that met before meet at another time; a third that was there already is news to both."""
    noon, one = {"at": "12:00"}, {"at": "13:00"}
    made = make_plan(named_feeds(a=noon, b=noon, c=one), named_feeds(a=one, b=one, c=one), SINCE, UNTIL)
    assert [(each.feed, each.other_feed) for each in made.collisions] == [("a", "c"), ("b", "c")]


def test_another_session_in_the_same_minute_is_no_new_collision() -> None:
    """With a lag each fire meets the other feed's next one, at the minutes at which both fired before."""
    noon = {"at": "12:00"}
    made = make_plan(named_feeds(a=noon, b=noon), named_feeds(a=noon | {"lag": 1}, b=noon), SINCE, UNTIL)
    assert made.feeds
    assert not made.collisions
