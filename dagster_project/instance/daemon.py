"""dagster-daemon, and beside it a thread that announces each new load of the code location.

A reload (the UI's button, or a restarted code server) may bring new feeds and edited schedules: within seconds
their pools are limited, and since when they are in force is recorded.
"""

import logging
import os
import threading

from dagster import DagsterInstance
from dagster._daemon.cli import run_command
from dagster._grpc.client import DagsterGrpcClient

from dagster_project.instance.deployment import announce
from dagster_project.registry import ScheduleFileError, project_root

POLL_SECONDS = 2.0
_log = logging.getLogger("marketday")


def main() -> None:
    """Runs until it is stopped; arguments are as for `dagster-daemon run`."""
    threading.Thread(target=announce_reloads, name="announce", daemon=True).start()
    run_command.main(["--workspace", str(project_root() / "workspace.yaml"), "--log-format", "json"])


def announce_reloads() -> None:
    """Asks the code server, again and again, which load it serves, and announces each new one."""
    client = DagsterGrpcClient(socket=os.environ["MARKETDAY_CODE_SOCKET"])
    seen: str | None = None
    pause = threading.Event()
    with DagsterInstance.get() as instance:
        while not pause.wait(POLL_SECONDS):
            try:
                loaded = client.get_server_id(timeout=5)
                if loaded == seen:
                    continue
                if announce(instance, project_root()):
                    _log.info("action=deployment_recorded server=%s", loaded)
                seen = loaded
            except ScheduleFileError as error:
                _log.error("action=schedule_files_refused %s", error)
                seen = loaded
            except Exception as error:  # whatever it is, the daemon goes on, and this is tried again
                _log.warning("action=announce_failed %s: %s", type(error).__name__, error)


if __name__ == "__main__":
    main()
