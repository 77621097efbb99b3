"""A feed as a Dagster asset: what the UI shows of it, and the step that publishes one session."""

import inspect
from collections.abc import Iterator
from datetime import date, datetime
from types import ModuleType
from typing import Any

import dagster as dg

from dagster_project.adapter import AccessDenied, Adapter, AdapterError, NotYetPublished, RateLimited, SourceUnavailable
from dagster_project.defs import checks
from dagster_project.defs.partitions import session_partitions
from dagster_project.defs.resources import edge
from dagster_project.domain.attempt import Outcome
from dagster_project.domain.fires import Feed
from dagster_project.io import clock, records
from dagster_project.io.database import transaction
from dagster_project.io.publish import Published, SessionRefused, publish_session
from dagster_project.io.store_layout import table_uri
from dagster_project.settings import settings
from dagster_project.tags import FEED

_PREVIEW_ROWS = 10
_Results = Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]


def feed_asset(feed: Feed, adapter: Adapter, module: ModuleType) -> dg.AssetsDefinition:
    """The asset of a feed: one table, partitioned by session, one run at a time."""
    key = dg.AssetKey(feed.name)
    spec = dg.AssetSpec(
        key,
        description=inspect.getdoc(module),
        group_name=feed.calendar.code.replace("-", "_"),
        owners=[feed.owner],
        kinds={"python", "polars", "deltalake"},
        tags={FEED: feed.name},
        skippable=True,
        metadata={
            "dagster/column_schema": column_schema(adapter),
            "dagster/code_references": code_references(module),
            "dagster/uri": table_uri(settings().store_root, feed.name),
            "calendar": feed.calendar.code,
            "verified through": feed.calendar.verified_through.isoformat(),
        },
    )

    # Not `@dg.asset`: there every check must give a result, and a session that is not published yet has none.
    @dg.multi_asset(
        name=feed.name,
        specs=[spec],
        check_specs=checks.check_specs(key, adapter),
        can_subset=True,
        partitions_def=session_partitions(feed.calendar, feed.start),
        pool=feed.name,
    )
    def publish(context: dg.AssetExecutionContext) -> _Results:
        if key not in context.selected_asset_keys:
            raise dg.Failure("The checks are evaluated when a session is published: materialize the session.")
        yield from run_session(context, feed, adapter)

    return publish


def run_session(context: dg.AssetExecutionContext, feed: Feed, adapter: Adapter) -> _Results:
    """Publishes the session of this run's partition and records how the attempt ended."""
    session = date.fromisoformat(context.partition_key)
    world = edge()

    def end(outcome: Outcome, reason: str, retry_at: datetime | None = None) -> None:
        with transaction(world.database_url) as connection:
            records.end_attempt(connection, context.run_id, outcome, reason, retry_at)

    try:
        done = publish_session(feed, adapter, session, world, context.run_id, clock.now())
    except NotYetPublished as error:
        end(Outcome.NOT_PUBLISHED, str(error))
        context.log.warning(f"action=not_published feed={feed.name} session={session}: {error}")
        return
    except (SourceUnavailable, RateLimited) as error:
        wait = error.retry_after if isinstance(error, RateLimited) else None
        end(Outcome.UNAVAILABLE, str(error), clock.now() + wait if wait else None)
        raise _failure(error, session) from error
    except (AdapterError, SessionRefused) as error:
        end(Outcome.REFUSED, str(error))
        raise _failure(error, session) from error
    end(Outcome.SERVED, f"version {done.publication.version}")
    yield dg.MaterializeResult(asset_key=feed.name, metadata=_metadata(done))
    yield from checks.results(dg.AssetKey(feed.name), adapter, done)


def column_schema(adapter: Adapter) -> dg.TableSchema:
    """The declared columns, as the UI shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=str(column.dtype),
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=column.is_nullable),
            )
            for name, column in adapter.columns.items()
        ]
    )


def code_references(module: ModuleType) -> dg.CodeReferencesMetadataValue:
    """Where the adapter and its schedule are written."""
    file = inspect.getfile(module)
    return dg.CodeReferencesMetadataValue(
        code_references=[
            dg.LocalFileCodeReference(file_path=file, line_number=1, label="adapter"),
            dg.LocalFileCodeReference(file_path=file.removesuffix(".py") + ".yaml", line_number=1, label="schedule"),
        ]
    )


def _failure(error: Exception, session: date) -> dg.Failure:
    """The error as the UI shows it: its class says what happens next. Dagster does not retry it: the sensor does."""
    next_step = {
        SourceUnavailable: "It is attempted again by itself.",
        RateLimited: "It is attempted again when the source allows.",
        AccessDenied: "Nothing is attempted again: look at our access, then materialize the session by hand.",
        SessionRefused: "Nothing is wrong with the source.",
    }.get(type(error), "Nothing is attempted again: mend the adapter, then materialize the session by hand.")
    return dg.Failure(
        description=f"{type(error).__name__}: {error}",
        metadata={"error": type(error).__name__, "session": str(session), "next step": next_step},
        allow_retries=False,
    )


def _metadata(done: Published) -> dict[str, Any]:
    publication = done.publication
    metadata: dict[str, Any] = {
        "dagster/row_count": publication.rows,
        "rows": publication.rows,
        "bytes": len(done.payload.content),
        "version": publication.version,
        "table version": publication.table_version,
        "new version": publication.is_new,
        "restated": publication.restated,
        "payload sha256": done.stored.sha256,
        "payload": dg.MetadataValue.path(str(done.stored.path)),
        "source": dg.MetadataValue.url(done.payload.url),
        "preview": dg.MetadataValue.md(_preview(done)),
    }
    if done.delay is not None:
        metadata["seconds from close to publication"] = done.delay.total_seconds()
    if publication.restated:
        metadata["rows added"] = publication.rows_added
        metadata["rows removed"] = publication.rows_removed
        metadata["rows altered"] = publication.rows_altered
    return metadata


def _preview(done: Published) -> str:
    """The first rows as a Markdown table."""
    frame = done.frame.head(_PREVIEW_ROWS)
    lines = ["| " + " | ".join(frame.columns) + " |", "|" + " --- |" * len(frame.columns)]
    lines += ["| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |" for row in frame.rows()]
    return "\n".join(lines)
