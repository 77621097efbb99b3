"""The schedule file as a model: what `adapters/<name>.yaml` may say.

Values keep the words of the file; fingerprints and records are made from `model_dump(mode="json")`, so that a
schedule that was in force earlier can be read back from the database and asked again.
"""

import hashlib
import json
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from dagster_project.domain.moment import Moment, Relative, Wall, read_duration, read_moment, write_duration

LATE = timedelta(minutes=2)  # later than this a tick counts as missed; so no grace is shorter


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # OSError: "America" is a folder
        near = get_close_matches(name, sorted(available_timezones()), n=1, cutoff=0.5) or ["Asia/Kolkata"]
        raise ValueError(f"expected a timezone of the IANA database, such as {near[0]}") from None
    return name


def _moment(value: object) -> object:
    if isinstance(value, Wall | Relative):
        return value
    return read_moment(value if isinstance(value, str) else "")


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    return read_duration(value if isinstance(value, str) else "")


def _date(value: object) -> object:
    try:
        return value if isinstance(value, date) else date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("expected a date such as 2024-07-08") from None


def _at_least(least: timedelta) -> AfterValidator:
    def check(duration: timedelta) -> timedelta:
        if duration < least:
            raise ValueError(f"expected at least {write_duration(least)}")
        return duration

    return AfterValidator(check)


MomentField = Annotated[
    Moment,
    BeforeValidator(_moment),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["18:45", "close + 1h30m", "open - 30m"]}),
]
DurationField = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(write_duration, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["5m", "1h30m", "3d"]}),
]
Date = Annotated[date, BeforeValidator(_date)]
Timezone = Annotated[str, AfterValidator(_known_timezone)]
Owner = Annotated[str, Field(pattern=r"^(team:\S+|\S+@\S+\.\S+)$")]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wait(_File):
    """Poll for publication every `every`, until `until` on the fire's day."""

    every: Annotated[DurationField, _at_least(timedelta(seconds=10))]  # a sensor looks no more often
    until: MomentField


class Excepted(_File):
    """A nominal day on which a schedule does not fire, and why."""

    date: Date
    reason: str = Field(min_length=3)


class Retry(_File):
    """How often a fire whose run failed for a passing cause is attempted again, and after how long.

    The pause doubles with each failure, up to an hour.
    """

    times: int = Field(default=3, ge=0, le=20, strict=True)
    backoff: Annotated[DurationField, _at_least(timedelta(seconds=1))] = timedelta(seconds=30)


class Schedule(_File):
    """When a feed runs: one named schedule of a schedule file."""

    at: MomentField
    deadline: MomentField | None = None
    wait: Wait | None = None
    lag: int = Field(default=0, ge=0, le=250, strict=True)
    timezone: Timezone | None = None
    except_: tuple[Excepted, ...] = Field(default=(), alias="except")
    misfire: Literal["all", "latest", "skip"] = "all"
    grace: Annotated[DurationField, _at_least(LATE)] | None = None
    retry: Retry = Retry()

    @field_validator("deadline")
    @classmethod
    def _deadline_after_fire(cls, deadline: Moment | None, info: ValidationInfo) -> Moment | None:
        if (at := info.data.get("at")) and deadline and _is_not_after(deadline, at):
            raise ValueError(f"expected a time after the fire at {at}")
        return deadline

    @field_validator("wait")
    @classmethod
    def _wait_after_fire(cls, wait: Wait | None, info: ValidationInfo) -> Wait | None:
        if (at := info.data.get("at")) and wait and _is_not_after(wait.until, at):
            raise ValueError(f"found until {wait.until}, expected a time after the fire at {at}")
        return wait

    @field_validator("except_")
    @classmethod
    def _once_each(cls, entries: tuple[Excepted, ...]) -> tuple[Excepted, ...]:
        seen: set[date] = set()
        for entry in entries:
            if entry.date in seen:
                raise ValueError(f"found {entry.date} twice, expected each date once")
            seen.add(entry.date)
        return entries

    @property
    def fingerprint(self) -> str:
        """Changes with everything that the schedule says.

        What it leaves at its default is not in it, so that a key that the language gains later changes no
        fingerprint of a file that does not use it.
        """
        said = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _is_not_after(moment: Moment, at: Moment) -> bool:
    """Whether `moment` never lies after `at`, so far as that can be told without a calendar."""
    if isinstance(moment, Wall) and isinstance(at, Wall):
        return moment.at <= at.at
    if isinstance(moment, Relative) and isinstance(at, Relative) and moment.anchor == at.anchor:
        return moment.offset <= at.offset
    return False


class ScheduleFile(_File):
    """A whole `adapters/<name>.yaml`."""

    calendar: str
    start: Date
    owner: Owner
    schedules: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Schedule] = Field(min_length=1)
