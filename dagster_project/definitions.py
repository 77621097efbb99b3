"""The code location: every feed's definitions, merged."""

import dagster as dg

from dagster_project.defs.feed import feed_definitions
from dagster_project.io import clock
from dagster_project.registry import feeds, project_root

defs = dg.Definitions.merge(
    *(feed_definitions(feed, project_root(), clock.now().date()) for feed in feeds(project_root())),
    # One step a run and nothing to fan out: a process and two seconds saved each time.
    dg.Definitions(executor=dg.in_process_executor),
)
