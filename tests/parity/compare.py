"""Reference, record and table beside each other, every output to the last bit."""

import datetime as dt
import struct
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

import trustcommerce as tc
from trustcommerce.language.types import Kind
from trustcommerce.run.reference import run_reference
from trustcommerce.run.values import accept, show

__all__ = ["arrow_table", "bits", "by_record", "by_reference", "by_table"]

Outputs = dict[str, dict[str, Any]]


def bits(value: Any) -> Any:
    """A value that equals another exactly when they are the same to the bit."""
    if isinstance(value, float):
        return ("float", struct.pack(">d", value))
    if isinstance(value, list):
        return tuple(value)
    return (type(value).__name__, str(value)) if isinstance(value, Decimal) else value


def arrow_table(engine: tc.Engine, ruleset: str, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows as an Arrow table with the types that are declared."""
    plan = engine.plan.rulesets[ruleset]
    fields = {
        each.name: each.type
        for version in engine.plan.rulesets.values()
        for v in version.versions
        for each in v.inputs
        if version.table == plan.table
    }
    arrays = {}
    for name in rows[0]:
        type_ = fields.get(name)
        kind = type_.kind if type_ is not None else None
        arrow = {
            Kind.NUMBER: pa.float64(),
            Kind.TEXT: pa.string(),
            Kind.DATE: pa.date32(),
            Kind.BOOLEAN: pa.bool_(),
            Kind.TIMESTAMP: pa.timestamp("us"),
        }.get(kind)
        if kind is Kind.EXACT and type_ is not None:
            arrow = pa.decimal128(38, type_.scale) if type_.scale else pa.int64()
        arrays[name] = pa.array([row[name] for row in rows], arrow)
    return pa.table(arrays)


def by_record(engine: tc.Engine, ruleset: str, rows: Sequence[dict[str, Any]], day: dt.date) -> Outputs:
    return {
        row["k"]: {name: bits(value) for name, value in engine.score(ruleset, row, day).values.items()} for row in rows
    }


def by_reference(engine: tc.Engine, ruleset: str, rows: Sequence[dict[str, Any]], day: dt.date) -> Outputs:
    plan = engine.plan.rulesets[ruleset]
    version = plan.version(day)
    assert version is not None
    subjects = [{each.name: accept(row[each.name], each.type) for each in version.inputs} for row in rows]
    found = {}
    for values in run_reference(version, day, {plan.table: subjects}):
        known = {**{name: each.value for name, each in version.constants.items()}, **values}
        found[values["k"]] = {each.name: bits(show(known[each.name], each.type)) for each in version.outputs}
    return found


def by_table(engine: tc.Engine, ruleset: str, table: pa.Table, day: dt.date, **options: Any) -> Outputs:
    version = engine.plan.rulesets[ruleset].version(day)
    assert version is not None
    names = {each.name for each in version.outputs}  # columns that nothing reads are carried besides
    result = engine.score_table(ruleset, table, day, **options)
    return {row["k"]: {n: bits(value) for n, value in row.items() if n in names} for row in result.to_pylist()}
