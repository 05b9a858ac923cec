"""One subject's record out of a folder of facts, or out of the results of an earlier run.

In: a rule set, a key, a folder. Out: what `Engine.score` takes: columns, matched rows, numbers.
"""

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError
from trustcommerce.language.names import did_you_mean
from trustcommerce.plan import PackPlan, RuleSetPlan, Version
from trustcommerce.run.evidence import FactEvidence
from trustcommerce.run.snapshot import Snapshot
from trustcommerce.run.table import session
from trustcommerce.supply import Facts, Supply, rows_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["gather_peers", "gather_record", "written_record"]


def gather_record(
    loaded: PackPlan, ruleset: str, key: str, facts: Facts, day: dt.date, known_as_of: dt.date | None = None
) -> tuple[dict[str, Any], list[FactEvidence]]:
    """The record of the subject with `key` (its columns joined by commas) on `day`, and the rows behind it."""
    plan = loaded.rulesets[ruleset]
    version = plan.version(day)
    assert version is not None
    with session(f"rule set `{ruleset}`") as opened:
        supply = Supply(loaded, opened, day, known_as_of, facts)
        table = supply.run(ruleset).table
        known = opened.tables.get(plan.table)
        subjects = None if known is None else known.table()
        found = _row(table, plan.key, key)
        if found is not None:
            keys = [found[name] for name in plan.key]
            return _record(found, plan, version), opened.evidence(plan, version, day, known_as_of, keys)
        unjudged = None if subjects is None else _row(subjects, plan.key, key)
        if unjudged is not None:
            raise DataError(
                "this subject is not judged: the rule set's `where` is not true for it", ruleset=ruleset, row=key
            )
        raise _absent(subjects if subjects is not None else table, plan, key)


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


def written_record(loaded: PackPlan, ruleset: str, key: str, out: Path, day: dt.date) -> dict[str, Any]:
    """The same from the results of a run in the folder `out`."""
    plan = loaded.rulesets[ruleset]
    version = plan.version(day)
    assert version is not None
    try:
        report = json.loads((out / "run.json").read_text("utf-8"))
    except OSError as error:
        raise DataError(
            f"{out.as_posix()} holds no results of a run: run.json: {error.strerror}", ruleset=ruleset
        ) from None
    done = report["rulesets"].get(ruleset)
    if done is None:
        raise DataError(f"the run in {out.as_posix()} has no result of `{ruleset}`", ruleset=ruleset)
    if report["as_of"] != day.isoformat():
        raise DataError(f"the run in {out.as_posix()} is of {report['as_of']}, not {day}", ruleset=ruleset, value=day)
    table = rows_of(loaded, out / done["file"], ruleset, ruleset).table()
    found = _row(table, plan.key, key)
    if found is None:
        raise _absent(table, plan, key)
    return _record(found, plan, version)


def _record(row: dict[str, Any], plan: RuleSetPlan, version: Version) -> dict[str, Any]:
    """What a record holds, out of a row of results."""
    names = [each.name for each in version.inputs] + [each.name for each in version.atoms.values()]
    record = {name: row[name] for name in names if name in row}
    for match in version.matches:
        if match.table is None:
            found = {each.name: row[f"{match.name}.{each.name}"] for each in match.fields}
            record[match.name.split("[")[0]] = found if row[f"{match.name}.matched"] else None
    return record


def _row(table: "pa.Table", key: tuple[str, ...], wanted: str) -> dict[str, Any] | None:
    import pyarrow.compute as pc

    values = wanted.split(",") if len(key) > 1 else [wanted]
    if len(values) != len(key):
        return None
    for name, value in zip(key, values, strict=True):
        table = table.filter(pc.equal(pc.cast(table.column(name), "string"), value))
    rows: list[dict[str, Any]] = table.slice(0, 1).to_pylist()
    return rows[0] if rows else None


def _absent(table: "pa.Table", plan: RuleSetPlan, key: str) -> DataError:
    columns = [map(str, table.column(name).to_pylist()) for name in plan.key]
    known = [",".join(values) for values in zip(*columns, strict=True)][:100_000]
    where = f"table `{plan.table}`" if plan.table else f"the subjects of `{plan.name}`"
    return DataError(
        f"{where} has no row with the key {key}", ruleset=plan.name, row=key, hint=did_you_mean(key, known)
    )
