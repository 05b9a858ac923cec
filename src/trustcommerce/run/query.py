"""Relation core -> SQL: the query of a version, with the stages before it."""

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache

from attrs import frozen
from sqlglot import exp

from trustcommerce.language.expressions import columns
from trustcommerce.language.relations import (
    Components,
    Derive,
    Distinct,
    Exists,
    Gather,
    Keep,
    Match,
    Peers,
    Rank,
    Relation,
    Scan,
    Share,
)
from trustcommerce.language.types import Type
from trustcommerce.plan import Version, links
from trustcommerce.run import grouping, joins, wide
from trustcommerce.run.inlining import inlined
from trustcommerce.run.layers import ORDER, SUBJECTS, UNKNOWN, Held, Layers, Stage, needed_items
from trustcommerce.run.peers import peers
from trustcommerce.run.shares import share
from trustcommerce.run.sql import column, outward, to_sql

__all__ = ["WIDTH", "Query", "Writer", "build_query", "select"]

WIDTH = 200
"""How many items or measures one query has at most: what DuckDB plans in time that is linear in them."""


@frozen(kw_only=True)
class Query:
    """The query of one version, and the stages before it, in order.

    Args:
        pieces: Queries whose rows are in the same order; the columns of each stand beside those of the others.
        columns: The columns of all pieces, in the order of the result.
        guarded: References, by name, whose missing rows stop the query.
    """

    pieces: tuple[str, ...]
    columns: tuple[str, ...]
    stages: tuple[Stage, ...]
    guarded: frozenset[str] = frozenset()


@lru_cache(maxsize=256)
def build_query(
    version: Version,
    as_of: dt.date,
    known_as_of: dt.date,
    *,
    given: frozenset[str] = frozenset(),
    wanted: tuple[str, ...] | None = None,
    extra: tuple[str, ...] = (),
    by: tuple[str, ...] = (),
    width: int = WIDTH,
    counted: bool = False,
) -> Query:
    """The query that gives the outputs of `version` on `as_of`.

    Args:
        given: Facts and peers, by name, whose measures are columns of the subject's rows already.
        wanted: Outputs to give, all by default; nothing else is computed.
        extra: Further columns of the subject's rows that the result carries.
        by: Outputs that order the rows of a single query; that of the subjects' table by default.
        width: How many items or measures one query has at most.
        counted: Whether stages answer how many rows of a fact were excluded.
    """
    layers = Writer(version, as_of, known_as_of, given)
    layers.width, layers.counted = width, counted
    shown = projections(layers, version, wanted, extra)
    stored = {name: layers.names.get(name, name) for name in shown}
    needed = {*shown, *stored.values(), ORDER}
    if not wide.is_wide(layers, version.relation, needed):
        guarded = _guarded(version, given)
        query = select(layers, version, wanted, extra, [f"{name}.matched" for name in guarded])
        if by:
            query = query.order_by(*map(column, by), copy=False)
        elif layers.stages or not _streams(version.relation):
            query = query.order_by(column(ORDER), copy=False)
        return Query(
            pieces=(layers.finish(query),),
            columns=tuple(shown),
            stages=tuple(layers.stages),
            guarded=frozenset(guarded),
        )
    pieces = []
    for part, names in wide.owners(wide.parts(layers, version.relation, needed), stored):
        query = exp.select(*(shown[name] for name in names)).from_(part.table, copy=False)
        pieces.append(layers.finish(query.order_by(column(ORDER), copy=False)))
    return Query(pieces=tuple(pieces), columns=tuple(shown), stages=tuple(layers.stages))


def _guarded(version: Version, given: frozenset[str]) -> list[str]:
    """References of the subjects that must find a row, where the query may run before that is known.

    Not where a condition above leaves subjects out, nor where Python is called, which would meet what is missing.
    """
    found: list[str] = []
    for each in () if version.functions or version.from_fact else links(version.relation):
        if isinstance(each, Keep):
            break
        if isinstance(each, Match) and each.required and f"reference {each.name}" not in given:
            found.append(each.name)
    return found


def _streams(relation: Relation) -> bool:
    """Whether rows come in the order of their table unasked: one table, columns and conditions.

    See "Order Preservation" in DuckDB's manual. A sort would take as long as everything else.
    """
    return all(isinstance(each, Derive | Keep | Scan) for each in links(relation))


def select(
    layers: "Writer",
    version: Version,
    wanted: tuple[str, ...] | None = None,
    extra: tuple[str, ...] = (),
    matched: Sequence[str] = (),
) -> exp.Select:
    """The layer on top: outputs as the outside sees them, without an order.

    Args:
        matched: Columns all of which must be true, or the query fails.
    """
    shown = projections(layers, version, wanted, extra)
    rows = layers.build(version.relation, {*shown, *(layers.names.get(name, name) for name in shown), *matched, ORDER})
    if matched:
        first = next(iter(shown.values()))
        fails = exp.func("error", exp.Literal.string("no row of a reference matches"))
        first.set("this", exp.Case(ifs=[exp.If(this=exp.and_(*map(column, matched)), true=first.this)], default=fails))
    return exp.select(*shown.values()).from_(rows, copy=False)


def projections(
    layers: "Writer", version: Version, wanted: tuple[str, ...] | None, extra: tuple[str, ...]
) -> dict[str, exp.Expression]:
    """Outputs as the outside sees them, by name: the subject, what is carried, all else."""
    outputs = [each for each in version.outputs if wanted is None or each.name in wanted]
    known: dict[str, Type] = {each.name: each.type for each in version.outputs}
    known |= {each.name: each.type for each in version.carried}
    subject = [each.name for each in outputs if each.block == "subject"]
    found = {}
    for name in [*subject, *extra, *(each.name for each in outputs if each.block != "subject")]:
        constant = version.constants.get(name)
        value = to_sql(constant) if constant is not None else column(layers.names.get(name, name))
        found[name] = exp.alias_(outward(value, known[name]), name, quoted=True, copy=False)
    return found


class Writer(Layers):
    """Writes every node of the relation core."""

    def build(self, relation: Relation, needed: set[str], outer: Gather | None = None) -> str:
        """The name of the table or layer that holds the relation's rows.

        Args:
            needed: Columns that are read of it.
            outer: The fact whose rows these are: subjects' columns stand beside them.
        """
        if isinstance(relation, Scan):
            if outer is None and self.subjects is not None and relation is self.top:
                return self.subjects
            return joins.beside_subject(self, relation, outer)
        if isinstance(relation, Components):
            edges = self.build(relation.source, {relation.start, relation.end})
            both = exp.select(column(relation.start), column(relation.end)).from_(edges, copy=False)
            return self.stage(both, Held(graph=True))
        if wide.is_wide(self, relation, needed):
            return wide.beside(self, wide.parts(self, relation, needed))
        if isinstance(relation, Derive):
            return self.derive(relation, needed, outer)
        if isinstance(relation, Keep):
            source = self.build(relation.source, needed | columns(relation.where), outer)
            where = self.sql(relation.where)
            if outer is not None and outer.outer and relation.label:  # a row of no subject is counted, not lost
                where = exp.Coalesce(this=where, expressions=[column(UNKNOWN)])
            return self.write(exp.select("*").from_(source, copy=False).where(where, copy=False))
        if isinstance(relation, Match):
            return joins.match(self, relation, needed, outer)
        if isinstance(relation, Exists):
            return joins.exists(self, relation, needed, outer)
        if isinstance(relation, Rank):
            return grouping.rank(self, relation, needed, outer)
        if isinstance(relation, Share):
            return share(self, relation, needed)
        if isinstance(relation, Distinct):
            return SUBJECTS if SUBJECTS in self.given else grouping.distinct(self, relation)
        if isinstance(relation, Gather):
            return grouping.gather(self, relation, needed)
        assert isinstance(relation, Peers)
        return peers(self, relation, needed)

    def derive(self, relation: Derive, needed: set[str], outer: Gather | None) -> str:
        wanted = set(needed)
        items = needed_items(relation, wanted)
        return self.derived(inlined(items, needed), self.build(relation.source, wanted, outer), needed)
