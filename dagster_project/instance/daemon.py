"""dagster-daemon, and beside it a thread that announces each new load of the code location.

A reload (the UI's button, or a restarted code server) may bring new feeds and edited schedules: within seconds
their pools are limited, and since when they are in force is recorded. Dagster's code server is two processes; where
the inner one ends (killed, or the machine slept), the outer goes on serving nothing: the thread has it start another.
"""

import logging
import os
import threading
from contextlib import suppress

from dagster import DagsterInstance
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._daemon.cli import run_command
from dagster._grpc.client import DagsterGrpcClient

from dagster_project.instance.deployment import announce
from dagster_project.registry import ScheduleFileError, project_root

POLL_SECONDS = 2.0
RESTART_AFTER, RESTART_EVERY = 3, 30  # polls in a row
RESTART_WITHIN_SECONDS = 120
_log = logging.getLogger("marketday")


def main() -> None:
    """Runs until it is stopped; arguments are as for `dagster-daemon run`."""
    threading.Thread(target=announce_reloads, name="announce", daemon=True).start()
    run_command.main(["--workspace", str(project_root() / "workspace.yaml"), "--log-format", "json"])


def announce_reloads() -> None:
    """Asks the code server, again and again, which load it serves, and announces each new one."""
    client = DagsterGrpcClient(socket=os.environ["MARKETDAY_CODE_SOCKET"])
    seen: str | None = None
    unserved = 0
    pause = threading.Event()
    with DagsterInstance.get() as instance:
        while not pause.wait(POLL_SECONDS):
            try:
                loaded = client.get_server_id(timeout=5)
                unserved = 0
                if loaded == seen:
                    continue
                if announce(instance, project_root()):
                    _log.info("action=deployment_recorded server=%s", loaded)
                seen = loaded
            except ScheduleFileError as error:
                _log.error("action=schedule_files_refused %s", error)
                seen = loaded
            except DagsterUserCodeUnreachableError as error:
                _log.warning("action=code_server_unreachable %s", error)
                # UNKNOWN is what the outer server says of an inner one that does not listen; a slow one is no such case
                unserved = unserved + 1 if "UNKNOWN" in str(error) else 0
                if unserved % RESTART_EVERY == RESTART_AFTER:
                    restart_code_server(client)
            except Exception as error:  # whatever it is, the daemon goes on, and this is tried again
                _log.warning("action=announce_failed %s: %s", type(error).__name__, error)


def restart_code_server(client: DagsterGrpcClient) -> None:
    """As the UI's Reload does. The call ends with an error although it worked: the ended process does not answer."""
    _log.error("action=code_server_restarted its inner process had ended")
    with suppress(DagsterUserCodeUnreachableError):
        client.reload_code(timeout=RESTART_WITHIN_SECONDS)


if __name__ == "__main__":
    main()
