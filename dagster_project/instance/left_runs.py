"""The runs that an earlier start left under way: nobody works on them, and each would hold its feed for hours.

Dagster's launcher does not see that a run's process is gone, so to the queue it runs until `max_runtime_seconds`.
"""

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

_MESSAGE = "Marketday was stopped while this run was under way; found at the next start."
_UNDER_WAY = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]


def end_left_runs(instance: DagsterInstance) -> list[str]:
    """Ends every run that is under way, frees its pool, and returns their ids. Dagster then retries those that failed.

    Only for an instance of one machine, before anything of it is started: elsewhere they may be alive.
    """
    left = instance.get_runs(RunsFilter(statuses=_UNDER_WAY))
    for run in left:
        if run.status is DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, message=_MESSAGE)
        else:
            instance.report_run_failed(run, message=_MESSAGE)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in left]
