"""Functions in Python in conditions over the rows of two tables, of each other, and of whole numbers of any size."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.cluster.sizes import by_key, engine_of
from tests.unit.test_vectorised import DAY, PLUGIN, TABLES

RULES = """ruleset: random
subject: {name: good, table: goods, key: k}
references:
  near:
    table: goods
    match: {open: [open, not open]}
    when: "NEAR"
    keep: {first: 1, order: [k]}
    else: missing
facts:
  sales:
    table: sales
    key: k
    id: i
    exclude:
      dull: {table: goods, match: {k: k}, when: "DULL"}
metrics:
  letters: {sum: size(said), from: sales, window: 30 days}
values:
  near_k: {value: near.k}
"""
GOODS = pa.table(
    {
        "k": ["a", "b", "c", "d", "e"],
        "said": ["茶", None, "long", "xy", ""],
        "n": [1, 2, 3, 4, 5],
        "since": [dt.date(2023, 5, day) for day in (1, 2, 3, 4, 5)],
        "at": pa.array([dt.datetime(2023, 5, 2, 12)] * 5, pa.timestamp("us")),
        "open": [True, False, True, False, False],
    }
)
SALES = pa.table(
    {
        "i": [*range(8)],
        "k": [*"aabccdez"],
        "said": ["xyz", "x", "xyzz", "", "x", "xyxy", "z", "zz"],
        "at": pa.array([dt.datetime(2023, 5, 2)] * 8, pa.timestamp("us")),
    }
)
_ROWS = {"goods": GOODS, "sales": SALES}


@pytest.mark.parametrize(
    ("near", "dull"),
    [
        ("size(near.said) > 1", "size(dull.said) > 1"),
        ("size(said) > 1", "size(said) > 1"),
        ("size(said) < size(near.said)", "size(said) > size(dull.said)"),
        (
            "size(case when near.k > k then said else near.said end) = size(said)",
            "size(case when dull.said > said then said else dull.said end) < size(dull.said)",
        ),
        ("scaled(size(near.said), 2.0) > scaled(size(said), 0.5) and near.n > n", "scaled(size(dull.said), 2.0) < 5"),
    ],
    ids=["other", "own", "each", "both", "nested"],
)
def test_conditions_over_two_tables(spark: Any, tmp_path: Path, near: str, dull: str) -> None:
    """Whether excluded rows are counted or not."""
    rules = RULES.replace("NEAR", f"coalesce({near}, false)").replace("DULL", f"coalesce({dull}, false)")
    engine = engine_of(tmp_path, rules)
    wanted = by_key(engine.score_table("random", None, DAY, tables=_ROWS).to_pylist())
    assert len({row["near_k"] for row in wanted.values()}) > 1
    report = engine.run(_ROWS, None, DAY, spark=spark)
    assert by_key([row.asDict() for row in report.frames["random"].collect()]) == wanted
    here = engine.run(_ROWS, tmp_path / "out", DAY)
    assert report.rulesets["random"]["facts"] == here.rulesets["random"]["facts"]
    frame = spark.createDataFrame(
        [tuple(row.values()) for row in GOODS.to_pylist()],
        "k string, said string, n bigint, since date, at timestamp_ntz, open boolean",
    )
    found = engine.score_table("random", frame, DAY, tables=_ROWS, columns=["k", "letters", "near_k"])
    shown = {key: {name: row[name] for name in ("k", "letters", "near_k")} for key, row in wanted.items()}
    assert by_key([row.asDict() for row in found.collect()]) == shown


@pytest.mark.parametrize("where", ["size(said) > 1", "long(said)"])
def test_conditions_of_groups(spark: Any, tmp_path: Path, where: str) -> None:
    """Of events whose points are capped; one that is a column as it stands is a condition, too."""
    plugin = PLUGIN + (
        "    yield arrow_function(\n"
        '        name="long", parameters=("text",), result="boolean", doc="More than a letter.",\n'
        "        compute=lambda texts: pc.greater(pc.utf8_length(texts), 1), example=(\"long('ab')\", True),\n"
        "    )\n"
    )
    rules = f"""ruleset: random
subject: {{name: good, table: goods, key: k}}
facts: {{sales: {{table: sales, key: k, id: i}}}}
scores:
  rank:
    range: [0, 100]
    value: 100
    deductions:
      said: {{each: sales, where: "{where}", window: all, points: 5, per: said, at_most: 8}}
"""
    engine = engine_of(tmp_path, rules, plugin=plugin)
    wanted = engine.score_table("random", None, DAY, tables=_ROWS).to_pylist()
    assert {row["rank"] for row in wanted} == {100.0, 95.0}
    found = engine.run(_ROWS, None, DAY, spark=spark).frames["random"].collect()
    assert by_key([row.asDict() for row in found]) == by_key(wanted)


def test_whole_numbers_of_any_size(spark: Any, tmp_path: Path) -> None:
    """One beyond 2^53 keeps its last digit beside one that is missing."""
    plugin = PLUGIN + (
        "    yield arrow_function(\n"
        '        name="last", parameters=("integer",), result="integer", doc="The last digit.",\n'
        "        compute=lambda n: pc.subtract(n, pc.multiply(pc.divide(n, 10), 10)), example=('last(127)', 7),\n"
        "    )\n"
    )
    rules = """ruleset: random
subject: {name: good, table: goods, key: k}
values:
  digit: {value: last(case when open then n * 10000000000000000 + n else null end)}
"""
    engine = engine_of(tmp_path, rules, plugin=plugin)
    wanted = engine.score_table("random", None, DAY, tables=TABLES).to_pylist()
    assert [row["digit"] for row in wanted] == [1, None, 3]
    found = engine.run(TABLES, None, DAY, spark=spark).frames["random"].collect()
    assert by_key([row.asDict() for row in found]) == by_key(wanted)
