"""What is missing: the fires that should have happened by now, compared with what did happen.

A tick does not say "run", it says "look". `owed` derives the fires from the schedule files that were in force
at the time; `backlog` decides what to do about each that is not served. No outage, however long, loses a fire.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from dagster_project.domain.attempt import Attempt, Decision, Outcome, Request, Waiting, next_step
from dagster_project.domain.fires import Fire
from dagster_project.domain.schedule import Schedule


def backlog(
    due: Sequence[Fire],
    schedules: Mapping[str, Schedule],
    attempts: Sequence[Attempt],
    published: Mapping[date, datetime],
    asked: Mapping[str, datetime],
    now: datetime,
    given_up: Collection[str] = (),
) -> list[Decision]:
    """What to do at `now` about each fire of `due` that is neither served nor given up, oldest first.

    `schedules` are those in force now; `attempts` all of this feed's; `published` says when each session's source
    was last asked and its answer published; `asked` when each fire's source was last probed; `given_up` the ids of
    the fires that were finally given up before: no later edit of the files revives one. A fire is served by an
    attempt of its own that says so, or by a publication at or after its time, whoever started it.
    """
    tried: dict[str, list[Attempt]] = {}
    for attempt in sorted(attempts, key=lambda attempt: attempt.number):
        tried.setdefault(attempt.fire_id, []).append(attempt)
    missing, latest = [], dict[str, datetime]()
    for fire in due:
        is_served = _is_served(fire, tried.get(fire.id, []), published)
        if not is_served and fire.id not in given_up:
            missing.append(fire)
        # A fire that still waits for its source takes the place of no earlier one.
        if is_served or fire.waits_until is None or fire.waits_until <= now:
            latest[fire.schedule] = max(fire.at, latest.get(fire.schedule, fire.at))
    decisions = [
        next_step(
            fire,
            schedules.get(fire.schedule),
            tried.get(fire.id, []),
            asked.get(fire.id),
            is_superseded=fire.at < latest.get(fire.schedule, fire.at),
            now=now,
        )
        for fire in missing
    ]
    return list(_one_a_session(decisions, tried))


def unanswered(request: Request, why: str, now: datetime) -> Decision:
    """What becomes of a request whose probe the source did not answer.

    Before the end of the wait it is asked again; then a run finds out, so that its error, its retries and their
    end are on record as any other's.
    """
    fire = request.fire
    if fire.waits_until is not None and now < fire.waits_until:
        return Waiting(fire, f"the source could not be asked: {why}")
    return replace(request, needs_probe=False, reason=f"the source could not be asked ({why}): a run finds out")


def _is_served(fire: Fire, tried: Sequence[Attempt], published: Mapping[date, datetime]) -> bool:
    if any(attempt.outcome is Outcome.SERVED for attempt in tried):
        return True
    at = published.get(fire.session)
    return at is not None and at >= fire.at


def _one_a_session(decisions: Sequence[Decision], tried: Mapping[str, Sequence[Attempt]]) -> Iterator[Decision]:
    """One run for each session at a time: what it publishes serves all fires of the session that are due."""
    taken = {
        decision.fire.session: decision.fire.id
        for decision in decisions
        if (attempts := tried.get(decision.fire.id)) and attempts[-1].outcome is None
    }
    for decision in decisions:
        if isinstance(decision, Request):
            serving = taken.setdefault(decision.fire.session, decision.fire.id)
            if serving != decision.fire.id:
                yield Waiting(decision.fire, f"the run of {serving} asks the source for the same session")
                continue
        yield decision
