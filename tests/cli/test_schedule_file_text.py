"""How the text of a schedule file is read: only null, true, false, whole numbers and dates are not text."""

from datetime import date

import pytest

from dagster_project.io.schedule_files import YamlError, read_yaml


@pytest.mark.parametrize(
    ("written", "value", "why"),
    [
        ("16:15", "16:15", "YAML 1.1 makes it the number 975"),
        ("no", "no", "YAML 1.1 makes it false"),
        ("on", "on", "YAML 1.1 makes it true"),
        ("010", "010", "YAML 1.1 makes it 8"),
        ("1_000", "1_000", "YAML 1.1 makes it 1000"),
        ("1.5", "1.5", "no key holds a fraction"),
        ("7", 7, "a whole number"),
        ("-1", -1, "a whole number below zero"),
        ("'7'", "7", "quoted is text"),
        ("2026-02-28", date(2026, 2, 28), "a date"),
        ("2026-02-30", "2026-02-30", "no date: its key's own check says so"),
        ("'2026-02-28'", "2026-02-28", "quoted is text"),
        ("true", True, "a truth"),
        ("~", None, "nothing"),
        ("", None, "nothing"),
        ("'true'", "true", "quoted is text"),
        ("|\n  7\n", "7\n", "a block is text"),
    ],
)
def test_a_scalar_is_read_as_people_mean_it(written: str, value: object, why: str) -> None:
    """Each with the reason why YAML's own reading would not do."""
    found = read_yaml(f"key: {written}").value
    assert isinstance(found, dict)
    assert found["key"] == value, why
    assert type(found["key"]) is type(value), why


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a is named twice"),
        ("a: 1\nb: [1, 2\n", 3, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML"),
        ("a: &a [*a]\n", 1, "holds itself"),
        ("a: \x00\n", 1, "not YAML"),
    ],
)
def test_what_is_not_yaml_is_one_error_with_its_line(text: str, line: int, message: str) -> None:
    """A key twice, a bracket left open, two documents, an endless alias, a control character."""
    with pytest.raises(YamlError, match=message) as raised:
        read_yaml(text)
    assert raised.value.line == line


def test_a_key_has_its_line() -> None:
    """And what has none has that of the key above it."""
    located = read_yaml("a:\n  b: 1\n  c:\n    - d: 2\n    - e: 3\n")
    assert [located.line(*path) for path in [("a",), ("a", "c"), ("a", "c", 1, "e"), ("a", "x"), ()]] == [1, 3, 5, 1, 1]
