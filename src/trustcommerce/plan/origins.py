"""Where rows come from: a table, a rule set's results, another fact, the components of a graph.

In: an `Origin` as written. Out: a scope over its columns, and the relation of its rows with exactly
the columns that were read.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from attrs import frozen

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, Span
from trustcommerce.language.expressions import Column, Expr, Literal, poison
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.relations import Components, Derive, Field, Item, Keep, Relation, Scan
from trustcommerce.language.types import DATE, TEXT, UNKNOWN, Kind, Type
from trustcommerce.model import Item as ItemSpec
from trustcommerce.model import Origin, Pack, RuleSet
from trustcommerce.plan.context import Context, Step
from trustcommerce.plan.items import lower_item
from trustcommerce.registry import Registry

__all__ = ["OriginRows", "Shared", "hidden", "stacked"]

_ANSWER = "wrap it: `coalesce(..., false)`"


@frozen(kw_only=True, eq=False)
class Shared:
    """What every scope of a rule set's plan knows.

    Args:
        results: Types of the outputs of the rule sets planned before, by rule set.
        keys: Subject keys of all rule sets of the pack.
    """

    pack: Pack
    ruleset: RuleSet
    registry: Registry
    problems: Problems
    results: Mapping[str, Mapping[str, Type]]
    keys: Mapping[str, tuple[str, ...]]

    def context(self, fields: Mapping[str, Field], row: bool = True) -> Context:
        return Context(self.pack, self.ruleset, self.registry, self.problems, fields, row)


@frozen(kw_only=True)
class _Source:
    """Columns of what an origin names, and what tells its rows apart and when they came to be."""

    columns: dict[str, Type]
    key: tuple[str, ...]
    time: str | None = None


class OriginRows:
    """The rows of one origin; `broken` when it can't be read, which is reported already.

    Args:
        other: The rows of another fact, when the origin is one.
    """

    def __init__(self, origin: Origin, shared: Shared, other: "OriginRows | None" = None) -> None:
        self.origin, self.shared, self.other = origin, shared, other
        source = self._source()
        self.broken = source is None
        self.key = source.key if source else ()
        self.times = [source.time] if source and source.time else []
        self.context = shared.context({name: Field(name, t) for name, t in (source.columns if source else {}).items()})
        self.columns = [*self.context.columns, *origin.columns]
        self._where: Expr | None = None
        self._before = 0
        taken = {name.casefold(): name for name in self.context.columns}
        for name in origin.columns:
            first = taken.get(name.casefold())
            if first is not None:
                said = (
                    f"`{name}` is a column already" if first == name else f"`{name}` and `{first}` differ in case only"
                )
                self._error(codes.DUPLICATE_NAME, said, origin.columns[name].span, "rename it")
            self.context.thunks[name] = partial(self.computed, origin.columns[name])

    def _error(self, code: codes.Code, message: str, span: Span | None, hint: str | None = None) -> None:
        self.shared.problems.add(code, message, span, hint)

    # -- sources

    def _source(self) -> _Source | None:
        origin, pack = self.origin, self.shared.pack
        target = origin.target
        if origin.kind == "facts":
            if self.other is None or self.other.broken:
                return None
            types = {name: e.type for name, e in self.other.context.columns.items()}
            types |= {n: self.other.context.value(n).type for n in self.other.origin.columns}
            return _Source(columns=types, key=self.other.key, time=None)
        if origin.kind == "ruleset":
            if target not in self.shared.results:
                return None
            return _Source(columns=dict(self.shared.results[target]), key=self.shared.keys[target])
        table = pack.tables.get(target)
        if table is None:
            if target not in pack.broken:
                hint = did_you_mean(target, pack.tables) or f"pack.yaml declares {', '.join(pack.tables) or 'none'}"
                span = origin.spans.get("connected.table", origin.source)
                self._error(codes.UNKNOWN_TABLE, f"no table `{target}`", span, hint)
            return None
        if origin.ends is not None:
            return self._graph(origin.ends, {name: c.type for name, c in table.columns.items()})
        types = {name: column.type for name, column in table.columns.items()}
        return _Source(columns=types, key=table.key, time=table.time)

    def _graph(self, ends: tuple[str, str], columns: dict[str, Type]) -> _Source | None:
        for key, end in zip(("connected.from", "connected.to"), ends, strict=True):
            found, span = columns.get(end), self.origin.spans.get(key, self.origin.source)
            if found is None:
                hint = did_you_mean(end, columns) or f"it has {', '.join(columns)}"
                self._error(codes.UNKNOWN_COLUMN, f"`{self.origin.target}` has no column `{end}`", span, hint)
                return None
            if found.kind is not Kind.TEXT or found.nullable:
                said = f"`{end}` is {found}, and the ends of a graph's edges are text that is never missing"
                self._error(codes.TYPE_MISMATCH, said, span)
                return None
        return _Source(columns={"member": TEXT, "component": TEXT}, key=("member",))

    # -- lowering

    def computed(self, item: ItemSpec) -> Expr:
        """The value of one of `columns`."""
        if item.metric is None:
            return lower_item(item, self.context)
        return self.context.ops.error(
            codes.FORBIDDEN_SYNTAX,
            f"`{item.name}` numbers rows, which only rows of facts are",
            item.span,
            "say it in a fact, and let this one read the fact: `facts:`",
        )

    def lower(self) -> None:
        """Lower the condition on the rows; computed columns follow it."""
        if self.broken:
            return
        known = self.origin.known_at
        if known is not None and self.other is not None:
            said = f"`known_at` says nothing here: fact `{self.origin.target}` says which of its rows are known"
            self._error(codes.UNKNOWN_KEY, said, self.origin.keys.get("known_at"), "say it there")
        elif known is not None:
            span = self.origin.spans.get("known_at")
            type_ = self.read(known, span).type
            if type_.kind not in (Kind.DATE, Kind.TIMESTAMP, Kind.UNKNOWN):
                self._error(codes.TYPE_MISMATCH, f"`known_at` is a moment, and `{known}` is {type_.null(False)}", span)
                self.broken = True
            self.broken = self.broken or type_ == UNKNOWN
        where = self.origin.where
        self._where = self.context.certain(where, None, _ANSWER) if where is not None else None
        self._before = len(self.context.steps)

    @property
    def where(self) -> Expr | None:
        """The condition on the rows, None when all are read."""
        trivial = isinstance(self._where, Literal) and self._where.value is True
        return None if trivial else self._where

    def read(self, column: str, span: Span | None) -> Expr:
        """One of its columns, reported when there is none."""
        if self.broken:
            return poison(span)
        if column not in self.columns:
            hint = did_you_mean(column, self.columns) or f"it has {', '.join(self.columns)}"
            self._error(codes.UNKNOWN_COLUMN, f"`{self.origin.target}` has no column `{column}`", span, hint)
            return poison(span)
        return self.context.resolve((column,), span or self.origin.span)

    def alias(self, name: str, fields: dict[str, Field]) -> "partial[Expr]":
        """How another scope reads these rows as `name.column`; what is read is kept in `fields`."""
        return partial(self._aliased, name, fields)

    def _aliased(self, name: str, fields: dict[str, Field], column: str, span: Span) -> Expr:
        found = self.read(column, span)
        if not isinstance(found, Column):
            return found
        fields[found.name] = Field(found.name, found.type)
        return Column(f"{name}.{found.name}", found.type, span)

    # -- the relation

    def relation(self) -> Relation:
        """Rows that are seen, with computed columns."""
        relation = stacked(self._seen(), self.context.steps[: self._before])
        if self.where is not None:
            label = self.origin.where.text if self.origin.where is not None else ""
            relation = Keep(source=relation, where=self.where, label=label)
        return stacked(relation, self.context.steps[self._before :])

    def _seen(self) -> Relation:
        """The scan, without rows that are not there yet or not known yet."""
        if self.other is not None:
            return self._of_fact(self.other)
        if self.origin.ends is not None:
            return self._components(self.origin.ends)
        fields = {n: f for n, f in self.context.columns.items() if n in self.context.used or n in self.key}
        fields |= {name: self.context.columns[name] for name in self.times}
        known = self.origin.known_at
        kind = "ruleset" if self.origin.kind == "ruleset" else "table"
        relation: Relation = Scan(
            table=self.origin.target,
            kind=kind,
            key=tuple(k for k in self.key if k in fields),
            fields=tuple(fields.values()),
            hidden=() if kind == "ruleset" else tuple(n for n in hidden(fields.values()) if n != known),
        )
        ops = self.context.ops
        for name in self.times:
            at = Column(name, fields[name].type)
            relation = Keep(source=relation, where=ops.compare("lt", at, Column("as_of", DATE)))
        if known is not None:
            at = Column(known, fields[known].type)
            seen = ops.is_truth(ops.compare("lt", at, Column("known_as_of", DATE)), True)
            relation = Keep(source=relation, where=seen)
        return relation

    def _of_fact(self, other: "OriginRows") -> Relation:
        """The rows of another fact, with the columns that are read here, before this one's time."""
        other.context.used |= self.context.used & other.context.columns.keys()
        relation = other.relation()
        for name in self.times:
            at = Column(name, self.context.columns[name].type)
            relation = Keep(source=relation, where=self.context.ops.compare("lt", at, Column("as_of", DATE)))
        return relation

    def _components(self, ends: tuple[str, str]) -> Relation:
        table = self.shared.pack.tables[self.origin.target]
        fields = {name: Field(name, table.columns[name].type) for name in dict.fromkeys(ends)}
        if table.time is not None:
            fields[table.time] = Field(table.time, table.columns[table.time].type)
        relation: Relation = Scan(table=table.name, key=(), fields=tuple(fields.values()))
        if table.time is not None:
            at = Column(table.time, fields[table.time].type)
            relation = Keep(source=relation, where=self.context.ops.compare("lt", at, Column("as_of", DATE)))
        made = (Field("member", TEXT), Field("component", TEXT))
        return Components(source=relation, start=ends[0], end=ends[1], fields=made)


def hidden(fields: Iterable[Field]) -> tuple[str, ...]:
    """Columns that tell of something which may not have happened: from `as_of` on it is not known."""
    return tuple(f.name for f in fields if f.type.nullable and f.type.kind in (Kind.DATE, Kind.TIMESTAMP))


def stacked(relation: Relation, steps: Iterable[Item | Step]) -> Relation:
    """Steps in their order on top of the rows so far; items that follow each other are one node."""
    items: list[Item] = []
    for step in steps:
        if isinstance(step, Item):
            items.append(step)
            continue
        made = step.build(_derived(relation, items))
        if made is not None:
            relation, items = made, []
    return _derived(relation, items)


def _derived(relation: Relation, items: Sequence[Item]) -> Relation:
    if not items:
        return relation
    if isinstance(relation, Derive):
        return Derive(source=relation.source, items=(*relation.items, *items))
    return Derive(source=relation, items=tuple(items))
