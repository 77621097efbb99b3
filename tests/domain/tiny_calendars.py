"""Calendars small enough to know by heart, and feeds on them."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dagster_project.domain.calendar import Calendar, read_calendar
from dagster_project.domain.fires import Feed
from dagster_project.domain.schedule import Schedule

Hours = Sequence[tuple[str, str]]


def tiny(
    code: str,
    timezone: str,
    hours: Hours,
    *days: dict[str, Any],
    first: str = "2026-01-01",
    verified_through: str = "2026-12-31",
    weekdays: Sequence[int] = (0, 1, 2, 3, 4),
    opens_day_before: bool = False,
) -> Calendar:
    """A calendar read from its compiled text: one regime, and exceptional days."""
    regime = {"since": first, "weekdays": list(weekdays), "hours": hours, "opens_day_before": opens_day_before}
    head = {
        "code": code,
        "title": code,
        "timezone": timezone,
        "first": first,
        "verified_through": verified_through,
        "regimes": [regime],
    }
    lines = [head, *sorted(({"source": "a notice", **day} for day in days), key=lambda day: str(day["date"]))]
    return read_calendar("\n".join(map(json.dumps, lines)))


def closed(day: str, name: str) -> dict[str, Any]:
    """A holiday."""
    return {"date": day, "kind": "closed", "name": name}


def session(day: str, kind: str, name: str, *hours: tuple[str, str]) -> dict[str, Any]:
    """An early close or a special session; without hours they are not known."""
    return {"date": day, "kind": kind, "name": name, "hours": hours}


NEW_YORK = tiny(
    "XNYS",
    "America/New_York",
    [("09:30", "16:00")],
    closed("2026-11-26", "Thanksgiving Day"),
    session("2026-11-27", "early_close", "Day after Thanksgiving", ("09:30", "13:00")),
    closed("2026-12-25", "Christmas Day"),
)
MUMBAI = tiny(
    "XNSE",
    "Asia/Kolkata",
    [("09:15", "15:30")],
    closed("2026-01-26", "Republic Day"),
    session("2026-02-01", "special_session", "Union Budget on a Sunday", ("09:15", "15:30")),
    {"date": "2026-03-20", "kind": "unknown", "name": "Id-ul-Fitr, by the moon"},
    session("2026-11-08", "special_session", "Muhurat trading, hours to be notified"),
)
CHICAGO = tiny(
    "CME",
    "America/Chicago",
    [("17:00", "16:00")],
    closed("2026-05-25", "Memorial Day"),
    opens_day_before=True,
)


def always(timezone: str, first: str = "2026-01-01", verified_through: str = "2026-12-31") -> Calendar:
    """A market that never closes: each day is a session from midnight to midnight."""
    return tiny(
        "ALWAYS",
        timezone,
        [("00:00", "00:00")],
        first=first,
        verified_through=verified_through,
        weekdays=range(7),
    )


def feed(calendar: Calendar, start: str | None = None, /, **schedules: dict[str, Any]) -> Feed:
    """A feed named `prices`; each schedule as its file would say it."""
    return Feed(
        name="prices",
        calendar=calendar,
        start=date.fromisoformat(start) if start else calendar.first,
        owner="team:test",
        schedules={name: Schedule.model_validate(said) for name, said in schedules.items()},
    )


def at(text: str, timezone: str = "UTC") -> datetime:
    """The instant (UTC) of a local time such as `2026-11-27 16:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
