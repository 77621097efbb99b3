"""Each feed's pool, limited to one: Dagster then starts a second run of a feed only when the first has ended.

Set explicitly: `default_limit` is ignored in the first pass over a new pool, and changing it makes Dagster stop
counting altogether (dagster-io/dagster#33552).
"""

from collections.abc import Iterable

from dagster import DagsterInstance


def limit_pools(instance: DagsterInstance, feeds: Iterable[str]) -> None:
    """Sets the pool of each feed to 1 where it is not."""
    storage = instance.event_log_storage
    limits = {pool.name: pool.limit for pool in storage.get_pool_limits() if not pool.from_default}
    for feed in feeds:
        if limits.get(feed) != 1:
            storage.set_concurrency_slots(feed, 1)
