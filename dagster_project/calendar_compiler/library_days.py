"""The days of which a library says something else than the regular week and hours."""

from collections.abc import Iterator
from datetime import date, time

from dagster_project.calendar_compiler.libraries import ask, holiday_names
from dagster_project.calendar_compiler.overlays import kind_of
from dagster_project.calendar_compiler.rules_file import RulesFile
from dagster_project.domain.calendar import Exceptional, Hours, Kind, Span


def library_days(file: RulesFile, regimes: dict[date, Hours]) -> Iterator[Exceptional]:
    """Closures, other hours and special sessions by the library, in the order of their dates.

    `regimes` has the regular hours of every date. Names come from `holidays`, then from the library's own rules.
    """
    rules = file.rules
    if rules.library is None:
        return
    library, calendar = rules.library
    first, through = rules.first, rules.verified_through
    names = holiday_names(rules.names, first, through) if rules.names else {}
    halves = holiday_names(rules.names, first, through, "half_day") if rules.names and rules.half_days else {}
    answer = ask(library, calendar, first, through, file.zone)
    source = f"{library} {calendar}"
    for day, regime in regimes.items():
        if not first <= day <= through:
            continue
        is_regular = day.weekday() in regime.weekdays
        name = names.get(day) or answer.names.get(day)
        is_session = day in answer.sessions if answer.sessions is not None else is_regular and day not in answer.closed
        closes = answer.closes.get(day) or (rules.half_days if day in halves else None)
        spans = clipped(regime, answer.opens.get(day), closes)
        if is_regular and not is_session:
            yield Exceptional(day, Kind.CLOSED, name or "closed (reason unknown)", source)
        elif is_session and (spans != regime.spans or not is_regular):
            yield Exceptional(day, kind_of(spans, regime, day), name, source, spans, None, regime.opens_day_before)


def clipped(regime: Hours, opens: time | None, closes: time | None) -> tuple[Span, ...]:
    """The regular spans between another opening and another close; None keeps the regular one."""
    if not regime.spans or (opens is None and closes is None):
        return regime.spans
    spans = list(regime.spans)
    if len(spans) > 1 and not regime.opens_day_before:  # a part of the day that lies outside falls away
        whole = [(spans[0][0], spans[-1][1])]
        spans = [
            span for span in spans if (opens is None or opens < span[1]) and (closes is None or span[0] < closes)
        ] or whole
    first = opens or spans[0][0]
    spans[0] = (first, spans[0][1])
    spans[-1] = (spans[-1][0], closes or spans[-1][1])
    return tuple(spans)
