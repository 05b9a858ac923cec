"""Rule sets of so many items that Spark gets them lot by lot."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import trustcommerce as tc
from tests.parity.compare import bits
from tests.parity.ways import DAY, Case, column_case, fact_case, reference
from trustcommerce.cluster import run
from trustcommerce.cluster.packed import Packed


@pytest.mark.parametrize(("make", "seed"), [(column_case, 0), (column_case, 5), (fact_case, 2)])
def test_the_same(spark: Any, make: Any, seed: int) -> None:
    """As if a handful of items were many."""
    case: Case = make(seed, 100)
    with patch.object(run, "_LOT", 8), patch.object(Packed, "pack", autospec=True, side_effect=Packed.pack) as pack:
        frame = case.engine.run(case.frames, None, DAY, spark=spark).frames["random"]
    assert pack.call_count > 2
    version = case.engine.plan.rulesets["random"].version(DAY)
    assert version is not None
    names = [each.name for each in version.outputs]
    found = {row["k"]: {name: bits(row[name]) for name in names} for row in frame.collect()}
    assert found == reference(case)


def test_a_value_that_early_lots_read(spark: Any, tmp_path: Path) -> None:
    """It is tested though only what the last lot gives is asked for."""
    (tmp_path / "rulesets").mkdir()
    table = "tables: {t: {key: k, columns: {k: text, a: {type: number, range: [0, 9]}}}}\n"
    (tmp_path / "pack.yaml").write_text(f"pack: p\n{table}", "utf-8")
    values = [f"  v{i}: v{i - 1} * v{i - 1} + {i}\n" for i in range(1, 9)]
    head = "ruleset: r\nsubject: {name: t, table: t, key: k}\nvalues:\n  v0: a / 10\n"
    (tmp_path / "rulesets/r.yaml").write_text(head + "".join(values), "utf-8")
    engine = tc.load(tmp_path)
    with patch.object(run, "_LOT", 2):
        for a in (3.0, 77.0):
            frame = spark.createDataFrame([("x", a)], "k string, a double")
            if a == 3.0:
                found = engine.score_table("r", frame, DAY, columns=["v8"]).collect()
                assert found[0]["v8"] == engine.score("r", {"k": "x", "a": a}, DAY)["v8"]
            else:
                with pytest.raises(tc.DataError, match=r"t.a: 77.0 is not number from 0 to 9 in the row x"):
                    engine.score_table("r", frame, DAY, columns=["v8"])
