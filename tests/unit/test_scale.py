"""Many rules and many rows: the same results, in the order of the subjects."""

import datetime as dt
import random
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa
import pytest
from benchmarks.cards import card30_engine
from benchmarks.growth import COLUMNS, pack

import trustcommerce as tc
from trustcommerce.run import query, table

DAY = dt.date(2026, 11, 1)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> tc.Engine:
    """A rule set with 150 rules."""
    return tc.load(pack(tmp_path_factory.mktemp("growth") / "pack", 150))


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    rng = random.Random(5)
    columns = {f"c{i}": [rng.random() for _ in range(40)] for i in range(COLUMNS)}
    return pa.table({"store_id": [f"s{i}" for i in range(40)], **columns})


def test_a_wide_rule_set_is_computed_in_pieces(engine: tc.Engine, rows: pa.Table) -> None:
    """Its 400 items are more than one query has; a single query gives the same table."""
    found = engine.score_table("r0", rows, DAY)
    version = engine.plan.rulesets["r0"].version(DAY)
    assert version is not None
    assert len(query.build_query(version, DAY, DAY).pieces) > 1
    with patch.object(table, "WIDTH", 100_000):
        assert engine.score_table("r0", rows, DAY).equals(found)
    assert [row["store_id"] for row in found.to_pylist()] == rows["store_id"].to_pylist()
    some = engine.score_table("r0", rows, DAY, columns=["store_id", "score.reason_1", "level"])
    assert some.equals(found.select(some.column_names))


def test_a_wide_rule_set_over_single_records(engine: tc.Engine, rows: pa.Table) -> None:
    """Every output of a record is that of the table; the reasons are the largest losses of all 150 parts."""
    found = engine.score_table("r0", rows, DAY).to_pylist()
    for record, row in zip(rows.to_pylist(), found, strict=True):
        decision = engine.score("r0", record, DAY)
        assert dict(decision.values) == row
        losses = sorted(_losses(decision), reverse=True)
        assert [(code, lost) for lost, _, code in losses[:3]] == list(decision.contributions().reasons)


def _losses(decision: tc.Decision) -> list[tuple[int, int, str]]:
    """What each part lost at the score, its place counted down, and its reason code: ten parts a group, ten groups."""
    found = []
    for i in range(150):
        group = f"score.gg{i // 100}.g{i // 10}"
        weights = sum(1 + k % 5 for k in range(10)) * (10 if i < 100 else 5) * 2
        points = round(decision[f"{group}.p{i}"] * 10_000)
        lost = (2 * (1_000_000 - points) * (1 + i % 5) + weights) // (2 * weights)
        found.append((lost, -i, f"P{i}"))
    return found


def test_many_rule_sets_in_one_pack(tmp_path: Path, rows: pa.Table) -> None:
    """A hundred of them run one after the other, each to a file of its own."""
    engine = tc.load(pack(tmp_path / "pack", 200, 100))
    report = engine.run({"stores": rows}, tmp_path / "out", DAY)
    assert len(list((tmp_path / "out").glob("*.parquet"))) == len(report.rulesets) == 100


@pytest.mark.parametrize("memory", [None, "200MB"])
def test_rows_stay_in_their_order(memory: str | None) -> None:
    """No sort is asked for where DuckDB promises to keep the order."""
    count = 300_000
    rng = random.Random(3)
    names = [f"m{i:02d}" for i in range(30)]
    metrics = {name: pa.array([rng.random()] * count) for name in names}
    vetoes = {name: pa.array([0] * count) for name in ("counterfeits", "fake_orders", "leaks", "refusals")}
    keys = [f"s{i * 7919 % count}" for i in range(count)]
    frame = pa.table({"store_id": keys, **metrics, **vetoes})
    found = card30_engine().score_table("card", frame, DAY, threads=4, memory=memory, columns=["store_id", "card"])
    assert found["store_id"].to_pylist() == keys


def test_what_is_joined_is_sorted(tmp_path: Path) -> None:
    """Pieces below a condition are joined, and a join keeps no order."""
    names = [f"m{i}" for i in range(12)]
    columns = "".join(f"      {name}: {{type: number, range: [0, 1]}}\n" for name in names)
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "pack.yaml").write_text(
        f"pack: p\ntables:\n  t:\n    key: k\n    columns:\n      k: text\n{columns}", "utf-8"
    )
    values = "".join(f"  v{i}: {{value: {name} * 2}}\n" for i, name in enumerate(names))
    where = " + ".join(f"v{i}" for i in range(12))
    (tmp_path / "rulesets/r.yaml").write_text(
        f"ruleset: r\nsubject: {{name: t, table: t, key: k, where: '{where} < 1000'}}\nvalues:\n{values}", "utf-8"
    )
    version = tc.load(tmp_path).plan.rulesets["r"].version(DAY)
    assert version is not None
    split = query.build_query(version, DAY, DAY, width=3, wanted=("k", "v0"))
    assert split.stages
    assert all("ORDER BY" in piece for piece in split.pieces)
    whole = query.build_query(version, DAY, DAY, wanted=("k", "v0"))
    assert not whole.stages
    assert not any("ORDER BY" in piece for piece in whole.pieces)
