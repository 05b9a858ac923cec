"""Peers as SQL: measures of the subjects by partition, beside each subject.

The subjects become a stage that is read twice: it is measured, and the measures are joined to it; or windows
measure them, where a database would put the stage into both places. Peers that do not depend on each other
share the stage, and a group-by where their partitions are the same.
"""

from collections.abc import Sequence

from sqlglot import exp

from trustcommerce.language.expressions import Expr, columns
from trustcommerce.language.relations import Derive, Item, Measure, Peers, Relation
from trustcommerce.plan.digest import described
from trustcommerce.run.dialects.rules import filtered
from trustcommerce.run.grouping import aggregated, measure_columns, narrow
from trustcommerce.run.layers import ORDER, Held, Layers, at, needed_items
from trustcommerce.run.sql import column

__all__ = ["peers"]


def peers(layers: Layers, relation: Peers, needed: set[str]) -> str:
    """The subjects with the measures of this relation, and of those below it that are measured of the same rows."""
    steps = _steps(relation)
    wanted = set(needed)
    items: list[Sequence[Item]] = []
    groups: dict[tuple[str, ...], tuple[tuple[Expr, ...], list[Measure]]] = {}
    for step in steps:
        if isinstance(step, Derive):
            items.append(needed_items(step, wanted))
            continue
        measures = [each for each in step.measures if each.name in wanted]
        if not measures or f"peers {step.name}" in layers.given:
            continue
        wanted |= {name for each in measures for name in measure_columns(each)}
        wanted |= {name for each in step.within for name in columns(each)}
        groups.setdefault(tuple(map(described, step.within)), (step.within, []))[1].extend(measures)
    source = layers.build(steps[-1].source, wanted | {ORDER})
    if groups:
        source = _beside(layers, source, list(groups.values()))
    for each in reversed(items):
        source = layers.derived(each, source)
    return source


def _steps(relation: Peers) -> list[Peers | Derive]:
    """From the top down: peers that are measured of the same rows, and what is derived of them in between."""
    steps: list[Peers | Derive] = [relation]
    between: list[Peers | Derive] = []
    reads = _reads(relation)
    below: Relation = relation.source
    while isinstance(below, Peers | Derive):
        made = {each.name for each in (below.items if isinstance(below, Derive) else below.measures)}
        if made & reads:
            break
        between.append(below)
        if isinstance(below, Peers):
            steps += between
            between = []
            reads |= _reads(below)
        below = below.source
    return steps


def _reads(relation: Peers) -> set[str]:
    found = {name for each in relation.within for name in columns(each)}
    return found | {name for each in relation.measures for name in measure_columns(each)}


def _beside(layers: Layers, source: str, groups: Sequence[tuple[tuple[Expr, ...], list[Measure]]]) -> str:
    """The rows of a layer with measures of each group of partitions."""
    if layers.inlined and not any(each.function == "distinct" for _, own in groups for each in own):
        return _by_windows(layers, source, groups)
    staged = layers.stage(exp.select("*").from_(source, copy=False), Held())
    layers.restart()
    query = exp.select("x.*").from_(exp.to_table(staged).as_("x"), copy=False)
    for i, (within, measures) in enumerate(groups):
        key = tuple(f"key_{i}" for i, _ in enumerate(within))
        keyed = [
            exp.alias_(layers.sql(each), name, quoted=True, copy=False) for each, name in zip(within, key, strict=True)
        ]
        grouped = exp.select(*keyed, *(aggregated(layers, each) for each in measures)).from_(staged, copy=False)
        if key:
            grouped = grouped.group_by(*[exp.Literal.number(n + 1) for n in range(len(key))], copy=False)
        table, alias = layers.stage(grouped, Held(key=key, measures=tuple(measures))), f"m{i}"
        on: list[exp.Expression] = [
            exp.EQ(this=layers.qualified(each), expression=at(alias, name))
            for each, name in zip(within, key, strict=True)
        ]
        query = query.join(
            exp.to_table(table).as_(alias),
            on=exp.and_(*(on or [exp.Boolean(this=True)])),
            join_type="left",
            copy=False,
        )
        for each in measures:
            value = narrow(layers, at(alias, each.name), each)
            query = query.select(exp.alias_(value, each.name, quoted=True, copy=False), copy=False)
    return layers.write(query)


def _by_windows(layers: Layers, source: str, groups: Sequence[tuple[tuple[Expr, ...], list[Measure]]]) -> str:
    """The same by windows over the rows, which are read once; no database counts what is distinct so."""
    wide: list[exp.Expression] = []
    made: list[exp.Expression] = []
    for within, measures in groups:
        parts = [layers.sql(each) for each in within]
        for each in measures:
            found = aggregated(layers, each).this
            if isinstance(found, exp.Filter):
                found = filtered(found)
            window = exp.Window(this=found, partition_by=[part.copy() for part in parts] or None)
            wide.append(exp.alias_(window, f"wide {each.name}", quoted=True))
            made.append(exp.alias_(narrow(layers, column(f"wide {each.name}"), each), each.name, quoted=True))
    summed = layers.write(exp.select("*", *wide).from_(source, copy=False))
    return layers.write(exp.select("*", *made).from_(summed, copy=False))
