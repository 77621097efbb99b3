"""ECB euro reference rates: one fixing per currency per TARGET business day, units of the currency for one euro.

Published about 16:00 Frankfurt time; before that, and on closed days, the files still show the fixing before.
From 1999-01-04. Never restated (none in 572 vintages): a change is an alarm.
https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/ (terms of use: as there)
"""

import re
from collections.abc import Sequence
from datetime import date

import polars as pl

from dagster_project.adapter import Adapter, Column, Http, NotYetPublished, Payload, SourceChanged
from dagster_project.parsing import attributes, children, day, only_member, require_unique, text_lines, typed, xml_root

ROOT = "https://www.ecb.europa.eu/stats/eurofxref/"
NEWEST = f"{ROOT}eurofxref-daily.xml"  # one fixing, 2 KB
RECENT = f"{ROOT}eurofxref-hist-90d.xml"  # the last 90 days, 80 KB
ALL = f"{ROOT}eurofxref-hist.zip"  # every fixing since 1999 as CSV, 0.6 MB
MAX_BYTES = 16 * 1024 * 1024
MEMBER = r"eurofxref-hist\.csv"
ENVELOPE = "{http://www.gesmes.org/xml/2002-08-01}Envelope"
CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"

COLUMNS = {
    "session": Column(pl.Date, "day of the fixing"),
    "currency": Column(pl.String, "ISO 4217 code of the currency"),
    "rate": Column(pl.Decimal(18, 6), "units of the currency for one euro"),
}
NAMES = {"session": "time", "currency": "currency", "rate": "rate"}
KEY = ("session", "currency")

Quotes = list[tuple[str, str]]


def fetch(session: date, http: Http) -> Payload:
    """The smallest of the three files that holds `session`, as far as the files themselves say."""
    newest = http.get(NEWEST, max_bytes=MAX_BYTES)
    days, _ = _read_xml(newest.content, session)
    if session >= max(days):
        _require_published(days, session)
        return newest
    recent = http.get(RECENT, max_bytes=MAX_BYTES)
    days, _ = _read_xml(recent.content, session)
    if session >= min(days):
        return recent
    return http.get(ALL, max_bytes=MAX_BYTES)


def probe(session: date, http: Http) -> None:
    days, _ = _read_xml(http.get(NEWEST, max_bytes=MAX_BYTES).content, session)
    _require_published(days, session)


def parse(payload: bytes, session: date) -> pl.DataFrame:
    """The table of one session, from any of the three files. A currency that is not quoted has no row."""
    days, quotes = _read_csv(payload, session) if payload.startswith(b"PK") else _read_xml(payload, session)
    _require_published(days, session)
    if not quotes:
        raise SourceChanged(
            f"the file holds {len(days)} fixings from {min(days)} to {max(days)}, and none of {session}: "
            "if the bank published none, the calendar is wrong"
        )
    if bad := [currency for currency, _ in quotes if not re.fullmatch("[A-Z]{3}", currency)]:
        raise SourceChanged(f"{session}: “{bad[0][:20]}” is no currency code")
    rows = pl.DataFrame(
        [(session.isoformat(), currency, rate) for currency, rate in quotes],
        schema=dict.fromkeys(NAMES.values(), pl.String),
        orient="row",
    )
    table = typed(rows, COLUMNS, NAMES, first_line=None)
    require_unique(table, KEY)
    if table["rate"].min() == 0:
        raise SourceChanged(f"{session}: a rate of 0")
    return table


def _require_published(days: Sequence[date], session: date) -> None:
    if session > max(days):
        raise NotYetPublished(f"the newest fixing is of {max(days)}, expected {session}")


def _read_xml(payload: bytes, session: date) -> tuple[list[date], Quotes]:
    """The days that the file holds, and the quotes of `session`: none where it is not among them."""
    root = xml_root(payload, "euro reference rates as XML")
    cubes = root.findall(CUBE)
    if root.tag != ENVELOPE or len(cubes) != 1:
        raise SourceChanged(f"expected one Cube in a gesmes:Envelope, found {len(cubes)} in {root.tag}")
    days, quotes = [], Quotes()
    for fixing in children(cubes[0]):
        days.append(_day(attributes(fixing, CUBE, "time")[0]))
        for quote in children(fixing) if days[-1] == session else ():
            currency, rate = attributes(quote, CUBE, "currency", "rate")
            if children(quote):
                raise SourceChanged(f"{session}, {currency}: expected nothing inside a quote")
            quotes.append((currency, rate))
    _require_distinct(days)
    return days, quotes


def _read_csv(payload: bytes, session: date) -> tuple[list[date], Quotes]:
    """As `_read_xml`, of the zipped history. Columns go by their names: their order has changed (2018-02-02)."""
    header, *lines = text_lines(only_member(payload, MEMBER), "euro reference rates as CSV")
    first, *currencies, last = header.split(",")
    if first != "Date" or last:  # each line ends with a comma
        raise SourceChanged(f"expected “Date,USD,JPY,…,” as the header, found “{header[:120]}”")
    days, quotes = [], Quotes()
    for line in lines:
        days.append(_day(line[:10]))
        if days[-1] != session:
            continue
        rates = line.split(",")[1:]
        if len(rates) != len(currencies) + 1 or rates.pop():
            raise SourceChanged(f"expected {len(currencies)} rates and a last comma, found “{line[:160]}”")
        quotes += [(currency, rate) for currency, rate in zip(currencies, rates, strict=True) if rate != "N/A"]
    _require_distinct(days)
    return days, quotes


def _day(text: str) -> date:
    found = day(text)
    if found is None:
        raise SourceChanged(f"expected the date of a fixing like 2026-01-30, found “{text[:20]}”")
    return found


def _require_distinct(days: Sequence[date]) -> None:
    if not days or len(set(days)) != len(days):
        raise SourceChanged(f"expected each fixing once, found {len(days)} fixings of {len(set(days))} days")


adapter = Adapter(fetch=fetch, parse=parse, columns=COLUMNS, key=KEY, restates=False, probe=probe)
