"""FINRA's consolidated daily short sale volume: pipe text, about 9,000 rows, the row count as its last line.

https://cdn.finra.org/equity/regsho/daily/CNMSshvolYYYYMMDD.txt, from 2018-08-01, published by 18:00 in New York.
An absent day is a 403, as an object store answers for a key that is not there.
"""

import math
import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

from dagster_project.domain.calendar import Day
from simulator.chance import chance
from simulator.source import Edition, File, Page, Source

NEW_YORK = ZoneInfo("America/New_York")
PATH = re.compile(r"/cdn\.finra\.org/equity/regsho/daily/CNMSshvol([0-9]{8})\.txt")
HEADER = "Date|Symbol|ShortVolume|ShortExemptVolume|TotalVolume|Market"
# Volumes are whole in the files of 2021 and decimal in those of mid 2026. The day between is our choice.
DECIMAL_SINCE = date(2026, 2, 23)

# Symbols that look like a missing value, a truth or a path, and a few that everybody knows. Their numbers are invented.
AWKWARD = (
    "NAN", "NA", "TRUE", "ACIC/U", "ACIC/WS", "BRK/A", "BRK/B", "A", "F", "T", "AA", "ALLYpA", "AAPL", "NVDA", "SPY",
)  # fmt: skip
LISTED = 9_300
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MARKETS = ("Q,N", "B,Q,N", "Q", "N", "B,Q", "B,N", "B")
MARKET_WEIGHTS = (4400, 3800, 1000, 90, 45, 3, 1)


def locate(path: str) -> File | None:
    found = PATH.fullmatch(path)
    if found is None:
        return None
    try:
        return File("daily", datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=NEW_YORK).date())
    except ValueError:
        return None


def nominal(day: Day) -> datetime:
    return datetime.combine(day.date, time(17, 30), NEW_YORK)


def member(kind: str, session: date) -> None:
    return None


def dated(session: date) -> str:
    return session.strftime("%Y%m%d")


@lru_cache(maxsize=4)
def symbols(seed: int) -> tuple[tuple[str, float], ...]:
    """Every symbol with the logarithm of its usual volume; the awkward ones first."""
    rng = chance(seed, "finra_short_volume", "symbols")
    found = dict.fromkeys(AWKWARD)
    while len(found) < LISTED:
        root = "".join(rng.choices(LETTERS, k=rng.choice((2, 3, 3, 3, 4, 4, 4, 4, 4, 5))))
        ending = rng.choice(("/WS", "/U", "/A", "pA", "pB")) if rng.random() < 0.05 and len(root) < 5 else ""
        found[root + ending] = None
    return tuple((symbol, rng.gauss(11, 2.4)) for symbol in found)


def write(kind: str, edition: Edition) -> str:
    rng = chance(edition.seed, "finra_short_volume", edition.session)
    restated = edition.restated.get(edition.session, 0)
    day = dated(edition.session)
    is_decimal = edition.session >= DECIMAL_SINCE
    rows = []
    for place, (symbol, usual) in enumerate(symbols(edition.seed)):
        if rng.random() < 0.03 and place >= len(AWKWARD):
            continue  # not every symbol trades every day
        volumes = _volumes(rng, usual, is_decimal, 1 + restated / 10 if place % 50 == 0 else 1)
        rows.append(f"{day}|{symbol}|{volumes}|{rng.choices(MARKETS, MARKET_WEIGHTS)[0]}")
        if len(rows) == edition.rows:
            break
    rows.sort(key=lambda row: row.split("|", 2)[1])
    return "\n".join([HEADER, *rows, str(len(rows)), ""])


def _volumes(rng: Random, usual: float, is_decimal: bool, factor: float) -> str:
    """ShortVolume|ShortExemptVolume|TotalVolume in shares: exempt <= short <= total."""
    total = max(1.0, math.exp(usual + rng.gauss(0, 0.7)) * factor)
    short = max(1.0, total * rng.betavariate(3, 3.5))
    exempt = short * rng.random() * 0.05 if rng.random() < 0.4 else 0.0
    if is_decimal and rng.random() < 0.7:
        exempted = f"{exempt:.6f}" if exempt and rng.random() < 0.2 else str(int(exempt))
        return f"{short:.6f}|{exempted}|{total:.6f}"
    return f"{int(short)}|{int(exempt)}|{int(total)}"


def no_trailer(text: str) -> str:
    return "\n".join([*text.splitlines()[:-1], ""])


def wrong_count(text: str) -> str:
    *lines, count = text.splitlines()
    return "\n".join([*lines, str(int(count) + 7), ""])


def added_column(text: str) -> str:
    header, *rows, count = text.splitlines()
    return "\n".join([f"{header}|Venue", *(f"{row}|X" for row in rows), count, ""])


def duplicate_row(text: str) -> str:
    header, first, *rows, count = text.splitlines()
    return "\n".join([header, first, first, *rows, str(int(count) + 1), ""])


def half_the_rows(text: str) -> str:
    header, *rows, _ = text.splitlines()
    kept = rows[: len(rows) // 2]
    return "\n".join([header, *kept, str(len(kept)), ""])


def header_only(text: str) -> str:
    return f"{HEADER}\n"


source = Source(
    calendar="XNYS",
    start=date(2018, 8, 1),
    nominal=nominal,
    spread=timedelta(minutes=30),
    locate=locate,
    write=write,
    member=member,
    dated=dated,
    content_type="text/plain",
    absent=Page(
        403,
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
        "application/xml",
    ),
    sample_kind="daily",
    sample_extension="txt",
    edits={
        "added_column": added_column,
        "duplicate_row": duplicate_row,
        "half_the_rows": half_the_rows,
        "header_only": header_only,
        "no_trailer": no_trailer,
        "wrong_count": wrong_count,
    },
)
