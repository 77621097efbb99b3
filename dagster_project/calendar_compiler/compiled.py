"""One calendar compiled: its rules, what the libraries say, and the overlays, as the text that is committed."""

import json
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from itertools import groupby

from dagster_project.calendar_compiler.libraries import versions
from dagster_project.calendar_compiler.library_days import library_days
from dagster_project.calendar_compiler.overlays import Refused, lay, same
from dagster_project.calendar_compiler.rules_file import Entry, RulesError, RulesFile
from dagster_project.domain.calendar import Exceptional, Hours, Span

_NEXT_YEARS = timedelta(days=2 * 366)  # how far after `verified_through` a closure may be stated


@dataclass(frozen=True)
class Compiled:
    """The text of `calendars/compiled/<CODE>.jsonl`, and what a person should look at."""

    text: str
    warnings: tuple[str, ...]


def compiled(file: RulesFile) -> Compiled:
    """Compiles one calendar. Raises RulesError with every overlay that does not fit, LibraryError."""
    regimes = _regime_of_each_day(file)
    library = {line.day: line for line in library_days(file, regimes)}
    lines = {day: [line] for day, line in library.items()}
    mistakes: list[str] = []
    warnings: list[str] = []
    for day, group in groupby(_by_day(file, regimes), key=lambda entry: entry.day):
        entries = list(group)
        try:
            _refuse_outside(file, entries[-1])
            lines[day] = lay(entries, regimes[day], library.get(day), file.zone)
        except Refused as refusal:
            mistakes.append(str(refusal))
            continue
        agrees = day <= file.rules.verified_through and same(lines[day][-1], library.get(day), regimes[day], day)
        warnings += _caught_up(file, entries[-1], agrees)
        mistakes += _disagreement(file, entries[-1], agrees, library.get(day))
    if mistakes:
        raise RulesError("\n".join(mistakes))
    days = [json.dumps(_line(line), ensure_ascii=False) for day in sorted(lines) for line in lines[day]]
    head = json.dumps(_head(file), ensure_ascii=False)
    return Compiled("\n".join([head, *days]) + "\n", tuple(warnings))


def _refuse_outside(file: RulesFile, entry: Entry) -> None:
    rules = file.rules
    if entry.day < rules.first:
        raise Refused(f"{entry.where}: {entry.day} is before {rules.first}, the calendar's first day")
    if entry.day > rules.verified_through and entry.overlay.what != "closed":
        raise Refused(
            f"{entry.where}: {entry.day} is after {rules.verified_through}, through which the calendar is "
            "verified; of such a day only a closure can be stated"
        )


def _caught_up(file: RulesFile, entry: Entry, agrees: bool) -> list[str]:
    if file.rules.library is None or not agrees or entry.overlay.agrees:
        return []
    return [
        f"{entry.where}: {file.rules.library[0]} says the same of {entry.day} by now; delete the overlay, or keep it "
        "for its name, source and announcement with `agrees: true`"
    ]


def _disagreement(file: RulesFile, entry: Entry, agrees: bool, library: Exceptional | None) -> list[str]:
    if not entry.overlay.agrees or (agrees and file.rules.library):
        return []
    says = f"{library.kind} ({library.name})" if library else "a regular day"
    return [f"{entry.where}: `agrees: true`, but the library says of {entry.day}: {says}"]


def _regime_of_each_day(file: RulesFile) -> dict[date, Hours]:
    regimes = file.regimes()
    found: dict[date, Hours] = {}
    at = 0
    last = file.rules.verified_through + _NEXT_YEARS
    for ordinal in range(regimes[0].since.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        while at + 1 < len(regimes) and regimes[at + 1].since <= day:
            at += 1
        found[day] = regimes[at]
    return found


def _by_day(file: RulesFile, regimes: dict[date, Hours]) -> list[Entry]:
    """The overlays day by day; an estimated day makes its neighbours uncertain too."""
    found = []
    for entry in file.entries:
        if entry.day not in regimes:
            raise RulesError(f"{entry.where}: {entry.day} lies outside {min(regimes)} to {max(regimes)}")
        for by in (-1, 0, 1) if entry.overlay.what == "estimated" else (0,):
            day = entry.day + timedelta(days=by)
            if by == 0 or day.weekday() in regimes[day].weekdays:
                found.append(replace(entry, day=day))
    return sorted(found, key=lambda entry: entry.day)


def _head(file: RulesFile) -> dict[str, object]:
    rules = file.rules
    return {
        "code": file.code,
        "title": rules.title,
        "timezone": rules.timezone,
        "first": rules.first.isoformat(),
        "verified_through": rules.verified_through.isoformat(),
        "verified_by": rules.verified_by,
        "compiled_from": versions(rules.library[0] if rules.library else None, rules.names),
        "rules_sha256": file.sha256,
        "regimes": [_regime(regime) for regime in file.regimes()],
    }


def _regime(regime: Hours) -> dict[str, object]:
    found: dict[str, object] = {
        "since": regime.since.isoformat(),
        "weekdays": sorted(regime.weekdays),
        "hours": _texts(regime.spans),
    }
    return found | ({"opens_day_before": True} if regime.opens_day_before else {})


def _line(line: Exceptional) -> dict[str, object]:
    found: dict[str, object] = {"date": line.day.isoformat(), "kind": str(line.kind), "name": line.name}
    if line.spans:
        found["hours"] = _texts(line.spans)
    if line.opens_day_before and line.spans:
        found["opens_day_before"] = True
    if not line.settles:
        found["settles"] = False
    if line.announced:
        is_midnight = line.announced.timetz().replace(tzinfo=None) == time()
        found["announced"] = (line.announced.date() if is_midnight else line.announced).isoformat()
    return found | {"source": line.source}


def _texts(spans: tuple[Span, ...]) -> list[list[str]]:
    return [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in spans]
