"""Searches as SQL: the first of the rows with a key for which a condition between both sides holds.

A database looks for its number in a sub-query. A cluster can't: there rows of one key become an array,
joined by the key and searched where it stands.
"""

from collections.abc import Sequence

from sqlglot import exp

from trustcommerce.language.expressions import Expr
from trustcommerce.language.relations import Exists, Match, Table
from trustcommerce.run.layers import Layers, at
from trustcommerce.run.sql import column

__all__ = [
    "ROW",
    "any_in_arrays",
    "beside_number",
    "by_number",
    "coalesced",
    "equal",
    "in_arrays",
    "in_force",
    "met",
    "number",
    "numbered",
    "read",
    "rows",
    "without",
]

ROW = "__row"
"""The number of a row among those that are matched, or 1 where none is needed."""
_ROWS = "__rows"


def read(relation: Match) -> list[str]:
    """Columns of the other relation that a match reads."""
    names = [each.name for each in (*relation.on, *relation.fields)]
    names += relation.valid[:2] if relation.valid is not None else ()
    return list(dict.fromkeys([*names, *relation.order]))


def rows(layers: Layers, relation: Match, names: Sequence[str]) -> str:
    """The table or layer of the rows that are matched."""
    table = relation.rows
    return layers.tables[table] if isinstance(table, Table) else layers.build(table, set(names))


def number(relation: Match, within: Sequence[exp.Expression]) -> exp.Expression:
    """A row's place in the order in which rows are meant."""
    order = [*relation.order] or [each.name for each in relation.on]
    order += [relation.valid[0]] if relation.valid is not None and relation.valid[0] not in order else []
    last = relation.pick == "last"
    ordered = [exp.Ordered(this=column(name), desc=last, nulls_first=False) for name in order]
    return exp.Window(
        this=exp.RowNumber(), partition_by=[*within] or None, order=exp.Order(expressions=ordered) if ordered else None
    )


def numbered(layers: Layers, relation: Match) -> str:
    """The rows with their places, among all rows or, in a cluster, among those of their key."""
    names = read(relation)
    within = [column(each.name) for each in relation.on] if layers.cluster else []
    place = exp.alias_(number(relation, within), ROW, quoted=True)
    return layers.write(exp.select(place, *map(column, names)).from_(rows(layers, relation, names), copy=False))


def equal(layers: Layers, relation: Match, candidate: Sequence[Expr], table: str) -> list[exp.Expression]:
    """That the key of the row in `table` is the candidate's of the row `x`."""
    return [
        exp.EQ(this=at(table, on.name), expression=exp.Paren(this=layers.qualified(each)))
        for on, each in zip(relation.on, candidate, strict=True)
    ]


def in_force(layers: Layers, relation: Match, table: str) -> list[exp.Expression]:
    """That the row in `table` is in force at the moment of the row `x`."""
    if relation.valid is None:
        return []
    start, end, moment = relation.valid
    moved, since, until = layers.qualified(moment), at(table, start), at(table, end)
    begun = exp.LTE(this=since.copy(), expression=moved.copy())
    lasts = exp.LT(this=moved.copy(), expression=until.copy())
    return [
        exp.Not(this=exp.Is(this=moved, expression=exp.Null())),
        exp.Paren(this=exp.or_(exp.Is(this=since, expression=exp.Null()), begun)),
        exp.Paren(this=exp.or_(exp.Is(this=until, expression=exp.Null()), lasts)),
    ]


def met(layers: Layers, relation: Match) -> list[exp.Expression]:
    """What a row `m` with the right key must meet beside the row `x`."""
    tests = in_force(layers, relation, "m")
    if relation.when is not None:
        fields = [each.name for each in relation.fields]
        tests.append(exp.Paren(this=layers.qualified(relation.when, relation.name, fields)))
    return tests


# -- by number


def by_number(layers: Layers, relation: Match, source: str, rows: str, fields: Sequence[str]) -> str:
    """A sub-query for each candidate gives the number of its row; rows are joined by the first number."""
    hits: list[exp.Expression] = []
    for candidate in relation.candidates:
        tests = [*equal(layers, relation, candidate, "m"), *met(layers, relation)]
        least = exp.select(exp.Min(this=at("m", ROW))).from_(exp.to_table(rows).as_("m"), copy=False)
        hits.append(exp.Subquery(this=least.where(exp.and_(*tests), copy=False)))
    hit = f"{relation.name}.{ROW}"
    found = layers.write(
        exp.select("x.*", exp.alias_(coalesced(hits), hit, quoted=True, copy=False)).from_(
            exp.to_table(source).as_("x"), copy=False
        )
    )
    return beside_number(layers, relation, found, hit, rows, fields)


def beside_number(layers: Layers, relation: Match, found: str, hit: str, rows: str, fields: Sequence[str]) -> str:
    """Beside each row of `found` the one whose number it has in the column `hit`."""
    on = exp.EQ(this=at("x", hit), expression=at("m", ROW))
    matched = exp.Not(this=exp.Is(this=at("m", ROW), expression=exp.Null()))
    beside = [exp.alias_(at("m", name), f"{relation.name}.{name}", quoted=True, copy=False) for name in fields]
    return layers.write(
        exp.select("x.*", exp.alias_(matched, f"{relation.name}.matched", quoted=True, copy=False), *beside)
        .from_(exp.to_table(found).as_("x"), copy=False)
        .join(exp.to_table(rows).as_("m"), on=on, join_type="left", copy=False)
    )


def coalesced(hits: Sequence[exp.Expression]) -> exp.Expression:
    """The first hit that is not missing."""
    return hits[0] if len(hits) == 1 else exp.Coalesce(this=hits[0], expressions=[*hits[1:]])


# -- in arrays


def in_arrays(layers: Layers, relation: Match, source: str, rows: str, fields: Sequence[str]) -> str:
    """Rows of a key as an array in their order; the first in it that meets the condition is the row that is meant."""
    keys = [each.name for each in relation.on]
    kept = [name for name in [ROW, *read(relation)] if name not in keys or name in fields or relation.when is not None]
    arrays = _arrays(layers, rows, keys, kept)
    tests = met(layers, relation)
    query = exp.select("x.*").from_(exp.to_table(source).as_("x"), copy=False)
    hits: list[exp.Expression] = []
    for i, candidate in enumerate(relation.candidates):
        on = equal(layers, relation, candidate, f"m{i}") or [exp.Boolean(this=True)]
        query = query.join(exp.to_table(arrays).as_(f"m{i}"), on=exp.and_(*on), join_type="left", copy=False)
        meeting = _call("FILTER", at(f"m{i}", _ROWS), _of_row(tests))
        hits.append(_call("GET", meeting, exp.Literal.number(0)))
    hit = f"{relation.name}.{ROW}"
    found = layers.write(query.select(exp.alias_(coalesced(hits), hit, quoted=True, copy=False), copy=False))
    matched = exp.Not(this=exp.Is(this=column(hit), expression=exp.Null()))
    beside = [exp.alias_(at(hit, name), f"{relation.name}.{name}", quoted=True, copy=False) for name in fields]
    shown = exp.alias_(matched, f"{relation.name}.matched", quoted=True, copy=False)
    return layers.write(exp.select("*", shown, *beside).from_(found, copy=False))


def any_in_arrays(layers: Layers, relation: Exists, source: str, rows: str) -> str:
    """A truth value: whether any row in the array of a key meets the condition."""
    keys = [name for name, _ in relation.on]
    arrays = _arrays(layers, rows, keys, [each.name for each in relation.fields])
    on: list[exp.Expression] = [
        exp.EQ(this=at("m", name), expression=exp.Paren(this=layers.qualified(each))) for name, each in relation.on
    ]
    one = _call("GET", at("m", _ROWS), exp.Literal.number(0))
    found: exp.Expression = exp.Not(this=exp.Is(this=one, expression=exp.Null()))
    if relation.when is not None:
        names = [each.name for each in relation.fields]
        tests: list[exp.Expression] = [exp.Paren(this=layers.qualified(relation.when, relation.alias, names))]
        meets = _call("EXISTS", at("m", _ROWS), _of_row(tests))
        found = exp.Coalesce(this=meets, expressions=[exp.Boolean(this=False)])
    return layers.write(
        exp.select("x.*", exp.alias_(found, relation.name, quoted=True, copy=False))
        .from_(exp.to_table(source).as_("x"), copy=False)
        .join(
            exp.to_table(arrays).as_("m"), on=exp.and_(*(on or [exp.Boolean(this=True)])), join_type="left", copy=False
        )
    )


def without(layers: Layers, relation: Exists, source: str, rows: str) -> str:
    """The rows with which no row of the other relation goes."""
    on: list[exp.Expression] = [
        exp.EQ(this=at("m", name), expression=exp.Paren(this=layers.qualified(each))) for name, each in relation.on
    ]
    if relation.when is not None:
        names = [each.name for each in relation.fields]
        on.append(exp.Paren(this=layers.qualified(relation.when, relation.alias, names)))
    return layers.write(
        exp.select("x.*", exp.alias_(exp.Boolean(this=False), relation.name, quoted=True))
        .from_(exp.to_table(source).as_("x"), copy=False)
        .join(
            exp.to_table(rows).as_("m"),
            on=exp.and_(*(on or [exp.Boolean(this=True)])),
            join_type="left anti",
            copy=False,
        )
    )


def _arrays(layers: Layers, rows: str, keys: Sequence[str], kept: Sequence[str]) -> str:
    """A row for each key, with its rows as structures sorted by their first field."""
    parts = [each for name in kept for each in (exp.Literal.string(name), column(name))]
    listed = _call("SORT_ARRAY", _call("COLLECT_LIST", _call("NAMED_STRUCT", *parts)))
    query = exp.select(*map(column, keys), exp.alias_(listed, _ROWS, quoted=True)).from_(rows, copy=False)
    return layers.write(query.group_by(*map(column, keys), copy=False) if keys else query)


def _of_row(tests: list[exp.Expression]) -> exp.Expression:
    return exp.Lambda(
        this=exp.and_(*[each.copy() for each in tests]), expressions=[exp.to_identifier("m", quoted=True)]
    )


def _call(name: str, *arguments: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=[*arguments])
