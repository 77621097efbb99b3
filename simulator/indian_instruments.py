"""The invented listing of an Indian exchange: about 3,080 instruments, the same for every session of a seed.

A few names are real because they are awkward (`&`, `-`, a digit first, one symbol in several series, one ISIN
twice, a symbol that contains the word ISIN); every number that goes with them is invented.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from random import Random
from typing import NamedTuple

from simulator.chance import chance


class Instrument(NamedTuple):
    """A line of the listing. Prices in rupees; `volume` is its usual daily volume in units."""

    number: int
    isin: str
    symbol: str
    series: str
    name: str
    lot: int
    price: float
    volume: float


# (symbol, series, name, ISIN or None for an invented one)
AWKWARD = (
    ("BAJAJ-AUTO", "EQ", "BAJAJ AUTO LIMITED", "INE917I01010"),
    ("BAJAJ-AUTO", "BL", "BAJAJ AUTO LIMITED", "INE917I01010"),  # the block window: the same ISIN again
    ("M&MFIN", "EQ", "M&M FIN. SERVICES LTD", None),
    ("M&MFIN", "N3", "UNSECURED NCD", None),
    ("RADIOCITY", "EQ", "MUSIC BROADCAST LIMITED", None),
    ("RADIOCITY", "P1", "MUSIC BROADCAST PREF 2", None),
    ("BALKRISIND", "EQ", "BALKRISHNA IND. LTD", None),  # a test for `ISIN` in the text is fooled by it
    ("J&KBANK", "EQ", "JAMMU & KASHMIR BANK LTD.", None),
    ("NAM-INDIA", "EQ", "NIPPON L I A M LTD", None),
    ("3MINDIA", "EQ", "3M INDIA LIMITED", None),
    ("360ONE", "EQ", "360 ONE WAM LIMITED", None),
    ("TRUEVALUE", "NA", "SEC RED NCD 9.1% SR.I", None),  # the series NA is no missing value
)
SERIES = {
    "EQ": 2066, "BE": 300, "SM": 247, "ST": 163, "GB": 48, "GS": 43, "BZ": 40, "TB": 18, "SG": 10, "IV": 8, "E1": 6,
    "RR": 4, "N1": 10, "N2": 9, "N3": 4, "N4": 6, "N5": 10, "N6": 8, "N7": 3, "N8": 5, "N9": 6, "NA": 6, "NB": 3,
    "NC": 5, "ND": 5, "NE": 7, "NI": 3, "NJ": 3, "NL": 2, "NS": 2, "Y1": 1, "YI": 1, "Z5": 1, "Z9": 1, "AO": 1,
}  # fmt: skip
SME_LOTS = (125, 200, 300, 400, 500, 600, 800, 1000, 1200, 1600, 2000, 3000)
SYLLABLES = (
    "BA BHA CHE DA DEV GA GO HAR IN JAI KA KAL KI LAX MA MAN ME NA NAV NI OM PAR PRA RA RAJ RI SA SHI SU TA "
    "TI UD VA VAR VI YA ZE"
)
TRADES = ("AGRO", "CEMENT", "CHEM", "FINANCE", "FOODS", "INFRA", "MOTORS", "PHARMA", "POWER", "STEEL", "TECH", "TEX")
FORMS = ("LIMITED", "LTD", "LTD.", "(INDIA) LTD", "IND. LTD", "& SONS LTD", "CORP. LTD")


def check_digit(body: str) -> str:
    """The last digit of an ISIN (ISO 6166): Luhn's over the letters written as 10 to 35."""
    digits = [int(digit) for letter in body for digit in str(int(letter, 36))]
    total = sum(sum(divmod(digit * (2 if place % 2 == 0 else 1), 10)) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


@lru_cache(maxsize=4)
def instruments(seed: int) -> tuple[Instrument, ...]:
    """The listing of `seed`: the awkward ones first, then the others, series by series."""
    rng = chance(seed, "nse_equity", "listing")
    numbers = iter(rng.sample(range(1000, 30000), len(AWKWARD) + sum(SERIES.values())))
    serials = count(1)
    taken = {symbol for symbol, *_ in AWKWARD}
    found: list[Instrument] = []
    for symbol, series, name, isin in AWKWARD:
        if series == "BL":  # the share above, in another window
            found.append(found[-1]._replace(number=next(numbers), series=series, lot=999_999_999, volume=12_000))
            continue
        isin = isin or _isin(series, next(serials))
        found.append(_instrument(rng, next(numbers), isin, symbol=symbol, series=series, name=name))
    for series, number in SERIES.items():
        for symbol, name in _names(rng, series, number, taken):
            isin = _isin(series, next(serials))
            found.append(_instrument(rng, next(numbers), isin, symbol=symbol, series=series, name=name))
    return tuple(found)


def _isin(series: str, serial: int) -> str:
    if series in {"GB", "GS", "TB", "SG"}:
        body = f"IN00{2000 + serial % 27}{serial % 1000:03d}"
    else:
        kind = "01" if series in {"EQ", "BE", "BZ", "SM", "ST"} else "07"
        body = f"INE{serial % 1000:03d}{'XYZW'[serial // 1000]}{kind}01"
    return body + check_digit(body)


def _instrument(rng: Random, number: int, isin: str, *, symbol: str, series: str, name: str) -> Instrument:
    if series in {"SM", "ST"}:
        return Instrument(number, isin, symbol, series, name, rng.choice(SME_LOTS), rng.lognormvariate(4.6, 0.8), 9_000)
    if series in {"EQ", "BE", "BZ"}:
        price, volume = rng.lognormvariate(5.6, 1.4), rng.lognormvariate(11.3, 2.2)
        return Instrument(number, isin, symbol, series, name, 1, max(price, 0.5), volume)
    lot = 100 if series in {"TB", "SG"} else 1
    price = 9_600 * rng.uniform(0.95, 1.05) if series == "GB" else rng.choice((100, 1_000)) * rng.uniform(0.97, 1.2)
    return Instrument(number, isin, symbol, series, name, lot, price, rng.lognormvariate(5, 1.5))


def _names(rng: Random, series: str, number: int, taken: set[str]) -> Iterator[tuple[str, str]]:
    """`number` new pairs of symbol (10 characters at most) and name (25 at most)."""
    syllables = SYLLABLES.split()
    made = 0
    while made < number:
        word = "".join(rng.choices(syllables, k=rng.choice((2, 3, 3, 4))))
        coupon, year = rng.randrange(500, 1000), rng.randrange(26, 60)
        match series:
            case "GB":
                symbol, name = f"SGB{word[:3]}{year}", f"2.5%GOLDBONDS20{year}SR-{word[:3]}"
            case "GS" | "SG" | "TB":
                symbol, name = f"{coupon}{series}20{year}", f"GOI LOAN  {coupon / 100:.2f}% 20{year}"
            case "EQ" | "BE" | "BZ" | "SM" | "ST":
                symbol, name = word[:10], f"{word} {rng.choice(TRADES)} {rng.choice(FORMS)}"
            case _:
                symbol, name = f"{coupon}{word[:4]}{year}", f"SEC RED NCD {coupon / 100:.2f}% SR.{made % 9 + 1}"
        if symbol not in taken:
            taken.add(symbol)
            made += 1
            yield symbol, name[:25]
