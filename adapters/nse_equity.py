"""NSE India equity bhavcopy (UDiFF): one row per security and series per session of the cash market.

Published about an hour after the close, seen 16:30–17:00 Kolkata time; a throttled client gets a 403 page.
No restatement has been seen. Official in this form from 2024-07-08 (NSE circular 62424).
https://www.nseindia.com/all-reports (terms of use: not established here; a person must read NSE's)
"""

from datetime import date

import polars as pl

from dagster_project.adapter import Adapter, Column, Http, Payload, SourceChanged
from dagster_project.parsing import (
    delimited,
    only_member,
    require,
    require_session,
    require_unique,
    text_lines,
    typed,
)

URL = "https://nsearchives.nseindia.com/content/cm/BhavCopy_NSE_CM_0_0_0_{session:%Y%m%d}_F_0000.csv.zip"
# The archive answers browsers only, by their User-Agent; the rest is what one sends along (the page is from memory).
HEADERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
    "Accept": "*/*",
    "Accept-Language": "en-US,en;q=0.9",
    "Referer": "https://www.nseindia.com/all-reports",
}
MAX_ZIP = 8 * 1024 * 1024  # 0.17 MB as seen
MAX_CSV = 64 * 1024 * 1024  # 0.53 MB as seen
MEMBER = r"BhavCopy_NSE_CM_0_0_0_[0-9]{8}_F_0000\.csv"
HEADER = (
    "TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,StrkPric,OptnTp,"
    "FinInstrmNm,OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,"
    "ChngInOpnIntrst,TtlTradgVol,TtlTrfVal,TtlNbOfTxsExctd,SsnId,NewBrdLotQty,Rmks,Rsvd1,Rsvd2,Rsvd3,Rsvd4"
)
# BSE's file and NSE's derivatives have the same header: the segment and the source tell them apart. The rest is
# derivatives' business or reserved, and empty in the cash market: a value there would be lost, so it is an error.
EMPTY = (
    *("XpryDt", "FininstrmActlXpryDt", "StrkPric", "OptnTp", "UndrlygPric", "OpnIntrst", "ChngInOpnIntrst"),
    *("Rmks", "Rsvd1", "Rsvd2", "Rsvd3", "Rsvd4"),
)
CONSTANTS = {"Sgmt": "CM", "Src": "NSE"} | dict.fromkeys(EMPTY, "")
# What has been served or saved in its place, by how it begins.
OTHERS = {
    "SYMBOL,SERIES,OPEN,": "the legacy bhavcopy (11 columns until 2011, 13 until 2024)",
    "SYMBOL, SERIES, DATE1,": "the bhavcopy with deliveries, sec_bhavdata_full (15 columns)",
    "Index Name,Index Date,": "the closing values of the indices, ind_close_all (13 columns)",
}

PRICE = pl.Decimal(18, 2)
COLUMNS = {
    "session": Column(pl.Date, "trading session"),
    "symbol": Column(pl.String, "ticker; repeats over series, so no key alone"),
    "series": Column(pl.String, "series: EQ, BE, SM, GB, …"),
    "business_date": Column(pl.Date, "business date of the report"),
    "instrument_type": Column(pl.String, "type of instrument, STK as seen"),
    "instrument_id": Column(pl.Int64, "the exchange's number of the instrument"),
    "isin": Column(pl.String, "ISIN; some repeat over series"),
    "name": Column(pl.String, "name of the instrument"),
    "open": Column(PRICE, "opening price, INR"),
    "high": Column(PRICE, "highest price, INR"),
    "low": Column(PRICE, "lowest price, INR"),
    "close": Column(PRICE, "closing price, INR"),
    "last": Column(PRICE, "price of the last trade, INR"),
    "previous_close": Column(PRICE, "closing price of the session before, INR"),
    "settlement_price": Column(PRICE, "settlement price, INR"),
    "volume": Column(pl.Int64, "units traded"),
    "turnover": Column(pl.Decimal(20, 2), "value traded, INR"),
    "trades": Column(pl.Int64, "number of trades"),
    "trading_session_id": Column(pl.String, "the exchange's name of the trading session, F1 as seen"),
    "board_lot": Column(pl.Int64, "units in a board lot"),
}
NAMES = {
    "session": "TradDt",
    "symbol": "TckrSymb",
    "series": "SctySrs",
    "business_date": "BizDt",
    "instrument_type": "FinInstrmTp",
    "instrument_id": "FinInstrmId",
    "isin": "ISIN",
    "name": "FinInstrmNm",
    "open": "OpnPric",
    "high": "HghPric",
    "low": "LwPric",
    "close": "ClsPric",
    "last": "LastPric",
    "previous_close": "PrvsClsgPric",
    "settlement_price": "SttlmPric",
    "volume": "TtlTradgVol",
    "turnover": "TtlTrfVal",
    "trades": "TtlNbOfTxsExctd",
    "trading_session_id": "SsnId",
    "board_lot": "NewBrdLotQty",
}
KEY = ("session", "symbol", "series")


def fetch(session: date, http: Http) -> Payload:
    return http.get(URL.format(session=session), headers=HEADERS, max_bytes=MAX_ZIP)


def probe(session: date, http: Http) -> None:
    http.head(URL.format(session=session), headers=HEADERS)


def parse(payload: bytes, session: date) -> pl.DataFrame:
    _refuse_others(payload)
    content = only_member(payload, MEMBER, max_bytes=MAX_CSV)
    _refuse_others(content)
    rows = delimited(text_lines(content, "a bhavcopy"), HEADER, ",")
    require_session(rows["TradDt"], session)
    require(rows, CONSTANTS)
    table = typed(rows, COLUMNS, NAMES)
    require_unique(table, KEY)
    return table


def _refuse_others(content: bytes) -> None:
    for start, what in OTHERS.items():
        if content.startswith(start.encode()):
            raise SourceChanged(f"expected the zipped UDiFF bhavcopy of 34 columns, found {what}")


adapter = Adapter(fetch=fetch, parse=parse, columns=COLUMNS, key=KEY, restates=False, probe=probe)
