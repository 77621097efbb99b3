"""The paths that the tests ask for, and where genuine payloads lie, if they do."""

import re
from datetime import date
from pathlib import Path

GENUINE = Path(__file__).resolve().parents[2] / ".." / "shared" / "sources" / "samples"
ECB = "/www.ecb.europa.eu/stats/eurofxref"
DAILY, NINETY_DAYS, HISTORY = f"{ECB}/eurofxref-daily.xml", f"{ECB}/eurofxref-hist-90d.xml", f"{ECB}/eurofxref-hist.zip"


def nse(session: date) -> str:
    return f"/nsearchives.nseindia.com/content/cm/BhavCopy_NSE_CM_0_0_0_{session:%Y%m%d}_F_0000.csv.zip"


def finra(session: date) -> str:
    return f"/cdn.finra.org/equity/regsho/daily/CNMSshvol{session:%Y%m%d}.txt"


def path_of(feed: str, session: date) -> str:
    """The smallest file of `feed` that shows `session`."""
    return {"nse_equity": nse, "finra_short_volume": finra}[feed](session) if feed != "ecb_fx" else DAILY


def shape(text: str) -> str:
    """How a value is written, without what it says: each run of digits is 9, of letters A."""
    return re.sub("[A-Za-z]+", "A", re.sub("[0-9]+", "9", text))
