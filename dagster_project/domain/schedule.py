"""The schedule file as a model: what `adapters/<name>.yaml` may say.

Values keep the words of the file; fingerprints and records are made from `model_dump(mode="json")`, so that a
schedule that was in force earlier can be read back from the database and asked again.
"""

import hashlib
import json
from datetime import date, timedelta
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from dagster_project.domain.moment import Moment, Wall, read_duration, read_moment, write_duration


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("expected a timezone of the IANA database, such as Asia/Kolkata")
    return name


def _moment(value: object) -> object:
    return read_moment(value) if isinstance(value, str) else value


def _duration(value: object) -> object:
    return read_duration(value) if isinstance(value, str) else value


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
Timezone = Annotated[str, AfterValidator(_known_timezone)]
Owner = Annotated[str, Field(pattern=r"^(team:\S+|\S+@\S+\.\S+)$")]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wait(_File):
    """Poll for publication every `every`, until `until` on the fire's day."""

    every: DurationField
    until: MomentField


class Excepted(_File):
    """A session on which a schedule does not fire, and why."""

    date: date
    reason: str = Field(min_length=3)


class Retry(_File):
    """How often a fire whose run failed for a passing cause is attempted again, and after how long."""

    times: int = Field(default=3, ge=0, le=20)
    backoff: DurationField = timedelta(seconds=30)


class Schedule(_File):
    """When a feed runs: one named schedule of a schedule file."""

    at: MomentField
    deadline: MomentField | None = None
    wait: Wait | None = None
    lag: int = Field(default=0, ge=0, le=250)
    timezone: Timezone | None = None
    except_: tuple[Excepted, ...] = Field(default=(), alias="except")
    misfire: Literal["all", "latest", "skip"] = "all"
    grace: DurationField | None = None
    retry: Retry = Retry()

    @model_validator(mode="after")
    def _in_order(self) -> "Schedule":
        if isinstance(self.at, Wall):
            for name, moment in (("deadline", self.deadline), ("wait.until", self.wait and self.wait.until)):
                if isinstance(moment, Wall) and moment.at <= self.at.at:
                    raise ValueError(f"{name} {moment} is not after the fire at {self.at}")
        dates = [entry.date for entry in self.except_]
        if len(dates) != len(set(dates)):
            raise ValueError("except names a date twice")
        return self

    @property
    def fingerprint(self) -> str:
        """Changes with everything that the schedule says."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class ScheduleFile(_File):
    """A whole `adapters/<name>.yaml`."""

    calendar: str
    start: date
    owner: Owner
    schedules: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Schedule] = Field(min_length=1)
