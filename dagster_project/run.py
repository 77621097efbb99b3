"""`marketday run`: everything on one machine, from one command, and nothing left behind.

In order: the database, the simulator, what a deployment needs before anything runs, the code server, the daemon,
the web server. `environment()` is what `dagster …` needs to work with it from another terminal.
"""

import json
import os
import shlex
import socket
import sys
import urllib.request
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from dagster_project.io import clock, records
from dagster_project.io.database import sqlalchemy_url, transaction
from dagster_project.io.embedded_postgres import start_postgres
from dagster_project.io.process_errors import CannotRun
from dagster_project.io.process_lock import holder_of
from dagster_project.io.processes import Ending, Service, StopRequested, Supervisor
from dagster_project.io.socket_folder import NoSocketFolder, socket_folder
from dagster_project.registry import ScheduleFileError, feeds, project_root
from dagster_project.settings import Settings

_LOCATION = """{ workspaceOrError { ... on Workspace { locationEntries {
    locationOrLoadError { ... on PythonError { message } } } } } }"""
_ENVIRONMENT = "environment.json"
_LOCK = "lock"
_READY_WITHIN = 90.0
_REPORT_EVERY = 1.0
_REPORT_FOR = timedelta(minutes=5)


def run(host: str | None, port: int | None, sources: str | None, keep: bool) -> int:
    """Starts everything and waits for Ctrl-C, SIGTERM, the end of its parent (unless `keep`), or a failure.

    Returns the exit code: 0 after being asked to stop, 1 where something failed, with the reason on stderr.
    """
    given = {"host": host, "port": port, "sources": sources}
    settings = Settings().model_copy(update={name: value for name, value in given.items() if value is not None})
    try:
        names = [feed.name for feed in feeds(project_root())]
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with Supervisor(say=_say, die_with_parent=not keep) as supervisor:
            supervisor.lock(settings.home / _LOCK)  # first: an earlier run that was killed still frees the port
            _refuse_taken_port(settings.host, settings.port)
            (settings.home / _ENVIRONMENT).unlink(missing_ok=True)  # of a run that was killed
            try:
                ending = _serve(supervisor, settings, names)
            finally:
                (settings.home / _ENVIRONMENT).unlink(missing_ok=True)
    except StopRequested as stop:
        ending = stop.ending
    except (PortTaken, ScheduleFileError, CannotRun, NoSocketFolder) as error:
        print(error, file=sys.stderr)
        return 1
    _say(f"stopped: {ending.reason}")
    return ending.exit_code


def environment() -> dict[str, str]:
    """The variables of the instance that runs now. Raises RuntimeError where none does."""
    home = Settings().home
    if holder_of(home / _LOCK) is None:
        raise RuntimeError("nothing runs here: start it with `make run` in another terminal")
    try:
        found = json.loads((home / _ENVIRONMENT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RuntimeError("it is still starting: ask again when its terminal says that it runs") from None
    return {str(name): str(value) for name, value in found.items()}


class PortTaken(Exception):
    """The web server's port is in use."""


def _serve(supervisor: Supervisor, settings: Settings, names: list[str]) -> Ending:
    home, logs = settings.home, settings.home / "logs"
    logs.mkdir(exist_ok=True)
    variables = _variables(settings)

    def service(name: str, *arguments: str) -> Service:
        environ = {**os.environ, **variables}
        return Service(name, (sys.executable, *arguments), log=logs / f"{name}.log", env=environ, cwd=project_root())

    def start(name: str, *arguments: str, ready: Callable[[], bool] | None = None) -> None:
        supervisor.start(service(name, *arguments), ready=ready, within=_READY_WITHIN)

    if settings.database_url is None:
        _say("starting the database (an embedded Postgres)")
        variables["MARKETDAY_DATABASE_URL"] = start_postgres(supervisor, home / "postgres").sqlalchemy_url
    else:
        _say("using the database of MARKETDAY_DATABASE_URL")
        variables["MARKETDAY_DATABASE_URL"] = sqlalchemy_url(settings.database)

    if settings.sources == "simulated" and not settings.simulator_url:
        _say("starting the source simulator")
        port_file = home / "simulator.port"
        port_file.unlink(missing_ok=True)
        start("simulator", "-m", "simulator", "serve", "--port-file", str(port_file), ready=port_file.exists)
        variables["MARKETDAY_SIMULATOR_URL"] = f"http://127.0.0.1:{port_file.read_text().strip()}"

    _say("preparing the instance: tables, pools, deployment")
    alone = ("--alone",) if settings.database_url is None else ()  # a shared database may have runs of another host
    supervisor.run(service("prepare", "-m", "dagster_project.instance.deployment", *alone))

    _say("starting the code server")
    code_socket = Path(variables["MARKETDAY_CODE_SOCKET"])
    code_socket.unlink(missing_ok=True)
    code = ("code-server", "start", "--module-name", "dagster_project.definitions", "--socket", str(code_socket))
    start("code-server", "-m", "dagster", *code, ready=lambda: _listens(code_socket))

    _say("starting the daemon and the web server")
    url = f"http://{settings.host}:{settings.port}"
    start("daemon", "-m", "dagster_project.instance.daemon")
    web = ("--workspace", "workspace.yaml", "--host", settings.host, "--port", str(settings.port))
    start("webserver", "-m", "dagster_webserver", *web, "--log-format", "json", ready=lambda: _answers(url))
    _write_environment(home / _ENVIRONMENT, variables)
    _banner(settings, url)
    if (said := _location(url)) != "loaded":
        _say(f"The definitions do not load; mend them, then press Reload in the UI (Deployment):\n{said}")
    return _report(supervisor, variables["MARKETDAY_DATABASE_URL"], set(names))


def _variables(settings: Settings) -> dict[str, str]:
    """What every process of the instance needs to know."""
    home = settings.home
    return {
        "DAGSTER_HOME": str(project_root()),
        "MARKETDAY_HOME": str(home),
        "MARKETDAY_LOGS": str(home / "logs"),
        "MARKETDAY_STORE": settings.store_root,
        "MARKETDAY_SOURCES": settings.sources,
        "MARKETDAY_SIMULATOR_URL": settings.simulator_url,
        "MARKETDAY_CODE_SOCKET": str(socket_folder(home) / "code.sock"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        # Dagster would otherwise look up to 70 minutes back for ticks after a schedule's cron has changed.
        "DAGSTER_SCHEDULE_CHECKPOINT_INTERVAL_SECONDS": "60",
        "DAGSTER_SCHEDULE_CHECKPOINT_JITTER_SECONDS": "0",
        # Dagster's inner code server ends when, by the wall clock, it heard nothing for so long: 30 seconds, unless
        # told otherwise, would lose it wherever the machine slept. That nothing outlives us is the supervisor's work.
        "DAGSTER_GRPC_PROXY_HEARTBEAT_TTL_SECONDS": str(24 * 60 * 60),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }


def _refuse_taken_port(host: str, port: int) -> None:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"the web server cannot listen on {host}:{port}: {error.strerror}. "
                "Stop what uses it, or take another: make run PORT=3001"
            ) from error


def _listens(path: Path) -> bool:
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.connect(str(path))
    return True


def _answers(url: str) -> bool:
    """Whether the web server answers, with the code location, or with why it does not load."""
    return bool(_location(url))


def _location(url: str) -> str:
    """`loaded`, or why the code location is not; empty while the web server does not know yet."""
    request = urllib.request.Request(
        f"{url}/graphql", json.dumps({"query": _LOCATION}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        entries = json.load(answer)["data"]["workspaceOrError"]["locationEntries"]
    for found in (entry["locationOrLoadError"] for entry in entries):
        if found is not None:
            return str(found.get("message") or "loaded")
    return ""


def _write_environment(path: Path, variables: dict[str, str]) -> None:
    """Only the user may read it: a database of one's own may have a password in its URL."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(variables, file)


def _banner(settings: Settings, url: str) -> None:
    kind = "SIMULATED: generated data, true formats and times" if settings.sources == "simulated" else "LIVE"
    root = shlex.quote(str(project_root()))
    _say("")
    _say(f"  Marketday runs at      {url}")
    _say(f"  Sources                {kind}")
    _say(f"  Tables and payloads    {settings.store_root}")
    _say(f"  Logs                   {settings.home / 'logs'}")
    _say(f'  dagster in a terminal  cd {root} && eval "$(make env)"')
    _say("  Stop                   Ctrl-C")
    _say("")


def _report(supervisor: Supervisor, database: str, awaited: set[str]) -> Ending:
    """Says when each feed's first table is there, then only waits."""
    started = clock.now()
    while awaited and clock.now() - started < _REPORT_FOR:
        if (ending := supervisor.wait(_REPORT_EVERY)) is not None:
            return ending
        with transaction(database) as connection:
            for feed, session, rows in records.newest_publications(connection):
                if feed in awaited:
                    _say(f"{feed}: session {session} is published, {rows:,} rows")
                    awaited.discard(feed)
    return supervisor.wait() or Ending("the wait ended", 1)


def _say(line: str) -> None:
    print(line, flush=True)
