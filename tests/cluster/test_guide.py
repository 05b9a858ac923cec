"""The kind of rule of the guide for plugins, as the page has it: the same for a record, a table and Spark."""

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

from pyarrow import parquet

import trustcommerce as tc
from tests.docs.blocks import ROOT, blocks_of
from tests.parity.compare import bits

DAY = dt.date(2023, 5, 18)
NAME = "store_volume"


def test_a_kind_written_from_the_docs(spark: Any, tmp_path: Path) -> None:
    """No line of it knows an engine."""
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    wanted = ("bonus.py", f"policies/kuaishou/rulesets/{NAME}.yaml")
    for block in blocks_of(ROOT / "docs/how-to/write-a-plugin.md"):
        if block.marks.get("file") in wanted:
            (tmp_path / block.marks["file"]).write_text(block.text, "utf-8")
    engine = tc.load(tmp_path / "policies/kuaishou", plugins=[str(tmp_path / "bonus.py")])
    facts = ROOT / "seeds/kuaishou"
    engine.run(facts, tmp_path / "here", DAY, only=NAME)
    rows = parquet.read_table(tmp_path / "here" / f"{NAME}.parquet").to_pylist()
    assert {row["volume"] for row in rows} == {0, 2, 5}
    found = engine.run(facts, None, DAY, only=NAME, spark=spark).frames[NAME].collect()
    assert _by_key([row.asDict() for row in found]) == _by_key(rows)
    for row in rows[::60]:
        decision = engine.decide(NAME, row["store_id"], DAY, facts=facts)
        assert {name: bits(decision[name]) for name in ("volume", "late_rate")} == {
            name: bits(row[name]) for name in ("volume", "late_rate")
        }
        assert ("bonus Orders" in decision.explain()) == (row["volume"] > 0)
    for dialect in ("duckdb", "postgres", "spark"):
        assert '"volume"' in engine.sql(NAME, dialect, DAY).replace("`", '"')


def _by_key(rows: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {row["store_id"]: {name: bits(value) for name, value in row.items()} for row in rows}
