"""Facts given in memory: frames of any kind by the name of their table, in place of a folder."""

import json
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import trustcommerce as tc

DAY = "2018-10-18"
OLIST = Path(__file__).parent.parent.parent / "policies/olist"
TABLES = {
    "sellers": pa.table({"seller_id": ["a", "b"], "seller_state": ["SP", "RJ"]}),
    "orders": pl.DataFrame(
        {
            "order_id": ["o1", "o2"],
            "status": ["delivered", "canceled"],
            "purchased_at": ["2018-03-01 10:00:00", "2018-03-02 10:00:00"],
            "handed_over_at": ["2018-03-02 10:00:00", None],
            "delivered_at": ["2018-03-09 10:00:00", None],
            "estimated_at": ["2018-03-08 00:00:00", "2018-03-09 00:00:00"],
        }
    ).with_columns(pl.col("^.*_at$").str.to_datetime()),
    "items": pd.DataFrame(
        {
            "order_id": ["o1", "o1", "o2"],
            "order_item_id": [1, 2, 1],
            "seller_id": ["a", "b", "a"],
            "shipping_limit_at": pd.to_datetime(["2018-03-03", "2018-03-01", "2018-03-04"]),
            "price": [10.10, 20.20, 30.30],
        }
    ),
    "reviews": pa.table({"order_id": ["o1"], "stars": [4]}),
}


def test_a_run_over_frames(tmp_path: Path) -> None:
    """pandas, Polars and Arrow beside each other; results and counts as from files."""
    engine = tc.load(OLIST)
    report = engine.run(TABLES, tmp_path / "out", DAY)
    assert report.rulesets["parcel"]["rows"] == 3
    assert json.loads((tmp_path / "out/run.json").read_text("utf-8"))["tables"]["items"] == {"rows": 3}
    row = engine.score_table("store_experience", None, DAY, tables=TABLES).to_pylist()[0]
    assert (row["orders"], row["late_delivery_rate.of"], str(row["gmv"])) == (2, 1, "40.40")


def test_one_subject_out_of_frames() -> None:
    """The record, the decision and the rows behind it."""
    engine = tc.load(OLIST)
    record = engine.record("store_experience", "a", TABLES, DAY)
    assert (record["orders"], record["late_handover_rate.of"]) == (2, 0)
    decision = engine.decide("store_experience", "a", DAY, facts=TABLES)
    assert decision.evidence[0].rows == 2
    late = next(each for each in decision.evidence[0].measures if each.name == "late_delivery_rate.of")
    assert [(row["order_id"], row["seller_id"]) for row in late.rows] == [("o1", "a")]


def test_frames_that_are_missing_or_strange() -> None:
    """A table that is needed and not given, and one that the pack does not have, are named."""
    engine = tc.load(OLIST)
    with pytest.raises(tc.DataError, match="table `reviews` is needed and not given"):
        engine.decide("store_experience", "a", DAY, facts={k: v for k, v in TABLES.items() if k != "reviews"})
    with pytest.raises(tc.DataError, match="the pack has no table `itmes`") as error:
        engine.decide("store_experience", "a", DAY, facts={**TABLES, "itmes": TABLES["items"]})
    assert error.value.hint == "did you mean `items`?"
    with pytest.raises(tc.DataError, match="say where the subject comes from"):
        engine.decide("store_experience", "a", DAY)
