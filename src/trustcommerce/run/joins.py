"""Joins as SQL: one row of another relation beside each, whether there is one, the subject's columns."""

from sqlglot import exp

from trustcommerce.language.expressions import columns
from trustcommerce.language.relations import Exists, Gather, Match, Scan, Table
from trustcommerce.run.layers import UNKNOWN, Layers, at
from trustcommerce.run.sql import column

__all__ = ["beside_subject", "exists", "match"]

ROW = "__row"


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
    """A left join for each candidate, the first that hits, and the row's columns."""
    if outer is None and f"reference {relation.name}" in layers.given:
        return layers.build(relation.source, needed)
    reads = {name for row in relation.candidates for each in row for name in columns(each)}
    reads |= columns(relation.valid[2]) if relation.valid is not None else set()
    fields = [each for each in relation.fields if f"{relation.name}.{each.name}" in needed]
    inner = columns(relation.when) if relation.when is not None else set()
    own = {each.name for each in relation.fields} | {each.name for each in relation.on}
    reads |= {name for name in inner if name.removeprefix(f"{relation.name}.") not in own or "." not in name}
    source = layers.build(relation.source, needed | reads, outer)
    if not fields and f"{relation.name}.matched" not in needed:
        return source
    rows = _numbered(layers, relation)
    if relation.alone and relation.table is None:
        _periods(layers, relation, rows)
    if len(relation.candidates) == 1 and relation.when is None and relation.valid is None:
        return _direct(layers, relation, source, rows, [each.name for each in fields])
    hit = f"{relation.name}.{ROW}"
    query = exp.select("x.*").from_(exp.to_table(source).as_("x"), copy=False)
    hits: list[exp.Expression] = []
    for i in range(len(relation.candidates)):
        if relation.when is not None or (relation.valid is not None and relation.table is None):
            hits.append(_found(layers, relation, rows, i))
            continue
        alias = f"m{i}"
        tests = [_moved(each, alias) for each in _tests(layers, relation, i)]
        query = query.join(exp.to_table(rows).as_(alias), on=exp.and_(*tests), join_type="left", copy=False)
        hits.append(at(alias, ROW))
    first = hits[0] if len(hits) == 1 else exp.Coalesce(this=hits[0], expressions=hits[1:])
    found = layers.write(query.select(exp.alias_(first, hit, quoted=True, copy=False), copy=False))
    on = exp.EQ(this=at("x", hit), expression=at("m", ROW))
    return _joined(layers, relation, found, rows, on, [each.name for each in fields])


def _numbered(layers: Layers, relation: Match) -> str:
    """The rows that are matched, numbered so that the row that is meant can be told by its number."""
    names = list(dict.fromkeys([each.name for each in (*relation.on, *relation.fields)]))
    names += [name for name in relation.valid[:2] if name not in names] if relation.valid is not None else []
    names += [name for name in relation.order if name not in names]
    table = relation.rows
    rows = layers.tables[table] if isinstance(table, Table) else layers.build(table, set(names))
    order = [*relation.order] or [each.name for each in relation.on]
    order += [relation.valid[0]] if relation.valid is not None and relation.valid[0] not in order else []
    descending = relation.pick == "last"
    within = (
        [] if relation.when is not None or relation.valid is not None else [column(each.name) for each in relation.on]
    )
    picks = relation.pick is not None and within
    number = exp.Window(
        this=exp.RowNumber(),
        partition_by=within if picks else None,
        order=exp.Order(
            expressions=[exp.Ordered(this=column(name), desc=descending, nulls_first=False) for name in order]
        ),
    )
    numbered = layers.write(
        exp.select(exp.alias_(number, ROW, quoted=True, copy=False), *map(column, names)).from_(rows, copy=False)
    )
    if not picks:
        return numbered
    one = exp.EQ(this=column(ROW), expression=exp.Literal.number(1))
    if len(relation.candidates) == 1:
        return layers.write(exp.select("*").from_(numbered, copy=False).where(one, copy=False))
    # with several candidates a row is told by its number alone, so no two may have the same
    matched = exp.Order(expressions=[exp.Ordered(this=column(each.name)) for each in relation.on])
    own = exp.alias_(exp.Window(this=exp.RowNumber(), order=matched), ROW, quoted=True, copy=False)
    return layers.write(exp.select(own, *map(column, names)).from_(numbered, copy=False).where(one, copy=False))


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
    layers.stage(query.order_by(*[each.copy() for each in keys]).limit(1), periods=relation)


def _tests(layers: Layers, relation: Match, candidate: int) -> list[exp.Expression]:
    """What the row of the table `m` must meet beside the row `x`."""
    tests: list[exp.Expression] = [
        exp.EQ(this=at("m", on.name), expression=exp.Paren(this=layers.qualified(each)))
        for on, each in zip(relation.on, relation.candidates[candidate], strict=True)
    ]
    if relation.valid is not None:
        start, end, moment = relation.valid
        moved = layers.qualified(moment)
        since, until = at("m", start), at("m", end)
        tests += [
            exp.Not(this=exp.Is(this=moved, expression=exp.Null())),
            exp.Paren(
                this=exp.or_(
                    exp.Is(this=since, expression=exp.Null()), exp.LTE(this=since.copy(), expression=moved.copy())
                )
            ),
            exp.Paren(
                this=exp.or_(
                    exp.Is(this=until, expression=exp.Null()), exp.LT(this=moved.copy(), expression=until.copy())
                )
            ),
        ]
    return tests


def _found(layers: Layers, relation: Match, rows: str, candidate: int) -> exp.Expression:
    """The number of the row that is meant among those that fulfil the further condition."""
    names = [each.name for each in relation.fields]
    tests = _tests(layers, relation, candidate)
    if relation.when is not None:
        tests.append(exp.Paren(this=layers.qualified(relation.when, relation.name, names)))
    best = exp.Min(this=at("m", ROW))
    return exp.Subquery(
        this=exp.select(best).from_(exp.to_table(rows).as_("m"), copy=False).where(exp.and_(*tests), copy=False)
    )


def _moved(test: exp.Expression, alias: str) -> exp.Expression:
    """The test with the table `m` under another name."""

    def fill(node: exp.Expression) -> exp.Expression:
        return at(alias, node.name) if isinstance(node, exp.Column) and node.table == "m" else node

    return test.transform(fill, copy=False)


def _direct(layers: Layers, relation: Match, source: str, rows: str, fields: list[str]) -> str:
    return _joined(layers, relation, source, rows, exp.and_(*_tests(layers, relation, 0)), fields)


def _joined(layers: Layers, relation: Match, source: str, rows: str, on: exp.Expression, fields: list[str]) -> str:
    matched = exp.Not(this=exp.Is(this=at("m", ROW), expression=exp.Null()))
    beside = [exp.alias_(at("m", name), f"{relation.name}.{name}", quoted=True, copy=False) for name in fields]
    return layers.write(
        exp.select("x.*", exp.alias_(matched, f"{relation.name}.matched", quoted=True, copy=False), *beside)
        .from_(exp.to_table(source).as_("x"), copy=False)
        .join(exp.to_table(rows).as_("m"), on=on, join_type="left", copy=False)
    )


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
    tests: list[exp.Expression] = [
        exp.EQ(this=at("m", name), expression=exp.Paren(this=layers.qualified(each))) for name, each in relation.on
    ]
    if relation.when is not None:
        tests.append(exp.Paren(this=layers.qualified(relation.when, relation.alias, names)))
    inner = exp.select("1").from_(exp.to_table(rows).as_("m"), copy=False).where(exp.and_(*tests), copy=False)
    flag = exp.alias_(exp.Exists(this=inner), relation.name, quoted=True, copy=False)
    return layers.write(exp.select("x.*", flag).from_(exp.to_table(source).as_("x"), copy=False))
