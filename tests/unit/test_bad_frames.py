"""Bad frames and bad arguments: one DataError each, nothing half-done."""

import datetime as dt
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import trustcommerce as tc
from tests.unit.kinds import DAY, PRICES, RECORD, ROW, by_table, frame, refused
from trustcommerce.run import duck


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
    refused(lambda: by_table(engine, nulls), "k", "number 1", r"`k` is missing, and text may not be \(2 rows in all\)")


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


@pytest.mark.parametrize("name", ["moment", "moment_q", "day"])
@pytest.mark.parametrize("years", [-3000, 9000])
def test_years_of_a_frame(engine: tc.Engine, name: str, years: int) -> None:
    """Moments that Python has no year for are refused: spans are proven to fit for the years 1 to 9999."""
    type_ = pa.date32() if name == "day" else pa.timestamp("us")
    days = years * 365
    far = frame(name, pa.array([days if name == "day" else days * 86_400_000_000], type_))
    refused(lambda: by_table(engine, far), name, "a", "is outside the years 1 to 9999")


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
    zone = dt.timezone(dt.timedelta(hours=8))
    moments = [dt.datetime(2023, 1, 2), dt.datetime(2023, 1, 2, tzinfo=zone)]
    mixed = two.assign(moment=pd.Series(moments, dtype=object))
    refused(lambda: by_table(engine, mixed), "moment", None, "holds datetime with a time zone beside datetime")
    gaps = two.assign(whole_q=pd.Series([5, pd.NA], dtype=object))
    assert [row["whole_q"] for row in by_table(engine, gaps)] == [5, None]
    for column, value in [("word", "w"), ("paid", Decimal("9.99")), ("day", dt.date(2023, 1, 1)), ("whole", 5)]:
        plain = good.assign(**{column: pd.Series([value], dtype=object)})
        assert by_table(engine, plain)[0]["k"] == "a"


@pytest.mark.parametrize(
    "what", [[1], {"k": ["a"]}, 5, pl.Series("k", ["a"]).dtype], ids=lambda what: type(what).__name__
)
def test_what_is_no_table(engine: tc.Engine, what: Any) -> None:
    """Anything without Arrow's interface is refused as no table."""
    refused(lambda: by_table(engine, what), None, None, f"a {type(what).__name__} is no table")


def test_a_lazy_frame_that_fails(engine: tc.Engine) -> None:
    """What its library says is the error's cause."""
    refused(
        lambda: by_table(engine, pl.LazyFrame({"k": ["a"]}).select("nothing")), None, None, "the frame can't be read"
    )


def test_types_that_duckdb_does_not_read(engine: tc.Engine) -> None:
    """Decimals that no column of DuckDB holds are refused by name, not by a traceback of the database."""
    wide = frame("paid", pa.array([Decimal(10**40)], pa.decimal256(50, 2)))
    refused(lambda: by_table(engine, wide), "paid", None, "holds numbers of more than 38 digits")
    hundreds = pa.array([Decimal(500)]).cast(pa.decimal128(5, -2))
    assert by_table(engine, frame("whole", hundreds))[0]["whole"] == 500


def test_columns_that_nobody_reads(engine: tc.Engine) -> None:
    """They may be of any type, be there twice, and be called like one that is read but for case."""
    good, wanted = frame(), by_table(engine, frame())
    polars, pandas = pl.from_arrow(good), good.to_pandas(types_mapper=pd.ArrowDtype)
    assert isinstance(polars, pl.DataFrame)
    shouted = pa.array([0.9])
    for given in (
        good.add_column(0, "RATE", shouted),
        good.append_column("RATE", shouted),
        pd.concat([pd.DataFrame({"RATE": [0.9]}), pandas], axis=1),
        pl.concat([pl.DataFrame({"RATE": [0.9]}), polars], how="horizontal"),
        pl.concat([pl.DataFrame({"RATE": [0.9]}), polars], how="horizontal").lazy(),
        good.append_column("more", pa.array([np.float16(1)])),
        good.append_column("more", pa.array([Decimal(10**40)], pa.decimal256(60, 2))),
        good.append_column("more", pa.array([1])).append_column("more", pa.array([2])),
        polars.with_columns(more=pl.lit(1).cast(pl.Int128)),
        pandas.assign(more=[{"a": 1}]),
        pandas.assign(more=[1j]),
    ):
        assert by_table(engine, given) == wanted
    prices = PRICES.add_column(0, "PRICE", pa.array([Decimal("9.50")]))
    assert by_table(engine, good, tables={"prices": prices}) == wanted
    error = refused(lambda: by_table(engine, good.rename_columns({"rate": "Rate"})), "rate", None, "has no column")
    assert error.hint == "did you mean `Rate`?"
    refused(lambda: by_table(engine, pa.table({"a": [1]})), None, None, "none of the columns that are declared")
    refused(lambda: by_table(engine, pd.DataFrame()), None, None, "none of the columns that are declared")


@pytest.mark.parametrize("column", ["moment", "day"])
def test_more_digits_than_microseconds(engine: tc.Engine, column: str) -> None:
    """Moments that are no whole microseconds are refused, as records and files refuse them."""
    moment = pa.array([pd.Timestamp("2023-01-01 00:00:00.0000004").value], pa.timestamp("ns"))
    refused(lambda: by_table(engine, frame(column, moment)), column, "a", "00.0000004 is no timestamp in whole micro")


@pytest.mark.parametrize("unit", ["s", "ms"])
@pytest.mark.parametrize("column", ["moment", "moment_q"])
def test_seconds_beyond_the_years(engine: tc.Engine, column: str, unit: str) -> None:
    """Seconds reach further than microseconds do."""
    far = frame(column, pa.array([2**62], pa.timestamp(unit)))
    refused(lambda: by_table(engine, far), column, None, "holds moments outside the years 1 to 9999")
    near = frame(column, pa.array([dt.datetime(2023, 1, 1, 8)], pa.timestamp(unit)))
    assert by_table(engine, near)[0][column] == dt.datetime(2023, 1, 1, 8)


def test_relations(engine: tc.Engine) -> None:
    """A result as a relation is of the connection of the one given; one that fails is the data's error."""
    own = duckdb.connect()
    own.register("things", frame())
    found = engine.score_table("kinds", own.sql("FROM things"), DAY, tables={"prices": PRICES}, native=True)
    assert found.join(own.sql("SELECT k, 1 AS one FROM things"), "k").select("money", "one").fetchall() == [
        (Decimal("11.49"), 1)
    ]
    views = own.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    assert views in ([], [("things",)])  # what is registered is a view in some versions
    failing = own.sql("SELECT * REPLACE (CAST('x' || k AS INTEGER) AS whole) FROM things")
    refused(lambda: by_table(engine, failing), None, None, "the frame can't be read: .*Could not convert")
    own.execute("SET python_enable_replacements = false")
    with pytest.raises(tc.DataError, match="does not read what is in memory"):
        engine.score_table("kinds", own.sql("FROM things"), DAY, tables={"prices": PRICES}, native=True)


def test_arrow_of_other_libraries(engine: tc.Engine) -> None:
    """A stream or a batch will do; what breaks on the way is said in one line."""

    class Batch:
        def __arrow_c_array__(self, requested_schema: object = None) -> object:
            return frame().to_batches()[0].__arrow_c_array__(requested_schema)

    class Broken:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise RuntimeError("no stream\ntoday")

    assert by_table(engine, Batch()) == by_table(engine, frame())
    refused(lambda: by_table(engine, Broken()), None, None, "the frame can't be read: no stream$")
    with pytest.raises(tc.DataError, match=r"the table `prices` can't be read: no stream$"):
        by_table(engine, frame(), tables={"prices": Broken()})


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
        ({"threads": 0}, "0 is no number of threads"),
        ({"threads": 10**9}, "1000000000 is no number of threads"),
        ({"threads": "4"}, "'4' is no number of threads"),
        ({"threads": True}, "True is no number of threads"),
        ({"memory": 4}, "`4` is no amount of memory"),
        ({"columns": 5}, "`columns` are names, not a int"),
        ({"tables": PRICES}, "a Table is no tables by name"),
        ({"known_as_of": "x"}, "`known_as_of` is `x`, which is no date"),
        ({"memory": "lots"}, "no amount of memory"),
        ({"memory": "1KB"}, "nothing runs with less than 50MB"),
        ({"memory": "0.04 GiB"}, "the memory limit of 0.04 GiB is too small"),
        ({"columns": ["nothing"]}, "gives no `nothing`"),
        ({"columns": []}, "asks for nothing"),
    ],
)
def test_options_of_a_table_run(engine: tc.Engine, options: dict[str, Any], says: str) -> None:
    """Threads, memory and columns that make no sense are refused."""
    with pytest.raises(tc.DataError, match=says):
        by_table(engine, frame(), **options)


def test_columns_of_a_result(engine: tc.Engine) -> None:
    """They come in the order they are asked for, from anything that gives names."""
    assert list(by_table(engine, frame(), columns=["money", "k"])[0]) == ["money", "k"]
    assert list(by_table(engine, frame(), columns=pd.Index(["money", "k"]))[0]) == ["money", "k"]
    assert list(by_table(engine, frame(), columns=iter(["money"]))[0]) == ["money"]


def test_too_little_memory(engine: tc.Engine) -> None:
    """A memory limit that turns out too small is an error of the run, not of the data."""
    with (
        patch.object(duck, "_LEAST", 0),
        pytest.raises(tc.RunError, match="the memory limit is too small, give more or fewer threads"),
    ):
        by_table(engine, frame(), memory="1KB")


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), RuntimeError("Query interrupted")])
def test_an_interrupt(interrupt: BaseException) -> None:
    """It is one to the caller, whatever becomes of it on the way; other errors stay what they are."""
    with pytest.raises(KeyboardInterrupt), duck.connect("work"):
        raise interrupt
    with pytest.raises(RuntimeError, match="another"), duck.connect("work"):
        raise RuntimeError("another")


def test_unknown_rule_sets(engine: tc.Engine) -> None:
    """A rule set that the pack does not have is named with the one that may be meant."""
    for action in (
        lambda: engine.score("kindz", RECORD, DAY),
        lambda: engine.score_table("kindz", frame(), DAY),
        lambda: engine.inputs("kindz"),
    ):
        with pytest.raises(tc.DataError, match=r"pack `kinds` has no rule set `kindz`\nhint: did you mean `kinds`\?"):
            action()
