"""The calendars against days on which sources published, where genuine samples are at hand."""

import csv
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from dagster_project.io.calendars import load_calendar

FOLDER = Path(__file__).resolve().parents[2] / "calendars"
SAMPLES = FOLDER.parent / ".." / "shared" / "sources" / "samples"

Days = Callable[[Path], set[date]]


def _dates(text: str, pattern: str) -> set[date]:
    return {date.fromisoformat(found) for found in re.findall(pattern, text)}


def _iso_lines(path: Path) -> set[date]:
    return _dates(path.read_text(encoding="utf-8"), r"(?m)^\d{4}-\d{2}-\d{2}$")


def _ecb(path: Path) -> set[date]:
    return _dates(path.read_text(encoding="utf-8"), r"time=['\"](\d{4}-\d{2}-\d{2})")


def _treasury_feed(path: Path) -> set[date]:
    return _dates(path.read_text(encoding="utf-8"), r"NEW_DATE[^>]*>(\d{4}-\d{2}-\d{2})")


def _american(path: Path) -> set[date]:
    with path.open(encoding="utf-8") as file:
        rows = {row.get("DATE") or row["Date"] for row in csv.DictReader(file)}
    return {datetime.strptime(row, "%m/%d/%Y").date() for row in rows}  # noqa: DTZ007  dates have no zone


# calendar, files, how their dates are read, the first date that counts, sessions that the collector is known to lack
EVIDENCE: list[tuple[str, str, Days, str, set[str]]] = [
    ("XNSE", "_calendar_evidence/nse_sessions*.txt", _iso_lines, "2019-10-29", {"2021-11-04", "2022-08-08"}),
    ("XBOM", "_calendar_evidence/nse_sessions*.txt", _iso_lines, "2019-10-29", {"2021-11-04", "2022-08-08"}),
    ("TARGET", "ecb_eurofxref/eurofxref-hist-90d*.xml", _ecb, "2015-01-01", set()),
    ("CBOE_VIX", "cboe_vix/VIX_History*.csv", _american, "2015-01-01", set()),
    ("SIFMA_US", "ust_par_yield/*.csv", _american, "2015-01-01", set()),
    ("SIFMA_US", "ust_par_yield/DailyTreasury*.xml", _treasury_feed, "2015-01-01", set()),
]


def _cases() -> Iterator[tuple[str, Path, Days, str, set[str]]]:
    for code, files, days, since, gaps in EVIDENCE:
        for path in sorted(SAMPLES.glob(files)):
            if max(days(path)).isoformat() >= since:
                yield code, path, days, since, gaps


@pytest.mark.parametrize(
    ("code", "path", "days", "since", "gaps"), list(_cases()), ids=lambda value: getattr(value, "name", "")
)
def test_a_source_published_on_exactly_the_sessions(
    code: str, path: Path, days: Days, since: str, gaps: set[str]
) -> None:
    """Every date in the file is a session, and every session between them is in the file."""
    observed = {day for day in days(path) if day.isoformat() >= since}
    sessions = set(load_calendar(code, FOLDER).sessions(min(observed), max(observed)))
    assert {day.isoformat() for day in sessions - observed} == {gap for gap in gaps if gap <= max(observed).isoformat()}
    assert observed - sessions == set()


def test_the_czech_bank_fixed_on_exactly_its_days() -> None:
    """One file per fixing; that of 2023-06-14 was not captured."""
    observed = {date.fromisoformat(path.stem[-10:]) for path in (SAMPLES / "cnb_fx").glob("denni_kurz_*.txt")}
    sessions = set(load_calendar("CNB", FOLDER).sessions(min(observed), max(observed)))
    assert sessions - observed == {date(2023, 6, 14)}
    assert observed - sessions == set()
