"""The text of a file that people write: every line has its number, and no text is more than one error."""

from datetime import date

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from dagster_project.io.schedule_files import YamlError, read_yaml

FILE = """\
# What the exchange publishes after its close.
calendar: XNSE
start: 2024-07-08               # a date
owner: team:india-markets
schedules:
  eod:
    at: 16:15
    wait: {every: 5m, until: 22:00}
    misfire: no
    except:
      - {date: 2026-02-01, reason: on a Sunday}
      - date: 2026-11-08
        reason: 'on'
"""


def test_a_file_is_read_as_people_mean_it() -> None:
    """16:15 is not the number 975, `no` not false, `on` not true; a date is one, and `team:x` is text."""
    assert read_yaml(FILE).value == {
        "calendar": "XNSE",
        "start": date(2024, 7, 8),
        "owner": "team:india-markets",
        "schedules": {
            "eod": {
                "at": "16:15",
                "wait": {"every": "5m", "until": "22:00"},
                "misfire": "no",
                "except": [
                    {"date": date(2026, 2, 1), "reason": "on a Sunday"},
                    {"date": date(2026, 11, 8), "reason": "on"},
                ],
            }
        },
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("calendar",), 2),
        (("start",), 3),
        (("schedules", "eod"), 6),
        (("schedules", "eod", "at"), 7),
        (("schedules", "eod", "wait", "until"), 8),
        (("schedules", "eod", "except", 0, "date"), 11),
        (("schedules", "eod", "except", 1), 12),
        (("schedules", "eod", "except", 1, "reason"), 13),
        (("schedules", "eod", "except", 7, "reason"), 10),
        (("schedules", "eod", "deadline"), 6),
        (("nothing",), 2),
    ],
)
def test_each_key_has_the_line_that_a_person_sees(path: tuple[str | int, ...], line: int) -> None:
    """And what is missing has the line of the section that lacks it."""
    assert read_yaml(FILE).line(*path) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (FILE + "calendar: XBOM\n", 14),
        (FILE.replace("    misfire: no\n", "    misfire: no\n    at: 17:00\n"), 10),
        (FILE.replace("  eod:", "\teod:"), 6),
        (FILE.replace("22:00}", "22:00"), 9),
        ("- a\nb: c\n", 2),
    ],
)
def test_what_cannot_be_read_is_an_error_with_its_line(text: str, line: int) -> None:
    """A key twice at any depth, a tab, a brace left open, a list that turns into keys."""
    with pytest.raises(YamlError) as raised:
        read_yaml(text)
    assert raised.value.line == line


YAMLISH = st.text(alphabet=" \n\t:-,{}[]&*!|>'\"#%@`~?abn0159", max_size=60)


@given(st.text(max_size=40) | YAMLISH)
@example("")
@example("---\n...\n---\n")
@example("!!python/object/apply:os.system ['true']")
@example("? [a, b]\n: c")
@example("&a {b: *a}")
@example("<<: {a: 1}\nb: 2")
def test_any_text_gives_a_value_or_one_error(text: str) -> None:
    """Never another exception, never an object that is not plain data."""
    value, line = None, 1
    try:
        value = read_yaml(text).value
    except YamlError as error:
        line = error.line
    assert plain(value)
    assert 1 <= line <= text.count("\n") + 2


def plain(value: object) -> bool:
    """Whether a value is made of mappings, lists and scalars only."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and plain(each) for key, each in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    return value is None or isinstance(value, str | int | date)


SCALARS = st.none() | st.booleans() | st.integers() | st.dates(min_value=date(1000, 1, 1))
WORDS = st.from_regex(r"[a-z]{1,8}( [a-z]{1,8})?", fullmatch=True)


@given(
    st.recursive(
        SCALARS | WORDS,
        lambda each: st.lists(each, max_size=3) | st.dictionaries(WORDS, each, max_size=3),
        max_leaves=12,
    )
)
def test_plain_data_reads_back_as_it_was_written(value: object) -> None:
    """By any other program that writes YAML."""
    assert read_yaml(yaml.safe_dump(value)).value == value
