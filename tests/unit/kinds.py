"""A pack with a column of every kind, a record and a frame of it, and how refusals are checked."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

import trustcommerce as tc

DAY = "2023-06-01"
PACK = """
pack: kinds
version: 1
currency: CNY
tables:
  things:
    key: k
    columns:
      k: text
      whole: {type: integer, range: [0, 1000]}
      whole_q: {type: 'integer?', range: [0, 1000]}
      rate: {type: number, range: [0, 1]}
      rate_q: {type: 'number?', range: [0, 1]}
      paid: {type: CNY, range: [0, 1000]}
      flag: boolean
      day: date
      moment: timestamp
      moment_q: timestamp?
      word: text
      word_q: text?
  prices:
    key: word
    columns: {word: text, price: {type: CNY, range: [0, 10]}}
"""
RULESET = """
ruleset: kinds
effective: {from: 2023-01-01, until: 2024-01-01}
subject: {name: thing, table: things, key: k}
references:
  price: {table: prices, match: {word: word}, else: error}
values:
  numbers: whole + coalesce(whole_q, 1) + rate + coalesce(rate_q, 0.5)
  money: {unit: CNY, value: paid + price.price}
  facts: "flag and day < as_of and moment < as_of and coalesce(moment_q < as_of, true) and coalesce(word_q, '') <> 'x'"
"""
TYPES = {
    "k": pa.string(),
    "whole": pa.int64(),
    "whole_q": pa.int64(),
    "rate": pa.float64(),
    "rate_q": pa.float64(),
    "paid": pa.decimal128(10, 2),
    "flag": pa.bool_(),
    "day": pa.date32(),
    "moment": pa.timestamp("us"),
    "moment_q": pa.timestamp("us"),
    "word": pa.string(),
    "word_q": pa.string(),
}
ROW: dict[str, Any] = {
    "k": "a",
    "whole": 5,
    "whole_q": None,
    "rate": 0.5,
    "rate_q": 0.25,
    "paid": Decimal("9.99"),
    "flag": True,
    "day": dt.date(2023, 1, 1),
    "moment": dt.datetime(2023, 1, 1, 8),
    "moment_q": None,
    "word": "w",
    "word_q": None,
}
RECORD: dict[str, Any] = {**ROW, "price": {"price": Decimal("1.50")}}
PRICES = pa.table({"word": ["w"], "price": pa.array([Decimal("1.50")], pa.decimal128(10, 2))})
OUTPUTS = ("numbers", "money", "facts")


def frame(column: str = "k", array: pa.Array | None = None) -> pa.Table:
    """The good row as a table, one column of it given."""
    arrays = {name: pa.array([ROW[name]], type_) for name, type_ in TYPES.items()}
    return pa.table(arrays if array is None else {**arrays, column: array})


def by_table(engine: tc.Engine, table: Any, day: Any = DAY, **options: Any) -> list[dict[str, Any]]:
    return engine.score_table("kinds", table, day, **{"tables": {"prices": PRICES}, **options}).to_pylist()


def refused(action: Callable[[], object], column: str | None, row: object, says: str) -> tc.DataError:
    """The one `DataError` that the action raises, with its rule set, column and row."""
    with pytest.raises(tc.DataError, match=says) as caught:
        action()
    error = caught.value
    assert (error.ruleset, error.column, error.row) == ("kinds", column, row)
    for part in ("rule set `kinds`", *([f"column `{column}`"] if column else []), *([f"row `{row}`"] if row else [])):
        assert part in str(error)
    return error


# -- values, by record and by table
