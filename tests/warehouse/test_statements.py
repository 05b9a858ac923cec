"""Statements for warehouses: what the databases compute is what a run computes, to the bit."""

import datetime as dt
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from attrs import evolve

import trustcommerce as tc
from tests.parity.compare import arrow_table, bits
from tests.parity.compare import by_table as by_columns
from tests.parity.compare_facts import arrow_tables, by_table
from tests.parity.facts import make_fact_pack
from tests.parity.generate import make_pack
from tests.parity.rows import make_rows, make_tables
from tests.warehouse.servers import Duck, Warehouse
from trustcommerce.language.relations import Share
from trustcommerce.plan import links
from trustcommerce.run.dialects import DIALECTS
from trustcommerce.run.statement import Statement
from trustcommerce.sources import Folder

ROOT = Path(__file__).parents[2]
DAY = dt.date(2023, 5, 18)
VALID = ROOT / "tests/cases/valid"
SEEDS = range(12)
FEWER_SEEDS = {"spark": (0, 1, 8), "clickhouse": range(6)}
"""Spark and ClickHouse plan each statement for seconds, however few its rows are; `python -m benchmarks.parity` goes on.

Seeds 1 and 8 have several pools and peers of peers: Spark would make hundreds of megabytes of them with joins.
"""


def _load(make: Any, seed: int, warehouse: Warehouse) -> tc.Engine:
    """The random pack of a seed; skipped where its constants do not fit."""
    if seed not in FEWER_SEEDS.get(warehouse.dialect, SEEDS):
        pytest.skip("fewer seeds for those that plan for seconds")
    return _packed(make, seed)


def _packed(make: Any, seed: int) -> tc.Engine:
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "pack", seed)
        try:
            return tc.load(Path(folder) / "pack")
        except tc.PolicyError:
            pytest.skip("the constants of this seed do not fit")


def _outputs(engine: tc.Engine, ruleset: str, rows: list[dict[str, Any]], day: dt.date) -> dict[Any, dict[str, Any]]:
    plan = engine.plan.rulesets[ruleset]
    version = plan.version(day)
    assert version is not None
    names = [each.name for each in version.outputs]
    return {tuple(row[each] for each in plan.key): {name: bits(row[name]) for name in names} for row in rows}


@pytest.mark.parametrize("seed", SEEDS)
def test_random_rule_sets_over_facts(warehouse: Warehouse, seed: int) -> None:
    """Facts, references, windows, exclusions, peers, components, and pools where they can be told."""
    make = partial(make_fact_pack, pools=DIALECTS[warehouse.dialect].wide)
    _same_over_facts(warehouse, _load(make, seed, warehouse), seed)


@pytest.mark.parametrize("seed", [2, 10, 52])
def test_random_rule_sets_by_windows(warehouse: Warehouse, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pools and peers by windows alone, in statements that would do with joins."""
    if not DIALECTS[warehouse.dialect].inlined:
        pytest.skip("layers are not put into each other there")
    monkeypatch.setattr("trustcommerce.warehouse._LARGE", 0)
    _same_over_facts(warehouse, _packed(partial(make_fact_pack, pools=True), seed), seed)


@pytest.mark.parametrize("seed", range(40))
def test_statements_by_windows_stay_short(seed: int) -> None:
    """Where layers are put into each other, a statement is not many times longer for it."""
    plan = _packed(partial(make_fact_pack, pools=True), seed).plan
    ruleset = plan.rulesets["random"]
    version = ruleset.version(DAY)
    assert version is not None
    statement = Statement(ruleset, version, plan.pack.tables, DIALECTS["spark"], DAY, DAY, inlined=True)
    text = statement.text()
    assert len(text) / 2 < statement.size < 3 * len(text)


_BEST = """ruleset: best
subject: {name: store, table: stores, key: k}
pools:
  badges: {amount: 7, method: top, weight: points, among: limit > 0, within: kind}
  prizes: {amount: 3, method: top, weight: points, among: "kind = 'a'"}
"""


def test_the_best_of_a_pool(warehouse: Warehouse, tmp_path: Path) -> None:
    """Every database gives to the best, also those that can't divide whole numbers of 38 digits."""
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "pack.yaml").write_text(
        "pack: best\ntables:\n  stores:\n    key: k\n    columns: {k: text, kind: text, points: integer, limit: integer}\n"
    )
    (tmp_path / "rulesets/best.yaml").write_text(_BEST)
    engine = tc.load(tmp_path)
    count = 60
    table = pa.table(
        {
            "k": [f"s{i:02}" for i in range(count)],
            "kind": ["abc"[i % 3] for i in range(count)],
            "points": [i * 7 % 11 for i in range(count)],
            "limit": [i % 4 - 1 for i in range(count)],
        }
    )
    warehouse.create("stores", table)
    found = _outputs(engine, "best", warehouse.query(engine.sql("best", warehouse.dialect, DAY)), DAY)
    result = engine.score_table("best", table, DAY)
    assert found == _outputs(engine, "best", result.to_pylist(), DAY)
    assert sum(result["badges"].to_pylist()) == 21


def _same_over_facts(warehouse: Warehouse, engine: tc.Engine, seed: int) -> None:
    tables = arrow_tables(engine, make_tables(seed, 12, 200))
    for name, table in tables.items():
        warehouse.create(name, table)
    found = _outputs(engine, "random", warehouse.query(engine.sql("random", warehouse.dialect, DAY)), DAY)
    assert found == {(key,): row for key, row in by_table(engine, "random", tables, DAY).items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_random_rule_sets_over_columns(warehouse: Warehouse, seed: int) -> None:
    """Expressions, choices, scores, levels, resources."""
    engine = _load(make_pack, seed, warehouse)
    for name in engine.rulesets:
        table = arrow_table(engine, name, make_rows(seed, 200))
        warehouse.create(engine.plan.rulesets[name].table, table)
        result = engine.score_table(name, table, DAY)
        found = _outputs(engine, name, warehouse.query(engine.sql(name, warehouse.dialect, DAY)), DAY)
        assert found == {(key,): row for key, row in by_columns(engine, name, table, DAY).items()}
        warehouse.create(name, result)


def _packs() -> list[Any]:
    found = [pytest.param(ROOT / "policies/kuaishou", ROOT / "seeds/kuaishou", "2023-05-18", id="kuaishou")]
    olist = os.environ.get("TRUSTCOMMERCE_OLIST")
    why = "TRUSTCOMMERCE_OLIST names no folder with the Olist tables"
    skip = pytest.mark.skipif(not olist, reason=why)
    found.append(pytest.param(ROOT / "policies/olist", Path(olist or ""), "2018-10-18", id="olist", marks=skip))
    for pack in sorted(VALID.iterdir()):
        for day in sorted(each for each in (pack / "expected").iterdir() if each.is_dir()):
            found.append(pytest.param(pack, pack / "facts", day.name, id=f"{pack.name}-{day.name}"))
    return found


@pytest.mark.parametrize(("pack", "facts", "day"), _packs())
def test_packs(warehouse: Warehouse, pack: Path, facts: Path, day: str, tmp_path: Path) -> None:
    """Every rule set of a pack, over the tables as declared and the results of those before it."""
    _same_over_pack(warehouse, pack, facts, day, tmp_path)


def _same_over_pack(warehouse: Warehouse, pack: Path, facts: Path, day: str, tmp_path: Path) -> None:
    first, _, later = day.partition("_known_")
    engine, when = tc.load(pack), dt.date.fromisoformat(first)
    known = dt.date.fromisoformat(later) if later else None
    report = engine.run(facts, tmp_path / "out", when, known_as_of=known)
    folder = Folder(facts, engine.registry, engine.plan.pack.time_zone)
    for spec in engine.plan.pack.tables.values():
        columns = list(spec.columns.values())
        table = folder.read(spec).table().select([each.name for each in columns])
        warehouse.create(spec.source, table.rename_columns([each.source for each in columns]))
    for name, done in report.rulesets.items():
        result = pa.parquet.read_table(tmp_path / "out" / done["file"])
        version = engine.plan.rulesets[name].version(when)
        assert version is not None
        if any(isinstance(each, Share) and each.allocator is not None for each in links(version.relation)):
            with pytest.raises(tc.DataError, match="can't call the method `matching` of a pool, which is Python"):
                engine.sql(name, warehouse.dialect, when, known)
        elif done["pools"] and not DIALECTS[warehouse.dialect].wide:
            with pytest.raises(tc.DataError, match="can't be given divisions of whole numbers of 38 digits"):
                engine.sql(name, warehouse.dialect, when, known)
        else:
            found = warehouse.query(engine.sql(name, warehouse.dialect, when, known))
            assert _outputs(engine, name, found, when) == _outputs(engine, name, result.to_pylist(), when)
        warehouse.create(name, result)


@pytest.fixture
def joining(monkeypatch: pytest.MonkeyPatch) -> Duck:
    """A DuckDB that is told as little as databases are whose sub-queries and joins are not trusted."""
    less = evolve(
        DIALECTS["duckdb"], joined=True, quoted=True, values=False, renamed={".": ":", "~": "#"}, truths=False
    )
    monkeypatch.setitem(DIALECTS, "duckdb", less)
    return Duck()


@pytest.mark.parametrize("seed", range(6))
def test_rows_found_by_joins(joining: Duck, seed: int) -> None:
    """Joins of two tables, of which the first row is kept, find what sub-queries find."""
    _same_over_facts(joining, _load(make_fact_pack, seed, joining), seed)


@pytest.mark.parametrize(("name", "day"), [("controllers", "2023-05-18"), ("wind_vanes", "2023-06-30")])
def test_packs_with_rows_found_by_joins(joining: Duck, name: str, day: str, tmp_path: Path) -> None:
    """References with several candidates, constants among them, and exclusions."""
    _same_over_pack(joining, VALID / name, VALID / name / "facts", day, tmp_path)
