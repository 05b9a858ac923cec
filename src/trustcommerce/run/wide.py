"""Wide rule sets: columns in several narrow tables, so that what a run costs is linear in them.

A query that carries thousands of columns through dozens of layers takes DuckDB the product of both,
and more. Here items are computed some hundreds at a time, each lot over the columns it reads, and what
is read later becomes a table of its own beside the others, with the order of the subjects as its key.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen
from sqlglot import exp

from trustcommerce.language.expressions import columns
from trustcommerce.language.relations import Derive, Gather, Item, Measure, Relation
from trustcommerce.run import grouping
from trustcommerce.run.inlining import inlined
from trustcommerce.run.layers import ORDER, Held, Layers, at, needed_items
from trustcommerce.run.sql import column

__all__ = ["Part", "beside", "is_wide", "lots", "owners", "parts"]

_DEPTH = 24
"""Layers of one query."""


@frozen
class Part:
    """A table with some columns of a relation, a row for each subject; `columns` None are all that no other has."""

    table: str
    columns: tuple[str, ...] | None


def is_wide(layers: Layers, relation: Relation, needed: set[str]) -> bool:
    """Whether a relation adds too many columns for one query. Without an order its rows can't be told apart."""
    if layers.width is None or ORDER not in needed:
        return False
    if isinstance(relation, Gather):
        return relation.fact not in layers.given and len(_measures(relation, needed)) > layers.width
    return isinstance(relation, Derive) and len(needed_items(relation, set(needed))) > layers.width


def parts(layers: Layers, relation: Relation, needed: set[str]) -> list[Part]:
    """The relation's rows as tables beside each other; those of one query are one table."""
    if is_wide(layers, relation, needed):
        return _wide(layers, relation, needed)
    rows = layers.build(relation, needed)
    return [_staged(layers, exp.select("*").from_(rows, copy=False), None)]


def _wide(layers: Layers, relation: Relation, needed: set[str]) -> list[Part]:
    if isinstance(relation, Gather):
        return _gathered(layers, relation, needed)
    assert isinstance(relation, Derive)
    return _derived(layers, relation, needed)


def beside(layers: Layers, found: Sequence[Part], needed: Iterable[str] | None = None) -> str:
    """One layer with the columns of all parts, or with those that are needed."""
    wanted = None if needed is None else set(needed)
    picked = [(part, _of(part, found, wanted)) for part in found]
    read = [(part, names) for part, names in picked if names or names is None] or [(found[0], [])]
    query = exp.select(at("p0", ORDER)) if read[0][1] is not None else exp.select()
    query = query.from_(exp.to_table(read[0][0].table).as_("p0"), copy=False)
    for i, (part, names) in enumerate(read):
        query = query.select(*([f"p{i}.*"] if names is None else [at(f"p{i}", name) for name in names]), copy=False)
        if i:
            on = exp.EQ(this=at("p0", ORDER), expression=at(f"p{i}", ORDER))
            query = query.join(exp.to_table(part.table).as_(f"p{i}"), on=on, copy=False)
    return layers.write(query)


def owners(found: Sequence[Part], stored: Mapping[str, str]) -> list[tuple[Part, list[str]]]:
    """The parts with what they give of some outputs, which are columns by other names there."""
    own = {name: part for part in found for name in part.columns or ()}
    given: dict[str, tuple[Part, list[str]]] = {}
    for name, inside in stored.items():
        part = own.get(inside, found[0])
        given.setdefault(part.table, (part, []))[1].append(name)
    return list(given.values())


def _of(part: Part, found: Sequence[Part], wanted: set[str] | None) -> list[str] | None:
    """Columns that are read of a part, without the order; None for all of them."""
    if part.columns is not None:
        return [name for name in part.columns if wanted is None or name in wanted]
    if wanted is None:
        return None
    return sorted(wanted - {ORDER} - {name for each in found for name in each.columns or ()})


def _staged(layers: Layers, query: exp.Select, names: tuple[str, ...] | None) -> Part:
    table = layers.stage(query, Held())
    layers.restart()
    return Part(table, names)


def _derived(layers: Layers, relation: Derive, needed: set[str]) -> list[Part]:
    wanted = set(needed)
    items = needed_items(relation, wanted)
    found = parts(layers, relation.source, wanted - {each.name for each in items})
    parted = list(lots(items, layers.width or len(items)))
    live = set(needed)
    keeps: list[tuple[str, ...]] = []
    for lot in reversed(parted):
        keeps.append(tuple(each.name for each in lot if each.name in live))
        live |= {name for each in lot for name in columns(each.expr)}
    for lot, keep in zip(parted, reversed(keeps), strict=True):
        own = {each.name for each in lot}
        reads = {name for each in lot for name in columns(each.expr)} - own - layers.days.keys()
        rows = layers.derived(inlined(lot, keep), beside(layers, found, reads))
        if keep:
            names = map(column, (ORDER, *keep))
            found.append(_staged(layers, exp.select(*names).from_(rows, copy=False), keep))
    return found


def lots(items: Sequence[Item], width: int) -> Iterator[list[Item]]:
    """Items in their order, so many and so deep at a time."""
    lot: list[Item] = []
    level: dict[str, int] = {}
    for item in items:
        depth = max((level[name] + 1 for name in columns(item.expr) if name in level), default=0)
        if len(lot) == width or depth == _DEPTH:
            yield lot
            lot, level, depth = [], {}, 0
        lot.append(item)
        level[item.name] = depth
    if lot:
        yield lot


def _measures(relation: Gather, needed: set[str]) -> list[Measure]:
    return [each for each in relation.measures if each.name in needed]


def _gathered(layers: Layers, relation: Gather, needed: set[str]) -> list[Part]:
    measures = _measures(relation, needed)
    reads = {each.name for each in relation.on}
    width = layers.width or len(measures)
    found = parts(layers, relation.source, (needed | reads) - {each.name for each in measures})
    for start in range(0, len(measures), width):
        some = measures[start : start + width]
        subjects = beside(layers, found, reads)
        rows = grouping.beside_subjects(layers, relation, some, subjects, counted=not start)
        names = tuple(each.name for each in some)
        query = exp.select(*map(column, (ORDER, *names))).from_(rows, copy=False)
        found.append(_staged(layers, query, names))
    return found
