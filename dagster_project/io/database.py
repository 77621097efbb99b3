"""The database: connections, and our own schema `marketday` in it, by numbered migrations.

Each `migrations/NNNN_<name>.sql` runs once, in order, in one transaction, under a lock that any number of
processes starting at once may wait for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x6D61726B  # "mark": our advisory lock for migrations
_DRIVER = "postgresql+psycopg2://"


def sqlalchemy_url(url: str) -> str:
    """The URL with its driver named: Dagster's SQLAlchemy may otherwise look for one that is not installed."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return _DRIVER + url.removeprefix(scheme)
    return url


def libpq_url(url: str) -> str:
    """The URL as libpq reads it, without SQLAlchemy's driver."""
    return url.replace(_DRIVER, "postgresql://", 1)


@contextmanager
def transaction(url: str) -> Iterator[Connection]:
    """A connection whose work is committed at the end, or rolled back. Names are looked up in `marketday`."""
    connection = psycopg2.connect(
        libpq_url(url), connect_timeout=10, options="-c search_path=marketday", application_name="marketday"
    )
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def migrate(url: str) -> list[str]:
    """Brings the schema up to date; returns the names of the migrations that ran."""
    ran = []
    with transaction(url) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        cursor.execute("create schema if not exists marketday")
        cursor.execute(
            "create table if not exists migration "
            "(number int primary key, name text not null, ran_at timestamptz not null default clock_timestamp())"
        )
        cursor.execute("select number from migration")
        done = {number for (number,) in cursor.fetchall()}
        for path in sorted(_MIGRATIONS.glob("*.sql")):
            number = int(path.stem.split("_")[0])
            if number not in done:
                cursor.execute(path.read_text(encoding="utf-8"))
                cursor.execute("insert into migration (number, name) values (%s, %s)", (number, path.stem))
                ran.append(path.stem)
    return ran
