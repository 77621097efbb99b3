"""Everything that Dagster is told of one feed."""

from datetime import date
from pathlib import Path

import dagster as dg

from dagster_project.defs.assets import feed_asset
from dagster_project.defs.schedules import feed_schedule
from dagster_project.defs.sensors import backlog_sensor
from dagster_project.domain.fires import Feed
from dagster_project.registry import adapter_module, load_adapter
from dagster_project.tags import FEED


def feed_definitions(feed: Feed, root: Path, today: date) -> dg.Definitions:
    """A feed's asset, job, schedules and sensor."""
    adapter = load_adapter(feed.name, root)
    asset = feed_asset(feed, adapter, adapter_module(feed.name, root))
    job = dg.define_asset_job(
        f"{feed.name}_job",
        selection=[asset],
        # Named here as well: without it Dagster would run the last session again on every closed day.
        partitions_def=asset.partitions_def,
        tags={FEED: feed.name},
        description=f"Publishes one session of {feed.name}.",
    )
    return dg.Definitions(
        assets=[asset],
        jobs=[job],
        schedules=[feed_schedule(feed, name, job.name, today) for name in feed.schedules],
        sensors=[backlog_sensor(feed, adapter, job.name)],
    )
