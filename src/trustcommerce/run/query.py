"""Relation core -> SQL: layers of SELECT, each over the columns of the one below, in a few stages.

A stage is a temporary table that later ones read more than once: what is measured of a fact, and the
subjects that peers are compared with.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import lru_cache

from attrs import frozen
from sqlglot import exp

from trustcommerce.language.expressions import Expr, columns
from trustcommerce.language.relations import (
    Components,
    Derive,
    Distinct,
    Exists,
    Gather,
    Item,
    Keep,
    Match,
    Measure,
    Peers,
    Rank,
    Relation,
    Scan,
    Table,
    base,
)
from trustcommerce.language.types import DATE, Type
from trustcommerce.plan import Version, links
from trustcommerce.run.sql import column, literal, outward, to_sql

__all__ = ["ORDER", "SUBJECTS", "Layers", "Query", "Stage", "build_query", "sources"]

ORDER = "__order"
SUBJECTS = "subjects"
"""The view of the subjects, when they come from a table; so named among what is given, too."""


@frozen(kw_only=True)
class Stage:
    """A table that is made before the query.

    Args:
        measures: Aggregates in it, whose range is checked, with its key columns.
        graph: Whether its rows are edges, to be replaced by the components they make.
        gather: The fact that it measures.
        periods: The reference whose periods overlap if it has any row: then nothing is judged.
    """

    name: str
    sql: str
    key: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    graph: bool = False
    gather: Gather | None = None
    periods: Match | None = None


@frozen(kw_only=True)
class Query:
    """The query of one version, and the stages before it, in order."""

    sql: str
    columns: tuple[str, ...]
    stages: tuple[Stage, ...]


def sources(version: Version, given: frozenset[str] = frozenset()) -> tuple[Scan | Table, ...]:
    """Everything that rows come from, the subjects first; the n-th is the table `source_n` of queries."""
    found: dict[Scan | Table, None] = {}

    def visit(relation: "Relation | Table") -> None:
        if isinstance(relation, Table):
            found.setdefault(relation)
            return
        for each in links(relation):
            if isinstance(each, Scan):
                found.setdefault(each)
            elif isinstance(each, Distinct) and SUBJECTS not in given:
                visit(each.source)
            elif isinstance(each, Match) and f"reference {each.name}" in given and relation is version.relation:
                continue
            elif isinstance(each, Match | Exists) or (isinstance(each, Gather) and each.fact not in given):
                visit(each.rows)

    if not version.from_fact:
        found.setdefault(base(version.relation))
    visit(version.relation)
    return tuple(found)


@lru_cache(maxsize=256)
def build_query(
    version: Version,
    as_of: dt.date,
    known_as_of: dt.date,
    *,
    given: frozenset[str] = frozenset(),
    wanted: tuple[str, ...] | None = None,
    extra: tuple[str, ...] = (),
    dialect: str = "duckdb",
) -> Query:
    """The query that gives the outputs of `version` on `as_of`.

    Args:
        given: Facts and peers, by name, whose measures are columns of the subject's rows already.
        wanted: Outputs to give, all by default; nothing else is computed.
        extra: Further columns of the subject's rows that the result carries.
    """
    outputs = [each for each in version.outputs if wanted is None or each.name in wanted]
    layers = Layers(version, as_of, known_as_of, given, dialect)
    rows = layers.build(version.relation, {each.name for each in outputs} | {ORDER, *extra})
    known: dict[str, Type] = {each.name: each.type for each in version.outputs}
    known |= {each.name: each.type for each in version.carried}
    subject = [each.name for each in outputs if each.block == "subject"]
    projections = []
    for name in [*subject, *extra, *(each.name for each in outputs if each.block != "subject")]:
        constant = version.constants.get(name)
        value = to_sql(constant) if constant is not None else column(layers.names.get(name, name))
        projections.append(exp.alias_(outward(value, known[name]), name, quoted=True, copy=False))
    query = exp.select(*projections).from_(rows, copy=False).order_by(column(ORDER), copy=False)
    return Query(sql=layers.finish(query), columns=tuple(each.name for each in outputs), stages=tuple(layers.stages))


class Layers:
    """Writes relations as common table expressions, one a layer, so that deep plans stay flat text."""

    def __init__(
        self,
        version: Version,
        as_of: dt.date,
        known_as_of: dt.date,
        given: frozenset[str],
        dialect: str,
        stages: str = "stage",
    ) -> None:
        self.prefix = stages
        self.given, self.dialect = given, dialect
        self.days = {"as_of": literal(as_of, DATE), "known_as_of": literal(known_as_of, DATE)}
        self.tables = {source: f"source_{i}" for i, source in enumerate(sources(version, given))}
        self.subjects = SUBJECTS if not version.from_fact else None
        self.top = base(version.relation)
        self.names = {field.name: atom for atom, field in version.atoms.items() if field.name != atom}
        self.written: list[str] = []
        self.stages: list[Stage] = []
        self.count = 0

    # -- writing

    def write(self, query: exp.Select) -> str:
        """Keep the query as a layer; returns its name."""
        self.count += 1
        name = f"layer_{self.count}"
        self.written.append(f"{name} AS ({self.print(query)})")
        return name

    def stage(self, query: exp.Select, **more: object) -> str:
        """Keep the query, with the layers below it, as a table of its own; returns its name."""
        name = f"{self.prefix}_{len(self.stages) + 1}"
        self.stages.append(Stage(name=name, sql=self.finish(query), **more))  # type: ignore[arg-type]
        return name

    def print(self, query: exp.Select) -> str:
        return str(query.sql(dialect=self.dialect, identify=True, copy=False))

    def finish(self, query: exp.Select) -> str:
        """The whole statement, with `query` on top of the layers."""
        layers = f"WITH {', '.join(self.written)} " if self.written else ""
        return layers + self.print(query)

    # -- expressions

    def sql(self, expr: Expr) -> exp.Expression:
        """The expression with the days as literals."""
        tree = to_sql(expr)
        if not columns(expr) & self.days.keys():
            return tree

        def fill(node: exp.Expression) -> exp.Expression:
            found = self.days.get(node.name) if isinstance(node, exp.Column) else None
            return node if found is None else found.copy()

        return tree.transform(fill, copy=False)

    def qualified(self, expr: Expr, other: str | None = None, fields: Iterable[str] = ()) -> exp.Expression:
        """The expression over two tables: `other.column` is the right one's, `m`, the rest the left one's, `x`."""
        own = {f"{other}.{name}": name for name in fields}

        def fill(node: exp.Expression) -> exp.Expression:
            if not isinstance(node, exp.Column) or node.table:
                return node
            if node.name in own:
                return at("m", own[node.name])
            return at("x", node.name)

        return self.sql(expr).transform(fill, copy=False)

    # -- relations

    def build(self, relation: Relation, needed: set[str], outer: "Gather | None" = None) -> str:
        """The name of the table or layer that holds the relation's rows.

        Args:
            needed: Columns that are read of it.
            outer: The fact whose rows these are: subjects' columns stand beside them.
        """
        from trustcommerce.run import grouping, joins

        if isinstance(relation, Scan):
            if outer is None and self.subjects is not None and relation is self.top:
                return self.subjects
            return joins.beside_subject(self, relation, outer)
        if isinstance(relation, Components):
            edges = self.build(relation.source, {relation.start, relation.end})
            both = exp.select(column(relation.start), column(relation.end)).from_(edges, copy=False)
            return self.stage(both, graph=True)
        if isinstance(relation, Derive):
            return self.derive(relation, needed, outer)
        if isinstance(relation, Keep):
            source = self.build(relation.source, needed | columns(relation.where), outer)
            return self.write(exp.select("*").from_(source, copy=False).where(self.sql(relation.where), copy=False))
        if isinstance(relation, Match):
            return joins.match(self, relation, needed, outer)
        if isinstance(relation, Exists):
            return joins.exists(self, relation, needed, outer)
        if isinstance(relation, Rank):
            return grouping.rank(self, relation, needed, outer)
        if isinstance(relation, Distinct):
            return SUBJECTS if SUBJECTS in self.given else grouping.distinct(self, relation)
        if isinstance(relation, Gather):
            return grouping.gather(self, relation, needed)
        assert isinstance(relation, Peers)
        return grouping.peers(self, relation, needed)

    def derive(self, relation: Derive, needed: set[str], outer: "Gather | None") -> str:
        wanted = set(needed)
        items = []
        for item in reversed(relation.items):
            if item.name in wanted:
                items.append(item)
                wanted |= columns(item.expr)
        source = self.build(relation.source, wanted, outer)
        for layer in _layers(items[::-1]):
            derived = [exp.alias_(self.sql(item.expr), item.name, quoted=True, copy=False) for item in layer]
            source = self.write(exp.select("*", *derived).from_(source, copy=False))
        return source


def at(table: str, name: str) -> exp.Column:
    """A column of one of the tables of a join."""
    return exp.column(exp.to_identifier(name, quoted=True), table=table)


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
