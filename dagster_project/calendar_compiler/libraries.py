"""What the calendar libraries say of a range of days: sessions, unusual opens and closes, and names."""

import re
import warnings
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, time
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

import exchange_calendars
import holidays
import pandas
import pandas_market_calendars

_LATEST_PANDAS = (3, 0)  # 3.1 drops exchange_calendars' custom week masks without a word
# Our own hours say when a day closes early; the libraries' remarks on it would only repeat that, or contradict.
_REMARK = re.compile(r" \((markets? |half-day).*\)$", re.IGNORECASE)


class LibraryError(Exception):
    """A library that cannot be asked: too new, or without that calendar."""


@dataclass(frozen=True)
class Answer:
    """A library's answer about a range: sessions, the local times that are not its regular ones, and names.

    `sessions` is None where the library only knows which days are closed.
    """

    sessions: frozenset[date] | None = None
    closed: frozenset[date] = frozenset()
    opens: dict[date, time] = field(default_factory=dict)
    closes: dict[date, time] = field(default_factory=dict)
    names: dict[date, str] = field(default_factory=dict)


def check_pandas(found: str) -> None:
    """Raises LibraryError where this version of pandas would make exchange_calendars answer wrongly."""
    if tuple(int(part) for part in found.split(".")[:2]) > _LATEST_PANDAS:
        raise LibraryError(
            f"found pandas {found}, expected < 3.1: later ones silently drop the week masks of exchange_calendars "
            "(Korea's and India's Saturday sessions); run: pip install 'pandas<3.1'"
        )


def versions(library: str | None, names: str | None) -> dict[str, str]:
    """The versions of the libraries that were asked."""
    asked = ({library} if library else set()) | ({"holidays"} if names else set())
    with_pandas = asked | ({"pandas"} if asked - {"holidays"} else set())
    return {name: version(name) for name in sorted(with_pandas)}


def ask(library: str, calendar: str, first: date, through: date, zone: ZoneInfo) -> Answer:
    """What `library` says of `calendar` from `first` through `through`. Raises LibraryError."""
    try:
        if library == "holidays":
            return Answer(closed=frozenset(holiday_names(calendar, first, through, "public")))
        if library == "exchange_calendars":
            return _exchange_calendars(calendar, first, through, zone)
        return _pandas_market_calendars(calendar, first, through, zone)
    except (exchange_calendars.errors.CalendarError, RuntimeError, NotImplementedError, ValueError) as error:
        raise LibraryError(f"{library} has no answer for {calendar}: {error}") from None


def holiday_names(market: str, first: date, through: date, category: str | None = None) -> dict[date, str]:
    """Names of days by `holidays`, of one category or of all.

    `market` is a market (XNSE), a country (CZ) or a country and its part (GB-ENG).
    """
    years = range(first.year, through.year + 1)
    try:
        known = holidays.financial_holidays(market).supported_categories
        found = holidays.financial_holidays(market, years=years, categories=(category,) if category else known)
    except NotImplementedError:
        country, _, part = market.partition("-")
        found = holidays.country_holidays(country, subdiv=part or None, years=years, language="en_US")
    return {day: _REMARK.sub("", name) for day, name in found.items() if first <= day <= through}


def _exchange_calendars(code: str, first: date, through: date, zone: ZoneInfo) -> Answer:
    calendar = exchange_calendars.get_calendar(code, start=first.isoformat(), end=through.isoformat())
    regular = {"open": _regular(calendar.open_times), "close": _regular(calendar.close_times)}
    return _answer(calendar, calendar.schedule[["open", "close"]], regular, zone, first, through)


def _pandas_market_calendars(code: str, first: date, through: date, zone: ZoneInfo) -> Answer:
    calendar = pandas_market_calendars.get_calendar(code)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schedule = calendar.schedule(first.isoformat(), through.isoformat())
    times = calendar.regular_market_times
    regular = {}
    for side in ("open", "close"):
        changes = times[f"market_{side}"]  # (since, time), or (since, time, offset in days)
        regular[side] = _regular(tuple((since, when) for since, when, *_ in changes))
    schedule = schedule[["market_open", "market_close"]].set_axis(["open", "close"], axis=1)
    return _answer(calendar, schedule, regular, zone, first, through)


def _regular(times: tuple[tuple[Any, time], ...]) -> tuple[list[date], list[time]]:
    since = [date.min if start is None else pandas.Timestamp(start).date() for start, _ in times]
    return since, [when for _, when in times]


def _answer(
    calendar: Any,
    schedule: Any,
    regular: dict[str, tuple[list[date], list[time]]],
    zone: ZoneInfo,
    first: date,
    through: date,
) -> Answer:
    other: dict[str, dict[date, time]] = {"open": {}, "close": {}}
    for side, found in other.items():
        since, times = regular[side]
        for session, instant in schedule[side].items():
            day = session.date()
            local = instant.tz_convert(zone).time()
            if local != times[bisect_right(since, day) - 1]:
                found[day] = local
    sessions = frozenset(session.date() for session in schedule.index)
    names = _rule_names(calendar, first, through)
    return Answer(sessions, opens=other["open"], closes=other["close"], names=names)


def _rule_names(calendar: Any, first: date, through: date) -> dict[date, str]:
    """Names of the rules by which a library closes days, or closes them early or opens them late."""
    groups = [calendar.regular_holidays]
    groups += [rules for _, rules, *_ in [*calendar.special_closes, *calendar.special_opens]]
    found: dict[date, str] = {}
    for group in groups:
        for rule in getattr(group, "rules", None) or ():
            for day in rule.dates(pandas.Timestamp(first), pandas.Timestamp(through)):
                found.setdefault(day.date(), rule.name)
    return found
