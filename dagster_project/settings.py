"""The settings of one installation, from the environment (prefix `MARKETDAY_`)."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from dagster_project.registry import project_root


class Settings(BaseSettings):
    """What an operator may set. `marketday env` prints the ones that `dagster …` needs in another terminal."""

    model_config = SettingsConfigDict(env_prefix="MARKETDAY_", frozen=True)

    home: Path = project_root() / ".marketday"
    """The private folder: the embedded database, logs, and by default the store."""
    database_url: SecretStr | None = None
    """`postgresql://…`; without it `marketday run` starts a Postgres of its own."""
    store: str = ""
    """Where payloads and tables lie: a folder or an object store's URL. Default: `<home>/store`."""
    sources: Literal["simulated", "live"] = "simulated"
    simulator_url: str = ""
    """The simulator's base URL; set by `marketday run`."""
    contact: str = "marketday@localhost"
    """Stands in the User-Agent; sources ask for a way to reach whoever runs this."""
    proxy: str | None = None
    """An HTTP proxy on the way to live sources. The environment's own proxy variables are not read."""
    host: str = "127.0.0.1"
    port: int = 3000

    @property
    def store_root(self) -> str:
        return self.store or str(self.home / "store")

    @property
    def database(self) -> str:
        """The database's URL. Raises RuntimeError that says how to have one."""
        if self.database_url is None:
            raise RuntimeError(
                'MARKETDAY_DATABASE_URL is not set: in another terminal than `make run`, first run eval "$(make env)"'
            )
        return self.database_url.get_secret_value()


@cache
def settings() -> Settings:
    """The settings, read once a process."""
    return Settings()
