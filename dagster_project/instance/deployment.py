"""What a deployment of schedule files needs before anything runs by them: recorded, and every pool limited.

Run as a program, it prepares the database: Dagster's tables, our own, then this.
"""

import subprocess
import sys
from pathlib import Path

from dagster import DagsterInstance

from dagster_project.instance.left_runs import end_left_runs
from dagster_project.instance.pools import limit_pools
from dagster_project.io import records
from dagster_project.io.database import migrate, transaction
from dagster_project.registry import feeds, project_root
from dagster_project.settings import settings


def announce(instance: DagsterInstance, root: Path) -> bool:
    """Limits the pool of every feed and records what is deployed from now on; says whether anything changed."""
    found = feeds(root)
    limit_pools(instance, [feed.name for feed in found])
    with transaction(settings().database) as connection:
        return records.record_deployment(connection, found, git_commit(root))


def git_commit(root: Path) -> str | None:
    """The commit that is checked out, `-dirty` if files differ from it; None outside a git checkout."""
    try:
        found = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--abbrev=40", "--dirty", "--match="],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None


def main() -> None:
    """Brings the database up to date and announces the files as they are. With `--alone`, no run can be alive."""
    migrate(settings().database)
    with DagsterInstance.get() as instance:
        if "--alone" in sys.argv:
            end_left_runs(instance)
        announce(instance, project_root())


if __name__ == "__main__":
    main()
