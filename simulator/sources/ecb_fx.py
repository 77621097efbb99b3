"""ECB euro reference rates: one fixing per currency per TARGET business day, in three files.

https://www.ecb.europa.eu/stats/eurofxref/: `eurofxref-daily.xml` (the newest fixing; pretty-printed, single quotes,
fixed decimals), `eurofxref-hist-90d.xml` (double quotes, a line per day, trailing zeros stripped) and
`eurofxref-hist.zip` (CSV, newest first, a trailing comma, N/A, zeros stripped). None carries a session in its name:
before the publication, about 16:00 in Frankfurt, each still shows the previous fixing, with status 200.
"""

import math
import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dagster_project.domain.calendar import Day
from simulator.chance import chance
from simulator.source import Edition, File, Page, Source

BERLIN = ZoneInfo("Europe/Berlin")
ROOT = "/www.ecb.europa.eu/stats/eurofxref/"
KINDS = {"eurofxref-daily.xml": "daily", "eurofxref-hist-90d.xml": "hist-90d", "eurofxref-hist.zip": "hist"}
NINETY_DAYS = timedelta(days=90)
START = date(1999, 1, 4)

# An invented rate about which each currency moves, in the files' order. The era is the real one.
RATES = {
    "USD": 1.12, "JPY": 148.0, "BGN": 1.9558, "CZK": 25.1, "DKK": 7.46, "GBP": 0.861, "HUF": 371.0, "PLN": 4.36,
    "RON": 4.92, "SEK": 10.9, "CHF": 0.982, "ISK": 146.0, "NOK": 11.1, "HRK": 7.52, "RUB": 79.0, "TRY": 24.0,
    "AUD": 1.63, "BRL": 5.9, "CAD": 1.49, "CNY": 7.8, "HKD": 8.7, "IDR": 17100.0, "ILS": 3.95, "INR": 90.0,
    "KRW": 1450.0, "MXN": 20.6, "MYR": 4.9, "NZD": 1.78, "PHP": 62.0, "SGD": 1.48, "THB": 37.6, "ZAR": 19.6,
}  # fmt: skip
DECIMALS = {"JPY": 2, "CZK": 3, "GBP": 5, "HUF": 2, "ISK": 2, "IDR": 2, "KRW": 2, "PHP": 3, "THB": 3}
PEGGED = frozenset({"BGN", "DKK"})
LAST_FIXING = {"RUB": date(2022, 3, 1), "HRK": date(2022, 12, 30), "BGN": date(2025, 12, 31)}
FIRST_FIXING = {"ISK": date(2018, 2, 1)}  # quoted again after ten years
# The history keeps a column for each currency that ever was; those gone before 2015 have no rate here, only N/A.
COLUMNS = (
    "USD,JPY,BGN,CYP,CZK,DKK,EEK,GBP,HUF,LTL,LVL,MTL,PLN,ROL,RON,SEK,SIT,SKK,CHF,ISK,NOK,HRK,RUB,TRL,TRY,AUD,BRL,CAD,"
    "CNY,HKD,IDR,ILS,INR,KRW,MXN,MYR,NZD,PHP,SGD,THB,ZAR"
)
ILS_MOVED = date(2018, 2, 2)  # until then the last column

ENVELOPE = (
    '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
    'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">'
)
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def locate(path: str) -> File | None:
    kind = KINDS.get(path.removeprefix(ROOT)) if path.startswith(ROOT) else None
    return None if kind is None else File(kind)


def nominal(day: Day) -> datetime:
    return datetime.combine(day.date, time(16), BERLIN)


def member(kind: str, session: date) -> str | None:
    return "eurofxref-hist.csv" if kind == "hist" else None


def rates(edition: Edition, session: date) -> dict[str, str]:
    """The fixing of `session`: units of each currency for one euro, with the decimals of the daily file."""
    rng = chance(edition.seed, "ecb_fx", session)
    turn = session.toordinal() / 170
    restated = 1 + 0.001 * edition.restated.get(session, 0)
    fixed = {}
    for place, (currency, level) in enumerate(RATES.items()):
        noise = rng.gauss(0, 0.002)  # drawn for every currency, so that an era's end moves no other rate
        if not FIRST_FIXING.get(currency, START) <= session <= LAST_FIXING.get(currency, date.max):
            continue
        if currency == "USD":
            noise += math.log(restated)
        move = 0 if currency == "BGN" else noise / 20 if currency in PEGGED else 0.06 * math.sin(turn + place) + noise
        rate = level * math.exp(move)
        decimals = DECIMALS.get(currency, 4)
        fixed[currency] = f"{round(rate, 1) if currency == 'ISK' else rate:.{decimals}f}"
    return fixed


def write(kind: str, edition: Edition) -> str:
    match kind:
        case "daily":
            return _daily(edition)
        case "hist-90d":
            return _ninety_days(edition)
        case _:
            return _history(edition)


def _daily(edition: Edition) -> str:
    fixing = list(rates(edition, edition.session).items())[: edition.rows]
    cubes = [f"\t\t\t<Cube currency='{currency}' rate='{rate}'/>" for currency, rate in fixing]
    return "\n".join(
        [
            DECLARATION,
            ENVELOPE,
            "\t<gesmes:subject>Reference rates</gesmes:subject>",
            "\t<gesmes:Sender>",
            "\t\t<gesmes:name>European Central Bank</gesmes:name>",
            "\t</gesmes:Sender>",
            "\t<Cube>",
            f"\t\t<Cube time='{edition.session}'>",
            *cubes,
            "\t\t</Cube>",
            "\t</Cube>",
            "</gesmes:Envelope>",
        ]
    )


def _ninety_days(edition: Edition) -> str:
    since = edition.session - NINETY_DAYS + timedelta(days=1)
    days = []
    for session in reversed(edition.calendar.sessions(since, edition.session)):
        cubes = "".join(
            f'<Cube currency="{currency}" rate="{_stripped(rate)}"/>'
            for currency, rate in rates(edition, session).items()
        )
        days.append(f'<Cube time="{session}">{cubes}</Cube>')
    sender = "<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>"
    subject = "<gesmes:subject>Reference rates</gesmes:subject>"
    return f"{DECLARATION}{ENVELOPE}{subject}{sender}<Cube>{chr(10).join(days)}</Cube></gesmes:Envelope>"


def _history(edition: Edition) -> str:
    columns = COLUMNS.split(",")
    if edition.session < ILS_MOVED:
        columns.remove("ILS")
        columns.append("ILS")
    lines = [f"Date,{','.join(columns)},"]
    for session in reversed(edition.calendar.sessions(START, edition.session)):
        fixing = rates(edition, session)
        cells = ",".join(_stripped(fixing[currency]) if currency in fixing else "N/A" for currency in columns)
        lines.append(f"{session},{cells},")
    return "\n".join([*lines, ""])


def _stripped(rate: str) -> str:
    return rate.rstrip("0").rstrip(".")


def comma_decimals(text: str) -> str:
    """Rates as a German locale writes them. The CSV has no such variant: its commas part the columns."""
    return re.sub(r"(rate=['\"]\d+)\.", r"\1,", text)


def added_currency(text: str) -> str:
    return re.sub(r"<Cube currency=(['\"])ZAR['\"]", r"<Cube currency=\1XTS\1 rate=\g<1>1.5\1/>\g<0>", text)


source = Source(
    calendar="TARGET",
    start=START,
    nominal=nominal,
    spread=timedelta(minutes=5),
    locate=locate,
    write=write,
    member=member,
    dated=date.isoformat,
    content_type="text/xml",
    absent=Page(404, b"<html><head><title>404</title></head><body><h1>Page not found</h1></body></html>\n"),
    sample_kind="daily",
    sample_extension="xml",
    edits={"added_currency": added_currency, "comma_decimals": comma_decimals},
)
