"""What the database remembers of deployments and decisions."""

from dataclasses import replace
from datetime import date, datetime

import dagster as dg

from dagster_project.domain.calendar import Calendar
from dagster_project.io import records
from dagster_project.io.database import migrate, transaction
from dagster_project.registry import calendar, feeds, project_root
from dagster_project.settings import settings


def test_a_deployment_is_recorded_when_something_changed(instance: dg.DagsterInstance) -> None:
    """The same files loaded again are no deployment; an edit is, and only its feed gets new schedules in force."""
    found = feeds(project_root())
    [edited] = [feed for feed in found if feed.name == "ecb_fx"]
    lagging = replace(edited, schedules={"fixing": edited.schedules["fixing"].model_copy(update={"lag": 1})})
    others = [feed for feed in found if feed is not edited]

    def load(code: str) -> Calendar:
        return calendar(code, project_root())

    with transaction(settings().database) as connection:
        records.record_deployment(connection, found, "a")
        assert not records.record_deployment(connection, found, "a")
        before = {feed.name: len(records.in_force(connection, feed.name, load)) for feed in found}
        assert records.record_deployment(connection, [*others, lagging], "b")
        history = {feed.name: records.in_force(connection, feed.name, load) for feed in found}
        connection.rollback()  # the other tests go by the files as they are
    assert {name: len(each) - before[name] for name, each in history.items()} == {
        feed.name: int(feed is edited) for feed in found
    }
    assert history["ecb_fx"][-1].schedules == lagging.schedules
    assert history["ecb_fx"][-1].calendar is edited.calendar


def test_a_decision_is_stored_once_until_it_changes(instance: dg.DagsterInstance, database: str) -> None:
    """A sensor that looks every ten seconds writes a row when its answer changes, not every ten seconds."""
    fire, session = "ecb_fx/fixing/2026-11-20", date(2026, 11, 20)
    with transaction(database) as connection:
        for kind, reason in [("wait", "a"), ("wait", "a"), ("wait", "b"), ("request", "b"), ("wait", "b")]:
            records.record_decisions(connection, [(fire, "ecb_fx", session, kind, reason)])
        with connection.cursor() as cursor:
            cursor.execute("select kind, reason from decision where fire_id = %s order by id", (fire,))
            assert cursor.fetchall() == [("wait", "a"), ("wait", "b"), ("request", "b"), ("wait", "b")]


def test_a_session_counts_as_asked_when_its_source_was_asked(instance: dg.DagsterInstance, database: str) -> None:
    """Not when the record was written: an answer from before the fire does not serve it. It never goes back."""
    session = date(2026, 11, 20)
    content = {"version": 1, "rows": 1, "payload_sha256": "p", "content_sha256": "c"}
    asked = [datetime.fromisoformat(f"2026-11-20T{time}:00+00:00") for time in ("15:00", "16:00", "15:30")]
    with transaction(database) as connection:
        for at in asked:
            records.record_publication(connection, "ecb_fx", session, "run", at, content)
        assert records.published(connection, "ecb_fx") == {session: asked[1]}


def test_migrations_run_once(instance: dg.DagsterInstance) -> None:
    """Any number of processes may start at once; the second finds nothing to do."""
    assert migrate(settings().database) == []
