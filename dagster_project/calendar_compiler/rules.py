"""The rules of one calendar, as a person writes them in `calendars/<CODE>.yaml`."""

from datetime import date, time
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from dagster_project.calendar_compiler.parts import Announced, Shift, Spans, SpansOrWord, Weekdays, in_order

What = Literal["closed", "open", "session", "hours", "shift", "settlement_holiday", "estimated"]


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("expected a timezone such as Asia/Kolkata")
    return name


def _library(text: object) -> object:
    """`pandas_market_calendars XNSE` as (library, calendar)."""
    return tuple(text.split(maxsplit=1)) if isinstance(text, str) else text


Timezone = Annotated[str, AfterValidator(_timezone)]
Library = Annotated[
    tuple[Literal["pandas_market_calendars", "exchange_calendars", "holidays"], str], BeforeValidator(_library)
]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Summer(_File):
    """Other hours while summer time is in force somewhere else: an exchange that follows New York."""

    of: Timezone
    hours: Spans


class Regime(_File):
    """Regular weekdays and hours from a date on. No hours: the calendar has days only."""

    since: date
    weekdays: Weekdays
    hours: Spans = ()
    summer: Summer | None = None
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


class _Stated(_File):
    """What every rules file states for itself."""

    title: str
    verified_through: date
    verified_by: str = Field(min_length=3)
    overlays: tuple[Overlay, ...] = ()


class Rules(_Stated):
    """A rules file of its own."""

    timezone: Timezone
    first: date = date(2015, 1, 1)
    library: Library | None = None
    names: str | None = None  # a market or country of `holidays`
    half_days: time | None = None  # when the days close that `holidays` names as half days
    regular: tuple[Regime, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ordered(self) -> "Rules":
        since = [regime.since for regime in self.regular]
        if since != sorted(set(since)) or since[0] > self.first:
            raise ValueError("expected `regular` in the order of its dates, the first no later than `first`")
        return self


class Like(_Stated):
    """A rules file that has another calendar's rules and overlays; its own overlays of a day replace those."""

    like: str
