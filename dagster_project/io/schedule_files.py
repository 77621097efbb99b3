"""YAML as schedule files mean it: `16:15` is text, `on` and `no` are words, dates are dates, keys have lines.

PyYAML reads YAML 1.1, where 16:15 is the number 975 and `no` is false; here only null, true, false, whole
numbers and ISO dates are anything but text.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

import yaml

_Path = tuple[str | int, ...]
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WHOLE = re.compile(r"-?(0|[1-9]\d*)")
_WORDS = {"null": None, "~": None, "": None, "true": True, "false": False}


class YamlError(ValueError):
    """A file that is not YAML, or names a key twice. `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Located:
    """A value read from YAML, and the line of each key in it."""

    value: object
    lines: dict[_Path, int] = field(default_factory=dict)

    def line(self, *path: str | int) -> int:
        """The line of the key at `path`, or of the nearest one above it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str) -> Located:
    """The value of a YAML text. Raises YamlError with the line."""
    try:
        node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlError(line, f"not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise YamlError(1, f"not YAML: {error}") from None
    lines: dict[_Path, int] = {}
    try:
        return Located(None if node is None else _value(node, (), lines), lines)
    except RecursionError:
        raise YamlError(1, "an alias (*name) that holds itself, or hundreds of nested sections") from None


def _value(node: yaml.Node, path: _Path, lines: dict[_Path, int]) -> object:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, object] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in mapping:
                raise YamlError(line, f"{key} is named twice")
            lines[(*path, key)] = line
            mapping[key] = _value(value_node, (*path, key), lines)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, at), lines) for at, item in enumerate(node.value)]
    # Plain is None in PyYAML's own loader and "" in the one over libyaml.
    is_plain = isinstance(node, yaml.ScalarNode) and not node.style
    return _scalar(node.value) if is_plain else node.value


def _scalar(text: str) -> object:
    """A plain scalar's value. What only looks like a date stays text: who expects a date says so, with its key."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DATE.fullmatch(text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    return text
