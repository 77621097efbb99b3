"""Every genuine file of these sources that lies beside the project: it parses to all its values, or is the right error.

The files are third-party data and no part of the project: without the folder, this file is not collected. The values
are compared with a second reading by the standard library alone.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dagster_project.adapter import AdapterError, NotYetPublished, SourceChanged, SourceUnavailable
from dagster_project.domain.table import problems
from dagster_project.registry import adapter_module, load_adapter, project_root

ROOT = project_root()
GENUINE = ROOT.parent / "shared" / "sources" / "samples"
SOURCES = ("nse_", "ecb_", "finra_")
Rows = dict[tuple[str, ...], list[str]]


def session_of(path: Path) -> date:
    """The date in a file's name."""
    found = re.search(r"(\d{4})-?(\d{2})-?(\d{2})", path.name)
    assert found, path.name
    return date(*map(int, found.groups()))


def nse_rows(path: Path) -> Iterator[tuple[date, Rows]]:
    nse = adapter_module("nse_equity", ROOT)
    with zipfile.ZipFile(path) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read(archive.namelist()[0]).decode())))
    names = [nse.NAMES[name] for name in nse.COLUMNS]
    yield session_of(path), {(row["TckrSymb"], row["SctySrs"]): [row[name] for name in names] for row in rows}


def finra_rows(path: Path) -> Iterator[tuple[date, Rows]]:
    rows = [line.split("|") for line in path.read_text().splitlines()[1:-1]]
    yield session_of(path), {(row[1],): [str(session_of(path)), *row[1:]] for row in rows}


def ecb_xml_rows(path: Path) -> Iterator[tuple[date, Rows]]:
    for day in re.split(r"(?=<Cube time=)", path.read_text())[1:]:
        session = day[12:22]
        quotes = re.findall(r"currency=.(\w{3}). rate=.([\d.]+).", day)
        yield date.fromisoformat(session), {(code,): [session, code, rate] for code, rate in quotes}


def ecb_csv_rows(path: Path) -> Iterator[tuple[date, Rows]]:
    """The newest, the oldest, and every 700th day between."""
    with zipfile.ZipFile(path) as archive:
        days = list(csv.DictReader(io.StringIO(archive.read(archive.namelist()[0]).decode())))
    for day in [*days[::700], days[-1]]:
        session = day.pop("Date")
        quotes = {code: rate for code, rate in day.items() if code and rate != "N/A"}
        yield date.fromisoformat(session), {(code,): [session, code, rate] for code, rate in quotes.items()}


TABLES: dict[str, tuple[str, Callable[[Path], Iterator[tuple[date, Rows]]]]] = {
    "nse_cm_udiff/*.zip": ("nse_equity", nse_rows),
    "finra_regsho/CNMSshvol*.txt": ("finra_short_volume", finra_rows),
    "ecb_eurofxref/*.xml": ("ecb_fx", ecb_xml_rows),
    "ecb_eurofxref/*.zip": ("ecb_fx", ecb_csv_rows),
}
# What is no table of ours, as served or saved in the place of one: the error, and the words that name it.
ERRORS: dict[str, tuple[str, type[AdapterError], str]] = {
    "nse_cm_legacy/*.csv": ("nse_equity", SourceChanged, "legacy bhavcopy"),
    "nse_cm_legacy/faults/*.html": ("nse_equity", SourceUnavailable, "Service Temporarily Unavailable"),
    "nse_secfull/*.csv": ("nse_equity", SourceChanged, "sec_bhavdata_full"),
    "nse_index_close/*.csv": ("nse_equity", SourceChanged, "ind_close_all"),
    "finra_regsho/rows_*.txt": ("finra_short_volume", SourceUnavailable, "not the number of rows"),
    "ecb_eurofxref/faults/*.xml": ("ecb_fx", SourceChanged, "“1,1476” is not a number"),
}


def found(patterns: dict[str, tuple[object, ...]]) -> list[object]:
    return [
        pytest.param(path, *case, id=str(path.relative_to(GENUINE)))
        for pattern, case in patterns.items()
        for path in sorted(GENUINE.glob(pattern))
    ]


@pytest.mark.parametrize(("path", "feed", "rows_of"), found({**TABLES}))
def test_a_genuine_file_becomes_all_its_values(
    path: Path, feed: str, rows_of: Callable[[Path], Iterator[tuple[date, Rows]]]
) -> None:
    """Each value of each row, read a second time by other means."""
    adapter, payload = load_adapter(feed, ROOT), path.read_bytes()
    kinds = [column.dtype.to_python() for column in adapter.columns.values()]
    read: dict[type, Callable[[str], object]] = {date: date.fromisoformat, Decimal: Decimal, int: int, str: str}
    for session, rows in rows_of(path):
        table = adapter.parse(payload, session)
        assert problems(table, adapter.columns, adapter.key) == []
        assert table.height == len(rows)
        for row in table.iter_rows():
            written = rows[row[1 : len(adapter.key)]]
            assert row == tuple(read[kind](text) for kind, text in zip(kinds, written, strict=True))


@pytest.mark.parametrize(("path", "feed", "rows_of"), found({**TABLES}))
def test_a_genuine_file_is_no_other_session_s(path: Path, feed: str, rows_of: object) -> None:
    """Asked for a later session, it is the file of an earlier one: not yet published."""
    with pytest.raises(NotYetPublished):
        load_adapter(feed, ROOT).parse(path.read_bytes(), date(2030, 1, 2))


@pytest.mark.parametrize(("path", "feed", "expected", "words"), found({**ERRORS}))
def test_a_genuine_file_of_another_kind_is_the_right_error(
    path: Path, feed: str, expected: type[AdapterError], words: str
) -> None:
    """As it is, and as the only member of a zip under the expected name; never a table."""
    adapter = load_adapter(feed, ROOT)
    session = date(2026, 3, 13)
    with pytest.raises(AdapterError, match=re.escape(words)) as caught:
        adapter.parse(path.read_bytes(), session)
    assert type(caught.value) is expected

    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, f"BhavCopy_NSE_CM_0_0_0_{session:%Y%m%d}_F_0000.csv")
    with pytest.raises(AdapterError):
        adapter.parse(whole.getvalue(), session)


def test_every_genuine_file_has_its_case() -> None:
    """A file that is added there is judged here."""
    judged = {path for pattern in (*TABLES, *ERRORS) for path in GENUINE.glob(pattern)}
    there = {path for source in SOURCES for path in GENUINE.glob(f"{source}*/**/*") if path.is_file()}
    assert {path for path in there if path.suffix != ".md"} == judged
