"""Rows of another relation by joins of two tables on equal columns alone, for databases that know no more for sure.

Where a condition between both sides decides, rows get a number before they are joined, and one place among the
rows that they meet; the first is kept. A layer that does so is right however often a database computes it:
numbers may differ, what is kept for a row does not.
"""

from collections.abc import Sequence

from sqlglot import exp

from trustcommerce.language.expressions import Expr
from trustcommerce.language.relations import Exists, Match
from trustcommerce.run.layers import Layers, at
from trustcommerce.run.search import ROW, beside_number, coalesced, in_force, met
from trustcommerce.run.sql import column

__all__ = ["any_by_join", "by_join", "one_by_one"]

_PLACE, _SELF, _ONE = "__place", "__self", "__one"


def one_by_one(layers: Layers, relation: Match, source: str, rows: str, fields: Sequence[str]) -> str:
    """A join for each candidate; of the rows that they find, the first candidate's counts."""
    hits: list[exp.Expression] = []
    found: list[list[exp.Column]] = []
    for i, candidate in enumerate(relation.candidates):
        name = f"{relation.name}.{i}"
        source, keys = _keyed(layers, name, source, candidate)
        tests = [*_equal(keys, [each.name for each in relation.on]), *in_force(layers, relation, "m")]
        shown = [(f"{name}.{each}", at("m", each)) for each in (ROW, *fields)]
        source = layers.write(
            exp.select("x.*", *(exp.alias_(value, as_, quoted=True, copy=False) for as_, value in shown))
            .from_(exp.to_table(source).as_("x"), copy=False)
            .join(exp.to_table(rows).as_("m"), on=exp.and_(*tests), join_type="left", copy=False)
        )
        hit, values = column(shown[0][0]), [column(as_) for as_, _ in shown[1:]]
        hits.append(exp.Not(this=exp.Is(this=hit, expression=exp.Null())))
        found.append(values)
    made = [exp.alias_(exp.or_(*hits), f"{relation.name}.matched", quoted=True, copy=False)]
    for name, (*earlier, last) in zip(fields, zip(*found, strict=True), strict=True):
        ifs = [exp.If(this=hit.copy(), true=each) for hit, each in zip(hits, earlier, strict=False)]
        value = exp.Case(ifs=ifs, default=last) if ifs else last
        made.append(exp.alias_(value, f"{relation.name}.{name}", quoted=True, copy=False))
    return layers.write(exp.select("*", *made).from_(source, copy=False))


def by_join(layers: Layers, relation: Match, source: str, rows: str, fields: Sequence[str]) -> str:
    """A join for each candidate gives the number of its row; rows are joined by the first number."""
    hits = []
    on = [each.name for each in relation.on]
    for i, candidate in enumerate(relation.candidates):
        hit = f"{relation.name}.{ROW}{i}"
        shown = exp.alias_(at("m", ROW), hit, quoted=True, copy=False)
        source = _firsts(layers, f"{relation.name}.{i}", source, rows, candidate, on, met(layers, relation), shown)
        hits.append(column(hit))
    hit = f"{relation.name}.{ROW}"
    number = exp.alias_(coalesced(hits), hit, quoted=True, copy=False)
    found = layers.write(exp.select("*", number).from_(source, copy=False))
    return beside_number(layers, relation, found, hit, rows, fields)


def any_by_join(layers: Layers, relation: Exists, source: str, rows: str) -> str:
    """A truth value: whether any row that is joined meets the condition."""
    names = [each.name for each in relation.fields]
    marked = layers.write(exp.select(exp.alias_("1", ROW, quoted=True), *map(column, names)).from_(rows, copy=False))
    tests: list[exp.Expression] = []
    if relation.when is not None:
        tests.append(exp.Paren(this=layers.qualified(relation.when, relation.alias, names)))
    found = exp.Not(this=exp.Is(this=at("m", ROW), expression=exp.Null()))
    shown = exp.alias_(found, relation.name, quoted=True, copy=False)
    on, keys = [name for name, _ in relation.on], [each for _, each in relation.on]
    return _firsts(layers, relation.name, source, marked, keys, on, tests, shown)


def _firsts(
    layers: Layers,
    name: str,
    source: str,
    rows: str,
    keys: Sequence[Expr],
    on: Sequence[str],
    tests: Sequence[exp.Expression],
    shown: exp.Expression,
) -> str:
    """The rows of a layer, each beside the row with the smallest number among those that go with it.

    Args:
        name: What columns that are made on the way are named after.
        keys: What equals the columns `on` of the row that goes with one.
        tests: What must be so besides.
    """
    itself, place = f"{name}.{_SELF}", f"{name}.{_PLACE}"
    source, made = _keyed(layers, name, source, keys)
    if not on:
        rows = layers.write(exp.select("*", exp.alias_("1", _ONE, quoted=True)).from_(rows, copy=False))
    order = exp.Order(expressions=[exp.Ordered(this=column(each)) for each in made])
    numbered = layers.write(
        exp.select("*", exp.alias_(exp.Window(this=exp.RowNumber(), order=order), itself, quoted=True)).from_(
            source, copy=False
        )
    )
    ordered = exp.Ordered(this=at("m", ROW), desc=False, nulls_first=False)
    among = exp.Window(this=exp.RowNumber(), partition_by=[at("x", itself)], order=exp.Order(expressions=[ordered]))
    joined = layers.write(
        exp.select("x.*", shown, exp.alias_(among, place, quoted=True, copy=False))
        .from_(exp.to_table(numbered).as_("x"), copy=False)
        .join(
            exp.to_table(rows).as_("m"),
            on=exp.and_(*_equal(made, on or [_ONE]), *tests),
            join_type="left",
            copy=False,
        )
    )
    first = exp.EQ(this=column(place), expression=exp.Literal.number(1))
    return layers.write(exp.select("*").from_(joined, copy=False).where(first, copy=False))


def _keyed(layers: Layers, name: str, source: str, keys: Sequence[Expr]) -> tuple[str, list[str]]:
    """A layer with the values of keys as columns, and their names; where there is no key, with one that all share."""
    names = [f"{name}.key_{i}" for i, _ in enumerate(keys)] or [f"{name}.{_ONE}"]
    values = [layers.sql(each) for each in keys] or [exp.Literal.number(1)]
    made = [exp.alias_(value, as_, quoted=True, copy=False) for value, as_ in zip(values, names, strict=True)]
    return layers.write(exp.select("*", *made).from_(source, copy=False)), names


def _equal(keys: Sequence[str], on: Sequence[str]) -> list[exp.Expression]:
    return [exp.EQ(this=at("m", theirs), expression=at("x", mine)) for mine, theirs in zip(keys, on, strict=True)]
