"""Every pack is checked, its cases pass, and reference, record and table give the same bits."""

import datetime as dt
import json
import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import trustcommerce as tc
from tests.acceptance.support import arrow, check_explanation
from tests.parity.compare import bits
from tests.parity.packs import PackRun
from trustcommerce.analysis.cases import joined, value
from trustcommerce.cli.main import group
from trustcommerce.diagnostics import Problems
from trustcommerce.language.relations import Field
from trustcommerce.plan import RuleSetPlan, Version
from trustcommerce.read import read_pack
from trustcommerce.run.reference import run_reference
from trustcommerce.run.values import accept, show

ROOT = Path(__file__).parent.parent.parent
OLIST = os.environ.get("TRUSTCOMMERCE_OLIST", "")
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
    """Inputs of the cases, as rows that hold what was measured: record and table agree to the bit.

    Where nothing is measured and no other row is read, the reference agrees too.
    """
    engine = tc.load(pack)
    judged = 0
    for (ruleset, day), records in _cases(engine, pack).items():
        plan = engine.plan.rulesets[ruleset]
        version = plan.version(day)
        if version is None:
            continue
        names = [each.name for each in version.outputs]
        judgements = [_judged(engine, ruleset, day, record, place) for place, record in enumerate(records)]
        rows = [row for row in judgements if row.keys() >= {*names}]  # a claim alone is no row of a table
        single = {_key(plan, row): {name: bits(row[name]) for name in names} for row in rows}
        result = engine.score_table(ruleset, arrow(_given(version), rows), day).to_pylist()
        assert {_key(plan, row): {name: bits(row[name]) for name in names} for row in result} == single
        if not version.groups:
            assert _by_reference(plan, version, day, rows) == single
        judged += len(single)
    assert judged


def _judged(engine: tc.Engine, ruleset: str, day: dt.date, record: Row, place: int) -> Row:
    """What a record measured, judged under a key of its own; its explanation adds up."""
    plan = engine.plan.rulesets[ruleset]
    values = engine.score(ruleset, record, day).values
    first = values[plan.key[0]]
    own = {**values, plan.key[0]: f"{place:04}" if isinstance(first, str) else place}
    decision = engine.score(ruleset, own, day)
    check_explanation(decision)
    return dict(decision.values)


def _given(version: Version) -> list[Field]:
    """The subject's columns that are read, and everything that rows may hold of facts, peers and other rows."""
    measured = [field for group in version.groups for _, field in version.measured(group)]
    return list({each.name: each for each in (*version.inputs, *measured)}.values())


def _key(plan: RuleSetPlan, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in plan.key)


def _by_reference(plan: RuleSetPlan, version: Version, day: dt.date, rows: list[Row]) -> dict[tuple[Any, ...], Row]:
    constants = {name: each.value for name, each in version.constants.items()}
    subjects = [{each.name: accept(row[each.name], each.type) for each in version.inputs} for row in rows]
    return {
        _key(plan, row): {each.name: bits(show({**constants, **row}[each.name], each.type)) for each in version.outputs}
        for row in run_reference(version, day, {plan.table: subjects})
    }


def _cases(engine: tc.Engine, pack: Path) -> dict[Group, list[Row]]:
    """Inputs of the cases that are not refused, by rule set and day."""
    files = read_pack(pack, Problems())
    assert files is not None
    found: dict[Group, list[Row]] = defaultdict(list)
    for tree in files.cases.values():
        body = value(tree)
        for case in body["cases"]:
            if "error" not in case["expect"]:
                day = dt.date.fromisoformat(case.get("as_of", body["as_of"]))
                plan = engine.plan.rulesets[body["ruleset"]]
                inputs = joined(plan, body.get("inputs", {}), case.get("inputs", {}), day.isoformat())
                found[body["ruleset"], day].append(inputs)
    return found


# -- the public data set


@pytest.fixture(scope="module")
def olist(tmp_path_factory: pytest.TempPathFactory) -> PackRun:
    """The pack run over the tables as they were published."""
    if not OLIST:
        pytest.skip("TRUSTCOMMERCE_OLIST names no folder with the published tables")
    out = tmp_path_factory.mktemp("olist") / "out"
    return PackRun(ROOT / "policies/olist", Path(OLIST), out, dt.date(2018, 10, 18))


@pytest.mark.parametrize("ruleset", ["parcel", "store_experience"])
def test_olist_four_ways(olist: PackRun, ruleset: str) -> None:
    """Thousands of real parcels and sellers: run, reference and both kinds of record agree to the bit."""
    written = olist.by_run(ruleset)
    assert len(written) > 1_000
    assert olist.by_reference(ruleset) == written
    assert olist.by_numbers(ruleset) == written
    assert olist.by_events(ruleset) == written


def test_olist_sellers(olist: PackRun) -> None:
    """1,509 real sellers, 404 of them with enough orders; money to the centavo."""
    done = olist.report.rulesets["store_experience"]
    assert (done["rows"], done["statuses"]["store_experience"]) == (1_509, {"insufficient": 1_105, "scored": 404})
    gmv = [row["gmv"] for row in olist.results["store_experience"]]
    assert all(isinstance(each, Decimal) and each == round(each, 2) for each in gmv)
