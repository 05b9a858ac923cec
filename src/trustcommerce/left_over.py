"""What an earlier run left in its pools, given to the pools of the next one.

In: the folder of the earlier run, which holds run.json. Out: a plan whose pools know what is left and spent,
and a report in which nothing is lost of what nobody shared this time.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import evolve

from trustcommerce.errors import DataError
from trustcommerce.language.relations import Field, Match, Relation, Table
from trustcommerce.plan import PackPlan, PoolShape, RuleSetPlan, links, rebuilt
from trustcommerce.run.pooled import units
from trustcommerce.run.values import accept

__all__ = ["Earlier", "continued", "earlier_pools", "merged", "waiting"]

_MOST = 10**18
Line = dict[str, Any]
Earlier = Mapping[str, Mapping[str, list[Line]]]
"""By rule set and pool, the lines of run.json: one for each partition."""


def earlier_pools(previous: str | Path | None, loaded: PackPlan, day: dt.date, out: Path | None = None) -> Earlier:
    """What the run of the period before says of pools; nothing without one.

    Raises:
        DataError: The folder holds no run, or one of another pack or of no earlier day, or it would be replaced.
    """
    if previous is None:
        return {}
    if out is not None and out.resolve() == Path(previous).resolve():
        said = "the results would take the place of the run before, which a second try would need"
        raise DataError(said, hint="give `out` a folder of its own")
    path = Path(previous) / "run.json"
    try:
        report = json.loads(path.read_text("utf-8"))
        pack, earlier = report["pack"], dt.date.fromisoformat(report["as_of"])
        found = {name: dict(pools) for name, pools in report["waiting"].items()}
        for name, each in report["rulesets"].items():
            found[name] = {**found.get(name, {}), **dict(each["pools"])}
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


def continued(loaded: PackPlan, day: dt.date, earlier: Earlier) -> PackPlan:
    """The pack as it runs on `day`, its pools with what is left and spent.

    Raises:
        DataError: A pool was shared otherwise before.
    """
    if not earlier:
        return loaded
    return evolve(loaded, rulesets={name: _continued(plan, day, earlier) for name, plan in loaded.rulesets.items()})


def merged(pool: PoolShape, entries: Iterable[Line], earlier: Iterable[Line]) -> list[Line]:
    """The lines of a pool with what was spent before; partitions that nobody is in now keep what they had."""
    before = {_place(each): each for each in earlier}
    found = []
    for each in entries:
        old = before.pop(_place(each), None)
        spent = Decimal(str(each["granted"])) + (0 if old is None else Decimal(str(old["spent"])))
        found.append({**each, "spent": units(spent, pool)})
    for old in before.values():
        left = units(Decimal(str(old["left_over"])) if pool.carried else 0, pool)
        none = units(0, pool)
        kept: Line = {name: old[name] for name in ("within", "unit") if name in old}
        line: Line = {"participants": 0, "amount": left, "granted": none, "left_over": left, "spent": old["spent"]}
        found.append({**kept, **line, **({"carried": left} if pool.carried else {})})
    return found


def waiting(earlier: Earlier, done: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Pools of an earlier run that this one did not share, as that left them."""
    found: dict[str, dict[str, Any]] = {}
    for name, pools in earlier.items():
        shared = done.get(name, {}).get("pools", {})
        rest = {pool: entries for pool, entries in pools.items() if pool not in shared}
        if rest:
            found[name] = rest
    return found


def _place(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry.get("within", {}), sort_keys=True, ensure_ascii=False)


def _continued(plan: RuleSetPlan, day: dt.date, earlier: Earlier) -> RuleSetPlan:
    version, pools = plan.version(day), earlier.get(plan.name, {})
    if version is None or not version.pools or not pools:
        return plan
    shapes = {each.name: each for each in version.pools}

    def change(node: Relation) -> Relation:
        shape = shapes.get(_pool(node))
        if shape is None or shape.name not in pools:
            return node
        assert isinstance(node, Match) and isinstance(node.rows, Table)
        rows = _rows(plan.name, shape, pools[shape.name], node.rows.fields)
        return evolve(node, rows=evolve(node.rows, rows=rows))

    relation = rebuilt(version.relation, change)
    matches = tuple(reversed([each for each in links(relation) if isinstance(each, Match)]))
    made = evolve(version, relation=relation, matches=matches)
    return evolve(plan, versions=tuple(made if each is version else each for each in plan.versions))


def _pool(node: Relation) -> str:
    """The pool of which a node tells what is left; nothing for any other."""
    return (node.rows.pool or "") if isinstance(node, Match) and isinstance(node.rows, Table) else ""


def _rows(ruleset: str, pool: PoolShape, lines: Any, fields: Sequence[Field]) -> tuple[tuple[Any, ...], ...]:
    """The lines of run.json as rows of the pool's table."""
    if not isinstance(lines, list) or not all(isinstance(each, Mapping) for each in lines):
        raise DataError(f"what the earlier run says of pool `{pool.name}` is no list of lines", ruleset=ruleset)
    found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for each in lines:
        row = _row(ruleset, pool, each, fields)
        if row[:-2] in found:
            shown = ", ".join(map(str, row[:-2]))
            raise DataError(f"the earlier run has two lines of pool `{pool.name}` for {shown}", ruleset=ruleset)
        found[row[:-2]] = row
    return tuple(found.values())


def _row(ruleset: str, pool: PoolShape, entry: Mapping[str, Any], fields: Sequence[Field]) -> tuple[Any, ...]:
    """One line as a row; what lapsed is not left."""
    names, within = [text for text, _ in pool.within], entry.get("within", {})
    if list(within) != names:
        before, now = (", ".join(map(str, each or ())) or "all subjects" for each in (within, names))
        said = f"pool `{pool.name}` was shared within {before} before, and is shared within {now} now"
        raise DataError(said, ruleset=ruleset, hint="begin anew: run without `previous`")
    if entry.get("unit") != pool.type.unit:
        before, now = entry.get("unit") or "plain units", pool.type.unit or "plain units"
        said = f"pool `{pool.name}` was in {before} before, and is in {now} now"
        raise DataError(said, ruleset=ruleset, hint="begin anew: run without `previous`")
    try:
        key = [accept(_moment(within[name], each), each.type) for name, each in zip(names, fields, strict=False)]
    except (ArithmeticError, TypeError, ValueError) as error:
        raise DataError(f"pool `{pool.name}` of the earlier run: {error}", ruleset=ruleset) from None
    left = _whole(ruleset, pool, entry, "left_over") if "carried" in entry else 0
    return (*(key or [pool.name]), left, _whole(ruleset, pool, entry, "spent"))


def _whole(ruleset: str, pool: PoolShape, entry: Mapping[str, Any], name: str) -> int:
    """A number of whole units."""
    value = entry.get(name)
    try:
        number = Decimal(str(value)).scaleb(pool.type.scale)
    except ArithmeticError:
        number = Decimal(-1)
    if isinstance(value, bool) or not number.is_finite() or number != int(number) or not 0 <= number <= _MOST:
        expected = "whole units from 0 to 10^18 are expected"
        raise DataError(
            f"pool `{pool.name}` of the earlier run: `{name}` is {value!r}, and {expected}", ruleset=ruleset
        )
    return int(number)


def _moment(value: Any, each: Field) -> Any:
    """Dates and moments stand in run.json as text."""
    kind = each.type.kind.value
    if kind == "date" and isinstance(value, str):
        return dt.date.fromisoformat(value)
    if kind == "timestamp" and isinstance(value, str):
        return dt.datetime.fromisoformat(value)
    return Decimal(value) if kind == "exact" and isinstance(value, str) else value
