"""Packs that read events: reference, records of rows, records of numbers and tables beside each other."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

import trustcommerce as tc
from tests.parity.compare import Outputs, bits
from trustcommerce.language.relations import Scan, Table
from trustcommerce.language.types import Kind
from trustcommerce.run.atoms import Atoms
from trustcommerce.run.layers import sources
from trustcommerce.run.reference import run_reference
from trustcommerce.run.values import accept, show

__all__ = ["arrow_tables", "by_numbers", "by_reference", "by_rows", "by_table"]

Tables = Mapping[str, Sequence[dict[str, Any]]]
_ARROW = {
    Kind.NUMBER: pa.float64(),
    Kind.TEXT: pa.string(),
    Kind.DATE: pa.date32(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.TIMESTAMP: pa.timestamp("us"),
}


def arrow_tables(engine: tc.Engine, tables: Tables) -> dict[str, pa.Table]:
    """Rows as Arrow tables with the types that the pack declares."""
    found = {}
    for name, rows in tables.items():
        columns = engine.plan.pack.tables[name].columns
        arrays = {}
        for column in columns.values():
            arrow = _ARROW.get(column.type.kind)
            if column.type.kind is Kind.EXACT:
                arrow = pa.decimal128(38, column.type.scale) if column.type.scale else pa.int64()
            arrays[column.name] = pa.array([row[column.name] for row in rows], arrow)
        found[name] = pa.table(arrays)
    return found


def by_reference(
    engine: tc.Engine, ruleset: str, tables: Tables, day: dt.date, known: dt.date | None = None
) -> Outputs:
    """The plain evaluator over the same rows."""
    plan = engine.plan.rulesets[ruleset]
    version = plan.version(day)
    assert version is not None
    rows: dict[str, list[dict[str, Any]]] = {}
    for scan in sources(version):
        if isinstance(scan, Table):
            continue
        fields = {each.name: each.type for each in _fields(version, scan.table)}
        rows[scan.table] = [{n: accept(row[n], t) for n, t in fields.items()} for row in tables[scan.table]]
    found = {}
    for values in run_reference(version, day, rows, known):
        full = {**{name: each.value for name, each in version.constants.items()}, **values}
        atoms = {field.name: atom for atom, field in version.atoms.items()}
        found[values[plan.key[0]]] = {
            each.name: bits(show(full[each.name if each.name in full else atoms[each.name]], each.type))
            for each in version.outputs
        }
    return found


def _fields(version: Any, table: str) -> list[Any]:
    """Every column that any scan of the table reads."""
    scans = [each for each in sources(version) if isinstance(each, Scan) and each.table == table]
    return [field for scan in scans for field in scan.fields]


def by_table(engine: tc.Engine, ruleset: str, tables: Mapping[str, pa.Table], day: dt.date, **options: Any) -> Outputs:
    plan = engine.plan.rulesets[ruleset]
    version = plan.version(day)
    assert version is not None
    names = {each.name for each in version.outputs}
    result = engine.score_table(ruleset, None, day, tables=tables, **options)
    return {row[plan.key[0]]: {n: bits(value) for n, value in row.items() if n in names} for row in result.to_pylist()}


def by_rows(
    engine: tc.Engine, ruleset: str, tables: Tables, day: dt.date, peers: Outputs, known: dt.date | None = None
) -> Outputs:
    """Records that hold the rows of every fact; what is measured of peers is given as numbers.

    Args:
        peers: Results that the numbers of peers are taken from.
    """
    plan = engine.plan.rulesets[ruleset]
    version = plan.version(day)
    assert version is not None
    atoms = Atoms(plan, version)
    keys = {gather.fact: gather.key[0] for gather in version.gathers}
    given = {
        field.name for group in version.groups if group.startswith("peers ") for _, field in version.measured(group)
    }
    found = {}
    for subject in tables[plan.table]:
        key = subject[plan.key[0]]
        if key not in peers:
            continue
        record = {each.name: subject[each.name] for each in version.inputs}
        record |= {name: _plain(peers[key][name]) for name in given}
        for name, (what, table) in atoms.rows.items():
            rows = tables[table]
            record[name] = [row for row in rows if row[keys[name]] == key] if what == "fact" else list(rows)
        record |= {name: _matched(match, peers[key]) for name, match in atoms.matches.items()}
        decision = engine.score(ruleset, record, day, known_as_of=known)
        found[key] = {name: bits(value) for name, value in decision.values.items()}
    return found


def by_numbers(engine: tc.Engine, ruleset: str, result: pa.Table, day: dt.date) -> Outputs:
    """Rows of a result as records."""
    key = engine.plan.rulesets[ruleset].key[0]
    return {
        row[key]: {name: bits(value) for name, value in engine.score(ruleset, row, day).values.items()}
        for row in result.to_pylist()
    }


def _matched(match: Any, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The row that a reference of the subject found, out of a result."""
    if not row[f"{match.name}.matched"]:
        return None
    return {each.name: _plain(row[f"{match.name}.{each.name}"]) for each in match.fields}


def _plain(value: Any) -> Any:
    """The value behind its bits."""
    import struct

    if isinstance(value, tuple) and value and value[0] == "float":
        return struct.unpack(">d", value[1])[0]
    if isinstance(value, tuple) and value and value[0] == "Decimal":
        return Decimal(value[1])
    return value
