"""The asset checks of every feed, evaluated in the step that publishes."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.adapter import Adapter
from dagster_project.io.publish import Published

COLUMNS, KEY, ROWS, RESTATEMENT = "columns", "key", "row_count", "restatement"


def check_specs(asset: dg.AssetKey, adapter: Adapter) -> list[dg.AssetCheckSpec]:
    """What is checked, in words that the UI shows beside the asset."""
    return [
        dg.AssetCheckSpec(
            COLUMNS,
            asset=asset,
            description="Exactly the declared columns, typed, and empty only where they may be. "
            "A table that fails is not published.",
        ),
        dg.AssetCheckSpec(
            KEY,
            asset=asset,
            description=f"Unique by {', '.join(adapter.key)}. A table that fails is not published.",
        ),
        dg.AssetCheckSpec(
            ROWS, asset=asset, description="As many rows as the sessions before it had, give or take. Warns only."
        ),
        dg.AssetCheckSpec(
            RESTATEMENT,
            asset=asset,
            description="Says when a session's rows differ from those published before, which stay readable. "
            + ("This source restates." if adapter.restates else "This source never restates: a change is an error."),
        ),
    ]


def results(asset: dg.AssetKey, adapter: Adapter, done: Published) -> Iterator[dg.AssetCheckResult]:
    """What the checks say of a session that was published."""
    yield dg.AssetCheckResult(
        asset_key=asset, check_name=COLUMNS, passed=True, metadata={"columns": len(adapter.columns)}
    )
    yield dg.AssetCheckResult(asset_key=asset, check_name=KEY, passed=True, metadata={"rows": done.publication.rows})
    yield dg.AssetCheckResult(
        asset_key=asset,
        check_name=ROWS,
        passed=done.row_count_is_usual,
        severity=dg.AssetCheckSeverity.WARN,
        description=done.row_count_words,
        metadata={"rows": done.publication.rows},
    )
    restated = done.publication.restated
    yield dg.AssetCheckResult(
        asset_key=asset,
        check_name=RESTATEMENT,
        passed=adapter.restates or not restated,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"restated: this is version {done.publication.version}" if restated else "no change",
        metadata={"version": done.publication.version},
    )
