"""A feed's sessions as Dagster's partitions: keys are the data's dates, and only sessions are offered.

A daily cron with exclusions, never a weekday cron: that would keep Friday's window open until Monday and could
not hold a Sunday session. Weekend days are excluded by cron strings where no session falls on them, so that the
definition stays small in every snapshot.
"""

from datetime import date, datetime, time, timedelta
from functools import cache

import dagster as dg

from dagster_project.domain.calendar import Calendar

_WEEKEND = {5: 6, 6: 0}  # Python's weekday -> cron's


@cache
def session_partitions(calendar: Calendar, start: date) -> dg.TimeWindowPartitionsDefinition:
    """The sessions of `calendar` from `start` through the last verified day; today's is there from its midnight."""
    last = calendar.verified_through
    return dg.TimeWindowPartitionsDefinition(
        start=_midnight(start),
        end=_midnight(last + timedelta(days=1)),
        fmt="%Y-%m-%d",
        cron_schedule="0 0 * * *",
        timezone=calendar.timezone,
        end_offset=1,
        exclusions=list(_exclusions(calendar, start, last)),
    )


def _exclusions(calendar: Calendar, start: date, last: date) -> list[str | datetime]:
    """Every day from `start` through `last` that is no session: weekends by month as cron, the rest one by one."""
    sessions = set(calendar.sessions(start, last))
    crons = []
    by_cron: set[tuple[int, int]] = set()  # (weekday, month)
    for weekday, cron_weekday in _WEEKEND.items():
        held = {day.month for day in sessions if day.weekday() == weekday}
        months = [month for month in range(1, 13) if month not in held]
        if months:
            on = "*" if len(months) == 12 else ",".join(map(str, months))
            crons.append(f"0 0 * {on} {cron_weekday}")
            by_cron |= {(weekday, month) for month in months}
    days = (start + timedelta(days=at) for at in range((last - start).days + 1))
    single = [_midnight(day) for day in days if day not in sessions and (day.weekday(), day.month) not in by_cron]
    return [*crons, *single]


def _midnight(day: date) -> datetime:
    # Dagster takes naive datetimes here and means the definition's timezone.
    return datetime.combine(day, time())
