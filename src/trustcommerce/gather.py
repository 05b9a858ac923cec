"""One subject's record out of facts.

In: a rule set, a key, a folder. Out: what `Engine.score` takes: columns, matched rows, numbers.
"""

import datetime as dt
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError, NotJudged
from trustcommerce.language.names import did_you_mean
from trustcommerce.plan import PackPlan, RuleSetPlan, Version
from trustcommerce.run.evidence import FactEvidence
from trustcommerce.run.snapshot import Snapshot
from trustcommerce.run.table import session
from trustcommerce.run.values import joined_key, split_key
from trustcommerce.supply import Facts, Supply

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["absent", "gather_peers", "gather_record", "record_of", "row_of"]


def gather_record(
    loaded: PackPlan, ruleset: str, key: str, facts: Facts, day: dt.date, known_as_of: dt.date | None = None
) -> tuple[dict[str, Any], list[FactEvidence]]:
    """The record of the subject with `key` (its columns as a line of CSV) on `day`, and the rows behind it."""
    plan = loaded.rulesets[ruleset]
    version = plan.version(day)
    assert version is not None
    with session(f"rule set `{ruleset}`") as opened:
        supply = Supply(loaded, opened, day, known_as_of, facts)
        table = supply.run(ruleset).table
        known = opened.tables.get(plan.table)
        subjects = None if known is None else known.table()
        found = row_of(table, plan.key, key)
        if found is not None:
            keys = [found[name] for name in plan.key]
            return record_of(found, plan, version), opened.evidence(plan, version, day, known_as_of, keys)
        unjudged = None if subjects is None else row_of(subjects, plan.key, key)
        if unjudged is not None:
            raise NotJudged(ruleset, key)
        raise absent(subjects if subjects is not None else table, plan, key)


def gather_peers(
    loaded: PackPlan, ruleset: str, facts: Facts, day: dt.date, known_as_of: dt.date | None = None
) -> Snapshot:
    """The peers that subjects of a rule set are compared with on `day`."""
    plan = loaded.rulesets[ruleset]
    version = plan.version(day)
    assert version is not None
    with session(f"rule set `{ruleset}`") as opened:
        Supply(loaded, opened, day, known_as_of, facts).prepare(plan, version, None)
        found = opened.freeze(plan, version, day, known_as_of)
    if not found:
        raise DataError("this rule set compares no subjects: there is nothing to freeze", ruleset=ruleset)
    return Snapshot(ruleset=ruleset, as_of=day, meaning=loaded.meaning, frozen=found)


def record_of(row: dict[str, Any], plan: RuleSetPlan, version: Version) -> dict[str, Any]:
    """What a record holds, out of a row of results."""
    names = [each.name for each in version.inputs] + [each.name for each in version.atoms.values()]
    record = {name: row[name] for name in names if name in row}
    for match in version.matches:
        if match.table is None:
            found = {each.name: row[f"{match.name}.{each.name}"] for each in match.fields}
            record[match.name.split("[")[0]] = found if row[f"{match.name}.matched"] else None
    return record


def row_of(table: "pa.Table", key: tuple[str, ...], wanted: str) -> dict[str, Any] | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = split_key(wanted, len(key))
    if len(values) != len(key):
        return None
    for name, value in zip(key, values, strict=True):
        column, given = table.column(name), pa.scalar(value)
        try:
            same = pc.equal(column, given.cast(column.type))
        except pa.ArrowException:  # no value of the column's type is written so
            return None
        table = table.filter(same)
    rows: list[dict[str, Any]] = table.slice(0, 1).to_pylist()
    return rows[0] if rows else None


def absent(table: "pa.Table", plan: RuleSetPlan, key: str) -> DataError:
    columns = [table.column(name).to_pylist() for name in plan.key]
    known = [joined_key(values) for values in zip(*columns, strict=True)][:100_000]
    where = f"table `{plan.table}`" if plan.table else f"the subjects of `{plan.name}`"
    return DataError(
        f"{where} has no row with the key {key}", ruleset=plan.name, row=key, hint=did_you_mean(key, known)
    )
