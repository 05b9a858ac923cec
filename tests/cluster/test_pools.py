"""Pools on Spark: the same grants and the same report as in this process, period after period."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

import trustcommerce as tc
from tests.parity.compare import bits

PACK = Path(__file__).parents[1] / "cases/valid/pools"


def _rows(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["claim_id"]: {name: bits(value) for name, value in row.items()} for row in rows}


def test_periods(spark: Any, tmp_path: Path) -> None:
    """Published numbers, slots, and a subsidy that carries what is left to the second run."""
    engine, previous = tc.load(PACK), None
    for day in (dt.date(2023, 5, 18), dt.date(2023, 5, 19)):
        here = engine.run(PACK / "facts", tmp_path / f"here{day}", day, previous=previous)
        there = engine.run(PACK / "facts", None, day, previous=previous, spark=spark)
        for name, done in here.rulesets.items():
            assert there.rulesets[name]["pools"] == done["pools"], name
            wanted = engine.decide(name, "bounded B", day, out=tmp_path / f"here{day}")
            found = {row["claim_id"]: row.asDict() for row in there.frames[name].collect()}
            assert {k: bits(found["bounded B"][k]) for k in wanted.values} == _rows([wanted.values])["bounded B"]
        previous = tmp_path / f"here{day}"


def _claims(spark: Any) -> Any:
    frame = spark.read.option("header", "true").csv(str(PACK / "facts/claims.csv"))
    types = {"weight": "bigint", "least": "bigint", "most": "bigint", "sales": "decimal(12,2)", "newcomer": "boolean"}
    for name, type_ in types.items():
        frame = frame.withColumn(name, frame[name].cast(type_))
    return frame


def test_frames(spark: Any) -> None:
    """A frame that is computed when it is asked for, its shared rows kept until then."""
    engine, names = tc.load(PACK), ["claim_id", "remainders", "signposts"]
    found = engine.score_table("shared", _claims(spark), "2023-05-18", columns=names)
    wanted = engine.score_table("shared", PACK / "facts/claims.csv", "2023-05-18").to_pylist()
    assert {tuple(row) for row in found.collect()} == {tuple(row[name] for name in names) for row in wanted}


def test_a_value_that_a_share_is_made_of(spark: Any) -> None:
    """It is tested though only the share is asked for, whose claims are computed apart."""
    engine, claims = tc.load(PACK), _claims(spark)
    claims = claims.withColumn("weight", claims["weight"] - 10)
    with pytest.raises(
        tc.DataError, match=r"claims.weight: -5 is not integer from 0 to 1,000,000 in the row bounded A"
    ):
        engine.score_table("shared", claims, "2023-05-18", columns=["claim_id", "remainders"])
