"""Mistakes in files that people write: where each is, what was found, what was expected."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dagster_project.io.schedule_files import Located

_DATE = "expected a date such as 2024-07-08"
_KEYS = "expected keys with values"
_EXPECTED = {
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_type": _DATE,
    "model_type": _KEYS,
    "dict_type": _KEYS,
    "tuple_type": "expected a list",
    "string_type": "expected text",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "greater_than_equal": "expected at least {ge}",
    "less_than_equal": "expected at most {le}",
    "string_too_short": "expected at least {min_length} characters",
    "too_short": "expected at least {min_length}, found {actual_length}",
    "literal_error": "expected {expected}",
    "string_pattern_mismatch": "expected text of the form {pattern}",
}


@dataclass(frozen=True)
class Mistake:
    """One mistake in one file: where, what was found, what was expected."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class ScheduleFileError(Exception):
    """All mistakes of all schedule files at once, one line each."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


def close_match(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` where one of `known` is close to `word`, else nothing."""
    found = get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


def validation_mistakes(file: str, located: Located, error: ValidationError, model: type[BaseModel]) -> list[Mistake]:
    """Every mistake that `model` found in the YAML of `file`, in the order of its lines."""
    found = [_mistake(file, located, each, model) for each in error.errors(include_url=False)]
    return sorted(found, key=lambda mistake: mistake.line)


def _mistake(file: str, located: Located, error: ErrorDetails, model: type[BaseModel]) -> Mistake:
    where = tuple(part for part in error["loc"] if part != "[key]")
    key = ".".join(map(str, where)) or "the file"
    return Mistake(file, located.line(*where), f"{key}: {_message(error, where, model)}")


def _message(error: ErrorDetails, where: tuple[str | int, ...], model: type[BaseModel]) -> str:
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        known = _keys(model, where[:-1])
        return f"unknown key{close_match(str(where[-1]), known)}; there are: {', '.join(known)}"
    # Pydantic's own words name Python's types; a message without words of ours keeps them.
    expected = _EXPECTED.get(kind, error["msg"].removeprefix("Value error, ")).format(**context)
    # What a whole section says wrong is in the message; the section itself would fill the screen.
    return expected if isinstance(found, dict | list) else f"found {_spell(found)}, {expected}"


def _spell(found: object) -> str:
    if found is None:
        return "nothing"
    return repr(found) if isinstance(found, str) else str(found)


def _keys(model: type[BaseModel], where: tuple[str | int, ...]) -> list[str]:
    """Every key that the section `where` of a file of `model` may have."""
    schema = model.model_json_schema()
    section = schema
    for part in where:
        section = section.get("properties", {}).get(part) or section.get("items") or _any_key(section)
        (section,) = [each for each in section.get("anyOf", [section]) if each.get("type") != "null"]
        if "$ref" in section:
            section = schema["$defs"][section["$ref"].rpartition("/")[2]]
    return sorted(section.get("properties", {}))


def _any_key(section: dict[str, Any]) -> dict[str, Any]:
    """What stands under the keys of a section that may have any."""
    return next(iter(section.get("patternProperties", {}).values()), section.get("additionalProperties") or {})
