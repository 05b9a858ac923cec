"""Writing SQL: layers of SELECT, each over the columns of the one below, and stages between them.

A stage is a temporary table that later ones read more than once: what is measured of a fact, and the
subjects that peers are compared with.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence

from attrs import frozen
from sqlglot import exp

from trustcommerce.language.expressions import Expr, columns
from trustcommerce.language.relations import (
    Derive,
    Distinct,
    Exists,
    Gather,
    Item,
    Match,
    Measure,
    Relation,
    Scan,
    Table,
    base,
)
from trustcommerce.language.types import DATE
from trustcommerce.plan import Version, links
from trustcommerce.run.allocated import Allocation
from trustcommerce.run.sql import literal, to_sql

__all__ = [
    "ORDER",
    "SUBJECTS",
    "UNKNOWN",
    "Held",
    "Layers",
    "Stage",
    "at",
    "needed_items",
    "reads_subjects_again",
    "sources",
]

ORDER = "__order"
SUBJECTS = "subjects"
"""The view of the subjects, when they come from a table; so named among what is given, too."""
UNKNOWN = "~unknown"
"""Whether a row of a fact has no subject, beside the columns of the subject."""


@frozen(kw_only=True)
class Held:
    """What a stage holds, as far as a run asks about it.

    Args:
        key: The columns that tell its rows apart.
        measures: Aggregates in it, whose range is checked.
        graph: Whether its rows are edges, to be replaced by the components they make.
        allocation: How Python computes what these claims get, which replaces them.
        gather: The fact that it measures.
        often: Whether it is read so often that a cluster, too, computes it once.
        periods: The reference whose periods overlap if it has any row: then nothing is judged.
    """

    key: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    graph: bool = False
    allocation: Allocation | None = None
    gather: Gather | None = None
    periods: Match | None = None
    often: bool = False


@frozen
class Stage:
    """A table that is made before the query."""

    name: str
    sql: str
    held: Held


def sources(version: Version, given: frozenset[str] = frozenset()) -> tuple[Scan | Table, ...]:
    """Everything that rows come from, the subjects first; the n-th is the table `source_n` of queries."""
    return tuple(_reads(version, given))


def reads_subjects_again(version: Version, given: frozenset[str] = frozenset()) -> bool:
    """Whether a fact, reference or exclusion scans the subjects' own table just as they are scanned."""
    return not version.from_fact and next(iter(_reads(version, given).values())) > 1


def _reads(version: Version, given: frozenset[str]) -> dict[Scan | Table, int]:
    """How often each source is read, the subjects first."""
    found: dict[Scan | Table, int] = {}

    def visit(relation: "Relation | Table") -> None:
        if isinstance(relation, Table):
            found[relation] = found.get(relation, 0) + 1
            return
        for each in links(relation):
            if isinstance(each, Scan):
                found[each] = found.get(each, 0) + 1
            elif isinstance(each, Distinct) and SUBJECTS not in given:
                visit(each.source)
            elif isinstance(each, Match) and f"reference {each.name}" in given and relation is version.relation:
                continue
            elif isinstance(each, Match | Exists) or (isinstance(each, Gather) and each.fact not in given):
                visit(each.rows)

    if not version.from_fact:
        found[base(version.relation)] = 0
    visit(version.relation)
    return found


class Layers(ABC):
    """Writes relations as common table expressions, one a layer, so that deep plans stay flat text."""

    form = "AS"
    """What stands between the name of a layer and its query."""
    cluster = False
    """Whether rows are spread over machines: see `Dialect`."""
    joined = False
    """Whether rows are found by joins of two tables on equal columns alone: see `Dialect`."""
    inlined = False
    """Whether a layer is put into each query that reads it, so that rows are read once wherever windows can."""
    counted = True
    """Whether rows of facts that are excluded, or of no subject, are counted besides what is measured of them."""
    width: int | None = None
    """How many items or measures one query has at most before its columns become several tables; None for no end."""

    def __init__(
        self,
        version: Version,
        as_of: dt.date,
        known_as_of: dt.date,
        given: frozenset[str],
        stages: str = "stage",
    ) -> None:
        self.prefix = stages
        self.given = given
        self.days = {"as_of": literal(as_of, DATE), "known_as_of": literal(known_as_of, DATE)}
        self.tables = {source: self.own(f"source_{i}") for i, source in enumerate(sources(version, given))}
        self.subjects = self.own(SUBJECTS) if not version.from_fact else None
        self.top = base(version.relation)
        self.names = {field.name: atom for atom, field in version.atoms.items() if field.name != atom}
        self.written: list[str] = []
        self.stages: list[Stage] = []
        self.count = 0
        self.left_out: dict[str, frozenset[str]] = {}
        """By fact, exclusions of rows that no measure sees; a cluster leaves such rows out."""

    # -- writing

    def own(self, name: str) -> str:
        """The name of something made on the way."""
        return name

    def add(self, name: str, query: str, form: str | None = None) -> None:
        """Have a layer of this name."""
        self.written.append(f"{name} {form or self.form} ({query})")

    def write(self, query: exp.Select) -> str:
        """Keep the query as a layer; returns its name."""
        self.count += 1
        name = self.own(f"layer_{self.count}")
        self.add(name, self.print(query))
        return name

    def stage(self, query: exp.Select, held: Held) -> str:
        """Keep the query, with the layers below it, as a table of its own; returns its name."""
        name = f"{self.prefix}_{len(self.stages) + 1}"
        self.stages.append(Stage(name, self.finish(query), held))
        return name

    def restart(self) -> None:
        """Forget the layers below: all that is written from here on reads stages only."""
        self.written = []

    def whole(self, value: exp.Expression, measure: Measure) -> exp.Expression:
        """A wide sum in its own type; the run checks the ranges of stages."""
        return exp.Cast(this=value, to=exp.DataType.build("BIGINT"))

    def print(self, query: exp.Select) -> str:
        return str(query.sql(dialect="duckdb", identify=True, copy=False))

    def finish(self, query: exp.Select) -> str:
        """The whole statement, with `query` on top of the layers."""
        layers = f"WITH {', '.join(self.written)} " if self.written else ""
        return layers + self.print(query)

    def derived(self, items: Sequence[Item], source: str, needed: Collection[str] | None = None) -> str:
        """A layer's rows with items added, in as few layers as possible.

        Args:
            needed: Columns that are read of them, all by default.
        """
        levels = _levels(items)
        for level, kept in zip(levels, _live(levels, needed), strict=True):
            made = [exp.alias_(self.sql(item.expr), item.name, quoted=True, copy=False) for item in level]
            source = self.write(exp.select(*self.carried(source, kept), *made).from_(source, copy=False))
        return source

    def carried(self, source: str, kept: Collection[str] | None) -> list[str | exp.Expression]:
        """What a layer takes over from the one below: a database leaves out what nothing reads by itself."""
        return ["*"]

    def columns(self, source: str) -> list[str] | None:
        """The columns of a layer; None where that is not known."""
        return None

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

    @abstractmethod
    def build(self, relation: Relation, needed: set[str], outer: Gather | None = None) -> str:
        """The name of the table or layer that holds the relation's rows.

        Args:
            needed: Columns that are read of it.
            outer: The fact whose rows these are: subjects' columns stand beside them.
        """


def at(table: str, name: str) -> exp.Column:
    """A column of one of the tables of a join."""
    return exp.column(exp.to_identifier(name, quoted=True), table=table)


def needed_items(relation: Derive, wanted: set[str]) -> list[Item]:
    """The items that `wanted` names, and those they read; what they read is added to it."""
    items = []
    for item in reversed(relation.items):
        if item.name in wanted:
            items.append(item)
            wanted |= columns(item.expr)
    return items[::-1]


def _live(levels: Sequence[Sequence[Item]], needed: Collection[str] | None) -> list[set[str] | None]:
    """For each level, the columns of earlier ones that are read above it."""
    if needed is None:
        return [None] * len(levels)
    read = set(needed)
    found: list[set[str] | None] = []
    for level in reversed(levels):
        found.append(set(read))
        read |= {name for item in level for name in columns(item.expr)}
    return found[::-1]


def _levels(items: Sequence[Item]) -> list[list[Item]]:
    """Items by depth: each depends on those of the levels before only."""
    level: dict[str, int] = {}
    found: list[list[Item]] = []
    for item in items:
        depth = max((level[name] + 1 for name in columns(item.expr) if name in level), default=0)
        level[item.name] = depth
        while len(found) <= depth:
            found.append([])
        found[depth].append(item)
    return found
