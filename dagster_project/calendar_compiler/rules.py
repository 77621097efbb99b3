"""The rules of one calendar, as a person writes them in `calendars/<CODE>.yaml`."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from dagster_project.calendar_compiler.parts import Announced, Shift, Spans, SpansOrWord, Weekdays, in_order
from dagster_project.domain.calendar import Span
from dagster_project.io.schedule_files import Located, YamlError, read_yaml

What = Literal["closed", "open", "session", "hours", "shift", "settlement_holiday", "estimated"]


class RulesError(Exception):
    """All mistakes of a rules file, one line each: file, line, what was found, what was expected."""


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("expected a timezone such as Asia/Kolkata")
    return name


def _library(text: object) -> object:
    """`pandas_market_calendars XNSE` as (library, calendar)."""
    return tuple(text.split(maxsplit=1)) if isinstance(text, str) else text


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Regime(_File):
    """Regular weekdays and hours from a date on. No hours: the calendar has days only."""

    since: date
    weekdays: Weekdays
    hours: Spans = ()
    opens_day_before: bool = False
    source: str = Field(min_length=3)

    @model_validator(mode="after")
    def _in_order(self) -> "Regime":
        in_order(self.hours, self.opens_day_before)
        return self


class Overlay(_File):
    """One fact about one day, or about several days that one source states: dates with the name of each."""

    day: date | None = Field(None, alias="date")
    dates: dict[date, str] = {}
    what: What
    name: str = ""
    hours: SpansOrWord | None = None
    by: Shift | None = None
    source: str = Field(min_length=3)
    announced: Announced | None = None
    confidence: Literal["official", "high", "low"]
    agrees: bool = False  # the libraries say the same: kept for its name, source and announcement

    @model_validator(mode="after")
    def _complete(self) -> "Overlay":
        if (self.day is None) == (not self.dates) or (self.day is not None) != bool(self.name):
            raise ValueError("expected either a date and its name, or dates: {date: name}")
        if (self.hours is not None) != (self.what in ("session", "hours")):
            raise ValueError("expected hours with `session` and `hours`, and with nothing else")
        if self.what == "hours" and self.hours == "regular":
            raise ValueError("expected other hours than the regular ones; `open` makes a day a regular session")
        if (self.by is not None) != (self.what == "shift"):
            raise ValueError("expected `by`, such as +1h or -30m, with `shift` and with nothing else")
        return self


class Rules(_File):
    """A whole rules file."""

    title: str
    timezone: Annotated[str, AfterValidator(_timezone)]
    first: date = date(2015, 1, 1)
    verified_through: date
    verified_by: str = Field(min_length=3)
    library: Annotated[
        tuple[Literal["pandas_market_calendars", "exchange_calendars", "holidays"], str] | None,
        BeforeValidator(_library),
    ] = None
    names: str | None = None  # a market or country of `holidays`
    regular: tuple[Regime, ...] = Field(min_length=1)
    overlays: tuple[Overlay, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> "Rules":
        since = [regime.since for regime in self.regular]
        if since != sorted(set(since)) or since[0] > self.first:
            raise ValueError("expected `regular` in the order of its dates, the first no later than `first`")
        return self


@dataclass(frozen=True)
class Entry:
    """One overlay of one day, with its line in the file."""

    day: date
    name: str
    line: int
    overlay: Overlay

    @property
    def hours(self) -> tuple[Span, ...]:
        return self.overlay.hours if isinstance(self.overlay.hours, tuple) else ()


@dataclass(frozen=True)
class RulesFile:
    """A rules file that was read: its code, text, rules, and overlays day by day."""

    code: str
    sha256: str
    rules: Rules
    entries: tuple[Entry, ...]  # by date, then as the file has them

    @property
    def file(self) -> str:
        return f"calendars/{self.code}.yaml"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.rules.timezone)


def read_rules(path: Path) -> RulesFile:
    """The rules in `path`. Raises RulesError with every mistake that the file alone shows."""
    code, content = path.stem, path.read_bytes()
    file = f"calendars/{code}.yaml"
    try:
        located = read_yaml(content.decode())
        rules = Rules.model_validate(located.value)
    except YamlError as error:
        raise RulesError(f"{file}:{error.line}: {error}") from None
    except ValidationError as error:
        raise RulesError("\n".join(_mistake(file, located, dict(each)) for each in error.errors())) from None
    entries = sorted(_entries(rules, located), key=lambda entry: (entry.day, entry.line))
    return RulesFile(code, sha256(content), rules, tuple(entries))


def sha256(rules: bytes) -> str:
    """The hash of a rules file by which a stale compiled file is noticed."""
    return hashlib.sha256(rules).hexdigest()


def _entries(rules: Rules, located: Located) -> Iterator[Entry]:
    for at, overlay in enumerate(rules.overlays):
        if overlay.day is not None:
            yield Entry(overlay.day, overlay.name, located.line("overlays", at), overlay)
        for day, name in overlay.dates.items():
            yield Entry(day, name, located.line("overlays", at, "dates", day.isoformat()), overlay)


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
