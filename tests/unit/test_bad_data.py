"""Bad input at run time: one `DataError` that names rule set, column, row and value, by record and by table alike."""

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
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


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> tc.Engine:
    """A pack with a column of every type and a reference to a table."""
    folder = tmp_path_factory.mktemp("kinds")
    (folder / "rulesets").mkdir()
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "rulesets/kinds.yaml").write_text(RULESET, "utf-8")
    return tc.load(folder)


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

BAD_VALUES = [
    ("whole", None, pa.int64(), "is missing, and integer may not be"),
    ("whole", 1001, pa.int64(), "outside its range: integer from 0 to 1000"),
    ("whole", -1, pa.int64(), "outside its range"),
    ("whole", 10**18, pa.int64(), "outside its range"),
    ("whole", 2**63, pa.uint64(), "outside its range|too large"),
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
    ("paid", Decimal("1000.01"), pa.decimal128(10, 2), "outside its range: money in CNY from 0 to 1000"),
    ("paid", Decimal("1e30"), pa.decimal128(38, 2), "outside its range|too large"),
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
    ("day", dt.datetime(2023, 1, 1, 8), pa.timestamp("us")),
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
    refused(
        lambda: by_table(engine, frame(column, pa.array([value], type_))), column, None, "is expected|is no whole day"
    )


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
        ("word", ["w"]),
    ],
)
def test_odd_values_in_a_record(engine: tc.Engine, column: str, value: Any) -> None:
    """Texts, numbers of any size, numpy and pandas: refused by name or by range, never a traceback of another kind."""
    refused(
        lambda: engine.score("kinds", {**RECORD, column: value}, DAY), column, "a", "which is no |outside its range"
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
        ("moment_q", pd.NaT),
        ("rate", Decimal("0.5")),
    ]:
        decision = engine.score("kinds", {**RECORD, column: value}, DAY)
        assert [decision[name] for name in OUTPUTS] == [wanted[name] for name in OUTPUTS]
        assert all(type(decision[name]) is type(wanted[name]) for name in OUTPUTS)


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


def test_columns_of_a_frame(engine: tc.Engine) -> None:
    """A column too few is named; one too many is not read; one twice is refused."""
    error = refused(lambda: by_table(engine, frame().drop_columns(["word"])), "word", None, "the frame has no column")
    assert error.hint == "did you mean `word_q`?"
    assert by_table(engine, frame().append_column("more", pa.array([b"x"])))[0]["k"] == "a"
    twice = frame().append_column("rate", pa.array([0.5]))
    refused(lambda: by_table(engine, twice), "rate", None, "two columns are called")


def test_keys_of_a_frame(engine: tc.Engine) -> None:
    """Keys tell the rows apart and are there."""
    good = frame()
    refused(lambda: by_table(engine, pa.concat_tables([good, good])), "k", "a", "2 rows of the frame have the key a")
    nulls = pa.concat_tables([frame("k", pa.array([None], pa.string()))] * 2)
    with pytest.raises(tc.DataError, match=r"`k` is missing, and text may not be \(2 rows in all\)") as caught:
        by_table(engine, nulls)
    assert caught.value.column == "k"


def test_the_first_row_is_named_by_key(engine: tc.Engine) -> None:
    """Of several bad rows the one with the smallest key is named, and they are counted."""
    rows = [frame("rate", pa.array([2.0])).set_column(0, "k", pa.array([key])) for key in ("c", "b", "d")]
    error = refused(lambda: by_table(engine, pa.concat_tables(rows)), "rate", "b", r"\(3 rows in all\)")
    assert error.value == 2.0


def test_timestamps_with_zones(engine: tc.Engine) -> None:
    """A column with a zone is refused with the way out."""
    zoned = frame("moment", pa.array([ROW["moment"]], pa.timestamp("us", "Asia/Shanghai")))
    error = refused(lambda: by_table(engine, zoned), "moment", None, "timestamp is expected")
    assert error.hint == "convert it to the pack's time zone and drop the zone"


def test_object_columns(engine: tc.Engine) -> None:
    """pandas' object columns are refused unless they hold values of one plain class."""
    good = frame().to_pandas(types_mapper=pd.ArrowDtype)
    assert by_table(engine, good) == by_table(engine, frame())
    error = refused(
        lambda: by_table(engine, good.assign(rate=pd.Series([object()], dtype=object))),
        "rate",
        None,
        "is an object column that holds object",
    )
    assert type(error.value) is object
    two = pd.concat([good, good.assign(k="b")], ignore_index=True)
    mixed = two.assign(paid=pd.Series([Decimal("9.99"), "9.99"], dtype=object))
    refused(lambda: by_table(engine, mixed), "paid", None, "is an object column that holds str beside Decimal")
    for column, value in [("word", "w"), ("paid", Decimal("9.99")), ("day", dt.date(2023, 1, 1)), ("whole", 5)]:
        plain = good.assign(**{column: pd.Series([value], dtype=object)})
        assert by_table(engine, plain)[0]["k"] == "a"


@pytest.mark.parametrize(
    "what", [None, [1], {"k": ["a"]}, 5, pl.LazyFrame({"k": ["a"]})], ids=lambda what: type(what).__name__
)
def test_what_is_no_table(engine: tc.Engine, what: Any) -> None:
    """Anything without Arrow's interface is refused as no table."""
    refused(lambda: by_table(engine, what), None, None, f"a {type(what).__name__} is no table")


def test_types_that_duckdb_does_not_read(engine: tc.Engine) -> None:
    """Halves and decimals of 256 bits are refused, not a traceback of the database."""
    for column, type_ in [("rate", pa.float16()), ("paid", pa.decimal256(50, 2))]:
        value = np.float16(0.5) if column == "rate" else ROW["paid"]
        with pytest.raises(tc.DataError, match="DuckDB does not read"):
            by_table(engine, frame(column, pa.array([value], type_)))


def test_tables_of_references(engine: tc.Engine) -> None:
    """A table that a reference reads is needed, has one row a key, and its values are held to their types."""
    with pytest.raises(tc.DataError, match="table `prices` is needed and not given"):
        by_table(engine, frame(), tables={})
    twice = pa.concat_tables([PRICES, PRICES])
    refused(lambda: by_table(engine, frame(), tables={"prices": twice}), "word", "w", "2 rows of the table `prices`")
    high = PRICES.set_column(1, "price", pa.array([Decimal("10.01")]))
    refused(lambda: by_table(engine, frame(), tables={"prices": high}), "price", "w", "outside its range")
    none = PRICES.slice(0, 0)
    refused(lambda: by_table(engine, frame(), tables={"prices": none}), "price", "a", "no row of `prices` matches")
    refused(lambda: by_table(engine, frame(), tables={"prices": 5}), None, None, "a int is no table")


@pytest.mark.parametrize("day", ["2022-12-31", "2024-01-01", dt.date(2025, 1, 1)])
def test_days_outside_the_effective_dates(engine: tc.Engine, day: Any) -> None:
    """Before the first day and from the last on, record and table refuse alike."""
    for action in (
        lambda: engine.score("kinds", RECORD, day),
        lambda: by_table(engine, frame(), day),
        lambda: engine.inputs("kinds", day),
    ):
        error = refused(action, None, None, "not in force on .*: its dates are 2023-01-01 to 2024-01-01")
        assert str(error.value) == str(day)
    assert engine.score("kinds", {**RECORD, "moment": dt.datetime(2022, 1, 1)}, "2023-01-01").as_of == dt.date(
        2023, 1, 1
    )


@pytest.mark.parametrize("day", ["yesterday", "2023-5-1", "2023-02-30", "", None, 20230501, dt.datetime(2023, 5, 1)])
def test_days_that_are_none(engine: tc.Engine, day: Any) -> None:
    """`as_of` is a date or its ISO text."""
    for action in (lambda: engine.score("kinds", RECORD, day), lambda: by_table(engine, frame(), day)):
        with pytest.raises(tc.DataError, match=r"which is no date|a day, not a moment"):
            action()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"threads": 0}, "0 threads"),
        ({"memory": "lots"}, "no amount of memory"),
        ({"columns": ["nothing"]}, "gives no `nothing`"),
        ({"columns": []}, "asks for nothing"),
    ],
)
def test_options_of_a_table_run(engine: tc.Engine, options: dict[str, Any], says: str) -> None:
    """Threads, memory and columns that make no sense are refused."""
    with pytest.raises(tc.DataError, match=says):
        by_table(engine, frame(), **options)


def test_too_little_memory(engine: tc.Engine) -> None:
    """A memory limit that the run cannot keep is an error of the run, not of the data."""
    with pytest.raises(tc.RunError, match="the memory limit is too small"):
        by_table(engine, frame(), memory="1KB")


def test_unknown_rule_sets(engine: tc.Engine) -> None:
    """A rule set that the pack does not have is named with the one that may be meant."""
    for action in (
        lambda: engine.score("kindz", RECORD, DAY),
        lambda: engine.score_table("kindz", frame(), DAY),
        lambda: engine.inputs("kindz"),
    ):
        with pytest.raises(tc.DataError, match=r"pack `kinds` has no rule set `kindz`\nhint: did you mean `kinds`\?"):
            action()
