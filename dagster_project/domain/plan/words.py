"""The words of a plan: what files say differently, groups of fires, dates and counts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from dagster_project.domain.plan.edits import Edit
from dagster_project.domain.plan.groups import Group, What

Quoted = Callable[[str], str]  # makes what stands in a file text on some surface, and nothing but text

_FEW = 3  # dates or times that are listed, beyond which the first and the last stand for all


@dataclass(frozen=True)
class Line:
    """One line. `mark`: + comes, - goes, ~ changes, ! deserves a second look."""

    mark: str
    text: str
    depth: int = 0


def edit_lines(edits: Sequence[Edit], quoted: Quoted) -> Iterator[Line]:
    """One line for each key that differs; of a list, one for each of its items that does."""
    for edit in edits:
        path = edit.key.split(".")
        key = quoted(".".join(path[2:] if path[0] == "schedules" else path))
        if not (isinstance(edit.before, list) or isinstance(edit.after, list) or None in (edit.before, edit.after)):
            yield Line("~", f"{key}: {quoted(_spell(edit.before))} → {quoted(_spell(edit.after))}")
            continue
        before, after = _items(edit.before), _items(edit.after)
        yield from (Line("-", f"{key}: no more {quoted(_spell(each))}") for each in before if each not in after)
        yield from (Line("+", f"{key}: {quoted(_spell(each))}") for each in after if each not in before)


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _spell(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_spell(each)}" for key, each in value.items())
    return str(value)


def group_line(group: Group, quoted: Quoted) -> Line:
    """What changes, on which sessions, and how."""
    label = f" ({quoted(group.label)})" if group.label else ""
    on = f"on {count(len(group.sessions), 'session')}{label}, {dates(group.sessions, group.spans)}"
    before, after = _times(group.before), _times(group.after)
    change = " → ".join(filter(None, (before, after)))
    match group.what:
        case What.ADDED:
            return Line("+", f"added {on}: {change}")
        case What.REMOVED:
            return Line("-", f"removed {on}: {change}")
        case What.MOVED:
            return Line("~", f"moved {on}: {change}{_later(*group.days_later)}")
        case What.DUE_AT_ONCE:
            return Line("!", f"due at once {on}: {change}{_later(*group.days_later)}, which has passed")
    what = "deadline" if group.what is What.DEADLINE else "polls until"
    mark = "!" if group.is_loss else "~"
    if not before or not after:
        return Line(mark, f"{what} {on}: {change} after the fire, {'new' if after else 'no more'}")
    return Line(mark, f"{what} {on}: {change} after the fire")


def _later(least: int, most: int) -> str:
    """By how many days fires move."""
    if least == most == 0:
        return ""
    if most <= 0:
        return _later(-most, -least).replace("later", "earlier")
    return f", {count(most, 'day') if least == most else f'{least} to {most} days'} later"


def _times(texts: Sequence[str]) -> str:
    return ", ".join(texts) if len(texts) <= _FEW else f"{texts[0]} … {texts[-1]} ({len(texts)} times)"


def dates(days: Sequence[date], spans: Sequence[tuple[date, date]] = ()) -> str:
    """A few dates one by one; of more the runs, where they are given and few, or the first and the last."""
    if len(days) <= _FEW:
        return ", ".join(f"{day:%a} {day}" for day in days)
    if 0 < len(spans) <= _FEW:
        return ", ".join(_span(*run) for run in spans)
    return f"between {days[0]} and {days[-1]}"


def _span(first: date, last: date) -> str:
    return f"{first}" if first == last else f"{first} to {last}"


def count(number: int, word: str) -> str:
    """A number of things, such as `1 session` or `2 sessions`."""
    return f"{number} {word}{'' if number == 1 else 's'}"
