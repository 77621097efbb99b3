"""Our own records: what was deployed, decided, claimed and published. One function a question or a fact."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from dagster_project.domain.attempt import Attempt, Outcome
from dagster_project.domain.calendar import Calendar
from dagster_project.domain.fires import Feed
from dagster_project.domain.owed import InForce
from dagster_project.domain.schedule import Schedule

GIVEN_UP = "given_up"


def record_deployment(connection: Connection, feeds: Sequence[Feed], git_commit: str | None) -> bool:
    """Records that these feeds are now at work, if anything changed since the last deployment; says whether."""
    by_name = {feed.name: feed for feed in feeds}
    fingerprints = {name: fingerprint(feed) for name, feed in by_name.items()}
    with connection.cursor() as cursor:
        cursor.execute("lock table deployment in exclusive mode")
        cursor.execute("select git_commit, fingerprints from deployment order by id desc limit 1")
        last = cursor.fetchone()
        if last is not None and last == (git_commit, fingerprints):
            return False
        cursor.execute(
            "insert into deployment (git_commit, fingerprints) values (%s, %s) returning id, deployed_at",
            (git_commit, json.dumps(fingerprints)),
        )
        found = cursor.fetchone()
        assert found is not None
        earlier = last[1] if last else {}
        changed = [
            (name, found[1], found[0], *_said(by_name.get(name)))
            for name in sorted({*fingerprints, *earlier})
            if fingerprints.get(name) != earlier.get(name)
        ]
        if changed:
            execute_values(
                cursor,
                "insert into schedule_in_force (feed, since, deployment_id, calendar, schedules) values %s",
                changed,
            )
    return True


def fingerprint(feed: Feed) -> str:
    """Changes with the calendar and with everything that the schedules say."""
    parts = [feed.calendar.code, *(f"{name} {each.fingerprint}" for name, each in sorted(feed.schedules.items()))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _said(feed: Feed | None) -> tuple[str | None, str]:
    """The calendar's code, and what the file says of the schedules; nothing, if the feed is gone."""
    if feed is None:
        return None, "{}"
    schedules = {name: each.model_dump(mode="json", by_alias=True) for name, each in feed.schedules.items()}
    return feed.calendar.code, json.dumps(schedules)


def in_force(connection: Connection, feed: str, calendar: Callable[[str], Calendar | None]) -> list[InForce]:
    """The schedules of a feed over time, oldest first. `calendar` gives the calendar of a code."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select since, calendar, schedules from schedule_in_force where feed = %s order by since", (feed,)
        )
        return [
            InForce(
                since,
                {name: Schedule.model_validate(each) for name, each in schedules.items()},
                calendar(code) if code else None,
            )
            for since, code, schedules in cursor.fetchall()
        ]


def attempts(connection: Connection, feed: str) -> list[Attempt]:
    """All attempts of a feed's fires."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select fire_id, number, run_id, outcome, ended_at, retry_at from attempt where feed = %s", (feed,)
        )
        return [
            Attempt(fire_id, number, run_id, Outcome(outcome) if outcome else None, ended_at, retry_at)
            for fire_id, number, run_id, outcome, ended_at, retry_at in cursor.fetchall()
        ]


def given_up(connection: Connection, feed: str) -> set[str]:
    """The ids of the fires that nothing will start any more: nobody revives one but a person."""
    with connection.cursor() as cursor:
        cursor.execute("select distinct fire_id from decision where feed = %s and kind = %s", (feed, GIVEN_UP))
        return {fire_id for (fire_id,) in cursor.fetchall()}


def published(connection: Connection, feed: str) -> dict[date, datetime]:
    """When each session's source was last asked, and its answer published."""
    with connection.cursor() as cursor:
        cursor.execute("select session, max(checked_at) from publication where feed = %s group by session", (feed,))
        return dict(cursor.fetchall())


def claim(
    connection: Connection, fire_id: str, number: int, feed: str, session: date, run_id: str, origin: str
) -> str | None:
    """Claims an attempt for a run. None if granted; else the run that holds it. Asking again is harmless."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into attempt (fire_id, number, feed, session, run_id, origin) values (%s, %s, %s, %s, %s, %s) "
            "on conflict do nothing",
            (fire_id, number, feed, session, run_id, origin),
        )
        cursor.execute("select run_id from attempt where fire_id = %s and number = %s", (fire_id, number))
        found = cursor.fetchone()
    return None if found is None or found[0] == run_id else str(found[0])


def attempt_of(connection: Connection, run_id: str) -> tuple[str, int] | None:
    """The fire and number of the attempt that a run is, if it is one."""
    with connection.cursor() as cursor:
        cursor.execute("select fire_id, number from attempt where run_id = %s", (run_id,))
        found = cursor.fetchone()
    return (found[0], found[1]) if found else None


def end_attempt(
    connection: Connection, run_id: str, outcome: Outcome, reason: str, retry_at: datetime | None = None
) -> None:
    """Records how a run's attempt ended, once. A run that is no attempt is none of our business here."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update attempt set outcome = %s, reason = %s, retry_at = %s, ended_at = clock_timestamp() "
            "where run_id = %s and outcome is null",
            (outcome, reason, retry_at, run_id),
        )


def record_launch(
    connection: Connection, run_id: str, feed: str, origin: str, launched_by: str | None, refused: str | None
) -> None:
    """Records a run of a feed and who asked for it; if it was refused, why."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into launch (run_id, feed, origin, launched_by, refused) values (%s, %s, %s, %s, %s) "
            "on conflict (run_id) do nothing",
            (run_id, feed, origin, launched_by, refused),
        )


def record_decisions(connection: Connection, decisions: Iterable[tuple[str, str, date, str, str]]) -> None:
    """Records (fire id, feed, session, kind, reason), each only where it differs from the fire's last."""
    rows = list(decisions)
    if not rows:
        return
    with connection.cursor() as cursor:
        execute_values(
            cursor,
            """
            insert into decision (fire_id, feed, session, kind, reason)
            select new.* from (values %s) as new (fire_id, feed, session, kind, reason)
            left join lateral (
                select kind, reason from decision where fire_id = new.fire_id order by id desc limit 1
            ) as last on true
            where (last.kind, last.reason) is distinct from (new.kind, new.reason)
            """,
            rows,
            template="(%s, %s, %s::date, %s, %s)",
        )


def record_publication(
    connection: Connection, feed: str, session: date, run_id: str, asked_at: datetime, published: Mapping[str, object]
) -> None:
    """Records a version of a session's table, or that its source, asked at `asked_at`, said the same again.

    `published` has version, rows, payload_sha256 and content_sha256.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into publication "
            "(feed, session, version, rows, payload_sha256, content_sha256, run_id, checked_at) values (%(feed)s, "
            "%(session)s, %(version)s, %(rows)s, %(payload_sha256)s, %(content_sha256)s, %(run_id)s, %(asked_at)s) "
            "on conflict (feed, session, version) do update "
            "set checked_at = greatest(publication.checked_at, excluded.checked_at)",
            {"feed": feed, "session": session, "run_id": run_id, "asked_at": asked_at, **published},
        )


def recent_row_counts(connection: Connection, feed: str, before: date, limit: int = 20) -> list[int]:
    """The row counts of the latest version of the sessions before a date, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select rows from (select distinct on (session) session, rows from publication "
            "where feed = %s and session < %s order by session desc, version desc) as latest "
            "order by session desc limit %s",
            (feed, before, limit),
        )
        return [rows for (rows,) in cursor.fetchall()]


def newest_publications(connection: Connection) -> list[tuple[str, date, int]]:
    """Of each feed: the session that was published last, and its rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct on (feed) feed, session, rows from publication order by feed, published_at desc"
        )
        return [(feed, session, rows) for feed, session, rows in cursor.fetchall()]
