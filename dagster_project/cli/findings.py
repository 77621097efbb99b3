"""What is wrong, or soon will be, in the files that people write.

No adapter is imported: its source is read, so that a check is fast and runs nobody's code.
"""

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from dagster_project.cli import options
from dagster_project.cli.upcoming import upcoming
from dagster_project.domain.calendar import Calendar
from dagster_project.domain.fires import Feed
from dagster_project.io.schedule_files import Located, read_yaml
from dagster_project.registry import read_feeds

_NOTICE = timedelta(days=90)  # exchanges announce a year's holidays months ahead: time to look them up and review


@dataclass(frozen=True)
class Finding:
    """A mistake or a warning, and where. `file` is relative to the project's root."""

    file: str
    line: int
    message: str
    is_warning: bool = False


def findings(root: Path, at: date | datetime) -> Iterator[Finding]:
    """Everything found under `root` at the time `at`."""
    feeds, mistakes = read_feeds(root)
    yield from (Finding(each.file, each.line, each.message) for each in mistakes)
    for path in sorted((root / "adapters").glob("*.py")):
        yield from _of_adapter(path, root)
    for feed in feeds:
        located = read_yaml((root / _file(feed)).read_text(encoding="utf-8"))
        for name in feed.schedules:
            yield from _of_schedule(feed, name, located)
    for calendar in {feed.calendar.code: feed.calendar for feed in feeds}.values():
        yield from _of_calendar(calendar, root, options.as_date(at, calendar.zone))


def _of_adapter(path: Path, root: Path) -> Iterator[Finding]:
    file = str(path.relative_to(root))
    try:
        tree = ast.parse(path.read_bytes(), filename=file)
    except (SyntaxError, ValueError) as error:
        yield Finding(file, getattr(error, "lineno", None) or 1, f"not Python: {getattr(error, 'msg', error)}")
        return
    if not path.stem.startswith("_") and "adapter" not in _assigned(tree):
        yield Finding(file, 1, "has no `adapter = Adapter(...)`")


def _assigned(tree: ast.Module) -> set[str]:
    """The names that a module assigns at its top level."""
    targets: list[ast.expr] = []
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets.extend(node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets.append(node.target)
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _of_schedule(feed: Feed, name: str, located: Located) -> Iterator[Finding]:
    schedule, file = feed.schedules[name], _file(feed)
    for number, entry in enumerate(schedule.except_):
        if feed.calendar.is_known(entry.date) and not feed.calendar.is_session(entry.date):
            why = f"{entry.date} is no session of {feed.calendar.code} anyway: {feed.calendar.why_closed(entry.date)}"
            yield Finding(file, located.line("schedules", name, "except", number), f"except: {why}", is_warning=True)
    fires = list(upcoming(feed, name, options.as_instant(feed.start, feed.zone(name))))
    if not fires:
        known = f"{feed.calendar.code}, verified through {feed.calendar.verified_through}"
        yield Finding(
            file, located.line("schedules", name), f"schedules.{name}: never fires from {feed.start} on, by {known}"
        )
    for key, moment, path in (
        ("deadline", "deadline", ("deadline",)),
        ("wait.until", "waits_until", ("wait", "until")),
    ):
        early = [fire for fire in fires if (end := getattr(fire, moment)) is not None and end <= fire.at]
        if early:
            day, at = early[0].day, early[0].at.astimezone(feed.zone(name))
            message = f"schedules.{name}.{key}: is not after the fire at {at:%H:%M} on {day}"
            more = f", the first of {len(early)} such days" if len(early) > 1 else ""
            yield Finding(file, located.line("schedules", name, *path), f"{message}{more}")


def _of_calendar(calendar: Calendar, root: Path, today: date) -> Iterator[Finding]:
    rules, compiled = f"calendars/{calendar.code}.yaml", f"calendars/compiled/{calendar.code}.jsonl"
    line, text = 1, b""
    if (root / rules).is_file():
        text = (root / rules).read_bytes()
        lines = text.splitlines()
        line = next((at for at, each in enumerate(lines, 1) if each.startswith(b"verified_through:")), 1)
    left = calendar.verified_through - today
    if left < _NOTICE:
        when = f"{left.days} days from {today}" if left >= timedelta(0) else f"{-left.days} days before {today}"
        message = f"{calendar.code} is verified through {calendar.verified_through} only, {when}: later its feeds hold"
        yield Finding(rules, line, f"{message}; look up the exchange's notices and extend it", is_warning=True)
    if text and calendar.rules_sha256 and hashlib.sha256(text).hexdigest() != calendar.rules_sha256:
        again = f"python -m dagster_project.calendar_compiler {calendar.code}"
        yield Finding(compiled, 1, f"{rules} has changed since it was compiled; run: {again}")


def _file(feed: Feed) -> str:
    return f"adapters/{feed.name}.yaml"
