"""What an earlier run left in its pools, given to the pools of the next one.

In: the folder of the earlier run, which holds run.json. Out: a plan whose pools know what is left and spent.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from attrs import evolve

from trustcommerce.errors import DataError
from trustcommerce.language.relations import Field, Match, Relation, Table
from trustcommerce.plan import PackPlan, PoolShape, RuleSetPlan, Version, links, rebuilt
from trustcommerce.run.values import accept

__all__ = ["after", "spent_before"]


def after(loaded: PackPlan, previous: str | Path | None, day: dt.date) -> PackPlan:
    """The pack as it runs on `day` after an earlier run; without one its pools begin anew.

    Raises:
        DataError: The folder holds no run, one of another pack, of a later day, or of pools that were shared otherwise.
    """
    if previous is None:
        return loaded
    report = _report(Path(previous), loaded, day)
    return evolve(loaded, rulesets={name: _continued(plan, day, report) for name, plan in loaded.rulesets.items()})


def spent_before(version: Version, pool: PoolShape) -> dict[tuple[Any, ...], Any]:
    """What earlier periods have granted of a pool, by partition, as run.json has it."""
    for each in links(version.relation):
        if _pool(each) == pool.name and isinstance(each, Match) and isinstance(each.rows, Table):
            return {row[: len(pool.within)]: _shown(row[-1], pool) for row in each.rows.rows}
    return {}


def _shown(units: Any, pool: PoolShape) -> Any:
    return Decimal(units).scaleb(-pool.type.scale) if pool.type.scale else units


def _report(folder: Path, loaded: PackPlan, day: dt.date) -> Mapping[str, Any]:
    path = folder / "run.json"
    try:
        report = json.loads(path.read_text("utf-8"))
        pack, earlier = report["pack"], dt.date.fromisoformat(report["as_of"])
        found: Mapping[str, Any] = {name: each.get("pools", {}) for name, each in report["rulesets"].items()}
    except OSError as error:
        said = f"{path.as_posix()}: {error.strerror}"
        raise DataError(said, hint="`previous` is the folder that the run of the period before wrote") from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DataError(f"{path.as_posix()} is no report of a run") from None
    if pack != loaded.pack.name:
        raise DataError(f"`previous` is a run of pack `{pack}`, not of `{loaded.pack.name}`")
    if earlier >= day:
        raise DataError(f"`previous` is a run of {earlier}, not of a day before {day}")
    return found


def _continued(plan: RuleSetPlan, day: dt.date, report: Mapping[str, Any]) -> RuleSetPlan:
    version, pools = plan.version(day), report.get(plan.name, {})
    if version is None or not version.pools or not pools:
        return plan
    shapes = {each.name: each for each in version.pools}

    def change(node: Relation) -> Relation:
        shape = shapes.get(_pool(node))
        if shape is None or shape.name not in pools:
            return node
        assert isinstance(node, Match) and isinstance(node.rows, Table)
        rows = tuple(_row(plan.name, shape, entry, node.rows.fields) for entry in pools[shape.name])
        return evolve(node, rows=evolve(node.rows, rows=rows))

    relation = rebuilt(version.relation, change)
    matches = tuple(reversed([each for each in links(relation) if isinstance(each, Match)]))
    made = evolve(version, relation=relation, matches=matches)
    return evolve(plan, versions=tuple(made if each is version else each for each in plan.versions))


def _pool(node: Relation) -> str:
    """The pool of which a node tells what is left; nothing for any other."""
    return (node.rows.pool or "") if isinstance(node, Match) and isinstance(node.rows, Table) else ""


def _row(ruleset: str, pool: PoolShape, entry: Any, fields: Sequence[Field]) -> tuple[Any, ...]:
    """A line of run.json as a row of the pool's table."""
    names = [text for text, _ in pool.within]
    within = entry.get("within", {}) if isinstance(entry, Mapping) else None
    if within is None or list(within) != names:
        before, now = (", ".join(map(str, each or ())) or "all subjects" for each in (within, names))
        said = f"pool `{pool.name}` was shared within {before} before, and is shared within {now} now"
        raise DataError(said, ruleset=ruleset, hint="begin anew: run without `previous`")
    try:
        key = [accept(_moment(within[name], each), each.type) for name, each in zip(names, fields, strict=False)]
        units = [int(Decimal(str(entry[name])).scaleb(pool.type.scale)) for name in ("left_over", "spent")]
    except (InvalidOperation, KeyError, TypeError, ValueError) as error:
        raise DataError(f"pool `{pool.name}` of the earlier run: {error}", ruleset=ruleset) from None
    return (*(key or [pool.name]), *units)


def _moment(value: Any, each: Field) -> Any:
    """Dates and moments stand in run.json as text."""
    kind = each.type.kind.value
    if kind == "date" and isinstance(value, str):
        return dt.date.fromisoformat(value)
    if kind == "timestamp" and isinstance(value, str):
        return dt.datetime.fromisoformat(value)
    return Decimal(value) if kind == "exact" and isinstance(value, str) else value
