"""Planning one version of one rule set: names are lowered on demand, each once, in order.

`Context` is a scope: the subject's, or that of a fact's rows. Asking for a name lowers what it needs
first, so that a name that reaches itself is found with its path. `steps` holds items, joins and
windows in the order in which they became possible.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import evolve, frozen

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, Span
from trustcommerce.language.bind import Text, bind
from trustcommerce.language.expressions import Column, Expr, Literal, columns, poison
from trustcommerce.language.functions import Function
from trustcommerce.language.macros import Macro
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.opening import Calendar
from trustcommerce.language.operations import Operations
from trustcommerce.language.relations import Field, Item, Relation
from trustcommerce.language.types import DATE, TEXT, UNKNOWN, Kind
from trustcommerce.model import Pack, RuleSet
from trustcommerce.plan.digest import described, meaning
from trustcommerce.registry import Registry

__all__ = ["Context", "Step", "helper"]


def helper(owner: str, what: str) -> str:
    """The name of a number on the way to `owner`, which no name that an author gives can be."""
    return f"{owner}~{what}"


@frozen(eq=False)
class Step:
    """A relation put on top of the rows so far; None when it is broken, which is reported.

    Args:
        build: Makes it, once everything that is read of it is known.
        reads: Columns that it needs.
    """

    build: Callable[[Relation], Relation | None]
    reads: Callable[[], set[str]]


class Context:
    """The state of planning: what is defined so far, what is being defined, what can be.

    Args:
        fields: Columns of the rows, by name.
        row: Whether the rows are a fact's, not the subjects.

    Attributes:
        elsewhere: Says where a name means something that means nothing here.
    """

    def __init__(
        self,
        pack: Pack,
        ruleset: RuleSet,
        registry: Registry,
        problems: Problems,
        fields: Mapping[str, Field],
        row: bool = False,
    ) -> None:
        self.pack, self.ruleset, self.registry, self.problems = pack, ruleset, registry, problems
        self.row = row
        self.ops = Operations(problems)
        self.steps: list[Item | Step] = []
        self.used: set[str] = set()
        self.thunks: dict[str, Callable[[], Expr]] = {}
        self.references: dict[str, Callable[[str, str, Span], Expr]] = {}
        self.reference_columns: dict[str, tuple[str, ...]] = {}
        self.aliases: dict[str, Callable[[str, Span], Expr]] = {}
        self.lazy: dict[str, Callable[[], Expr]] = {}
        self.facts: Any = None
        self.elsewhere: Callable[[str], str | None] = lambda name: None
        self.metric: str | None = None
        self.unexcluded = False
        self.present: frozenset[str] = frozenset()
        self._functions: dict[str, Function | Macro] = {**registry.functions, **registry.macros}
        self._done: dict[str, Expr] = {}
        self._stack: list[str] = []
        self.columns: dict[str, Field] = dict(fields)

    # -- the scope

    def functions(self) -> Mapping[str, Function | Macro]:
        return self._functions

    def calendar(self, name: str, span: Span) -> Calendar | None:
        known = self.pack.calendars
        if name not in known and not {"calendars", f"calendars.{name}"} & self.pack.broken:
            hint = did_you_mean(name, known) or (
                f"pack.yaml declares {', '.join(known)}" if known else "declare it under `calendars` in pack.yaml"
            )
            self.ops.error(codes.UNKNOWN_NAME, f"no calendar `{name}`", span, hint)
        return known.get(name)

    def names(self) -> Iterable[str]:
        yield from self.columns
        yield from self.thunks
        yield from self.references
        yield from self.aliases
        yield from self.ruleset.broken
        yield from ("as_of", "metric")

    def resolve(self, parts: tuple[str, ...], span: Span) -> Expr:
        name, head = ".".join(parts), parts[0]
        if name in self.thunks or name in self.lazy:
            return self._known_present(self.value(name, span))
        if len(parts) == 1:
            if name == "as_of":
                return Column("as_of", DATE, span)
            if name == "metric" and (self.metric is not None or name not in self.columns):
                return self._metric(span)
            if name in self.columns:
                self.used.add(name)
                return self._known_present(Column(name, self.columns[name].type, span))
        elif head == "previous":
            return self.ops.error(codes.NEEDS_PERIODS, "`previous` needs periods, which do not exist yet", span)
        elif head in self.aliases:
            return self._known_present(self.aliases[head](".".join(parts[1:]), span))
        elif head in self.references:
            return self._known_present(self.references[head](".".join(parts[1:]), self.metric or "", span))
        return poison(span) if self._unread(head) else self._unknown(parts, span)

    def _unread(self, name: str) -> bool:
        """Whether a name is of something that can't be read, or would be made by it."""
        made = any(name == each or name.startswith(f"{each}_") for each in self.ruleset.unread)
        return made or name in self.ruleset.broken

    def _known_present(self, expr: Expr) -> Expr:
        """`expr` as never missing, where a condition that holds says so."""
        known = isinstance(expr, Column) and expr.name in self.present
        return evolve(expr, type=expr.type.null(False)) if known else expr

    @contextmanager
    def assuming(self, present: Iterable[str]) -> Iterator[None]:
        """Let columns count as never missing, since rows without them are not looked at."""
        before, self.present = self.present, self.present | frozenset(present)
        try:
            yield
        finally:
            self.present = before

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Assume nothing: what is lowered now is computed for every row."""
        before, self.present = self.present, frozenset()
        try:
            yield
        finally:
            self.present = before

    def _metric(self, span: Span) -> Expr:
        if self.metric is None:
            return self.ops.error(codes.UNKNOWN_NAME, "`metric` means something only inside a metric or score", span)
        return Literal(self.metric, TEXT, span)

    def _unknown(self, parts: tuple[str, ...], span: Span) -> Expr:
        name = ".".join(parts)
        if parts[0] in self.references:
            columns = self.reference_columns.get(parts[0], ())
            return self.ops.error(
                codes.UNKNOWN_NAME,
                f"`{parts[0]}` has no column `{'.'.join(parts[1:])}`",
                span,
                did_you_mean(parts[-1], columns) or f"it has {', '.join(columns)}",
            )
        dotted = [f"{each}.{column}" for each, columns in self.reference_columns.items() for column in columns]
        hint = did_you_mean(name, [*dotted, *self.names()] if len(parts) > 1 else self.names())
        if len(parts) == 1 and name.lower() in ("yes", "no", "on", "off"):
            hint = f"write {'true' if name.lower() in ('yes', 'on') else 'false'}"
        if any(name in item.labels for item in self.ruleset.items.values() if isinstance(item.labels, tuple)):
            hint = f"a label is text in an expression: `'{name}'`"
        if name in self.pack.calendars:
            hint = f"a calendar is named by a text: `'{name}'`"
        hint = self.elsewhere(name) or hint or (f"a row has {', '.join(self.columns)}" if self.row else None)
        return self.ops.error(codes.UNKNOWN_NAME, f"no name `{name}`", span, hint)

    # -- defining

    def value(self, name: str, span: Span | None = None) -> Expr:
        """The value of an item, score or part, lowered now if it was not yet."""
        if name in self._done:
            found = self._done[name]
            return found if span is None else _at(found, span)
        if name in self._stack:
            path = " -> ".join([*self._stack[self._stack.index(name) :], name])
            return self.ops.error(codes.CYCLE, f"`{name}` reaches itself: {path}", span)
        self._stack.append(name)
        before, self.unexcluded = self.unexcluded, False
        try:
            with self.alone():
                found = (self.thunks.get(name) or self.lazy[name])()
        finally:
            self._stack.pop()
            self.unexcluded = before
        self._done.setdefault(name, found)
        return found if span is None else _at(found, span)

    def define(self, name: str, expr: Expr, *, late: bool = False) -> Expr:
        """Make `expr` an item; constants and poison need none."""
        if isinstance(expr, Column) and expr.name == name:
            self._done[name] = expr
            return expr
        if isinstance(expr, Literal):
            self._done[name] = expr
            return expr
        assert name not in self._done, f"two numbers are called {name}"
        self.steps.append(Item(name=name, expr=expr, late=late))
        column = Column(name, expr.type, expr.span)
        self._done[name] = column
        return column

    def define_once(self, name: str, expr: Expr, *, late: bool = False) -> Expr:
        """As `define`, for helpers that several places ask for."""
        return self._done[name] if name in self._done else self.define(name, expr, late=late)

    def hoist(self, name: str, expr: Expr, *, late: bool = False) -> Expr:
        """`expr` under a name; a column keeps its own and is known by this one too."""
        if isinstance(expr, Column):
            known = self._done.setdefault(name, expr)
            assert isinstance(known, Column) and known.name == expr.name, f"two numbers are called {name}"
            return expr
        return self.define(name, expr, late=late)

    def add(self, build: Callable[[Relation], Relation | None], reads: Callable[[], set[str]] = set) -> None:
        """Put a relation on top of the rows so far."""
        self.steps.append(Step(build, reads))

    def share(self, expr: Expr, *, late: bool = False) -> Expr:
        """`expr` as an item that is named after what it computes.

        What rests on an assumption stays where it holds: items are computed for every row.
        """
        if isinstance(expr, Literal | Column) or columns(expr) & self.present:
            return expr
        name = helper("late" if late else "shared", meaning([described(expr)])[:16])
        return self.define_once(name, expr, late=late)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let what is lowered leave no trace: it is only checked."""
        steps, used, done = list(self.steps), set(self.used), dict(self._done)
        try:
            yield
        finally:
            self.steps, self.used, self._done = steps, used, done

    @contextmanager
    def naming(self, metric: str) -> Iterator[None]:
        """Let `metric` mean the name of the metric or indicator that is being lowered."""
        before, self.metric = self.metric, metric
        try:
            yield
        finally:
            self.metric = before

    def known(self, name: str) -> Expr | None:
        """What is defined under `name`, if anything is yet."""
        return self._done.get(name)

    def all_known(self) -> dict[str, Expr]:
        return dict(self._done)

    def inlined(self, expr: Expr) -> Expr:
        """The expression behind a column that is an item."""
        if isinstance(expr, Column):
            for step in self.steps:
                if isinstance(step, Item) and step.name == expr.name:
                    return step.expr
        return expr

    # -- binding

    def bind(self, text: Text, labels: tuple[str, ...] = ()) -> Expr:
        return bind(text, self, self.ops, labels)

    def condition(self, text: Text) -> Expr:
        """A bound expression that must be true or false, possibly missing."""
        found = self.bind(text)
        if found.type.kind not in (Kind.BOOLEAN, Kind.UNKNOWN):
            return self.ops.error(codes.TYPE_MISMATCH, f"the condition is {found.type}, not true or false", text.span())
        return found

    def certain(self, text: Text, missing: bool | None, hint: str) -> Expr:
        """A condition that is never missing: it can't be, or `missing` says what then."""
        found = self.condition(text)
        if not found.type.nullable or found.type == UNKNOWN:
            return found
        if missing is None:
            return self.ops.error(
                codes.MAYBE_MISSING, "this condition may be missing, and nothing says what then", text.span(), hint
            )
        return (
            self.ops.is_truth(found, True, text.span())
            if not missing
            else self.ops.negate(self.ops.is_truth(found, False, text.span()))
        )

    def poison(self, span: Span | None = None) -> Expr:
        return poison(span)


def _at(expr: Expr, span: Span) -> Expr:
    return evolve(expr, span=span)
