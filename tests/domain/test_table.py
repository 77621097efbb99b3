"""What makes a table right, the same, or of unusual length."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256

import polars as pl
import pytest

from dagster_project.adapter import Column as AdapterColumn
from dagster_project.domain.table import content_sha256, problems, row_count_is_usual

DAY = date(2026, 2, 1)


@dataclass(frozen=True)
class Column:
    """A column's declaration."""

    dtype: pl.DataType | type[pl.DataType]
    is_nullable: bool = False


COLUMNS = {
    "session": Column(pl.Date),
    "symbol": Column(pl.String),
    "price": Column(pl.Decimal(18, 2)),
    "note": Column(pl.String, is_nullable=True),
}
KEY = ("session", "symbol")


def table(*rows: tuple[str | None, str | None, str | None], columns: dict[str, Column] = COLUMNS) -> pl.DataFrame:
    """A table of (symbol, price, note)."""
    data = [(DAY, symbol, price and Decimal(price), note) for symbol, price, note in rows]
    return pl.DataFrame(data, schema={name: column.dtype for name, column in columns.items()}, orient="row")


GOOD = table(("A", "1.00", "x"), ("NAN", "2.50", None))


def test_a_right_table_has_no_problems() -> None:
    """Nulls may stand where the declaration allows them."""
    assert problems(GOOD, COLUMNS, KEY) == []


def test_an_adapter_s_columns_are_a_declaration() -> None:
    """The domain asks of a column no more than an adapter's column has."""
    columns = {name: AdapterColumn(column.dtype, name, column.is_nullable) for name, column in COLUMNS.items()}
    assert problems(GOOD, columns, KEY) == []


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        pytest.param(GOOD.drop("note"), "columns: missing ['note'], unknown []", id="a column is missing"),
        pytest.param(
            GOOD.with_columns(more=pl.lit(1)), "columns: missing [], unknown ['more']", id="a column nobody declared"
        ),
        pytest.param(
            GOOD.select("symbol", "session", "price", "note"),
            "columns: found the order ['symbol', 'session', 'price', 'note'], "
            "expected ['session', 'symbol', 'price', 'note']",
            id="the order is part of it",
        ),
        pytest.param(
            GOOD.with_columns(pl.col("price").cast(pl.Float64)),
            "column price: found Float64, expected Decimal(precision=18, scale=2)",
            id="a float is no decimal",
        ),
        pytest.param(
            GOOD.with_columns(pl.col("price").cast(pl.Decimal(18, 3))),
            "column price: found Decimal(precision=18, scale=3), expected Decimal(precision=18, scale=2)",
            id="nor is a decimal of other places",
        ),
        pytest.param(
            table(("A", "1", "x"), ("B", None, "x")),
            "column price: 1 nulls where none may be, the first in row 1",
            id="a null where none may be",
        ),
        pytest.param(
            table((None, "1", "x"), ("B", "1", "x")),
            "column symbol: 1 nulls where none may be, the first in row 0",
            id="a null in the key",
        ),
        pytest.param(
            table(("A", "1", "x"), ("B", "1", "x"), ("A", "2", "y")),
            "key (session, symbol): 2 rows share one, the first ('2026-02-01', 'A')",
            id="a key twice",
        ),
        pytest.param(table(), "no rows", id="no rows"),
    ],
)
def test_each_problem_is_named(frame: pl.DataFrame, expected: str) -> None:
    """The line says what was found, where, and what was expected."""
    assert problems(frame, COLUMNS, KEY) == [expected]


def test_a_key_may_not_be_empty_even_where_its_column_may() -> None:
    """A nullable column in the key is a mistake of the declaration that no row may use."""
    assert problems(GOOD, COLUMNS, ("session", "symbol", "note")) == [
        "column note: 1 nulls where none may be, the first in row 1"
    ]


def test_all_problems_are_named_at_once() -> None:
    """Who repairs a table sees them all."""
    frame = table((None, None, "x")).with_columns(pl.col("note").cast(pl.Categorical))
    assert len(problems(frame, COLUMNS, KEY)) == 3


def test_the_order_of_rows_is_no_content() -> None:
    """A source that sorts otherwise has not restated anything."""
    rows = table(*((f"S{number}", f"{number}.25", None) for number in range(200)))
    shuffled = rows.sample(fraction=1, shuffle=True, seed=1)
    assert not shuffled.equals(rows)
    assert content_sha256(shuffled, KEY) == content_sha256(rows, KEY)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(table(("A", "1.00", "x"), ("NAN", "2.51", None)), id="a value"),
        pytest.param(table(("A", "1.00", "x"), ("NAN", "2.50", "")), id="an empty text is no null"),
        pytest.param(table(("A", "1.00", None), ("NAN", "2.50", "x")), id="a text at another row"),
        pytest.param(table(("A", "1.00", "x")), id="a row less"),
        pytest.param(GOOD.rename({"note": "remark"}), id="a column's name"),
        pytest.param(GOOD.drop("note"), id="a column less"),
        pytest.param(GOOD.with_columns(pl.col("note").fill_null("null")), id="the word null"),
    ],
)
def test_other_content_has_another_fingerprint(other: pl.DataFrame) -> None:
    """Whatever a reader could tell apart, the fingerprint tells apart."""
    assert content_sha256(other, KEY) != content_sha256(GOOD, KEY)


def test_text_cannot_move_between_rows_unseen() -> None:
    """Lengths stand in the fingerprint, so that no separator can be imitated."""
    frames = [
        table(("A", "1", one), ("B", "1", two)) for one, two in [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")]
    ]
    assert len({content_sha256(frame, KEY) for frame in frames}) == 4


def test_a_fingerprint_stays_what_it_is() -> None:
    """It is compared with stored ones: a new version of a library, or of this code, must not change it."""
    written = b"7 session 10,10\n2026-02-012026-02-016 symbol 1,3\nANAN5 price 4,4\n1.002.504 note 1,null\nx"
    assert content_sha256(GOOD, KEY) == sha256(written).hexdigest()


@pytest.mark.parametrize(
    ("rows", "earlier", "is_usual", "words"),
    [
        pytest.param(3000, [2950, 2990, 3010, 3066, 2986], True, "usual", id="within the recent past"),
        pytest.param(3300, [2950, 2990, 3010, 3066, 2986], True, "usual", id="a tenth more than the most"),
        pytest.param(2660, [2950, 2990, 3010, 3066, 2986], True, "usual", id="a tenth fewer than the least"),
        pytest.param(1500, [2950, 2990, 3010, 3066, 2986], False, "more than a tenth fewer", id="half a file"),
        pytest.param(6000, [2950, 2990, 3010, 3066, 2986], False, "more than a tenth more", id="two files in one"),
        pytest.param(26, [30] * 20, False, "more than a tenth fewer", id="currencies are few: four missing"),
        pytest.param(29, [30] * 20, True, "usual", id="one that is no longer quoted"),
        pytest.param(1, [3000] * 4, True, "too few to compare", id="a new feed has no past"),
        pytest.param(1, [], True, "0 earlier sessions are too few", id="none at all"),
    ],
)
def test_a_row_count_is_compared_with_the_recent_past(
    rows: int, earlier: Sequence[int], is_usual: bool, words: str
) -> None:
    """The answer says why."""
    found, said = row_count_is_usual(rows, earlier)
    assert found is is_usual
    assert words in said
