"""NSE's equity bhavcopy in UDiFF: a zip with one CSV of 34 columns, about 3,000 rows a session.

https://nsearchives.nseindia.com/content/cm/BhavCopy_NSE_CM_0_0_0_YYYYMMDD_F_0000.csv.zip, official from
2024-07-08 (circular 62424). The server wants a browser's User-Agent; an absent day is a 404.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dagster_project.domain.calendar import Calendar, CalendarError, Day
from simulator.chance import chance
from simulator.indian_instruments import AWKWARD, Instrument, instruments
from simulator.source import Edition, File, Page, Source

KOLKATA = ZoneInfo("Asia/Kolkata")
HEADER = (
    "TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,StrkPric,OptnTp,"
    "FinInstrmNm,OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,"
    "ChngInOpnIntrst,TtlTradgVol,TtlTrfVal,TtlNbOfTxsExctd,SsnId,NewBrdLotQty,Rmks,Rsvd1,Rsvd2,Rsvd3,Rsvd4"
)
SECFULL_HEADER = (
    "SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, HIGH_PRICE, LOW_PRICE, LAST_PRICE, CLOSE_PRICE, AVG_PRICE, "
    "TTL_TRD_QNTY, TURNOVER_LACS, NO_OF_TRADES, DELIV_QTY, DELIV_PER"
)
PATH = re.compile(
    r"/(?:nsearchives|archives)\.nseindia\.com/content/cm/BhavCopy_NSE_CM_0_0_0_([0-9]{8})_F_0000\.csv\.zip"
)


def locate(path: str) -> File | None:
    found = PATH.fullmatch(path)
    if found is None:
        return None
    try:
        return File("bhavcopy", datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=KOLKATA).date())
    except ValueError:
        return None


def nominal(day: Day) -> datetime:
    """An hour after the close; where the hours are not known (a special session), 19:00."""
    if day.close is None:
        return datetime.combine(day.date, time(19), KOLKATA)
    return day.close + timedelta(hours=1)


def member(kind: str, session: date) -> str:
    return f"BhavCopy_NSE_CM_0_0_0_{session:%Y%m%d}_F_0000.csv"


def refuse(headers: Mapping[str, str]) -> Page | None:
    """The edge lets only browsers pass, which it knows by their name."""
    return None if headers.get("user-agent", "").startswith("Mozilla/5.0") else source.blocked


def write(kind: str, edition: Edition) -> str:
    listed = instruments(edition.seed)
    before = closes(edition.seed, _session_before(edition.calendar, edition.session))
    now = closes(edition.seed, edition.session)
    restated = edition.restated.get(edition.session, 0)
    rng = chance(edition.seed, "nse_equity", edition.session)
    day = edition.session.isoformat()
    lines = []
    for place, instrument in enumerate(listed):
        trades_today = rng.random() < 0.985 or place < len(AWKWARD)
        if trades_today:
            # A restatement corrects volumes, never a close: the next session's previous close stays true.
            factor = 1 + restated / 10 if place % 50 == 0 else 1
            lines.append((instrument.name, _row(rng.gauss, day, instrument, before[place], now[place], factor)))
        if len(lines) == edition.rows:
            break
    lines.sort(key=lambda line: line[0])  # as the exchange does; not by symbol
    return "\n".join([HEADER, *(line for _, line in lines), ""])


@lru_cache(maxsize=8)
def closes(seed: int, session: date) -> tuple[float, ...]:
    """The closing price of every listed instrument, in rupees: a slow wave and a day's noise."""
    rng = chance(seed, "nse_equity", session, "close")
    turn = session.toordinal() / 90
    return tuple(
        max(_tick(each.price * math.exp(0.15 * math.sin(turn + each.number) + rng.gauss(0, 0.012))), 0.05)
        for each in instruments(seed)
    )


def _tick(price: float) -> float:
    return round(price * 20) / 20 if price > 250 else round(price, 2)


def _session_before(calendar: Calendar, session: date) -> date:
    try:
        return calendar.offset(session, -1)
    except CalendarError:
        return session - timedelta(days=1)  # the calendar starts here: any earlier day will do


def _row(
    gauss: Callable[[float, float], float], day: str, listed: Instrument, before: float, close: float, factor: float
) -> str:
    opens = max(_tick(before * (1 + gauss(0, 0.006))), 0.05)
    last = max(_tick(close * (1 + gauss(0, 0.002))), 0.05)
    high = _tick(max(opens, close, last) * (1 + abs(gauss(0, 0.006))) + 0.004)
    low = max(_tick(min(opens, close, last) * (1 - abs(gauss(0, 0.006))) - 0.004), 0.05)
    settled = close if gauss(0, 1) < 0.6 else max(_tick(close * (1 + gauss(0, 0.0005))), 0.05)
    lot = listed.lot if listed.lot < 10_000 else 1
    volume = lot * max(1, round(listed.volume * math.exp(gauss(0, 0.6)) * factor / lot))
    value = volume * (opens + high + low + close) / 4
    deals = max(1, min(volume // lot, round(volume / lot / 20)))
    return (
        f"{day},{day},CM,NSE,STK,{listed.number},{listed.isin},{listed.symbol},{listed.series},,,,,{listed.name},"
        f"{opens:.2f},{high:.2f},{low:.2f},{close:.2f},{last:.2f},{before:.2f},,{settled:.2f},,,"
        f"{volume},{value:.2f},{deals},F1,{listed.lot},,,,,"
    )


def fifteen_columns(text: str) -> str:
    """The older full bhavcopy under the new name, as client libraries' fallbacks leave it behind."""
    lines = [SECFULL_HEADER]
    for row in (line.split(",") for line in text.splitlines()[1:]):
        day = date.fromisoformat(row[0]).strftime("%d-%b-%Y")
        opens, high, low, close, last, before = row[14:20]
        volume, lacs = row[24], f"{float(row[25]) / 100_000:.2f}"
        fields = [row[7], row[8], day, before, opens, high, low, last, close, close, volume, lacs, row[26], "-", "-"]
        lines.append(", ".join(fields))
    return "\n".join([*lines, ""])


def added_column(text: str) -> str:
    header, *rows = text.splitlines()
    return "\n".join([f"{header},Rsvd5", *(f"{row}," for row in rows), ""])


def duplicate_row(text: str) -> str:
    header, first, *rows = text.splitlines()
    return "\n".join([header, first, first, *rows, ""])


def half_the_rows(text: str) -> str:
    header, *rows = text.splitlines()
    return "\n".join([header, *rows[: len(rows) // 2], ""])


source = Source(
    calendar="XNSE",
    start=date(2024, 7, 8),
    nominal=nominal,
    spread=timedelta(minutes=20),
    locate=locate,
    write=write,
    member=member,
    dated=date.isoformat,
    content_type="text/csv",
    absent=Page(404, b"<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>\n"),
    sample_kind="bhavcopy",
    sample_extension="zip",
    edits={
        "added_column": added_column,
        "duplicate_row": duplicate_row,
        "fifteen_columns": fifteen_columns,
        "half_the_rows": half_the_rows,
    },
    blocked=Page(
        403,
        b"<html><body><p>The number of requests per second has exceeded the limit. "
        b"Please try again after 10 minutes.</p></body></html>\n",
    ),
    refuse=refuse,
)
