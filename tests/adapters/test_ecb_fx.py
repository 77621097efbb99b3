"""The ECB's reference rates: which of three files is asked for, and what each may say."""

import io
import zipfile
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from types import ModuleType

import pytest

from dagster_project.adapter import AdapterError, NotYetPublished, SourceChanged
from dagster_project.registry import adapter_module, project_root
from tests.adapters.shelf import Shelf

ecb: ModuleType = adapter_module("ecb_fx", project_root())
MONDAY = date(2026, 2, 2)
FRIDAY = MONDAY - timedelta(3)
RATES = {"USD": "1.0823", "GBP": "0.86753", "IDR": "16345.06"}


def xml(*days: date, rates: Mapping[str, str] = RATES, quote: str = "'") -> bytes:
    """Fixings, newest first as given; each day's dollar is as many units as its day of the month."""
    fixings = "".join(
        f'<Cube time="{day}">'
        + "".join(
            f"\n\t<Cube currency={quote}{code}{quote} rate={quote}{rate}{quote}/>" for code, rate in rates.items()
        )
        + "</Cube>"
        for day in days
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
        'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">'
        f"<gesmes:subject>Reference rates</gesmes:subject><Cube>{fixings}</Cube></gesmes:Envelope>"
    ).encode()


def history(*lines: str, header: str = "Date,USD,TRL,GBP,", name: str = "eurofxref-hist.csv") -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, "\n".join([header, *lines]))
    return whole.getvalue()


def shelf(newest: date) -> Shelf:
    """The three files as they stand once `newest` is published: 90 days, and everything since 1999."""
    recent = [newest - timedelta(day) for day in range(90)]
    old = [f"{newest - timedelta(day)},1.5,N/A,2," for day in range(400)]
    return Shelf({ecb.NEWEST: xml(newest), ecb.RECENT: xml(*recent), ecb.ALL: history(*old)})


@pytest.mark.parametrize(
    ("days_ago", "files"),
    [
        pytest.param(0, ["NEWEST"], id="the newest session: the small file"),
        pytest.param(1, ["NEWEST", "RECENT"], id="the one before"),
        pytest.param(89, ["NEWEST", "RECENT"], id="the last that the 90 days hold"),
        pytest.param(90, ["NEWEST", "RECENT", "ALL"], id="an older one"),
    ],
)
def test_the_smallest_file_that_holds_a_session_is_fetched(days_ago: int, files: list[str]) -> None:
    """What each file says decides, not the clock."""
    http, session = shelf(MONDAY), MONDAY - timedelta(days_ago)
    payload = ecb.fetch(session, http)
    assert http.asked == [("GET", getattr(ecb, file)) for file in files]
    assert payload.content == http.files[getattr(ecb, files[-1])]
    assert ecb.parse(payload.content, session)["session"].unique().to_list() == [session]


def test_a_hole_in_the_last_90_days_is_not_looked_for_in_the_history() -> None:
    """The file covers the day and has no fixing of it: the next file would not either."""
    http = Shelf({ecb.NEWEST: xml(MONDAY), ecb.RECENT: xml(MONDAY, FRIDAY - timedelta(1))})
    payload = ecb.fetch(FRIDAY, http)
    assert payload.url == ecb.RECENT
    with pytest.raises(SourceChanged, match="and none of 2026-01-30"):
        ecb.parse(payload.content, FRIDAY)


def test_before_publication_the_files_still_show_the_session_before() -> None:
    """Status 200 and yesterday's rates are not today's."""
    for ask in (ecb.fetch, ecb.probe):
        http = shelf(FRIDAY)
        with pytest.raises(NotYetPublished, match="newest fixing is of 2026-01-30, expected 2026-02-02"):
            ask(MONDAY, http)
        assert http.asked == [("GET", ecb.NEWEST)]


def test_a_probe_is_one_small_request() -> None:
    """It returns once the session, or a later one, is there."""
    for session in (MONDAY, FRIDAY):
        http = shelf(MONDAY)
        ecb.probe(session, http)
        assert http.asked == [("GET", ecb.NEWEST)]


@pytest.mark.parametrize("quote", ["'", '"'])
def test_rates_keep_every_place(quote: str) -> None:
    """Exactly as written, whatever the quotes."""
    table = ecb.parse(xml(MONDAY, rates=RATES | {"CYP": "0.58231", "TRL": "1912400"}, quote=quote), MONDAY)
    assert dict(table.select("currency", "rate").iter_rows()) == {
        "USD": Decimal("1.0823"),
        "GBP": Decimal("0.86753"),
        "IDR": Decimal("16345.06"),
        "CYP": Decimal("0.58231"),
        "TRL": Decimal(1912400),
    }


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(history("2026-02-02,1.25,N/A,2,"), id="ILS moved in 2018: columns go by name"),
        pytest.param(history("2026-02-02,2,N/A,1.25,", header="Date,GBP,TRL,USD,"), id="the other order"),
        pytest.param(history("2026-02-03,9,9,9,", "2026-02-02,1.25,N/A,2,", "2026-01-30,8,8,8,"), id="among others"),
    ],
)
def test_a_currency_that_is_not_quoted_has_no_row(payload: bytes) -> None:
    """N/A is the absence of a rate, not a rate."""
    table = ecb.parse(payload, MONDAY)
    assert dict(table.select("currency", "rate").iter_rows()) == {"USD": Decimal("1.25"), "GBP": Decimal(2)}


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        pytest.param(xml(MONDAY + timedelta(1), FRIDAY), "none of 2026-02-02", id="a hole where a session should be"),
        pytest.param(xml(MONDAY + timedelta(1)), "none of 2026-02-02", id="a later session"),
        pytest.param(xml(MONDAY, rates={}), "none of 2026-02-02", id="a session without rates"),
        pytest.param(xml(MONDAY, MONDAY), "2 fixings of 1 days", id="a session twice"),
        pytest.param(xml(), "0 fixings of 0 days", id="no session"),
        pytest.param(xml(MONDAY, rates={"USD": "1,0823"}), "“1,0823” is not a number", id="decimal commas"),
        pytest.param(xml(MONDAY, rates={"USD": "-1"}), "is not a number", id="below zero"),
        pytest.param(xml(MONDAY, rates={"USD": "0.0000"}), "a rate of 0", id="zero"),
        pytest.param(xml(MONDAY, rates={"USD": ""}), "is not a number", id="an empty rate"),
        pytest.param(xml(MONDAY, rates={"USD": "N/A"}), "is not a number", id="N/A is the CSV's word only"),
        pytest.param(xml(MONDAY, rates={"USD": "1.0000001"}), "at most 6 decimal places", id="finer than the table"),
        pytest.param(xml(MONDAY, rates={"US DOLLAR": "1"}), "no currency code", id="a name for a code"),
        pytest.param(
            xml(MONDAY).replace(b"</Cube></Cube>", b"<Cube currency='USD' rate='2'/></Cube></Cube>"),
            "share a key that was unique",
            id="a currency twice",
        ),
        pytest.param(
            xml(MONDAY).replace(b"06'/>", b"06'><Cube/></Cube>"), "IDR: expected nothing inside", id="more in a quote"
        ),
        pytest.param(xml(MONDAY).replace(b"rate=", b"multiplier='100' rate="), "multiplier", id="another unit"),
        pytest.param(xml(MONDAY).replace(b"2002-08-01/eurofxref", b"2027-01-01/eurofxref"), "found 0", id="a new era"),
        pytest.param(xml(MONDAY).replace(b"2026-02-02", b"2 Feb 2026"), "expected the date", id="another date"),
        pytest.param(history("2026-02-02,1,N/A,2,", header="Date,USD,TRL,GBP"), "as the header", id="no last comma"),
        pytest.param(history("2026-02-02,1,N/A,2"), "expected 3 rates and a last comma", id="a short row"),
        pytest.param(
            history("2026-02-02,1,N/A,2,3"), "expected 3 rates and a last comma", id="a value in the empty column"
        ),
        pytest.param(history("2026-02-02,1,,2,"), "is not a number", id="nothing for N/A"),
        pytest.param(history("2026-02-02,1,N/A,2,", header="Date,USD,TRL,USD,"), "share a key", id="a column twice"),
        pytest.param(history("2026-02-02,1,N/A,2,", name="eurofxref.csv"), "eurofxref.csv", id="the daily zip"),
        pytest.param(b"Date, USD, JPY,\n13 April 2026, 1.1684, 2,\n", "expected euro reference", id="the daily CSV"),
    ],
)
def test_what_the_files_never_said_is_a_change(payload: bytes, words: str) -> None:
    """It stops, and says what it found."""
    with pytest.raises(AdapterError) as caught:
        ecb.parse(payload, MONDAY)
    assert type(caught.value) is SourceChanged
    assert words in str(caught.value)
