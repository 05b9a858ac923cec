"""Steps of a plan -> one chain of relations: scan, facts, joins, items, peers."""

from collections.abc import Callable, Iterable
from typing import Any

from attrs import evolve

from trustcommerce.language.expressions import Column, Expr, Literal, columns
from trustcommerce.language.relations import (
    Distinct,
    Field,
    Gather,
    Item,
    Keep,
    Match,
    Peers,
    Relation,
    Scan,
)
from trustcommerce.language.types import DATE
from trustcommerce.plan.context import Context, Step
from trustcommerce.plan.origins import hidden, stacked

__all__ = ["chain", "links", "rebuilt"]


def links(relation: Relation) -> Iterable[Relation]:
    """The nodes of a chain, from the top down to where its rows come from."""
    while True:
        yield relation
        if isinstance(relation, Scan | Distinct):
            return
        relation = relation.source


def rebuilt(relation: Relation, change: Callable[[Relation], Relation | None]) -> Relation:
    """The chain with each node changed, from the bottom up; one that becomes None is left out."""
    *above, found = links(relation)
    for each in reversed(above):
        kept: Any = change(each)
        found = found if kept is None else evolve(kept, source=found)
    return found


def chain(
    context: Context,
    inputs: tuple[Field, ...],
    base: Relation | None,
    gathers: list[Gather],
    where: Expr | None,
    before: int,
) -> Relation:
    """The plan's relation.

    Args:
        inputs: Columns of the subject's table that are read.
        base: Where the subjects come from when they are no table of their own.
        gathers: What is measured of facts.
        where: Which subjects are judged.
        before: How many steps that condition rests on.
    """
    relation = _subjects(context, inputs) if base is None else base
    for gather in gathers:
        relation = evolve(gather, source=relation)
    given = {each.name for each in inputs} | {"as_of"} | {m.name for g in gathers for m in g.measures}
    steps = context.steps
    relation = stacked(relation, steps[:before])
    if where is not None and not (isinstance(where, Literal) and where.value is True):
        relation = Keep(source=relation, where=where)
    rest = steps[before:]
    early = [step for step in rest if isinstance(step, Step) and step.reads() <= given and _joins(step)]
    relation = stacked(relation, early)
    placed = set(map(id, early))
    return _scheduled(relation, [step for step in rest if id(step) not in placed])


def _joins(step: Step) -> bool:
    """Whether the step adds columns of another table, which needs nothing but its keys."""
    return isinstance(step.build(Scan(table="", key=(), fields=())), Match)


def _subjects(context: Context, inputs: tuple[Field, ...]) -> Relation:
    ruleset = context.ruleset
    table = context.pack.tables[ruleset.table]
    fields = {each.name: each for each in inputs}
    if table.time is not None:
        fields.setdefault(table.time, Field(table.time, table.columns[table.time].type))
    relation: Relation = Scan(
        table=ruleset.table, key=ruleset.key, fields=tuple(fields.values()), hidden=hidden(fields.values())
    )
    if table.time is not None:
        at = Column(table.time, fields[table.time].type)
        relation = Keep(source=relation, where=context.ops.compare("lt", at, Column("as_of", DATE)))
    return relation


def _scheduled(relation: Relation, steps: list[Item | Step]) -> Relation:
    """Steps in order, aggregates over peers as late as can be, so that those of one partition run together."""
    waiting: list[Peers] = []
    ready: list[Item | Step] = []
    held: set[str] = set()
    nothing = Scan(table="", key=(), fields=())

    def flushed() -> Relation:
        return _flush(stacked(relation, ready), waiting)

    for step in steps:
        made = step.build(nothing) if isinstance(step, Step) else None
        if isinstance(made, Peers):
            if step_reads(made) & held:
                relation, ready, waiting, held = flushed(), [], [], set()
            waiting.append(made)
            held |= {measure.name for measure in made.measures}
            continue
        needs = columns(step.expr) if isinstance(step, Item) else step.reads()
        if needs & held:
            relation, ready, waiting, held = flushed(), [], [], set()
        ready.append(step)
    return flushed()


def step_reads(peers: Peers) -> set[str]:
    exprs = [*peers.within, *(m.value for m in peers.measures if m.value is not None)]
    exprs += [condition for m in peers.measures for _, condition in m.filters]
    return {name for each in exprs for name in columns(each)}


def _flush(relation: Relation, waiting: list[Peers]) -> Relation:
    """One node for each partition, with the measures of all that wait."""
    by_partition: dict[tuple[Expr, ...], Peers] = {}
    for each in waiting:
        found = by_partition.get(each.within)
        by_partition[each.within] = each if found is None else evolve(found, measures=found.measures + each.measures)
    for each in by_partition.values():
        relation = evolve(each, source=relation)
    return relation
