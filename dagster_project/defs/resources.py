"""What the definitions work with, made from the settings: the source's port, the archive, the store."""

from datetime import timedelta
from functools import cache

from dagster_project.io import clock
from dagster_project.io.http import HttpClient, Sources
from dagster_project.io.payloads import PayloadArchive
from dagster_project.io.publish import Edge
from dagster_project.io.store import Store
from dagster_project.settings import settings

PROBE_WITHIN = timedelta(seconds=5)


@cache
def edge() -> Edge:
    """The world as this process meets it."""
    return Edge(
        http=http(),
        archive=PayloadArchive(settings().store_root),
        store=Store(settings().store_root),
        database_url=settings().database,
    )


@cache
def http() -> HttpClient:
    """The port to the sources: live, or the simulator."""
    base = settings().simulator_url if settings().sources == "simulated" else None
    return HttpClient(
        user_agent=f"marketday/0.1 ({settings().contact})",
        clock=clock.now,
        sources=Sources(base),
        proxy=settings().proxy,
    )


@cache
def prober() -> HttpClient:
    """The port as sensors use it: one short try, so that a slow source holds up no other feed."""
    return http().with_timeout(PROBE_WITHIN)
