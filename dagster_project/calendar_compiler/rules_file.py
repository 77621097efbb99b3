"""Reads `calendars/<CODE>.yaml`: the rules, their overlays day by day, and every mistake with its line."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from dagster_project.calendar_compiler.rules import Like, Overlay, Regime, Rules
from dagster_project.domain.calendar import Hours, Span
from dagster_project.io.schedule_files import Located, YamlError, read_yaml


class RulesError(Exception):
    """All mistakes of a rules file, one line each: file, line, what was found, what was expected."""


@dataclass(frozen=True)
class Entry:
    """One overlay of one day, with the file and line that state it."""

    day: date
    name: str
    where: str  # calendars/XNSE.yaml:41
    overlay: Overlay

    @property
    def hours(self) -> tuple[Span, ...]:
        return self.overlay.hours if isinstance(self.overlay.hours, tuple) else ()


@dataclass(frozen=True)
class RulesFile:
    """A rules file that was read: its code, hash, rules, and overlays by date, then as the file has them."""

    code: str
    sha256: str
    rules: Rules
    entries: tuple[Entry, ...]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.rules.timezone)

    def regimes(self) -> tuple[Hours, ...]:
        """The regular hours by date; a regime with summer hours is one regime per season."""
        ends = [regime.since for regime in self.rules.regular[1:]] + [self.rules.verified_through + timedelta(days=1)]
        return tuple(
            hours for regime, end in zip(self.rules.regular, ends, strict=True) for hours in _seasons(regime, end)
        )


def read_rules(path: Path) -> RulesFile:
    """The rules in `path`. Raises RulesError with every mistake that the file alone shows."""
    code, content = path.stem, path.read_bytes()
    file = f"calendars/{code}.yaml"
    try:
        located = read_yaml(content.decode())
        is_like = isinstance(located.value, dict) and "like" in located.value
        stated: Like | Rules = (Like if is_like else Rules).model_validate(located.value)
    except YamlError as error:
        raise RulesError(f"{file}:{error.line}: {error}") from None
    except ValidationError as error:
        raise RulesError("\n".join(_mistake(file, located, dict(each)) for each in error.errors())) from None
    own = tuple(_entries(file, stated.overlays, located))
    if isinstance(stated, Rules):
        return RulesFile(code, sha256(path), stated, _sorted(own))
    base_path = path.with_name(f"{stated.like}.yaml")
    if not base_path.is_file() or stated.like == code:
        raise RulesError(f"{file}:{located.line('like')}: found like: {stated.like}, expected another calendar here")
    base = read_rules(base_path)
    replaced = {entry.day for entry in own}
    rules = base.rules.model_copy(
        update={"title": stated.title, "verified_through": stated.verified_through, "verified_by": stated.verified_by}
    )
    entries = [entry for entry in base.entries if entry.day not in replaced]
    return RulesFile(code, sha256(path), rules, _sorted((*entries, *own)))


def sha256(path: Path) -> str:
    """The hash of a rules file, and of the one that it is like, by which a stale compiled file is noticed."""
    content = path.read_bytes()
    found = hashlib.sha256(content)
    for line in content.decode().splitlines():
        if line.startswith("like:"):
            found.update(sha256(path.with_name(f"{line.removeprefix('like:').split('#')[0].strip()}.yaml")).encode())
    return found.hexdigest()


def _sorted(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda entry: entry.day))  # stable: as the file has them


def _entries(file: str, overlays: tuple[Overlay, ...], located: Located) -> Iterator[Entry]:
    for at, overlay in enumerate(overlays):
        if overlay.day is not None:
            yield Entry(overlay.day, overlay.name, f"{file}:{located.line('overlays', at)}", overlay)
        for day, name in overlay.dates.items():
            line = located.line("overlays", at, "dates", day.isoformat())
            yield Entry(day, name, f"{file}:{line}", overlay)


def _seasons(regime: Regime, end: date) -> Iterator[Hours]:
    if regime.summer is None:
        yield Hours(regime.since, regime.weekdays, regime.hours, regime.opens_day_before)
        return
    zone = ZoneInfo(regime.summer.of)
    before: bool | None = None
    for ordinal in range(regime.since.toordinal(), end.toordinal()):
        day = date.fromordinal(ordinal)
        is_summer = bool(datetime.combine(day, time(12), zone).dst())
        if is_summer != before:
            spans = regime.summer.hours if is_summer else regime.hours
            yield Hours(day, regime.weekdays, spans, regime.opens_day_before)
        before = is_summer


def _mistake(file: str, located: Located, error: dict[str, object]) -> str:
    location = error["loc"]
    where = tuple(part for part in location if part != "[key]") if isinstance(location, tuple) else ()
    key = ".".join(map(str, where)) or "the file"
    line = located.line(*where)
    if error["type"] == "missing":
        return f"{file}:{line}: {key} is missing"
    if error["type"] == "extra_forbidden":
        return f"{file}:{line}: {key}: unknown key"
    found = "" if isinstance(error["input"], dict) else f"found {error['input']!r}, "
    return f"{file}:{line}: {key}: {found}{str(error['msg']).removeprefix('Value error, ')}"
