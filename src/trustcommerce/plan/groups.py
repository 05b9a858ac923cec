"""What an aggregate runs over: the rows of a fact, or the subjects of the same partition.

A group gives the scope for the aggregate's expressions, the conditions that a row must meet, and
takes the measures.
"""

from collections.abc import Sequence
from typing import Protocol

from attrs import field, frozen, mutable

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Column, Expr, columns, poison
from trustcommerce.language.presence import present_where_true
from trustcommerce.language.relations import Measure, Peers, Relation
from trustcommerce.language.types import UNKNOWN, Kind
from trustcommerce.model import Aggregate
from trustcommerce.plan.context import Context
from trustcommerce.plan.fact_rows import FactRows
from trustcommerce.plan.windows import Bounds, Branch, lower_window

__all__ = ["Case", "Group", "group_of"]

Filters = tuple[tuple[str, Expr], ...]
_ANSWER = "wrap it: `coalesce(..., false)`"


@frozen
class Case:
    """One way of counting: the conditions on rows, chosen where `when` holds; None is the rest."""

    when: Expr | None
    filters: Filters

    @property
    def present(self) -> set[str]:
        """Columns that are never missing in rows that count."""
        return {name for _, condition in self.filters for name in present_where_true(condition)}


class Group(Protocol):
    """What measures are taken of."""

    scope: Context

    def cases(self, aggregate: Aggregate) -> list[Case] | None:
        """The conditions on rows; None when something is wrong, which is reported."""
        ...

    def put(self, measure: Measure) -> Column:
        """The measure as a column of the subject."""
        ...


@mutable(eq=False)
class _OfFact:
    """The rows of a fact."""

    rows: FactRows
    subject: Context
    scope: Context

    def cases(self, aggregate: Aggregate) -> list[Case] | None:
        with self.scope.naming(self.subject.metric or ""):
            return self.named(aggregate)

    def named(self, aggregate: Aggregate) -> list[Case] | None:
        rows, said = self.rows, aggregate.where
        exclude = () if self.subject.unexcluded else aggregate.exclude
        left = rows.kept(exclude, aggregate.spans.get("exclude"))
        if said is not None:
            left = [*left, (said.text, self.scope.certain(said, None, _ANSWER))]
        branches = self.branches(aggregate)
        if branches is None or any(condition.type == UNKNOWN for _, condition in left):
            return None
        return [Case(each.when, (*left, *self.within(each.bounds, aggregate))) for each in branches]

    def branches(self, aggregate: Aggregate) -> list[Branch] | None:
        if aggregate.window is not None:
            return lower_window(aggregate.window, self.subject)
        self.subject.ops.error(
            codes.BAD_WINDOW,
            f"which rows of `{self.rows.fact.name}` count is not said",
            aggregate.span,
            "add a `window`, such as `30 days` or `all`",
        )
        return None

    def time(self, aggregate: Aggregate) -> Expr | None:
        """The column that windows compare, None when the fact has no time."""
        fact = self.rows.fact
        if aggregate.by is not None:
            found = self.rows.read(aggregate.by.text.strip(), aggregate.by.span())
            if found.type != UNKNOWN and found.type.kind not in (Kind.DATE, Kind.TIMESTAMP):
                return self.scope.ops.error(
                    codes.TYPE_MISMATCH, f"`by` names a time, not {found.type.null(False)}", aggregate.by.span()
                )
            return found
        name = fact.time or next(iter(self.rows.times), None)
        return None if name is None else self.rows.read(name, fact.span)

    def within(self, bounds: Bounds, aggregate: Aggregate) -> list[tuple[str, Expr]]:
        """The condition that a row lies in the window."""
        time, ops = self.time(aggregate), self.scope.ops
        if time is None:
            if bounds.since is None:
                return []
            window = aggregate.window
            ops.error(
                codes.BAD_WINDOW,
                f"`{self.rows.fact.name}` has no time that a window could compare",
                aggregate.span if window is None else window.span,
                "say the fact's `time`, or `by`, or `window: all`",
            )
            return [("window", poison(aggregate.span))]
        if time.type == UNKNOWN:
            return [("window", time)]
        tests = []
        if bounds.since is not None:
            tests.append(ops.compare("ge", time, bounds.since))
        open_end = isinstance(bounds.until, Column) and isinstance(time, Column) and time.name in self.rows.times
        if bounds.until is not None and not open_end:
            tests.append(ops.compare("lt", time, bounds.until))
        if not tests:
            return []
        name = time.name if isinstance(time, Column) else "time"
        return [(f"{bounds.label} by {name}", ops.is_truth(ops.logic("and", tests), True))]

    def put(self, measure: Measure) -> Column:
        return self.rows.measure(measure)


@mutable(eq=False)
class _OfPeers:
    """The subjects of the same partition."""

    name: str
    scope: Context
    within: tuple[Expr, ...]
    measures: list[Measure] = field(factory=list)

    def cases(self, aggregate: Aggregate) -> list[Case] | None:
        filters: Filters = ()
        if aggregate.where is not None:
            filters = ((aggregate.where.text, self.scope.certain(aggregate.where, None, _ANSWER)),)
        return None if any(each.type == UNKNOWN for _, each in filters) else [Case(None, filters)]

    def put(self, measure: Measure) -> Column:
        if not self.measures:
            self.scope.add(self.build, self.reads)
        self.measures.append(measure)
        return Column(measure.name, measure.type)

    def build(self, source: Relation) -> Relation:
        return Peers(source=source, name=self.name, within=self.within, measures=tuple(self.measures))

    def reads(self) -> set[str]:
        exprs = [*self.within, *(m.value for m in self.measures if m.value is not None)]
        exprs += [condition for m in self.measures for _, condition in m.filters]
        return {name for each in exprs for name in columns(each)}


def group_of(aggregate: Aggregate, name: str, context: Context) -> Group | None:
    """The rows that an aggregate runs over; None when they can't be had, which is reported."""
    if aggregate.within is not None:
        return _peers(aggregate, name, context)
    if aggregate.fact is None:
        context.ops.error(
            codes.MISSING_KEY,
            f"`{aggregate.kind}` does not say over which rows",
            aggregate.span,
            "say the fact: `from`; or `within` for the subjects themselves",
        )
        return None
    span = aggregate.spans.get("from", aggregate.span)
    rows = context.facts.rows(aggregate.fact, span)
    return None if rows is None else _OfFact(rows, context, rows.context)


def _peers(aggregate: Aggregate, name: str, context: Context) -> Group | None:
    for key in ("from", "window", "by", "exclude"):
        if key in aggregate.keys:
            said = f"`{key}` says nothing beside `within`: the rows are this rule set's own subjects"
            context.ops.error(codes.UNKNOWN_KEY, said, aggregate.keys[key], "drop one of them")
            return None
    within = partition(aggregate.within or (), context)
    return None if within is None else _OfPeers(name, context, within)


def partition(texts: Sequence[Text], context: Context) -> tuple[Expr, ...] | None:
    """The columns whose values the subjects of a partition share."""
    found = []
    for text in texts:
        each = context.bind(text)
        if each.type == UNKNOWN:
            return None
        if each.type.nullable:
            context.ops.error(
                codes.MAYBE_MISSING, f"`{text.text}` may be missing", text.span(), "wrap it: `coalesce(..., 'none')`"
            )
            return None
        name = f"within {text.text}"
        found.append(context.known(name) or context.hoist(name, each))
    return tuple(found)


def spans_of(aggregate: Aggregate, key: str) -> Span:
    return aggregate.spans.get(key, aggregate.span)
