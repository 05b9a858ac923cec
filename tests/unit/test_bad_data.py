"""Bad records: one DataError that names rule set, column, row and value, the same as for tables."""

import datetime as dt
import math
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import trustcommerce as tc
from tests.unit.kinds import DAY, OUTPUTS, RECORD, by_table, frame, refused


class Word(StrEnum):
    W = "w"


BAD_VALUES = [
    ("whole", None, pa.int64(), "is missing, and integer may not be"),
    ("whole", 1001, pa.int64(), "outside its range: integer from 0 to 1,000"),
    ("whole", -1, pa.int64(), "outside its range"),
    ("whole", 10**18, pa.int64(), "outside its range"),
    ("whole", 2**63, pa.uint64(), "outside its range|too large"),
    ("whole", 1e18, pa.float64(), "outside its range|too large"),
    ("whole", 5.5, pa.float64(), "no integer|no number of at most 0 decimal places"),
    ("whole", math.nan, pa.float64(), "no integer|no number of at most 0 decimal places"),
    ("whole", math.inf, pa.float64(), "no integer|no number of at most 0 decimal places"),
    ("whole_q", -math.inf, pa.float64(), "no integer|no number of at most 0 decimal places"),
    ("rate", None, pa.float64(), "is missing, and number may not be"),
    ("rate", math.nan, pa.float64(), "no number|no finite number"),
    ("rate", math.inf, pa.float64(), "no number|no finite number"),
    ("rate_q", -math.inf, pa.float64(), "no number|no finite number"),
    ("rate", 1.0000001, pa.float64(), "outside its range: number from 0 to 1"),
    ("paid", Decimal("9.995"), pa.decimal128(10, 3), "no money in CNY|more than 2 decimal places"),
    ("paid", 9.995, pa.float64(), "no money in CNY|no number of at most 2 decimal places"),
    ("paid", math.nan, pa.float64(), "no money in CNY|no number of at most 2 decimal places"),
    ("paid", Decimal("1000.01"), pa.decimal128(10, 2), "outside its range: money in CNY from 0 to 1,000"),
    ("paid", Decimal("1e30"), pa.decimal128(38, 2), "outside its range|too large"),
    ("paid", Decimal("1e26"), pa.decimal128(38, 11), "outside its range|too large"),
    ("paid", Decimal(f"9.{'9' * 37}"), pa.decimal128(38, 37), "no money in CNY|more than 2 decimal places"),
    ("paid", Decimal(f"0.{'9' * 38}"), pa.decimal128(38, 38), "no money in CNY|more than 2 decimal places"),
    ("flag", None, pa.bool_(), "is missing, and boolean may not be"),
    ("day", None, pa.date32(), "is missing, and date may not be"),
    ("moment", None, pa.timestamp("us"), "is missing, and timestamp may not be"),
    ("word", None, pa.string(), "is missing, and text may not be"),
]


@pytest.mark.parametrize(("column", "value", "type_", "says"), BAD_VALUES)
def test_bad_values(engine: tc.Engine, column: str, value: Any, type_: pa.DataType, says: str) -> None:
    """Record and table refuse the same value and name the same place."""
    single = refused(lambda: engine.score("kinds", {**RECORD, column: value}, DAY), column, "a", says)
    many = refused(lambda: by_table(engine, frame(column, pa.array([value], type_))), column, "a", says)
    for error in (single, many):
        assert error.value == value or (value != value and error.value != error.value)


BAD_TYPES = [
    ("whole", True, pa.bool_()),
    ("rate", "0.5", pa.string()),
    ("rate", [0.5], pa.list_(pa.float64())),
    ("flag", 1, pa.int64()),
    ("flag", "true", pa.string()),
    ("day", 5, pa.int64()),
    ("moment", dt.date(2023, 1, 1), pa.date32()),
    ("word", 5, pa.int64()),
    ("word", b"w", pa.binary()),
    ("k", 7, pa.int64()),
]


@pytest.mark.parametrize(("column", "value", "type_"), BAD_TYPES)
def test_wrong_types(engine: tc.Engine, column: str, value: Any, type_: pa.DataType) -> None:
    """Neither takes a value of another type; a table is refused by the type of its column, before any row."""
    key = "7" if column == "k" else "a"
    error = refused(lambda: engine.score("kinds", {**RECORD, column: value}, DAY), column, key, "which is no ")
    assert error.value == value
    refused(lambda: by_table(engine, frame(column, pa.array([value], type_))), column, None, "is expected")


def test_moments_in_a_column_of_dates(engine: tc.Engine) -> None:
    """A moment at 00:00 is the day it begins; any other is refused."""
    midnight, morning = dt.datetime(2023, 1, 1), dt.datetime(2023, 1, 1, 8)
    wanted = engine.score("kinds", RECORD, DAY).values
    assert engine.score("kinds", {**RECORD, "day": midnight}, DAY).values == wanted
    assert by_table(engine, frame("day", pa.array([midnight], pa.timestamp("us")))) == by_table(engine, frame())
    refused(lambda: engine.score("kinds", {**RECORD, "day": morning}, DAY), "day", "a", "which is no date")
    refused(lambda: by_table(engine, frame("day", pa.array([morning], pa.timestamp("us")))), "day", "a", "no whole day")


def test_what_both_accept(engine: tc.Engine) -> None:
    """Other ways to write the same value are the same value."""
    wanted = {name: engine.score("kinds", RECORD, DAY)[name] for name in OUTPUTS}
    for column, value, type_ in [
        ("whole", 5.0, pa.float64()),
        ("whole", 5, pa.int8()),
        ("whole", 5, pa.decimal128(5, 0)),
        ("whole_q", math.nan, pa.float64()),
        ("whole_q", None, pa.null()),
        ("rate", 0.5, pa.float32()),
        ("paid", 9.99, pa.float64()),
        ("paid", Decimal("9.990"), pa.decimal128(10, 3)),
        ("paid", Decimal("9.99"), pa.decimal128(38, 37)),
        ("paid", Decimal("9.99"), pa.decimal128(38, 30)),
        ("paid", Decimal("9.99"), pa.decimal256(50, 2)),
        ("rate", np.float16(0.5), pa.float16()),
        ("rate", Decimal("0.5"), pa.decimal128(38, 38)),
        ("word", "w", pa.large_string()),
        ("day", dt.date(2023, 1, 1), pa.date64()),
        ("moment", dt.datetime(2023, 1, 1, 8), pa.timestamp("ns")),
    ]:
        decision = engine.score("kinds", {**RECORD, column: value}, DAY)
        rows = by_table(engine, frame(column, pa.array([value], type_)))
        for name in OUTPUTS:
            assert decision[name] == rows[0][name] == wanted[name], column
    words = frame("word", pa.array(["w"]).dictionary_encode())
    assert by_table(engine, words)[0]["money"] == wanted["money"]


# -- records alone


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("whole", "5.5"),
        ("whole", "５"),
        ("whole", " 5"),
        ("whole", "five"),
        ("whole", 10**4000),
        pytest.param("whole", 10**5000, id="more digits than Python writes"),
        ("whole", Decimal("1e999999999")),
        ("whole", Decimal("1e-999999999")),
        ("whole", Decimal("NaN")),
        ("rate", Decimal("NaN")),
        ("rate", Decimal("sNaN")),
        ("rate", Decimal("Infinity")),
        ("rate", 10**400),
        ("rate", 1j),
        ("rate", np.array([0.5, 0.6])),
        ("rate", np.array([0.5])),
        ("paid", "9,99"),
        ("paid", "9.999"),
        ("paid", Decimal("1e-20")),
        ("paid", np.float32(9.99)),
        ("flag", 1.0),
        ("flag", []),
        ("day", "2023-02-30"),
        ("day", "1 May"),
        ("day", pd.NaT),
        ("day", pd.Timestamp("2023-01-01 08:00")),
        ("moment", "2023-01-01T08:00:00Z"),
        ("moment", pd.NaT),
        ("moment", pd.Timestamp("2023-01-01 08:00:00.000000001")),
        ("moment", np.datetime64("2023-01-01T08:00:00.000000001")),
        ("day", pd.Timestamp("2023-01-01 00:00:00.000000001")),
        ("word", ["w"]),
        ("whole", pd.NA),
        ("whole", 1e18),
        ("rate", np.ma.masked),
        ("rate", np.array(0.5)),
        ("rate", np.longdouble(0.5)),
    ],
)
def test_odd_values_in_a_record(engine: tc.Engine, column: str, value: Any) -> None:
    """Texts, numbers of any size, numpy and pandas: refused by name or by range, never a traceback of another kind."""
    refused(
        lambda: engine.score("kinds", {**RECORD, column: value}, DAY),
        column,
        "a",
        "which is no |outside its range|is missing, and",
    )


def test_a_moment_with_a_zone_in_a_record(engine: tc.Engine) -> None:
    """Timestamps have no zone; those that have one are refused by records as by tables."""
    value = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
    refused(lambda: engine.score("kinds", {**RECORD, "moment": value}, DAY), "moment", "a", "which is no timestamp")


def test_texts_and_numpy_in_a_record(engine: tc.Engine) -> None:
    """Records come from JSON, CSV and frames: exact texts, numpy's numbers and pandas' moments are taken."""
    wanted = engine.score("kinds", RECORD, DAY)
    for column, value in [
        ("whole", "5"),
        ("paid", "9.99"),
        ("paid", np.float64(9.99)),
        ("day", "2023-01-01"),
        ("moment", "2023-01-01 08:00:00"),
        ("moment", pd.Timestamp("2023-01-01 08:00")),
        ("whole", np.int64(5)),
        ("rate", np.float32(0.5)),
        ("flag", np.True_),
        ("moment", np.datetime64("2023-01-01T08:00:00")),
        ("moment", np.datetime64("2023-01-01T08:00:00.000000000")),
        ("day", np.datetime64("2023-01-01")),
        ("moment_q", pd.NaT),
        ("moment_q", np.datetime64("NaT", "us")),
        ("whole_q", pd.NA),
        ("word_q", pd.NA),
        ("word", np.str_("w")),
        ("word", Word.W),
        ("rate", Decimal("0.5")),
    ]:
        decision = engine.score("kinds", {**RECORD, column: value}, DAY)
        assert [decision[name] for name in OUTPUTS] == [wanted[name] for name in OUTPUTS]
        assert all(type(decision[name]) is type(wanted[name]) for name in OUTPUTS)
        assert type(decision[column]) is type(wanted[column])
        assert decision[column] == wanted[column]


def test_keys_of_a_record(engine: tc.Engine) -> None:
    """A key too few or too many is named, with the one that may be meant."""
    short = {name: value for name, value in RECORD.items() if name != "rate"}
    refused(lambda: engine.score("kinds", short, DAY), "rate", "a", "the record has no `rate`")
    error = refused(lambda: engine.score("kinds", {**short, "rats": 1}, DAY), "rate", "a", "the record has no `rate`")
    assert error.hint == "did you mean `rats`?"
    error = refused(lambda: engine.score("kinds", {**RECORD, "wole": 1}, DAY), "wole", "a", "unknown key `wole`")
    assert (error.value, error.hint) == (1, "did you mean `whole`?")
    refused(lambda: engine.score("kinds", {**RECORD, 5: 1}, DAY), "5", "a", "unknown key `5`")
    refused(lambda: engine.score("kinds", {}, DAY), "k", None, "the record has no `k`")


@pytest.mark.parametrize("record", [None, [RECORD], "a", 5, pd.Series(RECORD)])
def test_records_that_are_no_mappings(engine: tc.Engine, record: Any) -> None:
    """A record is a mapping; a proxy of one will do."""
    with pytest.raises(tc.DataError, match="a record is a mapping, not a "):
        engine.score("kinds", record, DAY)
    assert engine.score("kinds", MappingProxyType(RECORD), DAY).key == ("a",)


@pytest.mark.parametrize(
    ("price", "column", "says"),
    [
        (None, "price", "no row of `prices` matches on word"),
        (5, "price", "must be a mapping or null"),
        ({}, "price.price", "`price` has no `price`"),
        ({"price": 99}, "price.price", "outside its range"),
        ({"price": None}, "price.price", "is missing"),
    ],
)
def test_matched_rows_in_a_record(engine: tc.Engine, price: Any, column: str, says: str) -> None:
    """The row that a reference matches is held to its types too."""
    refused(lambda: engine.score("kinds", {**RECORD, "price": price}, DAY), column, "a", says)


# -- previous


def test_previous_of_another_kind(engine: tc.Engine) -> None:
    """`previous` is the state of an earlier decision on the same subject by the same rule set of the same pack."""
    earlier = engine.score("kinds", RECORD, "2023-05-31").state
    assert engine.score("kinds", RECORD, DAY, previous=earlier).state.as_of == dt.date(2023, 6, 1)
    other = engine.score("kinds", {**RECORD, "k": "b"}, "2023-05-31").state
    for state, says in [
        (other, "is of subject"),
        (engine.score("kinds", RECORD, DAY).state, "not before"),
        (tc.State(pack="x", ruleset="kinds", key=("a",), as_of=earlier.as_of), "is of pack x, not kinds"),
        (tc.State(pack="kinds", ruleset="x", key=("a",), as_of=earlier.as_of), "is of rule set x, not kinds"),
        ({"a": 1}, "not a dict"),
    ]:
        with pytest.raises(tc.DataError, match=says) as caught:
            engine.score("kinds", RECORD, DAY, previous=state)  # type: ignore[arg-type]
        assert caught.value.ruleset == "kinds"


# -- tables alone
