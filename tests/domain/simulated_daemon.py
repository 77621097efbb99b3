"""A daemon, a source and the records, without a process: what the domain decides is carried out at once.

Time moves in steps. At each step on which the daemon is up it records the files that are in force, evaluates the
schedules' ticks, then looks at the backlog, as the definitions do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from dagster_project.domain.attempt import Attempt, Decision, GivenUp, Outcome, Request, Waiting
from dagster_project.domain.backlog import backlog, unanswered
from dagster_project.domain.fires import Feed, Fire, fires
from dagster_project.domain.owed import InForce, owed
from dagster_project.domain.schedule import LATE, Schedule

Files = Mapping[str, Schedule]


@dataclass
class Daemon:
    """`is_published` and `is_reachable` are the source; `fails` says how an attempt ends if not served."""

    feed: Feed
    is_published: Callable[[date, datetime], bool] = lambda session, now: True
    is_reachable: Callable[[datetime], bool] = lambda now: True
    fails: Callable[[str, int], Outcome | None] = lambda fire_id, number: None
    history: list[InForce] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    started: list[tuple[datetime, Fire]] = field(default_factory=list)
    published: dict[date, datetime] = field(default_factory=dict)
    asked: dict[str, datetime] = field(default_factory=dict)
    given_up: dict[str, str] = field(default_factory=dict)
    last_step: datetime | None = None

    def step(self, now: datetime, files: Files) -> list[Decision]:
        """One look at the world; `files` are the schedules on disk."""
        if not self.history or dict(self.history[-1].schedules) != dict(files):
            self.history.append(InForce(now, dict(files)))
        feed = replace(self.feed, schedules=dict(files))
        for name in files:
            for fire in fires(feed, name, max(self.last_step or now, now - LATE), now + timedelta.resolution):
                if fire.waits_until is None and not any(each.fire_id == fire.id for each in self.attempts):
                    self.start(fire, 1, now)
        self.last_step = now + timedelta.resolution
        outcomes = []
        for decision in self.look(now, files):
            outcome = self.probe(decision, now) if isinstance(decision, Request) else decision
            if isinstance(outcome, Request):
                self.start(outcome.fire, outcome.attempt, now)
            elif isinstance(outcome, GivenUp) and outcome.is_final:
                self.given_up[outcome.fire.id] = outcome.reason
            outcomes.append(outcome)
        return outcomes

    def look(self, now: datetime, files: Files) -> Sequence[Decision]:
        """What the backlog decides."""
        due = owed(replace(self.feed, schedules=dict(files)), self.history, now)
        return backlog(due, files, self.attempts, self.published, self.asked, now, self.given_up)

    def probe(self, request: Request, now: datetime) -> Decision:
        """Asks the source, where the request says so."""
        if not request.needs_probe:
            return request
        self.asked[request.fire.id] = now
        if not self.is_reachable(now):
            return unanswered(request, "no answer", now)
        if not self.is_published(request.fire.session, now):
            return Waiting(request.fire, "waiting for publication")
        return request

    def start(self, fire: Fire, number: int, now: datetime) -> None:
        """Claims the attempt, which never may be claimed already, and runs it to its end."""
        assert all((each.fire_id, each.number) != (fire.id, number) for each in self.attempts), "claimed twice"
        self.started.append((now, fire))
        outcome = self.fails(fire.id, number)
        if not self.is_reachable(now):
            outcome = Outcome.UNAVAILABLE
        elif not self.is_published(fire.session, now):
            outcome = Outcome.NOT_PUBLISHED
        if outcome is None:
            self.published[fire.session] = now
        self.attempts.append(
            Attempt(fire.id, number, f"run-{len(self.attempts)}", outcome or Outcome.SERVED, now, None)
        )

    def served(self) -> list[str]:
        """The fires that an attempt served, in order."""
        return [each.fire_id for each in self.attempts if each.outcome is Outcome.SERVED]
