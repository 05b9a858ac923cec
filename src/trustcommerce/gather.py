"""One subject's record out of the tables of a folder: its row, and the rows its references match.

In: a rule set, a key, a folder of facts. Out: what `Engine.score` takes.
"""

import datetime as dt
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError
from trustcommerce.job import read_tables, with_results
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.relations import Match
from trustcommerce.plan import PackPlan, RuleSetPlan
from trustcommerce.run.reference import evaluate, run_reference
from trustcommerce.run.values import accept
from trustcommerce.sources import Folder

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["gather_record"]


def gather_record(loaded: PackPlan, ruleset: str, key: str, folder: Folder, day: dt.date) -> dict[str, Any]:
    """The record of the subject with `key` (its columns joined by commas) on `day`."""
    plan = loaded.rulesets[ruleset]
    version = plan.version(day)
    assert version is not None
    frame = folder.read(loaded.pack.tables[plan.table])
    row = _row(frame, plan, key)
    record = {name: row[name] for name in (each.name for each in version.inputs)}
    tables = read_tables(loaded, plan, day, folder, {plan.table: frame})
    tables = with_results(loaded, plan, day, tables, tables, None, None)
    inputs = {each.name: accept(row[each.name], each.type) for each in version.inputs}

    def find(match: Match, values: dict[str, Any]) -> dict[str, Any] | None:
        found = _matched(match, values, tables[match.input or ""])
        record[match.name.split("[")[0]] = found
        return None if found is None else {each.name: accept(found[each.name], each.type) for each in match.fields}

    if run_reference(version, inputs, day, find) is None:  # no subject: its references were not looked up
        record.update({each.name.split("[")[0]: None for each in version.matches if each.table is None})
    return record


def _row(frame: "pa.Table", plan: RuleSetPlan, key: str) -> dict[str, Any]:
    wanted = key.split(",") if len(plan.key) > 1 else [key]
    columns = [[str(value) for value in frame.column(name).to_pylist()] for name in plan.key]
    for i, values in enumerate(zip(*columns, strict=True)):
        if list(values) == wanted:
            row: dict[str, Any] = frame.slice(i, 1).to_pylist()[0]
            return row
    known = [",".join(values) for values in zip(*columns, strict=True)]
    raise DataError(
        f"table `{plan.table}` has no row with the key {key}", ruleset=plan.name, row=key, hint=did_you_mean(key, known)
    )


def _matched(match: Match, values: dict[str, Any], table: "pa.Table") -> dict[str, Any] | None:
    on = [[accept(value, each.type) for value in table.column(each.name).to_pylist()] for each in match.on_fields]
    rows = {key: i for i, key in enumerate(zip(*on, strict=True))}
    for candidate in match.candidates:
        at = rows.get(tuple(evaluate(each, values) for each in candidate))
        if at is not None:
            found: dict[str, Any] = table.slice(at, 1).to_pylist()[0]
            return {each.name: found[each.name] for each in match.fields}
    return None
