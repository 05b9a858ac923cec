"""Tables through the engine: frames of every kind, files, columns, rule sets that read others."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

import trustcommerce as tc
from tests.unit.stores import COLUMNS, DAY, NAME, frame


@pytest.fixture(scope="module")
def engine() -> tc.Engine:
    """The pack of the store experience score."""
    return tc.load(COLUMNS / NAME)


def test_frames(engine: tc.Engine, tmp_path: Path) -> None:
    """Arrow, pandas, Polars and DuckDB, whole or in batches, and files give the same table."""
    table = frame()
    wanted = engine.score_table(NAME, table, DAY)
    connection = duckdb.connect()
    connection.register("stores", table)
    parquet.write_table(table, tmp_path / "stores.parquet")
    csv.write_csv(table, tmp_path / "stores.csv")
    for other in (
        table.to_pandas(types_mapper=pd.ArrowDtype),
        pl.from_arrow(table),
        connection.sql("from stores"),
        table.to_reader(),
        table.to_batches()[0],
        tmp_path / "stores.parquet",
        str(tmp_path / "stores.csv"),
    ):
        assert engine.score_table(NAME, other, DAY).to_pylist() == wanted.to_pylist()


def test_the_result_is_of_the_kind_of_the_frame(engine: tc.Engine, tmp_path: Path) -> None:
    """With `native`; the values are those of the Arrow table, to the type."""
    table = frame()
    wanted = engine.score_table(NAME, table, DAY)
    parquet.write_table(table, tmp_path / "stores.parquet")
    connection = duckdb.connect()
    connection.register("stores", table)
    for given, kind in (
        (table.to_pandas(types_mapper=pd.ArrowDtype), pd.DataFrame),
        (pl.from_arrow(table), pl.DataFrame),
        (pl.scan_parquet(tmp_path / "stores.parquet"), pl.LazyFrame),
        (connection.sql("from stores"), duckdb.DuckDBPyRelation),
        (table, pa.Table),
        (tmp_path / "stores.parquet", pa.Table),
    ):
        found = engine.score_table(NAME, given, DAY, native=True)
        assert isinstance(found, kind)
        arrow = pa.table(found.collect() if isinstance(found, pl.LazyFrame) else found)
        assert arrow.to_pylist() == wanted.to_pylist()
        assert engine.score_table(NAME, given, DAY).equals(wanted)


def test_some_columns(engine: tc.Engine) -> None:
    """`columns` gives those columns in the order of the rule set."""
    assert engine.score_table(NAME, frame(), DAY, columns=["store_level", "store_id"]).to_pylist() == [
        {"store_id": "s", "store_level": "good"}
    ]


def test_rule_sets_that_read_others() -> None:
    """Results of rule sets are given, or computed first from the same table."""
    engine = tc.load(COLUMNS / "operator_linkage")
    table = pa.table(
        {
            "operator_id": ["o"],
            "mean_product_score": [90.0],
            "mean_reputation_score": [90.0],
            "mean_store_experience": [90.0],
            "products_scored": [1],
            "products_below_60": [0],
            "vetoed_stores": [0],
        }
    )
    first = engine.score_table("operator", table, DAY)
    given = engine.score_table("resource_linkage", table, DAY, tables={"operator": first})
    assert given.to_pylist() == engine.score_table("resource_linkage", table, DAY).to_pylist()
    assert given.column("traffic_weight").to_pylist() == [Decimal("1.5")]
    row = first.to_pylist()[0]
    record = {"operator_id": "o", "operator": row}
    values = engine.score("resource_linkage", record, DAY).values
    assert values == {name: value for name, value in given.to_pylist()[0].items() if name in values}


def test_empty_frames(engine: tc.Engine) -> None:
    """A table without rows gives one with the same columns and none."""
    found = engine.score_table(NAME, frame().slice(0, 0), DAY)
    assert found.num_rows == 0
    assert found.schema.equals(engine.score_table(NAME, frame(), DAY).schema)


def test_explanations_show_values_of_references() -> None:
    """A column that a reference brings is shown as what it is, not in the shape it is computed in."""
    engine = tc.load(COLUMNS / "merchant_experience")
    row = {
        each["name"]: {"text": "s", "boolean": False, "date": dt.date(2024, 1, 1)}.get(each["type"], 0)
        for each in engine.inputs("experience")
        if "." not in each["name"]
    }
    row |= {
        "industry": "other",
        "shop_kind": "normal",
        "products_on_sale": 1,
        "valid_orders": 600,
        "dimensions": {"product": 84.5, "logistics": 85, "service": 85},
    }
    root = engine.score("experience", row, "2026-09-08").contributions().root
    assert root.children[0].source == {"name": "dimensions.product", "value": 84.5, "unit": "points", "title": {}}
