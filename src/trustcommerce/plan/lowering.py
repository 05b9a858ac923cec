"""What a choice form needs while it is lowered: input, results, missing values, checks."""

from collections.abc import Sequence as Seq
from contextlib import AbstractContextManager

from attrs import evolve, frozen

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Column, Expr, Literal, poison
from trustcommerce.language.operations import constant, null_of, retype
from trustcommerce.language.types import BOOLEAN, POINTS, UNKNOWN, Kind, Type
from trustcommerce.model import Choice
from trustcommerce.plan.context import Context, helper
from trustcommerce.read import Node, Scalar, Sequence

__all__ = ["Lowering", "Target", "to_points"]


@frozen
class Target:
    """What the results of a choice are: plain values, points, labels, or sets of text."""

    kind: str = "plain"
    labels: tuple[str, ...] = ()


class Lowering:
    """One choice being lowered.

    Args:
        context: Scope and typed construction.
        name: Name of the item or part, for hoisted helpers.
        choice: The choice.
        target: What its results are.
        of: The input when the choice says none.
        spoken_for: Whether the caller answers a missing result.
        answers: What `missing:` may say, for hints.

    `demanded` turns true when an answer is missing: that is reported once.
    """

    def __init__(
        self,
        context: Context,
        name: str,
        choice: Choice,
        target: Target,
        of: Expr | None = None,
        spoken_for: bool = False,
        answers: str = "the result for that case",
    ) -> None:
        self.context, self.name, self.choice, self.target = context, name, choice, target
        self.ops, self._of, self.spoken_for = context.ops, of, spoken_for
        self.answers, self.demanded = answers, False
        self.hit = choice.hit or "first"

    # -- inputs

    def input(self) -> Expr:
        """The value that `steps` and `curve` read, under a name so that it is computed once."""
        if self.choice.of is not None:
            return self.context.hoist(helper(self.name, "of"), self.context.bind(self.choice.of))
        if self._of is not None:
            return self._of
        return self.ops.error(codes.MISSING_KEY, f"`{self.choice.form}` needs its input: say `of`", self.choice.span)

    def having(self, x: Expr) -> AbstractContextManager[None]:
        """Where the first entry that holds gives the result, results are read with their input there."""
        return self.context.assuming([x.name] if isinstance(x, Column) and self.hit == "first" else [])

    def bind(self, text: Text) -> Expr:
        return self.context.bind(text)

    # -- results

    def like(self, found: Expr) -> None:
        """Read the results still to come as labels where one is found to be a label."""
        if found.type.kind is Kind.LABEL and self.target.kind == "plain":
            self.target = Target("labels", found.type.labels)

    def result(self, node: Node | None, span: Span | None = None) -> Expr:
        """A result of the choice in the target's type."""
        if isinstance(node, Sequence):
            return self._set(node)
        if not isinstance(node, Scalar):
            return constant(None, span)
        if node.style == "plain" and node.value is None and node.text in ("", "null", "~"):
            return constant(None, node.span)
        if self.target.kind == "set":
            what = "`hit: collect` unites lists" if self.hit == "collect" else "the other results are lists"
            return self.ops.error(codes.TYPE_MISMATCH, what, node.span, f"write a list: [{node.text}]")
        bound = self._bound(node)
        if bound.type == UNKNOWN:
            return bound
        if self.target.kind == "labels":
            return self.ops.as_label(bound, self.target.labels)
        return to_points(bound, self.context) if self.target.kind == "points" else bound

    def _bound(self, node: Scalar) -> Expr:
        text = Text.of(node)
        if self.target.kind == "labels" and node.text in self.target.labels:
            if node.text in set(self.context.names()):
                return self.ops.error(
                    codes.AMBIGUOUS_LABEL,
                    f"`{node.text}` is a label and a name in scope",
                    node.span,
                    "rename one of them",
                )
            return Literal(node.text, Type(Kind.TEXT), node.span)
        return self.context.bind(text, self.target.labels)

    def _set(self, node: Sequence) -> Expr:
        if self.target.kind != "set":
            return self.ops.error(codes.TYPE_MISMATCH, "a list where the other results are single values", node.span)
        mask = 0
        for item in node:
            mask |= 1 << self.target.labels.index(item.text) if isinstance(item, Scalar) else 0
        high = (1 << len(self.target.labels)) - 1
        return Literal(mask, Type(Kind.SET, labels=self.target.labels, low=0, high=high), node.span)

    # -- what may be missing

    def missing(self) -> Expr:
        """The result when the input or a condition is missing; the missing value if nothing says."""
        return constant(None) if self.choice.missing is None else self.result(self.choice.missing)

    def answered(self) -> bool:
        return self.spoken_for or self.choice.missing is not None

    def demand_answer(self, what: str, span: Span | None) -> None:
        if not self.answered() and not self.demanded:
            self.demanded = True
            self.ops.error(
                codes.MAYBE_MISSING,
                f"{what} may be missing, and nothing says what then",
                span or self.choice.span,
                f"add `missing:` with {self.answers}",
            )

    def present(self, x: Expr) -> Expr:
        """The input as it is known after the test that it is not missing."""
        return retype(x, x.type.null(False))

    def guarded(self, x: Expr, found: Expr, span: Span | None = None) -> Expr:
        """`found`, or the missing result where the input is missing."""
        if not x.type.nullable or found.type == UNKNOWN:
            return found
        self.demand_answer("the input", x.span)
        return self.ops.case([(self.ops.is_null(x), self.missing())], found, span)

    # -- combining entries

    def combine(self, entries: Seq[tuple[Expr, Expr]], otherwise: Expr | None, span: Span) -> Expr:
        """The result of conditions and results under the hit policy."""
        if any(c.type == UNKNOWN or r.type == UNKNOWN for c, r in entries):
            return poison(span)
        rest = constant(None, span) if otherwise is None else otherwise
        if rest.type == UNKNOWN:
            return rest
        maybe = [c for c, _ in entries if c.type.nullable]
        if maybe:
            self.demand_answer("this condition", maybe[0].span)
        if self.hit in ("first", "unique"):
            return self._first(entries, rest, span)
        named = [(self.context.hoist(helper(self.name, f"when_{i + 1}"), c), r) for i, (c, r) in enumerate(entries)]
        known = [(self.ops.is_truth(c, True) if c.type.nullable else c, r) for c, r in named]
        found = self._several(known, rest, span)
        absent = self.ops.logic("or", [self.ops.is_null(c) for c, _ in named]) if maybe else None
        return found if absent is None else self.ops.case([(absent, self.missing())], found, span)

    def _first(self, entries: Seq[tuple[Expr, Expr]], rest: Expr, span: Span) -> Expr:
        branches = []
        for i, (condition, result) in enumerate(entries):
            if condition.type.nullable:
                named = self.context.hoist(helper(self.name, f"when_{i + 1}"), condition)
                branches.append((self.ops.is_null(named), self.missing()))
                condition = retype(named, BOOLEAN)
            branches.append((condition, result))
        return self.ops.case(branches, rest, span)

    def _several(self, entries: Seq[tuple[Expr, Expr]], rest: Expr, span: Span) -> Expr:
        unified = self.ops.unify([*(r for _, r in entries), rest], span, "gives both")
        if unified is None:
            return poison(span)
        results, rest = unified[:-1], unified[-1]
        if not results:
            return rest
        absent = [r for r in results if r.type.nullable]
        if absent:
            return self.ops.error(
                codes.MAYBE_MISSING,
                f"under `hit: {self.hit}` no result may be missing",
                absent[0].span or span,
                "wrap it: `coalesce(..., 0)`",
            )
        kind = results[0].type
        fits = (
            kind.kind is Kind.SET
            if self.hit == "collect"
            else (kind.numeric or (kind.kind is Kind.LABEL and self.hit != "sum"))
        )
        if not fits:
            what = "sets: write lists" if self.hit == "collect" else "numbers"
            return self.ops.error(codes.TYPE_MISMATCH, f"`hit: {self.hit}` combines {what}", span)
        conditions = [c for c, _ in entries]
        held = self.ops.logic("or", conditions)
        neutral = self._neutral(results)
        terms = [self.ops.case([(c, r)], neutral) for c, r in zip(conditions, results, strict=True)]
        return self.ops.case([(held, self._fold(terms, span))], rest, span)

    def _neutral(self, results: Seq[Expr]) -> Expr:
        """What an entry that does not hold adds: nothing."""
        type_ = results[0].type
        if self.hit in ("collect", "sum"):
            zero: float | int = 0.0 if type_.kind is Kind.NUMBER else 0
        elif self.hit == "max":
            zero = min(r.type.low or 0 for r in results)
        else:
            zero = max(r.type.high or 0 for r in results)
        return Literal(zero, evolve(type_.null(False), low=zero, high=zero))

    def _fold(self, terms: Seq[Expr], span: Span) -> Expr:
        if self.hit in ("max", "min"):
            return self.ops.extreme("greatest" if self.hit == "max" else "least", terms, span)
        total = terms[0]
        for term in terms[1:]:
            if self.hit == "sum":
                total = self.ops.sum("add", total, term, span)
            else:
                high = (1 << len(self.target.labels)) - 1
                total = self.ops.apply("bit_or", (total, term), total.type.within(0, high), span)
        return total


def to_points(expr: Expr, context: Context) -> Expr:
    """A number as points: ten-thousandths, rounded half-up once."""
    if expr.type == UNKNOWN:
        return expr
    if expr.type.kind is Kind.MISSING:
        return null_of(POINTS, expr.span)
    if not expr.type.numeric:
        return context.ops.error(codes.TYPE_MISMATCH, f"{expr.type.null(False)} where points are expected", expr.span)
    if not expr.type.dimensionless and expr.type.unit != "points":
        return context.ops.error(
            codes.UNIT_MISMATCH,
            f"{expr.type.unit} where points are expected",
            expr.span,
            "turn it into points with `steps` or `curve`",
        )
    if isinstance(expr, Literal) and expr.value is None:
        return null_of(POINTS, expr.span)
    rounded = context.ops.round_to(expr, POINTS.scale, expr.span)
    return rounded if rounded.type == UNKNOWN else retype(rounded, evolve(rounded.type, unit="points", literal=False))
