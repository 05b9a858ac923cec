"""Typed construction of expressions: units, scales, nullability and ranges decided here.

Every constructor reports what is wrong once and returns a poisoned literal, so that one
mistake gives one diagnostic. Constants are folded by the semantics table itself.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, Span
from trustcommerce.language import ranges
from trustcommerce.language.calendar import AT_MIDNIGHT, DAY
from trustcommerce.language.expressions import Apply, Call, Case, Column, Expr, Literal, poison
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.semantics import OPERATIONS, TINY, round_div, round_number
from trustcommerce.language.types import (
    BOOLEAN,
    INTEGER,
    MAX_INT,
    MISSING,
    NUMBER,
    TIMESTAMP,
    Kind,
    Type,
    power,
)

__all__ = ["Operations", "constant", "null_of", "retype"]

_MAX_DOUBLE = 1e300
_COMPARABLE = frozenset([Kind.TEXT, Kind.DATE, Kind.TIMESTAMP, Kind.BOOLEAN, Kind.LABEL])


def constant(value: object, span: Span | None = None) -> Literal:
    """A literal as written: int and Decimal adapt to what they meet, text and booleans stand."""
    if value is None:
        return Literal(None, MISSING, span)
    if isinstance(value, bool):
        return Literal(value, BOOLEAN, span)
    if isinstance(value, int | Decimal):
        digits = Decimal(value).as_tuple()
        scale = max(0, -int(digits.exponent))
        scaled = int(Decimal(value).scaleb(scale))
        return Literal(scaled, Type(Kind.EXACT, scale, None, False, scaled, scaled, (), True), span)
    return Literal(value, Type(Kind.TEXT, literal=True), span)


def retype(expr: Expr, type_: Type) -> Expr:
    return evolve(expr, type=type_)


def null_of(type_: Type, span: Span | None = None) -> Literal:
    """The missing value of a type."""
    return Literal(None, evolve(type_, nullable=True, literal=False), span)


def _bad(*args: Expr) -> bool:
    return any(arg.type.kind is Kind.UNKNOWN for arg in args)


class Operations:
    """The constructors, reporting into `problems`."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def error(self, code: codes.Code, message: str, span: Span | None, hint: str | None = None) -> Expr:
        self.problems.add(code, message, span, hint)
        return poison(span)

    # -- building and folding

    def apply(self, op: str, args: Sequence[Expr], type_: Type, span: Span | None = None) -> Expr:
        """An operation, folded when all its arguments are constants, checked against overflow."""
        operation = OPERATIONS[op]
        if operation.strict and any(isinstance(a, Literal) and a.value is None for a in args):
            return Literal(None, evolve(type_, nullable=True, literal=False), span)
        if all(isinstance(a, Literal) for a in args):
            value: Any = operation.evaluate(*[a.value for a in args if isinstance(a, Literal)])
            return self._folded(value, type_, span)
        if type_.kind is Kind.EXACT and not self._fits(type_, MAX_INT):
            return self.overflow(type_, span)
        if type_.kind is Kind.NUMBER and not self._fits(type_, _MAX_DOUBLE):
            return self.overflow(type_, span)
        return Apply(op, tuple(args), evolve(type_, literal=False), span)

    def _folded(self, value: Any, type_: Type, span: Span | None) -> Expr:
        if value is None:
            return Literal(None, evolve(type_, nullable=True, literal=False), span)
        if type_.kind is Kind.EXACT and abs(value) > MAX_INT:
            return self.overflow(type_.within(value, value), span)
        if type_.numeric:
            type_ = type_.within(value, value)
        return Literal(value, type_.null(False), span)

    @staticmethod
    def _fits(type_: Type, limit: float) -> bool:
        low, high = ranges.of(type_)
        return -limit <= low and high <= limit

    def overflow(self, type_: Type, span: Span | None) -> Expr:
        low, high = ranges.of(type_)
        unit = power(type_.scale)
        return self.error(
            codes.OVERFLOW,
            f"this can reach {max(abs(low), abs(high)) / unit:.3g}, more than every engine computes exactly",
            span, "give its inputs a `range`: in pack.yaml for columns, on the item for values",
        )  # fmt: skip

    # -- numbers

    def to_number(self, a: Expr, span: Span | None = None) -> Expr:
        if a.type.kind is not Kind.EXACT:
            return a
        factor = float(power(a.type.scale))
        low, high = ranges.of(a.type)
        type_ = evolve(a.type, kind=Kind.NUMBER, scale=0, low=low / factor, high=high / factor)
        if isinstance(a, Literal) and a.value is not None:
            return Literal(float(Decimal(str(a.value)).scaleb(-a.type.scale)), type_, a.span)
        by = Literal(factor, Type(Kind.NUMBER, low=factor, high=factor))
        return self.apply("to_number", (a, by), type_, span or a.span)

    def rescale(self, a: Expr, scale: int) -> Expr:
        """An exact number with `scale` places; fewer places round half-up."""
        if a.type.scale == scale or a.type.kind is not Kind.EXACT:
            return a
        low, high = ranges.of(a.type)
        if scale > a.type.scale:
            factor = power(scale - a.type.scale)
            type_ = evolve(a.type, scale=scale, low=low * factor, high=high * factor)
            return self.apply("mul", (a, Literal(factor, INTEGER.within(factor, factor))), type_, a.span)
        factor = power(a.type.scale - scale)
        type_ = evolve(a.type, scale=scale, low=_half_up(low, factor), high=_half_up(high, factor))
        return self.apply("round_div", (a, Literal(factor, INTEGER.within(factor, factor))), type_, a.span)

    def align(self, a: Expr, b: Expr) -> tuple[Expr, Expr]:
        """Both numbers in one shape: exact numbers of one scale, or doubles."""
        if Kind.NUMBER in (a.type.kind, b.type.kind) or _point_beside_count(a, b) or _point_beside_count(b, a):
            return self.to_number(a), self.to_number(b)
        scale = max(a.type.scale, b.type.scale)
        return self.rescale(a, scale), self.rescale(b, scale)

    def unit(self, a: Type, b: Type, verb: str, span: Span | None) -> tuple[str | None, bool]:
        """The common unit of two numbers that are added or compared; False when there is none."""
        if a.unit == b.unit or (b.literal and b.unit is None):
            return a.unit, True
        if a.literal and a.unit is None:
            return b.unit, True
        if a.dimensionless and b.dimensionless:
            return "ratio", True
        hint = "multiply the ratio by 100" if {a.unit, b.unit} == {"ratio", "percent"} else (
            "say the `unit` of the plain number" if None in (a.unit, b.unit) else None)
        self.error(codes.UNIT_MISMATCH, f"{verb} {a.unit or 'a plain number'} and {b.unit or 'a plain number'}",
                   span, hint)
        return None, False

    def numbers(self, verb: str, span: Span | None, *args: Expr) -> bool:
        for arg in args:
            if not arg.type.numeric and arg.type.kind is not Kind.MISSING:
                self.error(codes.TYPE_MISMATCH, f"{verb} {_name(arg.type)}, which is no number", arg.span or span)
                return False
        return True

    def sum(self, op: str, a: Expr, b: Expr, span: Span | None) -> Expr:
        """`add` or `sub`, also of a date or timestamp and an interval."""
        if _bad(a, b):
            return poison(span)
        if b.type.kind is Kind.INTERVAL:
            return self.shift(op, a, b, span)
        if not self.numbers("adds" if op == "add" else "subtracts", span, a, b):
            return poison(span)
        unit, fits = self.unit(a.type, b.type, "adds" if op == "add" else "subtracts", span)
        if not fits:
            return poison(span)
        a, b = self.align(a, b)
        right = ranges.of(b.type)
        low, high = ranges.add(ranges.of(a.type), right if op == "add" else ranges.neg(right))
        return self.apply(op, (a, b), self._result(a, b, unit, low, high), span)

    def _result(self, a: Expr, b: Expr, unit: str | None, low: float, high: float) -> Type:
        kind = Kind.NUMBER if Kind.NUMBER in (a.type.kind, b.type.kind) else Kind.EXACT
        return Type(kind, max(a.type.scale, b.type.scale), unit, a.type.nullable or b.type.nullable,
                    low, high, (), a.type.literal and b.type.literal)

    def mul(self, a: Expr, b: Expr, span: Span | None = None) -> Expr:
        if _bad(a, b) or not self.numbers("multiplies", span, a, b):
            return poison(span)
        if not a.type.dimensionless and not b.type.dimensionless:
            return self.error(codes.UNIT_MISMATCH, f"multiplies {a.type.unit} by {b.type.unit}", span)
        unit = next((u for u in (a.type.unit, b.type.unit) if u not in (None, "ratio")), a.type.unit or b.type.unit)
        fraction = self._fraction_times(a, b, span) or self._fraction_times(b, a, span)
        if fraction:
            return retype(fraction, fraction.type.with_unit(unit))
        if _point_beside_count(a, b) or _point_beside_count(b, a):
            a, b = self.to_number(a), self.to_number(b)
        if {a.type.kind, b.type.kind} == {Kind.EXACT, Kind.NUMBER}:
            if a.type.is_money or b.type.is_money:
                return self.error(codes.INEXACT_MONEY, "multiplies money by a double, which misrounds halves", span,
                                  "declare the rate as `decimal(4)` with a `range`")
            a, b = self.to_number(a), self.to_number(b)
        low, high = ranges.mul(ranges.of(a.type), ranges.of(b.type))
        type_ = self._result(a, b, unit, low, high)
        return self.apply("mul", (a, b), evolve(type_, scale=a.type.scale + b.type.scale), span)

    def _fraction_times(self, a: Expr, b: Expr, span: Span | None) -> Expr | None:
        """(n / d) times an exact number is n * number / d: a fraction stays exact until rounded."""
        parts = _fraction(a)
        if parts is None or b.type.kind is not Kind.EXACT:
            return None
        return self.div(self.mul(parts[0], b, span), parts[1], span)

    def neg(self, a: Expr, span: Span | None) -> Expr:
        if _bad(a) or not self.numbers("negates", span, a):
            return poison(span)
        low, high = ranges.neg(ranges.of(a.type))
        return self.apply("neg", (a,), a.type.within(low, high), span)

    def div(self, a: Expr, b: Expr, span: Span | None = None) -> Expr:
        """The quotient as a double; missing where the divisor is zero."""
        if _bad(a, b) or not self.numbers("divides", span, a, b):
            return poison(span)
        unit = _quotient_unit(a.type, b.type)
        if a.type.kind is Kind.EXACT and b.type.kind is Kind.EXACT:
            a, b = self.align(a, b)
        smallest = 1 / power(b.type.scale) if b.type.kind is Kind.EXACT else TINY
        a, b = self.to_number(a), self.to_number(b)
        low, high = ranges.div(ranges.of(a.type), ranges.of(b.type), smallest)
        zero = ranges.of(b.type)[0] < smallest and ranges.of(b.type)[1] > -smallest
        nullable = a.type.nullable or b.type.nullable or zero
        return self.apply("div", (a, b), Type(Kind.NUMBER, 0, unit, nullable, low, high), span)

    def round_to(self, a: Expr, scale: int, span: Span | None = None) -> Expr:
        """The number as an exact one of `scale` places, half-up; fractions of exact numbers exactly."""
        if _bad(a) or a.type.kind is Kind.MISSING:
            return a
        if a.type.kind is Kind.EXACT:
            return self.rescale(a, scale)
        parts = _fraction(a)
        if parts is not None and ranges.of(parts[1].type)[0] >= 0:
            return self._round_fraction(a, *parts, scale, span)
        factor = float(power(scale))
        low, high = (x * factor for x in ranges.of(a.type))
        if not -MAX_INT / 4 <= low <= high <= MAX_INT / 4:
            return self.overflow(a.type, span)
        type_ = Type(Kind.EXACT, scale, a.type.unit, a.type.nullable, _round(low), _round(high))
        return self.apply("round_number", (a, Literal(factor, NUMBER.within(factor, factor))), type_, span or a.span)

    def _round_fraction(self, a: Expr, n: Expr, d: Expr, scale: int, span: Span | None) -> Expr:
        shifted = self.mul(n, Literal(power(scale), INTEGER.within(power(scale), power(scale))), span)
        low, high = (x * power(scale) for x in ranges.of(a.type))
        positive = retype(d, evolve(d.type, low=max(1, d.type.low or 1)))
        type_ = Type(Kind.EXACT, scale, a.type.unit, a.type.nullable, int(low) - 1, int(high) + 1)
        rounded = self.round_div(shifted, positive, type_, span)
        if (d.type.low or 0) >= 1:
            return rounded
        zero = self.compare("eq", d, constant(0), span)
        return self.case([(zero, null_of(type_))], rounded, span)

    def round_div(self, a: Expr, b: Expr, type_: Type | None = None, span: Span | None = None) -> Expr:
        """Exact half-up quotient of scaled integers; `b` must be proven positive."""
        if _bad(a, b):
            return poison(span)
        low, high = ranges.of(a.type)
        top, wide = ranges.of(b.type)[1], max(abs(low), abs(high))
        if 2 * wide + top > MAX_INT:
            return self.overflow(a.type.within(-2 * wide - top, 2 * wide + top), span)
        if type_ is None:
            least = ranges.of(b.type)[0]
            ends = [_half_up(x, y) for x in (low, high) for y in (least, top)]
            type_ = evolve(a.type, nullable=a.type.nullable or b.type.nullable, low=min(ends), high=max(ends))
        return self.apply("round_div", (a, b), type_, span)

    # -- comparisons and logic

    def compare(self, op: str, a: Expr, b: Expr, span: Span | None = None) -> Expr:
        if _bad(a, b):
            return poison(span)
        a, b = self.like_labels(a, b), self.like_labels(b, a)
        if _bad(a, b):
            return poison(span)
        nullable = a.type.nullable or b.type.nullable
        if Kind.MISSING in (a.type.kind, b.type.kind):
            return self.error(codes.TYPE_MISMATCH, "compares with null, which is never true", span,
                              "write `is null` or `is not null`")
        if a.type.numeric and b.type.numeric:
            if not self.unit(a.type, b.type, "compares", span)[1]:
                return poison(span)
            a, b = self.align(a, b)
        elif {a.type.kind, b.type.kind} == {Kind.DATE, Kind.TIMESTAMP}:
            a, b = self.to_timestamp(a), self.to_timestamp(b)
        elif a.type.kind is not b.type.kind or a.type.kind not in _COMPARABLE:
            return self.error(codes.TYPE_MISMATCH, f"compares {_name(a.type)} with {_name(b.type)}", span,
                              _comparison_hint(a, b))
        elif a.type.kind is Kind.LABEL and a.type.labels != b.type.labels:
            return self.error(codes.TYPE_MISMATCH, "compares labels of different levels", span)
        return self.apply(op, (a, b), BOOLEAN.null(nullable), span)

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
                return self.error(codes.UNKNOWN_LABEL, f"no label `{a.value}`; there are {', '.join(labels)}",
                                  a.span, did_you_mean(str(a.value), labels))
            return Literal(labels.index(str(a.value)), target.null(False), a.span)
        if isinstance(a, Case):
            branches = [(when, self.as_label(then, labels)) for when, then in a.branches]
            return self.case(branches, self.as_label(a.otherwise, labels), a.span)
        return self.error(codes.TYPE_MISMATCH, f"{_name(a.type)} where a label is expected", a.span)

    def logic(self, op: str, args: Sequence[Expr], span: Span | None = None) -> Expr:
        """`and` or `or`; constants that decide or change nothing are folded away."""
        if _bad(*args):
            return poison(span)
        for arg in args:
            if arg.type.kind not in (Kind.BOOLEAN, Kind.MISSING):
                return self.error(codes.TYPE_MISMATCH, f"`{op}` of {_name(arg.type)}, which is not true or false",
                                  arg.span or span)
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
        if _bad(a):
            return a
        if a.type.kind is not Kind.BOOLEAN:
            return self.error(codes.TYPE_MISMATCH, f"`not` of {_name(a.type)}, which is not true or false",
                              a.span or span)
        return self.apply("not", (a,), a.type, span)

    def is_null(self, a: Expr, span: Span | None = None) -> Expr:
        if _bad(a):
            return poison(span)
        if not a.type.nullable:
            return Literal(False, BOOLEAN, span)
        return self.apply("is_null", (a,), BOOLEAN, span)

    def is_truth(self, a: Expr, value: bool, span: Span | None = None) -> Expr:
        if _bad(a):
            return poison(span)
        if a.type.kind is not Kind.BOOLEAN:
            return self.error(codes.TYPE_MISMATCH, f"`is {str(value).lower()}` of {_name(a.type)}", a.span or span)
        if not a.type.nullable:
            return a if value else self.negate(a, span)
        return self.apply("is_true" if value else "is_false", (a,), BOOLEAN, span)

    # -- alternatives

    def unify(self, args: Sequence[Expr], span: Span | None, verb: str = "mixes") -> list[Expr] | None:
        """All `args` in one type; None when they have none in common, which is reported."""
        if _bad(*args):
            return None
        found = next((a for a in args if a.type.kind is Kind.LABEL), None)
        if found is not None:
            args = [self.like_labels(a, found) for a in args]
            if _bad(*args):
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
            first, other = known[0], next(a for a in known if a.type.kind is not known[0].type.kind
                                          or a.type.labels != known[0].type.labels)
            self.error(codes.TYPE_MISMATCH, f"{verb} {_name(first.type)} and {_name(other.type)}", other.span or span)
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
        as_double = any(a.type.kind is Kind.NUMBER for a in known) or any(
            _point_beside_count(a, b) for a in known for b in known)
        scale = max(a.type.scale for a in known)
        unified = []
        for a in args:
            if a.type.kind is not Kind.MISSING:
                a = self.to_number(a) if as_double else self.rescale(a, scale)
                a = retype(a, a.type.with_unit(leader.type.unit))
            unified.append(a)
        return None if _bad(*unified) else unified

    def _joined(self, args: Sequence[Expr], nullable: bool) -> Type:
        known = [a.type for a in args if a.type.kind is not Kind.MISSING]
        if not known:
            return MISSING
        bounded = [a.type for a in args if not (isinstance(a, Literal) and a.value is None)] or known
        low, high = ranges.union(*(ranges.of(t) for t in bounded))
        numeric = known[0].numeric or known[0].kind is Kind.LABEL
        first = known[0]
        return Type(first.kind, first.scale, first.unit, nullable, low if numeric else None,
                    high if numeric else None, first.labels, all(t.literal for t in known))

    def case(self, branches: Sequence[tuple[Expr, Expr]], otherwise: Expr, span: Span | None = None) -> Expr:
        """First branch that is true; branches that are constantly false fall away."""
        live = [(w, t) for w, t in branches if not (isinstance(w, Literal) and w.value in (False, None)
                                                    and w.type.kind is not Kind.UNKNOWN)]
        if _bad(*(w for w, _ in live)):
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
        for when, _ in live:
            if when.type.kind is not Kind.BOOLEAN:
                return self.error(codes.TYPE_MISMATCH, f"the condition is {_name(when.type)}, not true or false",
                                  when.span or span)
        if all(isinstance(t, Literal) for t in unified) and len({(t.value) for t in unified
                                                                  if isinstance(t, Literal)}) == 1:
            return retype(unified[-1], type_)
        conditions = [w for w, _ in live]
        return Case(tuple(zip(conditions, unified[:-1], strict=True)), unified[-1],
                    evolve(type_, literal=False), span)

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
            return self.error(codes.TYPE_MISMATCH, f"`{op}` of {_name(unified[0].type)}", span)
        type_ = self._joined(unified, any(a.type.nullable for a in unified))
        if type_.numeric or type_.kind is Kind.LABEL:
            pick: Callable[..., Any] = min if op == "least" else max
            type_ = type_.within(pick(ranges.of(a.type)[0] for a in unified),
                                 pick(ranges.of(a.type)[1] for a in unified))
        return unified[0] if len(unified) == 1 else self.apply(op, unified, type_, span)

    # -- dates

    def to_timestamp(self, a: Expr) -> Expr:
        if a.type.kind is not Kind.DATE:
            return a
        return self.call(AT_MIDNIGHT, (a,), TIMESTAMP.null(a.type.nullable), a.span)

    def shift(self, op: str, a: Expr, b: Expr, span: Span | None) -> Expr:
        """A date or timestamp plus or minus an interval literal."""
        if a.type.kind not in (Kind.DATE, Kind.TIMESTAMP):
            return self.error(codes.TYPE_MISMATCH, f"adds an interval to {_name(a.type)}", span)
        interval: Any = b.value if isinstance(b, Literal) else None
        if a.type.kind is Kind.DATE and interval.micros % DAY:
            a = self.to_timestamp(a)
        function, amount = interval.shift(a.type.kind, 1 if op == "add" else -1)
        return self.call(function, (a, constant(amount)), a.type, span)

    def call(self, function: Any, args: Sequence[Expr], type_: Type, span: Span | None) -> Expr:
        if any(isinstance(a, Literal) and a.value is None for a in args):
            return null_of(type_, span)
        if all(isinstance(a, Literal) for a in args):
            return self._folded(function.evaluate(*[a.value for a in args if isinstance(a, Literal)]), type_, span)
        return Call(function, tuple(args), type_, span)

    def column(self, name: str, type_: Type, span: Span | None = None) -> Expr:
        return Column(name, type_, span)


def _name(type_: Type) -> str:
    return "null" if type_.kind is Kind.MISSING else str(type_.null(False))


def _half_up(a: float | int, b: float | int) -> int:
    return round_div(int(a), int(b)) if abs(a) != float("inf") else int(MAX_INT * (1 if a > 0 else -1))


def _round(x: float) -> int:
    return round_number(x, 1.0)


def _point_beside_count(a: Expr, b: Expr) -> bool:
    """A literal with a point beside a count is a double, beside a decimal or money exact."""
    return (a.type.literal and a.type.kind is Kind.EXACT and a.type.scale > 0 and not b.type.literal
            and b.type.kind is Kind.EXACT and b.type.scale == 0 and not b.type.is_money)


def _quotient_unit(a: Type, b: Type) -> str | None:
    if a.unit == b.unit:
        return "ratio"
    if b.dimensionless:
        return a.unit
    return f"{a.unit or '1'}/{b.unit}"


def _fraction(expr: Expr) -> tuple[Expr, Expr] | None:
    """Numerator and denominator, when `expr` is a quotient of exact numbers of one scale."""
    if not (isinstance(expr, Apply) and expr.op == "div"):
        return None
    scale = max((arg.args[0].type.scale for arg in expr.args if isinstance(arg, Apply)), default=0)
    parts: list[Expr] = []
    for arg in expr.args:
        if isinstance(arg, Apply) and arg.op == "to_number":
            parts.append(retype(arg.args[0], arg.args[0].type.with_unit(None)))
        elif isinstance(arg, Literal) and isinstance(arg.value, float) and arg.value.is_integer():
            whole = int(arg.value) * power(scale)
            parts.append(Literal(whole, Type(Kind.EXACT, scale, low=whole, high=whole)))
        else:
            return None
    n, d = parts
    return (n, d) if n.type.scale == d.type.scale else None


def _comparison_hint(a: Expr, b: Expr) -> str | None:
    if Kind.TEXT in (a.type.kind, b.type.kind) and (a.type.kind in (Kind.DATE, Kind.TIMESTAMP)
                                                    or b.type.kind in (Kind.DATE, Kind.TIMESTAMP)):
        return "write dates as `date '2023-05-09'`"
    return None
