"""Every pack is checked, its cases pass, and reference, record and table give the same bits."""

import datetime as dt
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from pyarrow import parquet

import trustcommerce as tc
from tests.acceptance.support import Judge, arrow
from trustcommerce.analysis.cases import value
from trustcommerce.cli.main import group
from trustcommerce.diagnostics import Problems
from trustcommerce.language.expressions import Column
from trustcommerce.language.relations import Field, Match
from trustcommerce.language.types import Kind
from trustcommerce.plan import RuleSetPlan, Version
from trustcommerce.read import read_pack
from trustcommerce.sources import Folder

ROOT = Path(__file__).parent.parent.parent
SEEDS = ROOT / "seeds/kuaishou"
OLIST = os.environ.get("TRUSTCOMMERCE_OLIST", "")
DAY = dt.date(2023, 5, 18)
PACKS = sorted(
    path.parent
    for folder in ("policies", "tests/cases/valid", "tests/cases/columns")
    for path in ROOT.glob(f"{folder}/*/pack.yaml")
)
WARNINGS: dict[str, list[str]] = {}
"""Codes of the warnings that a pack is meant to have, by its name."""

Row = dict[str, Any]
Group = tuple[str, dt.date]


@pytest.fixture(params=PACKS, ids=lambda path: path.name)
def pack(request: pytest.FixtureRequest) -> Path:
    """Each pack that ships or stands among the valid cases."""
    path: Path = request.param
    return path


def test_packs_are_checked_without_diagnostics(pack: Path) -> None:
    """No pack has an error, nor a warning that is not listed as meant."""
    found = tc.check(pack)
    assert [each.code.number for each in found] == WARNINGS.get(pack.name, []), "\n".join(map(str, found))
    if not found:
        result = CliRunner().invoke(group, ["check", str(pack)])
        assert (result.exit_code, result.output) == (0, f"{pack}: fine\n")


def test_all_cases_pass(pack: Path) -> None:
    """Every case of every pack passes, and no rule set is without cases."""
    result = CliRunner().invoke(group, ["test", str(pack), "--format", "json"])
    cases = json.loads(result.output)
    failed = [f"{case['place']} {case['name']}: {'; '.join(case['failures'])}" for case in cases if not case["passed"]]
    assert not failed, "\n".join(failed)
    assert result.exit_code == 0
    assert {case["ruleset"] for case in cases} == set(tc.load(pack).rulesets)


# -- the cases' inputs, judged three ways


def test_cases_as_tables(pack: Path) -> None:
    """Inputs of the cases, as rows of tables: reference, record and table agree to the bit."""
    engine = tc.load(pack)
    judged = 0
    for (ruleset, day), records in _cases(pack).items():
        plan = engine.plan.rulesets[ruleset]
        version = plan.version(day)
        if version is None:
            continue
        frame, tables = _tables(plan, version, day, records)
        judge = Judge(engine, ruleset, day, frame, tables)
        reference, single = judge.by_reference_and_record()
        assert single == reference
        assert judge.by_table() == reference
        judged += len(reference)
    assert judged


def _cases(pack: Path) -> dict[Group, list[Row]]:
    """Inputs of the cases that are not refused, by rule set and day."""
    files = read_pack(pack, Problems())
    assert files is not None
    found: dict[Group, list[Row]] = defaultdict(list)
    for tree in files.cases.values():
        body = value(tree)
        for case in body["cases"]:
            if "error" not in case["expect"]:
                day = dt.date.fromisoformat(case.get("as_of", body["as_of"]))
                found[body["ruleset"], day].append({**body.get("inputs", {}), **case.get("inputs", {})})
    return found


def _tables(
    plan: RuleSetPlan, version: Version, day: dt.date, records: list[Row]
) -> tuple[pa.Table, dict[str, pa.Table]]:
    """The records as the subject's table and the tables that references read, with keys of their own."""
    rows: list[Row] = []
    others: dict[str, list[Row]] = defaultdict(list)
    given = [match for match in version.matches if match.table is None]
    for i, record in enumerate(records):
        row = {each.name: record[each.name] for each in version.inputs}
        row.update(dict.fromkeys(plan.key, f"{i:04}"))
        for match in given:
            on = dict(_matched_on(match, row, plan, day))
            other = record[match.name]
            if other is not None:
                others[match.input or ""].append({**other, **on})
        rows.append(row)
    tables = {match.input or "": arrow(_fields(match), others[match.input or ""]) for match in given}
    return arrow(version.inputs, rows), tables


def _fields(match: Match) -> list[Field]:
    return [*match.fields, *(each for each in match.on_fields if each.name not in {f.name for f in match.fields})]


def _matched_on(match: Match, row: Row, plan: RuleSetPlan, day: dt.date) -> Iterator[tuple[str, Any]]:
    """Values of the columns matched on; texts of the subject are made its own, so that no two share a row."""
    for each, expr in zip(match.on_fields, match.candidates[0], strict=True):
        assert isinstance(expr, Column)
        if expr.name == "as_of":
            yield each.name, day
            continue
        if each.type.kind is Kind.TEXT and row[expr.name] is not None:
            row[expr.name] = row[plan.key[0]]
        yield each.name, row[expr.name]


# -- whole folders of tables


@pytest.fixture(scope="module")
def kuaishou() -> tc.Engine:
    """The pack of the three wind vanes."""
    return tc.load(ROOT / "policies/kuaishou")


def _in_force(plan: RuleSetPlan) -> dt.date:
    """A day on which the rule set is in force."""
    return DAY if plan.version(DAY) else (plan.effective_until or DAY) - dt.timedelta(days=1)


@pytest.fixture
def seeds() -> Path:
    """The folder of sample tables."""
    if not SEEDS.is_dir():
        pytest.skip("there is no folder seeds/kuaishou")
    return SEEDS


@pytest.mark.parametrize("ruleset", tc.load(ROOT / "policies/kuaishou").rulesets)
def test_sample_tables(kuaishou: tc.Engine, seeds: Path, ruleset: str, tmp_path: Path) -> None:
    """Every subject of the sample tables, every output: reference, record and table agree, and the run too."""
    plan = kuaishou.plan.rulesets[ruleset]
    day = _in_force(plan)
    kuaishou.run(seeds, tmp_path / "out", day, only=[ruleset])
    results = {name: parquet.read_table(tmp_path / f"out/{name}.parquet") for name in (*plan.depends, ruleset)}
    folder = Folder(seeds, kuaishou.registry)
    tables = {name: folder.read(spec).table() for name, spec in kuaishou.plan.pack.tables.items()} | results
    judge = Judge(kuaishou, ruleset, day, tables[plan.table], tables)
    reference, single = judge.by_reference_and_record()
    assert len(reference) > 100
    assert single == reference
    assert judge.by_table() == reference
    written = judge.keyed(results[ruleset])
    assert written == reference
    assert list(written) == sorted(written)


@pytest.mark.parametrize("ruleset", ["product", "resource_linkage"])
def test_records_out_of_the_folder(kuaishou: tc.Engine, seeds: Path, ruleset: str, tmp_path: Path) -> None:
    """`Engine.record` gathers what the table run saw: its decision is the row of the run."""
    kuaishou.run(seeds, tmp_path / "out", DAY, only=[ruleset])
    rows = parquet.read_table(tmp_path / f"out/{ruleset}.parquet").to_pylist()
    for row in rows[:: len(rows) // 3]:
        key = row[kuaishou.plan.rulesets[ruleset].key[0]]
        assert kuaishou.score(ruleset, kuaishou.record(ruleset, key, seeds, DAY), DAY).values == row


def test_olist_sellers() -> None:
    """1,509 real sellers, 404 of them with enough orders: reference, record and table agree to the bit."""
    if not OLIST:
        pytest.skip("TRUSTCOMMERCE_OLIST names no folder with seller_counts.csv")
    engine, day = tc.load(ROOT / "policies/olist"), dt.date(2018, 10, 18)
    frame = Folder(Path(OLIST), engine.registry).read(engine.plan.pack.tables["sellers"]).table()
    judge = Judge(engine, "store_experience", day, frame, {})
    reference, single = judge.by_reference_and_record()
    assert single == reference
    assert judge.by_table() == reference
    statuses = Counter(row["store_experience.status"] for row in reference.values())
    assert (len(reference), statuses["scored"]) == (1_509, 404)


def test_olist_sellers_in_a_run(tmp_path: Path) -> None:
    """The main job over the real sellers, with money to the centavo."""
    if not OLIST:
        pytest.skip("TRUSTCOMMERCE_OLIST names no folder with seller_counts.csv")
    report = tc.load(ROOT / "policies/olist").run(OLIST, tmp_path / "out", "2018-10-18")
    done = report.rulesets["store_experience"]
    assert (done["rows"], done["statuses"]["store_experience"]) == (1_509, {"insufficient": 1_105, "scored": 404})
    gmv = parquet.read_table(tmp_path / "out/store_experience.parquet").column("gmv").to_pylist()
    assert all(isinstance(each, Decimal) and each == round(each, 2) for each in gmv)
