"""One calendar compiled: its rules, what the libraries say, and the overlays, as the text that is committed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from itertools import groupby

from dagster_project.calendar_compiler.libraries import Answer, ask, holiday_names, versions
from dagster_project.calendar_compiler.overlays import Refused, kind_of, lay, same
from dagster_project.calendar_compiler.rules import Entry, Regime, RulesError, RulesFile
from dagster_project.domain.calendar import Exceptional, Hours, Kind, Span


@dataclass(frozen=True)
class Compiled:
    """The text of `calendars/compiled/<CODE>.jsonl`, and what a person should look at."""

    text: str
    warnings: tuple[str, ...]


def compiled(file: RulesFile) -> Compiled:
    """Compiles one calendar. Raises RulesError with every overlay that does not fit, LibraryError."""
    rules = file.rules
    lines = {line.day: [line] for line in _library(file)}
    mistakes: list[str] = []
    warnings: list[str] = []
    for day, group in groupby(_days_of(file), key=lambda entry: entry.day):
        entries = list(group)
        library = lines.get(day, [None])[0]
        try:
            lines[day] = lay(file, entries, _hours_of(file, day), _within(file, entries[-1], library))
        except Refused as refusal:
            mistakes.append(str(refusal))
            continue
        where = f"{file.file}:{entries[-1].line}"
        agrees = same(lines[day][-1], library, _hours_of(file, day), day) and day <= rules.verified_through
        if rules.library and agrees and not entries[-1].overlay.agrees:
            warnings.append(
                f"{where}: {rules.library[0]} says the same of {day} by now; delete the overlay, or keep it for its "
                "name, source and announcement with `agrees: true`"
            )
        if entries[-1].overlay.agrees and not (rules.library and agrees):
            says = f"{library.kind} ({library.name})" if library else "that it is a regular day"
            mistakes.append(f"{where}: `agrees: true`, but the library says of {day}: {says}")
    if mistakes:
        raise RulesError("\n".join(mistakes))
    days = [json.dumps(_line(line), ensure_ascii=False) for day in sorted(lines) for line in lines[day]]
    head = json.dumps(_head(file), ensure_ascii=False)
    return Compiled("\n".join([head, *days]) + "\n", tuple(warnings))


def _within(file: RulesFile, entry: Entry, library: Exceptional | None) -> Exceptional | None:
    """The library's line, once the entry is seen to lie where it may."""
    rules = file.rules
    if entry.day < rules.first:
        raise Refused(f"{file.file}:{entry.line}: {entry.day} is before {rules.first}, the calendar's first day")
    if entry.day > rules.verified_through and entry.overlay.what != "closed":
        raise Refused(
            f"{file.file}:{entry.line}: {entry.day} is after {rules.verified_through}, through which the calendar is "
            "verified; of such a day only a closure can be stated"
        )
    return library


def _days_of(file: RulesFile) -> list[Entry]:
    """The overlays day by day; an estimated day makes its neighbours uncertain too."""
    found = []
    for entry in file.entries:
        around = (-1, 0, 1) if entry.overlay.what == "estimated" else (0,)
        for by in around:
            day = entry.day + timedelta(days=by)
            if by == 0 or day.weekday() in _hours_of(file, day).weekdays:
                found.append(replace(entry, day=day))
    return sorted(found, key=lambda entry: (entry.day, entry.line))


def _hours_of(file: RulesFile, day: date) -> Hours:
    regime = next(each for each in reversed(file.rules.regular) if each.since <= max(day, file.rules.first))
    return Hours(regime.since, regime.weekdays, regime.hours, regime.opens_day_before)


def _library(file: RulesFile) -> Iterator[Exceptional]:
    """Every day of which the library says something else than the regular week and hours."""
    rules = file.rules
    if rules.library is None:
        return
    library, calendar = rules.library
    names = holiday_names(rules.names, rules.first, rules.verified_through) if rules.names else {}
    answer = ask(library, calendar, rules.first, rules.verified_through, file.zone)
    source = f"{library} {calendar}"
    for ordinal in range(rules.first.toordinal(), rules.verified_through.toordinal() + 1):
        day = date.fromordinal(ordinal)
        regime = _hours_of(file, day)
        is_regular = day.weekday() in regime.weekdays
        rule_names = {} if isinstance(answer, frozenset) else answer.names
        name = names.get(day) or rule_names.get(day)
        is_session = day not in answer and is_regular if isinstance(answer, frozenset) else day in answer.sessions
        if is_regular and not is_session:
            yield Exceptional(day, Kind.CLOSED, name or "closed (reason unknown)", source)
        elif is_session:
            spans = regime.spans if isinstance(answer, frozenset) else _clipped(regime, day, answer)
            kind = kind_of(spans, regime, day) if spans != regime.spans or not is_regular else Kind.SESSION
            if kind is not Kind.SESSION:
                yield Exceptional(day, kind, name, source, spans, None, regime.opens_day_before)


def _clipped(regime: Hours, day: date, answer: Answer) -> tuple[Span, ...]:
    """The regular spans, between the opening and the close that the library gives for `day`."""
    opens, closes = answer.opens.get(day), answer.closes.get(day)
    if not regime.spans or (opens is None and closes is None):
        return regime.spans
    spans = list(regime.spans)
    if len(spans) > 1:  # breaks lie in one day: a span outside the bounds falls away
        spans = [
            span for span in spans if (opens is None or opens < span[1]) and (closes is None or span[0] < closes)
        ] or [(regime.spans[0][0], regime.spans[-1][1])]
    first: time = opens or spans[0][0]
    spans[0] = (first, spans[0][1])
    spans[-1] = (spans[-1][0], closes or spans[-1][1])
    return tuple(spans)


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
        "regimes": [_regime(regime) for regime in rules.regular],
    }


def _regime(regime: Regime) -> dict[str, object]:
    found: dict[str, object] = {
        "since": regime.since.isoformat(),
        "weekdays": sorted(regime.weekdays),
        "hours": _texts(regime.hours),
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
