"""NSE's bhavcopy: exactly its 34 columns, of its own date, of the cash market, and nothing that looks like it."""

import io
import zipfile
from datetime import date
from decimal import Decimal
from types import ModuleType

import pytest

from dagster_project.adapter import AdapterError, NotYetPublished, SourceChanged, SourceUnavailable
from dagster_project.registry import adapter_module, project_root
from tests.adapters.shelf import Shelf

nse: ModuleType = adapter_module("nse_equity", project_root())
SUNDAY = date(2026, 2, 1)  # a session: the day of the budget
URL = "https://nsearchives.nseindia.com/content/cm/BhavCopy_NSE_CM_0_0_0_20260201_F_0000.csv.zip"
ROW = {
    "TradDt": "2026-02-01", "BizDt": "2026-02-01", "Sgmt": "CM", "Src": "NSE", "FinInstrmTp": "STK",
    "FinInstrmId": "19078", "ISIN": "INE000X01010", "TckrSymb": "M&M-X", "SctySrs": "EQ",
    "FinInstrmNm": "AN INVENTED COMPANY LTD", "OpnPric": "951.00", "HghPric": "965.30", "LwPric": "949.25",
    "ClsPric": "958.30", "LastPric": "957.00", "PrvsClsgPric": "957.65", "SttlmPric": "958.30",
    "TtlTradgVol": "1016691", "TtlTrfVal": "12345678901234.75", "TtlNbOfTxsExctd": "32239", "SsnId": "F1",
    "NewBrdLotQty": "1",
}  # fmt: skip


def csv(*changes: dict[str, str], header: str = nse.HEADER) -> str:
    rows = [",".join((ROW | change).get(name, "") for name in nse.HEADER.split(",")) for change in changes or ({},)]
    return "\n".join([header, *rows, ""])


def zipped(content: str, name: str = "BhavCopy_NSE_CM_0_0_0_20260201_F_0000.csv") -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return whole.getvalue()


def test_the_file_of_a_session_is_asked_for_as_a_browser_asks() -> None:
    """The archive answers nobody else; a probe reads no body."""
    http = Shelf({URL: b"zip"})
    assert nse.fetch(SUNDAY, http).content == b"zip"
    nse.probe(SUNDAY, http)
    assert http.asked == [("GET", URL), ("HEAD", URL)]
    for headers in http.headers:
        assert headers["User-Agent"].startswith("Mozilla/5.0")
        assert headers["Referer"].startswith("https://www.nseindia.com/")


def test_a_session_without_a_file_is_not_yet_published() -> None:
    """Whoever asks waits."""
    for ask in (nse.fetch, nse.probe):
        with pytest.raises(NotYetPublished):
            ask(SUNDAY, Shelf({}))


def test_a_row_keeps_every_value() -> None:
    """Prices and turnover are exact; the columns that are always empty are left out."""
    table = nse.parse(zipped(csv()), SUNDAY)
    assert table.row(0, named=True) == {
        "session": SUNDAY,
        "symbol": "M&M-X",
        "series": "EQ",
        "business_date": SUNDAY,
        "instrument_type": "STK",
        "instrument_id": 19078,
        "isin": "INE000X01010",
        "name": "AN INVENTED COMPANY LTD",
        "open": Decimal("951.00"),
        "high": Decimal("965.30"),
        "low": Decimal("949.25"),
        "close": Decimal("958.30"),
        "last": Decimal("957.00"),
        "previous_close": Decimal("957.65"),
        "settlement_price": Decimal("958.30"),
        "volume": 1016691,
        "turnover": Decimal("12345678901234.75"),
        "trades": 32239,
        "trading_session_id": "F1",
        "board_lot": 1,
    }


def test_every_column_of_the_file_is_kept_or_checked() -> None:
    """None is dropped unseen."""
    assert sorted([*nse.NAMES.values(), *nse.CONSTANTS]) == sorted(nse.HEADER.split(","))


def test_a_symbol_may_stand_in_several_series() -> None:
    """It is a key only together with the series."""
    table = nse.parse(zipped(csv({}, {"SctySrs": "BE"})), SUNDAY)
    assert table["series"].to_list() == ["EQ", "BE"]


def test_the_name_of_the_file_is_not_believed() -> None:
    """The dates inside count: mirrors hold files of the wrong day."""
    other = "BhavCopy_NSE_CM_0_0_0_20260130_F_0000.csv"
    assert nse.parse(zipped(csv(), other), SUNDAY).height == 1


SECFULL = (
    "SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, HIGH_PRICE, LOW_PRICE, LAST_PRICE, CLOSE_PRICE, AVG_PRICE, "
    "TTL_TRD_QNTY, TURNOVER_LACS, NO_OF_TRADES, DELIV_QTY, DELIV_PER\nX, EQ, 01-Feb-2026, 1\n"
)
LEGACY = "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,\n"
INDICES = "Index Name,Index Date,Open Index Value\nX,01-02-2026,1\n"


@pytest.mark.parametrize(
    ("payload", "expected", "words"),
    [
        pytest.param(
            zipped(csv({"TradDt": "2026-01-30"})), NotYetPublished, "earlier session", id="the file of the day before"
        ),
        pytest.param(zipped(csv({"TradDt": "2026-02-02"})), SourceChanged, "2026-02-02", id="a later day"),
        pytest.param(zipped(csv({}, {"TradDt": "2026-01-30"})), SourceChanged, "2026-01-30", id="two days"),
        pytest.param(zipped(LEGACY), SourceChanged, "legacy bhavcopy", id="the legacy file"),
        pytest.param(LEGACY.encode(), SourceChanged, "legacy bhavcopy", id="the legacy file, unzipped"),
        pytest.param(zipped(SECFULL), SourceChanged, "15 columns", id="the file with deliveries"),
        pytest.param(INDICES.encode(), SourceChanged, "values of the indices", id="the indices"),
        pytest.param(
            zipped(csv({"Src": "BSE"})), SourceChanged, "column Src: found “BSE”", id="BSE has this header too"
        ),
        pytest.param(
            zipped(csv({"Sgmt": "FO", "SctySrs": ""})),
            SourceChanged,
            "column Sgmt: found “FO”",
            id="so have derivatives",
        ),
        pytest.param(
            zipped(csv({}, {"Rmks": "ex-dividend"})),
            SourceChanged,
            "line 3, column Rmks: found “ex-dividend” where every row was empty",
            id="a column that was empty",
        ),
        pytest.param(zipped(csv({}, {})), SourceChanged, "share a key", id="a row twice"),
        pytest.param(zipped(csv({"ClsPric": "958.305"})), SourceChanged, "column ClsPric", id="three decimals"),
        pytest.param(zipped(csv({"ClsPric": ""})), SourceChanged, "column ClsPric", id="no close"),
        pytest.param(zipped(csv({"ClsPric": "-958.30"})), SourceChanged, "column ClsPric", id="below zero"),
        pytest.param(zipped(csv({"TtlTradgVol": "10.5"})), SourceChanged, "column TtlTradgVol", id="half a share"),
        pytest.param(zipped(csv({"FinInstrmNm": "A, B"})), SourceChanged, "35 fields", id="a comma in a name"),
        pytest.param(zipped(csv(header=f"{nse.HEADER},Rsvd5")), SourceChanged, "header", id="a column more"),
        pytest.param(zipped(csv(header=nse.HEADER.replace("Rsvd1,", ""))), SourceChanged, "header", id="one less"),
        pytest.param(zipped(f"{nse.HEADER}\n"), SourceUnavailable, "no rows", id="a header alone"),
        pytest.param(csv().encode(), SourceChanged, "expected a zip", id="the file, unzipped"),
        pytest.param(zipped(csv(), "bhav.csv"), SourceChanged, "found 1 members: bhav.csv", id="another name inside"),
        pytest.param(zipped(csv())[:-30], SourceUnavailable, "cut short", id="a zip that is cut short"),
    ],
)
def test_any_other_file_is_an_error(payload: bytes, expected: type[AdapterError], words: str) -> None:
    """Cut short is asked for again, earlier is waited for, different is for the owner and named."""
    with pytest.raises(AdapterError) as caught:
        nse.parse(payload, SUNDAY)
    assert type(caught.value) is expected
    assert words in str(caught.value)
