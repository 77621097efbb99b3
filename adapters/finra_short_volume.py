"""FINRA daily short sale volume (Reg SHO, consolidated NMS): one row per symbol per session of the US exchanges.

Published by 18:00 New York time on the same day. In rare instances a file is updated on a later day.
From 2018-08-01; old files drop out after about eight years.
https://www.finra.org/finra-data/browse-catalog/short-sale-volume-data (terms of use: as that page says)
"""

from datetime import date

import polars as pl

from dagster_project.adapter import Adapter, Column, Http, NotYetPublished, Payload
from dagster_project.parsing import (
    delimited,
    require_end,
    require_header,
    require_session,
    require_unique,
    text_lines,
    typed,
    without_count,
)

URL = "https://cdn.finra.org/equity/regsho/daily/CNMSshvol{session:%Y%m%d}.txt"
# A file that is not there answers 403, as an object store does for a key that it does not hold: its "AccessDenied", in
# XML, is no refusal of us. An HTML page that says so is, and the port tells the two apart. A HEAD has no page: blocked
# looks like absent to the probe, until the deadline.
ABSENT = (403, 404)
MAX_BYTES = 16 * 1024 * 1024  # 0.3 to 0.5 MB as seen
HEADER = "Date|Symbol|ShortVolume|ShortExemptVolume|TotalVolume|Market"
DATE = "%Y%m%d"

VOLUME = pl.Decimal(20, 6)  # whole shares until 2025, fractions of a share since
COLUMNS = {
    "session": Column(pl.Date, "trading session"),
    "symbol": Column(pl.String, "ticker, as text: NAN, TRUE and NA are companies; a class follows a slash"),
    "short_volume": Column(VOLUME, "volume sold short, shares"),
    "short_exempt_volume": Column(VOLUME, "volume sold short and exempt, shares"),
    "total_volume": Column(VOLUME, "volume reported to the facilities in all, shares"),
    "market": Column(pl.String, "reporting facilities, separated by commas: B, N, Q"),
}
NAMES = dict(zip(COLUMNS, HEADER.split("|"), strict=True))
KEY = ("session", "symbol")


def fetch(session: date, http: Http) -> Payload:
    return http.get(URL.format(session=session), absent=ABSENT, max_bytes=MAX_BYTES)


def probe(session: date, http: Http) -> None:
    http.head(URL.format(session=session), absent=ABSENT)


def parse(payload: bytes, session: date) -> pl.DataFrame:
    lines = text_lines(payload, "a short volume file")
    require_header(lines, HEADER)
    require_end(payload)
    if lines in ([HEADER], [HEADER, "0"]):
        raise NotYetPublished(f"the file holds its header and no rows: {session} is not published")
    rows = delimited(without_count(lines), HEADER, "|")
    require_session(rows["Date"], session, DATE)
    table = typed(rows, COLUMNS, NAMES, date_format=DATE)
    require_unique(table, KEY)
    return table


adapter = Adapter(fetch=fetch, parse=parse, columns=COLUMNS, key=KEY, restates=True, probe=probe)
