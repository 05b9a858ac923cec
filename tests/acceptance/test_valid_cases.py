"""Packs over small tables of events: run, record and reference give the same bits, and what was worked by hand.

A pack of `cases/valid` with a folder `facts` has, for each day in `expected`, results by rule set: the
columns that were worked out by hand, in a CSV file. A day may say until when things are known:
`2023-05-18_known_2023-05-25`.
"""

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

import trustcommerce as tc
from tests.parity.compare import bits
from trustcommerce.plan import RuleSetPlan, Version
from trustcommerce.run.atoms import Atoms
from trustcommerce.run.reference import run_reference
from trustcommerce.run.values import accept, show
from trustcommerce.sources import Folder

VALID = Path(__file__).parent.parent / "cases/valid"
RUNS = sorted(path for path in VALID.glob("*/expected/*") if path.is_dir())

Row = dict[str, Any]


def _id(path: Path) -> str:
    return f"{path.parent.parent.name}-{path.name}"


class Case:
    """A pack run over its events on one day."""

    def __init__(self, expected: Path, out: Path) -> None:
        day, _, known = expected.name.partition("_known_")
        self.expected, self.day = expected, dt.date.fromisoformat(day)
        self.known = dt.date.fromisoformat(known or day)
        facts = expected.parent.parent / "facts"
        self.engine = tc.load(facts.parent)
        self.report = self.engine.run(facts, out, self.day, known_as_of=self.known)
        self.results = {name: parquet.read_table(out / each["file"]) for name, each in self.report.rulesets.items()}
        folder = Folder(facts, self.engine.registry)
        self.tables: dict[str, list[Row]] = {}
        for name, spec in self.engine.plan.pack.tables.items():
            rows = folder.read(spec).table().to_pylist()
            self.tables[name] = [{each: row[each] for each in spec.columns} for row in rows]

    def version(self, name: str) -> tuple[RuleSetPlan, Version]:
        plan = self.engine.plan.rulesets[name]
        version = plan.version(self.day)
        assert version is not None
        return plan, version

    def results_by_reference(self) -> dict[str, list[Row]]:
        """Rows of every rule set, each after those it reads."""
        world = {
            name: [{each: accept(row[each], spec.columns[each].type) for each in row} for row in self.tables[name]]
            for name, spec in self.engine.plan.pack.tables.items()
        }
        found = {}
        for name in self.report.rulesets:
            plan, version = self.version(name)
            given = world[plan.table] if plan.table else []
            rows = run_reference(version, self.day, world, self.known)
            constants = {each: literal.value for each, literal in version.constants.items()}
            types = {each.name: each.type for each in version.outputs}
            kept = []
            for row in rows:
                key = [row[each] for each in plan.key]
                own = next((each for each in given if [each[k] for k in plan.key] == key), {})
                kept.append({**own, **constants, **row})
            world[name] = kept
            found[name] = [{each: show(row[each], type_) for each, type_ in types.items()} for row in kept]
        return found

    def record(self, name: str, row: Row) -> Row:
        """What a record of the subject of a result row is made of: columns, rows of facts, matched rows, peers."""
        plan, version = self.version(name)
        gathers = {each.fact: each for each in version.gathers}
        record = {each.name: row[each.name] for each in version.inputs}
        for match in version.matches:
            if match.table is None:
                found = {each.name: row[f"{match.name}.{each.name}"] for each in match.fields}
                record[match.name.split("[")[0]] = found if row[f"{match.name}.matched"] else None
        for list_, (what, table) in Atoms(plan, version).rows.items():
            rows = self.tables[table] if table in self.tables else self.results[table].to_pylist()
            if what == "fact" and set(gathers[list_].key) <= set(rows[0] if rows else ()):
                key = [row[each.name] for each in gathers[list_].on]
                rows = [each for each in rows if [each[k] for k in gathers[list_].key] == key]
            record[list_] = rows
        taken = {field.name for group in version.groups for _, field in version.measured(group) if group not in gathers}
        return record | {each: row[each] for each in taken}


@pytest.fixture(params=RUNS, ids=_id, scope="module")
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Each day of each pack that has events."""
    return Case(request.param, tmp_path_factory.mktemp("out"))


def _keyed(plan: RuleSetPlan, rows: list[Row]) -> dict[tuple[Any, ...], Row]:
    return {tuple(row[each] for each in plan.key): {name: bits(value) for name, value in row.items()} for row in rows}


def test_results_are_those_worked_by_hand(case: Case) -> None:
    """Every cell of the expected results, subjects that are not judged left out."""
    for path in sorted(case.expected.glob("*.csv")):
        plan, _ = case.version(path.stem)
        with path.open(encoding="utf-8", newline="") as lines:
            expected = list(csv.DictReader(lines))
        result = case.results[path.stem].sort_by([(key, "ascending") for key in plan.key]).to_pylist()
        names = list(expected[0])
        assert [{name: _shown(row[name]) for name in names} for row in result] == expected, path.stem


def _shown(value: Any) -> str:
    """A value as the CSV files hold it: numbers without the zeros that say nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return " ".join(value)
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text and not isinstance(value, str | dt.datetime) else text


def test_table_and_reference_agree(case: Case) -> None:
    """Every output of every subject, bit for bit."""
    reference = case.results_by_reference()
    for name in case.report.rulesets:
        plan, version = case.version(name)
        outputs = [each.name for each in version.outputs]
        table = case.results[name].select(outputs).to_pylist()
        assert _keyed(plan, table) == _keyed(plan, reference[name]), name


def test_records_of_events_agree(case: Case) -> None:
    """A record of the subject's own events gives the row of the run."""
    for name in case.report.rulesets:
        for row in case.results[name].to_pylist():
            got = case.engine.score(name, case.record(name, row), case.day, known_as_of=case.known).values
            assert {k: bits(v) for k, v in got.items()} == {k: bits(row[k]) for k in got}, name


def test_rows_of_results_are_records(case: Case) -> None:
    """A row of the results holds the numbers that were counted: as a record it gives itself."""
    for name in case.report.rulesets:
        for row in case.results[name].to_pylist():
            got = case.engine.score(name, row, case.day).values
            assert {k: bits(v) for k, v in got.items()} == {k: bits(row[k]) for k in got}, name
