"""Functions in Python over Arrow arrays on Spark: what is computed here, and the plugin named when one fails."""

from pathlib import Path
from typing import Any

import pytest

import trustcommerce as tc
from tests.cluster.sizes import by_key, engine_of
from tests.unit.test_vectorised import DAY, RULES, TABLES, place_of


def test_the_same(spark: Any, tmp_path: Path) -> None:
    """In values, conditions and aggregates, with a plugin that executors can't import; nothing stays in the session."""
    engine = engine_of(tmp_path)
    found = engine.run(TABLES, None, DAY, spark=spark).frames["random"].collect()
    wanted = engine.score_table("random", None, DAY, tables=TABLES)
    assert by_key([row.asDict() for row in found]) == by_key(wanted.to_pylist())
    assert not [each.name for each in spark.catalog.listFunctions() if each.name.startswith("arrow_")]


def test_a_failure(spark: Any, tmp_path: Path) -> None:
    """One sentence, and no traceback of a worker."""
    engine = engine_of(tmp_path, body="raise KeyError('no size')")
    with pytest.raises(tc.PluginError) as found:
        engine.run(TABLES, tmp_path / "out", DAY, spark=spark)
    place = place_of(tmp_path / "pack/rulesets/random.yaml", "size(")
    assert str(found.value) == f"{place}: plugin sizes 1.2: the function `size` fails: KeyError: 'no size'"


def test_a_frame(spark: Any, tmp_path: Path) -> None:
    """`score_table` of a frame."""
    rules = RULES[: RULES.index("facts:")] + RULES[RULES.index("values:") :]
    engine = engine_of(tmp_path)
    (tmp_path / "pack/rulesets/random.yaml").write_text(rules, "utf-8")
    engine = tc.load(tmp_path / "pack", plugins=[str(tmp_path / "sizes.py")])
    schema = "k string, said string, n bigint, since date, at timestamp_ntz, open boolean"
    frame = spark.createDataFrame([tuple(row.values()) for row in TABLES["goods"].to_pylist()], schema)
    found = engine.score_table("random", frame, DAY, columns=["k", "letters_here"])
    assert {tuple(row) for row in found.collect()} == {("a", 1), ("b", None), ("c", 4)}
