"""Typed construction of expressions: units, scales, nullability and ranges decided here.

Every constructor reports what is wrong once and returns a poisoned literal, so that one
mistake gives one diagnostic. Constants are folded by the semantics table itself.
"""

from collections.abc import Callable, Sequence
from math import gcd
from typing import Any

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language import ranges
from trustcommerce.language.arithmetic import Arithmetic, fraction, point_beside_count, whole
from trustcommerce.language.expressions import Case, Expr, Literal, poison
from trustcommerce.language.foundation import constant, is_bad, name_of, null_of, retype
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.types import BOOLEAN, INTEGER, MAX_INT, MISSING, NUMBER, Kind, Type, power

__all__ = ["Operations", "constant", "null_of", "retype"]

_COMPARABLE = frozenset([Kind.TEXT, Kind.DATE, Kind.TIMESTAMP, Kind.BOOLEAN, Kind.LABEL])


class Operations(Arithmetic):
    """All constructors: comparisons, logic and alternatives on top of arithmetic."""

    def round_to(self, a: Expr, scale: int, span: Span | None = None) -> Expr:
        """The number as an exact one of `scale` places, half-up; fractions of exact numbers exactly."""
        if is_bad(a) or a.type.kind is Kind.MISSING:
            return a
        if a.type.kind is Kind.EXACT:
            return self.rescale(a, scale)
        parts = fraction(a)
        if parts is not None and ranges.of(parts[1].type)[0] >= 0:
            return self._round_fraction(a, *parts, scale, span)
        factor = float(power(scale))
        low, high = (x * factor for x in ranges.of(a.type))
        if not -MAX_INT / 4 <= low <= high <= MAX_INT / 4:
            return self.overflow(a.type, span)
        type_ = Type(Kind.EXACT, scale, a.type.unit, a.type.nullable, whole(low), whole(high))
        return self.apply("round_number", (a, Literal(factor, NUMBER.within(factor, factor))), type_, span or a.span)

    def _round_fraction(self, a: Expr, n: Expr, d: Expr, scale: int, span: Span | None) -> Expr:
        shift = power(scale)
        if isinstance(d, Literal) and isinstance(d.value, int) and d.value > 0:
            shared = gcd(shift, d.value)
            shift, least = shift // shared, d.value // shared
            d = Literal(least, d.type.within(least, least))
        shifted = n if shift == 1 else self.mul(n, Literal(shift, INTEGER.within(shift, shift)), span)
        low, high = (x * power(scale) for x in ranges.of(a.type))
        positive = retype(d, evolve(d.type, low=max(1, d.type.low or 1)))
        type_ = Type(Kind.EXACT, scale, a.type.unit, a.type.nullable, int(low) - 1, int(high) + 1)
        rounded = self.round_div(shifted, positive, type_, span)
        if (d.type.low or 0) >= 1:
            return rounded
        zero = self.compare("eq", d, constant(0), span)
        return self.case([(zero, null_of(type_))], rounded, span)

    def compare(self, op: str, a: Expr, b: Expr, span: Span | None = None) -> Expr:
        if is_bad(a, b):
            return poison(span)
        a, b = self.like_labels(a, b), self.like_labels(b, a)
        if is_bad(a, b):
            return poison(span)
        nullable = a.type.nullable or b.type.nullable
        if Kind.MISSING in (a.type.kind, b.type.kind):
            return self.error(
                codes.TYPE_MISMATCH, "compares with null, which is never true", span, "write `is null` or `is not null`"
            )
        if a.type.numeric and b.type.numeric:
            if not self.unit(a.type, b.type, "compares", span)[1]:
                return poison(span)
            a, b = self.align(a, b)
        elif {a.type.kind, b.type.kind} == {Kind.DATE, Kind.TIMESTAMP}:
            a, b = self.to_timestamp(a), self.to_timestamp(b)
        elif a.type.kind is not b.type.kind or a.type.kind not in _COMPARABLE:
            return self.error(
                codes.TYPE_MISMATCH, f"compares {name_of(a.type)} with {name_of(b.type)}", span, _comparison_hint(a, b)
            )
        elif a.type.kind is Kind.LABEL and a.type.labels != b.type.labels:
            return self.error(codes.TYPE_MISMATCH, "compares labels of different levels", span)
        return self.apply(op, (a, b), BOOLEAN.null(nullable), span)

    def as_key(self, value: Expr, type_: Type) -> Expr:
        """A value as those of a type are kept, so that rows are found by it: in its places, as its days or moments."""
        if value.type.numeric and type_.kind is Kind.NUMBER:
            return self.to_number(value)
        if value.type.kind is Kind.EXACT and type_.kind is Kind.EXACT:
            return self.rescale(value, type_.scale)
        if value.type.kind is Kind.NUMBER and type_.kind is Kind.EXACT and type_.scale:
            said = f"this is {name_of(value.type)}, which hardly ever equals {name_of(type_)}"
            return self.error(codes.TYPE_MISMATCH, said, value.span, f"round it: `round(..., {type_.scale})`")
        if type_.kind is Kind.TIMESTAMP:
            return self.to_timestamp(value)
        return self.to_date(value) if type_.kind is Kind.DATE else value

    def like_labels(self, a: Expr, other: Expr) -> Expr:
        """Text constants in `a` as labels, where `other` is a label."""
        return self.as_label(a, other.type.labels) if other.type.kind is Kind.LABEL else a

    def as_label(self, a: Expr, labels: tuple[str, ...]) -> Expr:
        if a.type.kind in (Kind.LABEL, Kind.UNKNOWN):
            return a
        target = Type(Kind.LABEL, nullable=a.type.nullable, labels=labels, low=0, high=len(labels) - 1)
        if isinstance(a, Literal) and a.value is None:
            return null_of(target, a.span)
        if isinstance(a, Literal) and a.type.kind is Kind.TEXT:
            if a.value not in labels:
                return self.error(
                    codes.UNKNOWN_LABEL,
                    f"no label `{a.value}`; there are {', '.join(labels)}",
                    a.span,
                    did_you_mean(str(a.value), labels),
                )
            return Literal(labels.index(str(a.value)), target.null(False), a.span)
        if isinstance(a, Case):
            branches = [(when, self.as_label(then, labels)) for when, then in a.branches]
            return self.case(branches, self.as_label(a.otherwise, labels), a.span)
        return self.error(codes.TYPE_MISMATCH, f"{name_of(a.type)} where a label is expected", a.span)

    def logic(self, op: str, args: Sequence[Expr], span: Span | None = None) -> Expr:
        """`and` or `or`; constants that decide or change nothing are folded away."""
        if is_bad(*args):
            return poison(span)
        for arg in args:
            if arg.type.kind not in (Kind.BOOLEAN, Kind.MISSING):
                return self.error(
                    codes.TYPE_MISMATCH, f"`{op}` of {name_of(arg.type)}, which is not true or false", arg.span or span
                )
        decides = op == "or"
        rest = [a for a in args if not (isinstance(a, Literal) and a.value is (not decides))]
        if any(isinstance(a, Literal) and a.value is decides for a in rest):
            return Literal(decides, BOOLEAN, span)
        if not rest:
            return Literal(not decides, BOOLEAN, span)
        if len(rest) == 1 and rest[0].type.kind is Kind.BOOLEAN:
            return rest[0]
        return self.apply(op, rest, BOOLEAN.null(any(a.type.nullable for a in rest)), span)

    def negate(self, a: Expr, span: Span | None = None) -> Expr:
        if is_bad(a):
            return a
        if a.type.kind is not Kind.BOOLEAN:
            return self.error(
                codes.TYPE_MISMATCH, f"`not` of {name_of(a.type)}, which is not true or false", a.span or span
            )
        return self.apply("not", (a,), a.type, span)

    def is_null(self, a: Expr, span: Span | None = None) -> Expr:
        if is_bad(a):
            return poison(span)
        if not a.type.nullable:
            return Literal(False, BOOLEAN, span)
        return self.apply("is_null", (a,), BOOLEAN, span)

    def is_truth(self, a: Expr, value: bool, span: Span | None = None) -> Expr:
        if is_bad(a):
            return poison(span)
        if a.type.kind is not Kind.BOOLEAN:
            return self.error(codes.TYPE_MISMATCH, f"`is {str(value).lower()}` of {name_of(a.type)}", a.span or span)
        if not a.type.nullable:
            return a if value else self.negate(a, span)
        return self.apply("is_true" if value else "is_false", (a,), BOOLEAN, span)

    # -- alternatives

    def unify(self, args: Sequence[Expr], span: Span | None, verb: str = "mixes") -> list[Expr] | None:
        """All `args` in one type; None when they have none in common, which is reported."""
        if is_bad(*args):
            return None
        found = next((a for a in args if a.type.kind is Kind.LABEL), None)
        if found is not None:
            args = [self.like_labels(a, found) for a in args]
            if is_bad(*args):
                return None
        known = [a for a in args if a.type.kind is not Kind.MISSING]
        if not known:
            return list(args)
        kinds = {a.type.kind for a in known}
        if kinds <= {Kind.EXACT, Kind.NUMBER}:
            return self._unify_numbers(args, known, span, verb)
        if kinds == {Kind.DATE, Kind.TIMESTAMP}:
            return [self.to_timestamp(a) if a.type.kind is Kind.DATE else a for a in args]
        if len(kinds) > 1 or len({a.type.labels for a in known}) > 1:
            first, other = (
                known[0],
                next(
                    a for a in known if a.type.kind is not known[0].type.kind or a.type.labels != known[0].type.labels
                ),
            )
            self.error(
                codes.TYPE_MISMATCH, f"{verb} {name_of(first.type)} and {name_of(other.type)}", other.span or span
            )
            return None
        return list(args)

    def _unify_numbers(
        self, args: Sequence[Expr], known: list[Expr], span: Span | None, verb: str
    ) -> list[Expr] | None:
        leader = next((a for a in known if not a.type.literal), known[0])
        for other in known:
            unit, fits = self.unit(leader.type, other.type, verb, other.span or span)
            if not fits:
                return None
            leader = retype(leader, leader.type.with_unit(unit))
        as_double = any(a.type.kind is Kind.NUMBER for a in known) or point_beside_count(*known)
        scale = max(a.type.scale for a in known)
        unified = []
        for a in args:
            if a.type.kind is not Kind.MISSING:
                a = self.to_number(a) if as_double else self.rescale(a, scale)
                a = retype(a, a.type.with_unit(leader.type.unit))
            unified.append(a)
        return None if is_bad(*unified) else unified

    def _joined(self, args: Sequence[Expr], nullable: bool) -> Type:
        known = [a.type for a in args if a.type.kind is not Kind.MISSING]
        if not known:
            return MISSING
        bounded = [a.type for a in args if not (isinstance(a, Literal) and a.value is None)] or known
        low, high = ranges.union(*(ranges.of(t) for t in bounded))
        numeric = known[0].numeric or known[0].kind is Kind.LABEL
        first = known[0]
        return Type(
            first.kind,
            first.scale,
            first.unit,
            nullable,
            low if numeric else None,
            high if numeric else None,
            first.labels,
            all(t.literal for t in known),
        )

    def case(self, branches: Sequence[tuple[Expr, Expr]], otherwise: Expr, span: Span | None = None) -> Expr:
        """First branch that is true; branches that are constantly false fall away."""
        live = [
            (w, t)
            for w, t in branches
            if not (isinstance(w, Literal) and w.value in (False, None) and w.type.kind is not Kind.UNKNOWN)
        ]
        if is_bad(*(w for w, _ in live)):
            return poison(span)
        for i, (when, then) in enumerate(live):
            if isinstance(when, Literal):
                live, otherwise = live[:i], then
                break
        unified = self.unify([*(t for _, t in live), otherwise], span, "gives both")
        if unified is None:
            return poison(span)
        if not live:
            return unified[-1]
        type_ = self._joined(unified, any(t.type.nullable for t in unified))
        unified = [null_of(type_, t.span) if t.type.kind is Kind.MISSING else t for t in unified]
        for when, _ in live:
            if when.type.kind is not Kind.BOOLEAN:
                return self.error(
                    codes.TYPE_MISMATCH, f"the condition is {name_of(when.type)}, not true or false", when.span or span
                )
        if (
            all(isinstance(t, Literal) for t in unified)
            and len({(t.value) for t in unified if isinstance(t, Literal)}) == 1
        ):
            return retype(unified[-1], type_)
        conditions = [w for w, _ in live]
        return Case(tuple(zip(conditions, unified[:-1], strict=True)), unified[-1], evolve(type_, literal=False), span)

    def coalesce(self, args: Sequence[Expr], span: Span | None = None) -> Expr:
        unified = self.unify(args, span)
        if unified is None:
            return poison(span)
        kept: list[Expr] = []
        for arg in unified:
            if arg.type.kind is not Kind.MISSING:
                kept.append(arg)
                if not arg.type.nullable:
                    break
        if len(kept) <= 1:
            return kept[0] if kept else Literal(None, MISSING, span)
        return self.apply("coalesce", kept, self._joined(kept, kept[-1].type.nullable), span)

    def extreme(self, op: str, args: Sequence[Expr], span: Span | None = None) -> Expr:
        """`least` or `greatest`; missing when an argument is."""
        unified = self.unify(args, span, "compares")
        if unified is None:
            return poison(span)
        if unified[0].type.kind in (Kind.BOOLEAN, Kind.SET, Kind.INTERVAL):
            return self.error(codes.TYPE_MISMATCH, f"`{op}` of {name_of(unified[0].type)}", span)
        type_ = self._joined(unified, any(a.type.nullable for a in unified))
        if type_.numeric or type_.kind is Kind.LABEL:
            pick: Callable[..., Any] = min if op == "least" else max
            type_ = type_.within(
                pick(ranges.of(a.type)[0] for a in unified), pick(ranges.of(a.type)[1] for a in unified)
            )
            unified = _contenders(op, unified)
        return retype(unified[0], type_) if len(unified) == 1 else self.apply(op, unified, type_, span)


def _contenders(op: str, args: list[Expr]) -> list[Expr]:
    """The arguments that can be the result: one that is never missing may be beyond others by its range.

    Not so for doubles, where equals may be a zero with a sign and one without.
    """
    if any(each.type.kind is Kind.NUMBER for each in args):
        return args
    sign = 1 if op == "greatest" else -1
    bounds = [sorted(sign * end for end in ranges.of(each.type)) for each in args]
    best = max(range(len(args)), key=lambda i: bounds[i][0])
    return [each for i, each in enumerate(args) if i == best or each.type.nullable or bounds[i][1] > bounds[best][0]]


def _comparison_hint(a: Expr, b: Expr) -> str | None:
    if Kind.TEXT in (a.type.kind, b.type.kind) and (
        a.type.kind in (Kind.DATE, Kind.TIMESTAMP) or b.type.kind in (Kind.DATE, Kind.TIMESTAMP)
    ):
        return "write dates as `date '2023-05-09'`"
    return None
