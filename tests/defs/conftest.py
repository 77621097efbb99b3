"""A real Postgres, the simulator, and an instance of Dagster on them, for the tests of the definitions."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.defs import resources
from dagster_project.instance.deployment import announce
from dagster_project.io.database import migrate, transaction
from dagster_project.io.embedded_postgres import embedded_postgres
from dagster_project.registry import project_root
from dagster_project.settings import settings
from simulator.control import Control
from simulator.server import running_simulator


@pytest.fixture(scope="session")
def simulator() -> Iterator[Control]:
    """The sources, as they are now."""
    with running_simulator(clock=lambda: datetime.now(UTC)) as control:
        yield control


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory, simulator: Control) -> Iterator[dg.DagsterInstance]:
    """The instance that dagster.yaml describes, on a Postgres and a store of its own."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, embedded_postgres(home / "postgres") as database:
        patch.setenv("DAGSTER_HOME", str(project_root()))
        patch.setenv("MARKETDAY_HOME", str(home))
        patch.setenv("MARKETDAY_LOGS", str(home / "logs"))
        patch.setenv("MARKETDAY_DATABASE_URL", database.sqlalchemy_url)
        patch.setenv("MARKETDAY_SIMULATOR_URL", simulator.base_url)
        patch.setenv("MARKETDAY_CODE_SOCKET", str(home / "none.sock"))
        for cached in (settings, resources.edge, resources.http, resources.prober):
            cached.cache_clear()
        migrate(settings().database)
        with dg.DagsterInstance.get() as instance:
            announce(instance, project_root())
            yield instance
        for cached in (settings, resources.edge, resources.http, resources.prober):
            cached.cache_clear()


@pytest.fixture
def database(instance: dg.DagsterInstance, simulator: Control) -> str:
    """The database's URL, with no record of an earlier test."""
    simulator.reset()
    with transaction(settings().database) as connection, connection.cursor() as cursor:
        cursor.execute("truncate decision, attempt, launch, publication")
    return settings().database


@pytest.fixture
def store(instance: dg.DagsterInstance) -> Path:
    """The folder of the store."""
    return Path(settings().store_root)
