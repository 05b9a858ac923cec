"""Joins as SQL: one row of another relation beside each, whether there is one, the subject's columns."""

from sqlglot import exp

from trustcommerce.language.expressions import columns
from trustcommerce.language.relations import Exists, Gather, Match, Scan
from trustcommerce.run import firsts, search
from trustcommerce.run.layers import UNKNOWN, Held, Layers, at
from trustcommerce.run.search import ROW, equal, in_force
from trustcommerce.run.sql import column

__all__ = ["beside_subject", "exists", "match"]


def beside_subject(layers: Layers, scan: Scan, outer: Gather | None) -> str:
    """The rows of a scan; of a fact with the columns of the subject that its conditions read."""
    name = layers.tables[scan]
    if outer is None or not outer.outer:
        return name
    tests = [
        exp.EQ(this=at("x", theirs), expression=at("m", mine.name))
        for theirs, mine in zip(outer.key, outer.on, strict=True)
    ]
    beside = [exp.alias_(at("m", mine), name, quoted=True, copy=False) for name, mine in outer.outer]
    alone = exp.Is(this=at("m", outer.on[0].name), expression=exp.Null())
    beside.append(exp.alias_(alone, UNKNOWN, quoted=True, copy=False))
    return layers.write(
        exp.select("x.*", *beside)
        .from_(exp.to_table(name).as_("x"), copy=False)
        .join(exp.to_table(layers.subjects or name).as_("m"), on=exp.and_(*tests), join_type="left", copy=False)
    )


def match(layers: Layers, relation: Match, needed: set[str], outer: Gather | None) -> str:
    """The row that each candidate finds, the first that finds one, and that row's columns."""
    if outer is None and f"reference {relation.name}" in layers.given:
        return layers.build(relation.source, needed)
    reads = {name for row in relation.candidates for each in row for name in columns(each)}
    reads |= columns(relation.valid[2]) if relation.valid is not None else set()
    fields = [each.name for each in relation.fields if f"{relation.name}.{each.name}" in needed]
    inner = columns(relation.when) if relation.when is not None else set()
    own = {each.name for each in relation.fields} | {each.name for each in relation.on}
    reads |= {name for name in inner if name.removeprefix(f"{relation.name}.") not in own or "." not in name}
    source = layers.build(relation.source, needed | reads, outer)
    if not fields and f"{relation.name}.matched" not in needed:
        return source
    searched = relation.when is not None or (relation.valid is not None and relation.table is None)
    rows = search.numbered(layers, relation) if searched else _rows(layers, relation)
    if relation.alone and relation.table is None:
        _periods(layers, relation, rows)
    if searched:
        found = firsts.by_join if layers.joined else search.by_number
        return (search.in_arrays if layers.cluster else found)(layers, relation, source, rows, fields)
    if layers.joined:
        return firsts.one_by_one(layers, relation, source, rows, fields)
    query = exp.select("x.*").from_(exp.to_table(source).as_("x"), copy=False)
    hits: list[exp.Expression] = []
    for i, candidate in enumerate(relation.candidates):
        tests = [*equal(layers, relation, candidate, f"m{i}"), *in_force(layers, relation, f"m{i}")]
        query = query.join(exp.to_table(rows).as_(f"m{i}"), on=exp.and_(*tests), join_type="left", copy=False)
        hits.append(exp.Not(this=exp.Is(this=at(f"m{i}", ROW), expression=exp.Null())))
    query = query.select(exp.alias_(exp.or_(*hits), f"{relation.name}.matched", quoted=True, copy=False), copy=False)
    for name in fields:
        *earlier, last = (at(f"m{i}", name) for i, _ in enumerate(hits))
        ifs = [exp.If(this=hit.copy(), true=each) for hit, each in zip(hits, earlier, strict=False)]
        value = exp.Case(ifs=ifs, default=last) if ifs else last
        query = query.select(exp.alias_(value, f"{relation.name}.{name}", quoted=True, copy=False), copy=False)
    return layers.write(query)


def _rows(layers: Layers, relation: Match) -> str:
    """The rows that are matched, with a column that is never missing; of those with one key the one that is meant."""
    names = search.read(relation)
    rows = search.rows(layers, relation, names)
    if relation.pick is None or not relation.on or relation.valid is not None:
        return layers.write(exp.select(exp.alias_("1", ROW, quoted=True), *map(column, names)).from_(rows, copy=False))
    number = exp.alias_(search.number(relation, [column(each.name) for each in relation.on]), ROW, quoted=True)
    placed = layers.write(exp.select(number, *map(column, names)).from_(rows, copy=False))
    first = exp.EQ(this=column(ROW), expression=exp.Literal.number(1))
    return layers.write(exp.select("*").from_(placed, copy=False).where(first, copy=False))


def _periods(layers: Layers, relation: Match, rows: str) -> None:
    """A stage with the keys whose periods overlap; of those that begin later the end may not be known yet."""
    assert relation.valid is not None
    start, end, _ = relation.valid
    keys = [column(each.name) for each in relation.on]
    order = exp.Order(expressions=[exp.Ordered(this=column(start), desc=False, nulls_first=True)])
    follows = exp.Window(this=exp.func("LEAD", column(ROW)), partition_by=[each.copy() for each in keys], order=order)
    after = exp.Window(
        this=exp.func("LEAD", column(start)), partition_by=[each.copy() for each in keys], order=order.copy()
    )
    names = [column(name) for name in dict.fromkeys([*(each.name for each in relation.on), end])]
    begun = exp.or_(
        exp.Is(this=column(start), expression=exp.Null()),
        exp.LT(this=column(start), expression=layers.days["as_of"].copy()),
    )
    paired = layers.write(
        exp.select(*names, exp.alias_(follows, "__follows"), exp.alias_(after, "__after"))
        .from_(rows, copy=False)
        .where(begun, copy=False)
    )
    overlaps = exp.or_(
        exp.Is(this=column(end), expression=exp.Null()),
        exp.Is(this=column("__after"), expression=exp.Null()),
        exp.LT(this=column("__after"), expression=column(end)),
    )
    follow = exp.Not(this=exp.Is(this=column("__follows"), expression=exp.Null()))
    query = exp.select(*[each.copy() for each in keys]).from_(paired, copy=False).where(exp.and_(follow, overlaps))
    layers.stage(query.order_by(*[each.copy() for each in keys]).limit(1), Held(periods=relation))


def exists(layers: Layers, relation: Exists, needed: set[str], outer: Gather | None) -> str:
    """A truth value: whether a row of the other relation goes with each."""
    own = {f"{relation.alias}.{each.name}" for each in relation.fields}
    reads = {name for _, each in relation.on for name in columns(each)}
    reads |= (columns(relation.when) if relation.when is not None else set()) - own
    source = layers.build(relation.source, needed | reads, outer)
    if relation.name not in needed:
        return source
    names = [each.name for each in relation.fields]
    rows = layers.build(relation.rows, set(names))
    if layers.cluster:
        unseen = outer is not None and relation.name in layers.left_out.get(outer.fact, ())
        found = search.without if unseen else search.any_in_arrays
        return found(layers, relation, source, rows)
    if layers.joined:
        return firsts.any_by_join(layers, relation, source, rows)
    tests: list[exp.Expression] = [
        exp.EQ(this=at("m", name), expression=exp.Paren(this=layers.qualified(each))) for name, each in relation.on
    ]
    if relation.when is not None:
        tests.append(exp.Paren(this=layers.qualified(relation.when, relation.alias, names)))
    inner = exp.select("1").from_(exp.to_table(rows).as_("m"), copy=False).where(exp.and_(*tests), copy=False)
    flag = exp.alias_(exp.Exists(this=inner), relation.name, quoted=True, copy=False)
    return layers.write(exp.select("x.*", flag).from_(exp.to_table(source).as_("x"), copy=False))
