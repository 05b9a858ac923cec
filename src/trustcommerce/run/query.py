"""Relation core -> one SQL query: layers of SELECT, each over the columns of the one below."""

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import lru_cache

from attrs import frozen
from sqlglot import exp

from trustcommerce.language.expressions import Expr, columns
from trustcommerce.language.relations import Derive, Item, Keep, Match, Relation, Scan
from trustcommerce.language.types import DATE, Type
from trustcommerce.plan import Version
from trustcommerce.run.sql import column, literal, outward, to_sql

__all__ = ["ORDER", "ROW", "Query", "build_query", "unmatched"]

ROW = "__row"
ORDER = "__order"


@frozen(kw_only=True)
class Query:
    """The query of one version; `sources` maps table names in it to what must be registered there."""

    sql: str
    columns: tuple[str, ...]


@lru_cache(maxsize=256)
def build_query(
    version: Version,
    as_of: dt.date,
    *,
    names: tuple[tuple[str, str], ...],
    wanted: tuple[str, ...] | None = None,
    dialect: str = "duckdb",
) -> Query:
    """The query that gives the outputs of `version` on `as_of`.

    Args:
        names: SQL names: `subject` for the checked input, and one for each match that reads rows.
        wanted: Outputs to give, all by default; nothing else is computed.
    """
    outputs = [each for each in version.outputs if wanted is None or each.name in wanted]
    needed = _needed(version, {each.name for each in outputs})
    layers = _Layers(dict(names), as_of, needed, dialect)
    rows = layers.build(version.relation)
    known: dict[str, Type] = {each.name: each.type for each in version.outputs}
    projections = []
    for each in outputs:
        constant = version.constants.get(each.name)
        value = to_sql(constant) if constant is not None else column(each.name)
        projections.append(exp.alias_(outward(value, known[each.name]), each.name, quoted=True, copy=False))
    query = exp.select(*projections).from_(rows, copy=False)
    if version.matches:
        query = query.order_by(column(ORDER), copy=False)
    return Query(sql=layers.finish(query), columns=tuple(each.name for each in outputs))


def unmatched(version: Version, match: Match, names: dict[str, str], as_of: dt.date, key: Sequence[str]) -> str:
    """A query for the key of one subject that `match` finds no row for."""
    layers = _Layers(names, as_of, _needed(version, set()), "duckdb")
    rows = layers.build(match)
    test = exp.Not(this=column(f"{match.name}.matched"))
    query = exp.select(*(column(name) for name in key)).from_(rows, copy=False)
    return layers.finish(query.where(test, copy=False).order_by(*map(column, key), copy=False).limit(1, copy=False))


def _needed(version: Version, names: set[str]) -> set[str]:
    """Every column that the outputs depend on."""
    found = set(names)
    relation = version.relation
    while not isinstance(relation, Scan):
        if isinstance(relation, Keep):
            found |= columns(relation.where)
        elif isinstance(relation, Derive):
            for item in reversed(relation.items):
                if item.name in found:
                    found |= columns(item.expr)
        else:
            exprs: Iterable[Expr] = (each for row in relation.candidates for each in row)
            for each in (*exprs, *(() if relation.valid is None else (relation.valid[2],))):
                found |= columns(each)
        relation = relation.source
    return found


class _Layers:
    """Writes a relation as common table expressions, one a layer, so that deep plans stay flat text."""

    def __init__(self, names: dict[str, str], as_of: dt.date, needed: set[str], dialect: str) -> None:
        self.names, self.needed, self.dialect = names, needed, dialect
        self.as_of = literal(as_of, DATE)
        self.written: list[str] = []

    def write(self, query: exp.Select) -> str:
        """Keep the query as a layer; returns its name."""
        name = f"layer_{len(self.written) + 1}"
        self.written.append(f"{name} AS ({self.print(query)})")
        return name

    def print(self, query: exp.Select) -> str:
        return str(query.sql(dialect=self.dialect, identify=True, copy=False))

    def finish(self, query: exp.Select) -> str:
        """The whole statement, with `query` on top of the layers."""
        layers = f"WITH {', '.join(self.written)} " if self.written else ""
        return layers + self.print(query)

    def sql(self, expr: Expr) -> exp.Expression:
        """The expression with `as_of` as a literal."""
        tree = to_sql(expr)
        if "as_of" not in columns(expr):
            return tree

        def fill(node: exp.Expression) -> exp.Expression:
            return self.as_of.copy() if isinstance(node, exp.Column) and node.name == "as_of" else node

        return tree.transform(fill, copy=False)

    def build(self, relation: Relation) -> str:
        """The name of the table or layer that holds the relation's rows."""
        if isinstance(relation, Scan):
            return self.names["subject"]
        source = self.build(relation.source)
        if isinstance(relation, Keep):
            kept = exp.select("*").from_(source, copy=False).where(self.sql(relation.where), copy=False)
            return self.write(kept)
        if isinstance(relation, Match):
            return self.match(relation, source)
        items = [item for item in relation.items if item.name in self.needed]
        for layer in _layers(items):
            derived = [exp.alias_(self.sql(item.expr), item.name, quoted=True, copy=False) for item in layer]
            source = self.write(exp.select("*", *derived).from_(source, copy=False))
        return source

    def match(self, relation: Match, source: str) -> str:
        """A join for each candidate to row numbers, the first that hits, then a join to the row."""
        table = self.names[relation.name]
        query = exp.select("x.*").from_(exp.to_table(source).as_("x"), copy=False)
        hits = []
        for i, candidate in enumerate(relation.candidates):
            alias = f"m{i}"
            tests = [
                exp.EQ(
                    this=exp.column(exp.to_identifier(on, quoted=True), table=alias), expression=self.qualified(each)
                )
                for on, each in zip(relation.on, candidate, strict=True)
            ]
            if relation.valid is not None:
                tests += self.period(relation, alias)
            query = query.join(exp.to_table(table).as_(alias), on=exp.and_(*tests), join_type="left", copy=False)
            hits.append(exp.column(ROW, table=alias))
        found = hits[0] if len(hits) == 1 else exp.Coalesce(this=hits[0], expressions=hits[1:])
        hit = f"{relation.name}.{ROW}"
        query = query.select(exp.alias_(found, hit, quoted=True, copy=False), copy=False)
        fields = [
            exp.alias_(
                exp.column(exp.to_identifier(each.name, quoted=True), table="r"),
                f"{relation.name}.{each.name}",
                quoted=True,
                copy=False,
            )
            for each in relation.fields
        ]
        matched = exp.Not(this=exp.Is(this=column(hit), expression=exp.Null()))
        return self.write(
            exp.select("x.*", exp.alias_(matched, f"{relation.name}.matched", quoted=True, copy=False), *fields)
            .from_(exp.to_table(self.write(query)).as_("x"), copy=False)
            .join(
                exp.to_table(table).as_("r"),
                join_type="left",
                copy=False,
                on=exp.EQ(this=column(hit), expression=exp.column(ROW, table="r")),
            )
        )

    def qualified(self, expr: Expr) -> exp.Expression:
        """The expression with its columns taken from the left side of the join."""
        tree = self.sql(expr)

        def fill(node: exp.Expression) -> exp.Expression:
            if isinstance(node, exp.Column) and not node.table:
                return exp.column(node.this.copy(), table="x")
            return node

        return tree.transform(fill, copy=False)

    def period(self, relation: Match, alias: str) -> list[exp.Expression]:
        assert relation.valid is not None
        start, end, moment = relation.valid
        at = self.qualified(moment)
        since, until = (exp.column(exp.to_identifier(name, quoted=True), table=alias) for name in (start, end))
        return [
            exp.Not(this=exp.Is(this=at.copy(), expression=exp.Null())),
            exp.Paren(
                this=exp.or_(exp.Is(this=since.copy(), expression=exp.Null()), exp.LTE(this=since, expression=at))
            ),
            exp.Paren(
                this=exp.or_(exp.Is(this=until.copy(), expression=exp.Null()), exp.LT(this=at.copy(), expression=until))
            ),
        ]


def _layers(items: Sequence[Item]) -> list[list[Item]]:
    """Items in as few layers as possible, each depending on those before only."""
    level: dict[str, int] = {}
    found: list[list[Item]] = []
    for item in items:
        depth = max((level[name] + 1 for name in columns(item.expr) if name in level), default=0)
        level[item.name] = depth
        while len(found) <= depth:
            found.append([])
        found[depth].append(item)
    return found
