"""What a person does in Dagster's UI, as it does it: by GraphQL. Sessions are partition keys, feeds are assets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.e2e.stack import UNFINISHED, Stack, Unreachable

REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "marketday"}
PARTITION = "dagster/partition"

_LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on Error { message } } }"""
_REEXECUTE = """mutation ($params: ReexecutionParams!) { launchRunReexecution(reexecutionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on Error { message } } }"""
_RUN = """query ($id: ID!) { runOrError(runId: $id) { ... on Run {
    status jobName startTime endTime tags { key value }
    assetMaterializations { partition metadataEntries { label
        ... on IntMetadataEntry { intValue } ... on FloatMetadataEntry { floatValue }
        ... on BoolMetadataEntry { boolValue } ... on TextMetadataEntry { text } } }
    eventConnection { events { __typename ... on MessageEvent { message }
        ... on ExecutionStepFailureEvent { failureMetadata { description metadataEntries { label
            ... on TextMetadataEntry { text } } } }
        ... on AssetCheckEvaluationEvent { evaluation { checkName success } } } } } } }"""
_RUNS = """query ($filter: RunsFilter) { runsOrError(filter: $filter) { ... on Runs { results { runId } } } }"""
_TICKS = """query ($selector: InstigationSelector!) { instigationStateOrError(instigationSelector: $selector) {
    ... on InstigationState { id ticks(limit: 20) { timestamp status skipReason runIds } }
    ... on Error { message } } }"""
_BACKFILL = """mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on Error { message } } }"""
_BACKFILL_STATUS = """query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status error { message } } } }"""
_STOP_SENSOR = """mutation ($id: String!) { stopSensor(id: $id) { __typename ... on Error { message } } }"""
_START_SENSOR = """mutation ($selector: SensorSelector!) { startSensor(sensorSelector: $selector) {
    __typename ... on Error { message } } }"""


class Refused(Exception):
    """What the UI would show in red."""


@dataclass(frozen=True)
class Run:
    """A run as the UI shows it. `started` and `ended` are seconds since the epoch, None where they are still ahead."""

    id: str
    status: str
    job: str
    tags: Mapping[str, str]
    started: float | None
    ended: float | None
    materializations: Mapping[str, Mapping[str, Any]]  # partition -> the metadata
    checks: Mapping[str, bool]
    failure: Mapping[str, str]  # the metadata of the step's failure, and its description
    messages: list[str]

    def says(self, words: str) -> bool:
        """Whether one of the run's events has these words."""
        return any(words in message for message in self.messages)


@dataclass(frozen=True)
class Tick:
    """A tick of a schedule or sensor. `at` is aware, in UTC."""

    at: datetime
    status: str
    skip_reason: str | None
    runs: list[str]


def launch(stack: Stack, feed: str, session: str, tags: Mapping[str, str] | None = None) -> str:
    """The Launchpad of a feed's job, for one partition, with further tags; the run's id."""
    return _launch(stack, {"jobName": f"{feed}_job"}, session, tags or {})


def materialize(stack: Stack, feed: str, session: str) -> str:
    """The button on the asset's page; the run's id."""
    return _launch(stack, {"jobName": "__ASSET_JOB", "assetSelection": [{"path": [feed]}]}, session, {})


def reexecute(stack: Stack, run_id: str) -> str:
    """“Re-execute all”; the new run's id."""
    answer = stack.graphql(_REEXECUTE, params={"parentRunId": run_id, "strategy": "ALL_STEPS"})
    return str(_granted(answer["launchRunReexecution"])["run"]["runId"])


def backfill(stack: Stack, feed: str, since: str, through: str) -> str:
    """A backfill of a range of partitions; its id."""
    selected = {"assetKey": {"path": [feed]}, "partitions": {"range": {"start": since, "end": through}}}
    answer = stack.graphql(_BACKFILL, params={"partitionsByAssets": [selected]})
    return str(_granted(answer["launchPartitionBackfill"])["backfillId"])


def backfill_status(stack: Stack, backfill_id: str) -> str:
    found = stack.graphql(_BACKFILL_STATUS, id=backfill_id)["partitionBackfillOrError"]
    assert not found["error"], found["error"]
    return str(found["status"])


def run(stack: Stack, run_id: str) -> Run:
    found = stack.graphql(_RUN, id=run_id)["runOrError"]
    events = found["eventConnection"]["events"]
    failures = [event["failureMetadata"] for event in events if event.get("failureMetadata")]
    evaluations = [event["evaluation"] for event in events if event.get("evaluation")]
    return Run(
        id=run_id,
        status=found["status"],
        job=found["jobName"],
        tags={tag["key"]: tag["value"] for tag in found["tags"]},
        started=found["startTime"],
        ended=found["endTime"],
        materializations={each["partition"]: _metadata(each) for each in found["assetMaterializations"]},
        checks={each["checkName"]: each["success"] for each in evaluations},
        failure=_metadata(failures[0]) | {"description": failures[0]["description"]} if failures else {},
        messages=[event["message"] for event in events if event.get("message")],
    )


def finished(stack: Stack, run_id: str) -> Run:
    """The run, once it has ended in whatever way."""
    return stack.until(f"the end of run {run_id}", lambda: _ended(run(stack, run_id)))


def succeeded(stack: Stack, run_id: str) -> Run:
    """The run, once it has ended; fails where it did not succeed."""
    found = finished(stack, run_id)
    assert found.status == "SUCCESS", found.messages
    return found


def runs(stack: Stack, tags: Mapping[str, str]) -> list[Run]:
    """The runs that have all these tags, newest first."""
    wanted = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
    return [run(stack, each["runId"]) for each in stack.graphql(_RUNS, filter=wanted)["runsOrError"]["results"]]


def ticks(stack: Stack, name: str) -> list[Tick]:
    """The latest ticks of a schedule or sensor that have ended, newest first."""
    found = _instigator(stack, name)["ticks"]
    return [
        Tick(datetime.fromtimestamp(each["timestamp"], UTC), each["status"], each["skipReason"], each["runIds"])
        for each in found
        if each["status"] != "STARTED"
    ]


def stop_sensor(stack: Stack, name: str) -> None:
    """The switch beside a sensor, off; returns when no tick of it is under way."""
    _granted(stack.graphql(_STOP_SENSOR, id=_instigator(stack, name)["id"])["stopSensor"])
    stack.until(
        f"no tick of {name} under way",
        lambda: all(each["status"] != "STARTED" for each in _instigator(stack, name)["ticks"]),
    )


def start_sensor(stack: Stack, name: str) -> None:
    """The same switch, on."""
    _granted(stack.graphql(_START_SENSOR, selector={**REPOSITORY, "sensorName": name})["startSensor"])


def _launch(stack: Stack, job: Mapping[str, object], session: str, tags: Mapping[str, str]) -> str:
    all_tags = {PARTITION: session, **tags}
    params = {
        "selector": {**REPOSITORY, **job},
        "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in all_tags.items()]},
    }
    return str(_granted(stack.graphql(_LAUNCH, params=params)["launchRun"])["run"]["runId"])


def _granted(answer: dict[str, Any]) -> dict[str, Any]:
    if "message" in answer:
        raise Refused(answer["message"])
    return answer


def _ended(found: Run) -> Run | None:
    return None if found.status in UNFINISHED else found


def _instigator(stack: Stack, name: str) -> dict[str, Any]:
    found = stack.graphql(_TICKS, selector={**REPOSITORY, "name": name})["instigationStateOrError"]
    if "message" in found:
        raise Unreachable(found["message"])
    return dict(found)


def _metadata(event: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of an event: label -> value, of the types that are asked for."""
    return {
        entry["label"]: value
        for entry in event["metadataEntries"]
        for key, value in entry.items()
        if key not in ("label", "__typename")
    }
