"""What two states of a feed's files say differently, key by key, in the words of the files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from itertools import chain

from pydantic import BaseModel

from dagster_project.domain.fires import Feed
from dagster_project.domain.plan.matching import Named, latest

_NOT_SAID = ("name", "schedules")  # a feed's name is its file's, and its schedules are compared one by one


@dataclass(frozen=True)
class Edit:
    """One key whose value differs, such as `start` or `schedules.eod.wait.until`. None: not said."""

    key: str
    before: object
    after: object


def feed_edits(before: Feed | None, after: Feed | None) -> tuple[Edit, ...]:
    """What is said differently of the feed as a whole."""
    return tuple(_edits("", _feed(before), _feed(after)))


def schedule_edits(before: Named | None, after: Named | None) -> tuple[Edit, ...]:
    """What is said differently of one schedule, whose name may have changed."""
    _, name = latest(before, after)
    was, now = (_said(each[0].schedules[each[1]]) if each else {} for each in (before, after))
    return tuple(_edits(f"schedules.{name}.", was, now))


def _edits(prefix: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Edit]:
    was, now = dict(_flat(prefix, before)), dict(_flat(prefix, after))
    for key in dict.fromkeys(chain(now, was)):
        if was.get(key) != now.get(key):
            yield Edit(key, was.get(key), now.get(key))


def _flat(prefix: str, said: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Every key with its value; those of a section by their path."""
    for key, value in said.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{key}.", value)
        elif value is not None:
            yield prefix + key, value


def _feed(feed: Feed | None) -> dict[str, object]:
    if feed is None:
        return {}
    return {field.name: _plain(getattr(feed, field.name)) for field in fields(feed) if field.name not in _NOT_SAID}


def _said(model: BaseModel) -> dict[str, object]:
    """What a part of a file says, without what it leaves at its default."""
    return model.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _plain(value: object) -> object:
    """A value as JSON has it. A calendar is its code."""
    if isinstance(value, BaseModel):
        return _said(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value if isinstance(value, date) else getattr(value, "code", value))
