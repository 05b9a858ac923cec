"""Numbers: units, scales, rounding, exact fractions; dates moved by intervals."""

from decimal import Decimal
from typing import Any

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language import ranges
from trustcommerce.language.calendar import AT_MIDNIGHT, DATE_AT, DAY
from trustcommerce.language.expressions import Apply, Expr, Literal, poison
from trustcommerce.language.foundation import Foundation, constant, is_bad, name_of, retype
from trustcommerce.language.semantics import TINY, round_div, round_number
from trustcommerce.language.types import DATE, INTEGER, MAX_INT, TIMESTAMP, Kind, Type, power

__all__ = ["Arithmetic", "fraction", "point_beside_count", "whole"]


class Arithmetic(Foundation):
    """Constructors over numbers and moments."""

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
        if Kind.NUMBER in (a.type.kind, b.type.kind) or point_beside_count(a, b):
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
        hint = (
            "multiply the ratio by 100"
            if {a.unit, b.unit} == {"ratio", "percent"}
            else ("say the `unit` of the plain number" if None in (a.unit, b.unit) else None)
        )
        self.error(
            codes.UNIT_MISMATCH, f"{verb} {a.unit or 'a plain number'} and {b.unit or 'a plain number'}", span, hint
        )
        return None, False

    def numbers(self, verb: str, span: Span | None, *args: Expr) -> bool:
        for arg in args:
            if not arg.type.numeric and arg.type.kind is not Kind.MISSING:
                self.error(codes.TYPE_MISMATCH, f"{verb} {name_of(arg.type)}, which is no number", arg.span or span)
                return False
        return True

    def sum(self, op: str, a: Expr, b: Expr, span: Span | None) -> Expr:
        """`add` or `sub`, also of a date or timestamp and an interval."""
        if is_bad(a, b):
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
        return Type(
            kind,
            max(a.type.scale, b.type.scale),
            unit,
            a.type.nullable or b.type.nullable,
            low,
            high,
            (),
            a.type.literal and b.type.literal,
        )

    def mul(self, a: Expr, b: Expr, span: Span | None = None) -> Expr:
        if is_bad(a, b) or not self.numbers("multiplies", span, a, b):
            return poison(span)
        if not a.type.dimensionless and not b.type.dimensionless:
            return self.error(codes.UNIT_MISMATCH, f"multiplies {a.type.unit} by {b.type.unit}", span)
        unit = next((u for u in (a.type.unit, b.type.unit) if u not in (None, "ratio")), a.type.unit or b.type.unit)
        fraction = self._fraction_times(a, b, span) or self._fraction_times(b, a, span)
        if fraction:
            return retype(fraction, fraction.type.with_unit(unit))
        if point_beside_count(a, b):
            a, b = self.to_number(a), self.to_number(b)
        if {a.type.kind, b.type.kind} == {Kind.EXACT, Kind.NUMBER}:
            if a.type.is_money or b.type.is_money:
                return self.error(
                    codes.INEXACT_MONEY,
                    "multiplies money by a double, which misrounds halves",
                    span,
                    "declare the rate as `decimal(4)` with a `range`",
                )
            a, b = self.to_number(a), self.to_number(b)
        low, high = ranges.mul(ranges.of(a.type), ranges.of(b.type))
        type_ = self._result(a, b, unit, low, high)
        if a.type.kind is Kind.EXACT and isinstance(b, Literal) and b.value == 1 and not b.type.scale:
            return retype(a, evolve(type_, scale=a.type.scale, literal=a.type.literal))
        return self.apply("mul", (a, b), evolve(type_, scale=a.type.scale + b.type.scale), span)

    def _fraction_times(self, a: Expr, b: Expr, span: Span | None) -> Expr | None:
        """(n / d) times an exact number is n * number / d: a fraction stays exact until rounded."""
        parts = fraction(a)
        if parts is None or b.type.kind is not Kind.EXACT:
            return None
        low, high = ranges.mul(ranges.of(parts[0].type), ranges.of(b.type))
        if not b.type.is_money and max(-low, high) > MAX_INT // 4:
            return None  # no room to round it: of times without end, say, whose product with a count is a double
        return self.div(self.mul(parts[0], b, span), parts[1], span)

    def neg(self, a: Expr, span: Span | None) -> Expr:
        if is_bad(a) or not self.numbers("negates", span, a):
            return poison(span)
        low, high = ranges.neg(ranges.of(a.type))
        return self.apply("neg", (a,), a.type.within(low, high), span)

    def div(self, a: Expr, b: Expr, span: Span | None = None) -> Expr:
        """The quotient as a double; missing where the divisor is zero."""
        if is_bad(a, b) or not self.numbers("divides", span, a, b):
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

    def round_div(self, a: Expr, b: Expr, type_: Type | None = None, span: Span | None = None) -> Expr:
        """Exact half-up quotient of scaled integers; `b` must be proven positive."""
        if is_bad(a, b):
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

    def looked_up(self, a: Expr, among: Type) -> Expr:
        """What is compared as `a`, as it is found among values of another type: of one scale, and dates or moments."""
        if among.kind is Kind.EXACT:
            return self.rescale(a, among.scale)
        if among.kind is Kind.TIMESTAMP:
            return self.to_timestamp(a)
        if among.kind is Kind.DATE and a.type.kind is Kind.TIMESTAMP:
            return self.call(DATE_AT, (a,), DATE.null(True), a.span)
        return a

    # -- dates

    def to_timestamp(self, a: Expr) -> Expr:
        if a.type.kind is not Kind.DATE:
            return a
        return self.call(AT_MIDNIGHT, (a,), TIMESTAMP.null(a.type.nullable), a.span)

    def shift(self, op: str, a: Expr, b: Expr, span: Span | None) -> Expr:
        """A date or timestamp plus or minus an interval literal."""
        if a.type.kind not in (Kind.DATE, Kind.TIMESTAMP):
            return self.error(codes.TYPE_MISMATCH, f"adds an interval to {name_of(a.type)}", span)
        interval: Any = b.value if isinstance(b, Literal) else None
        if a.type.kind is Kind.DATE and interval.micros % DAY:
            a = self.to_timestamp(a)
        function, amount = interval.shift(a.type.kind, 1 if op == "add" else -1)
        return self.call(function, (a, constant(amount)), a.type, span)


def _half_up(a: float | int, b: float | int) -> int:
    return round_div(int(a), int(b)) if abs(a) != float("inf") else int(MAX_INT * (1 if a > 0 else -1))


def whole(x: float) -> int:
    """The nearest integer, halves away from zero."""
    return round_number(x, 1.0)


def point_beside_count(*args: Expr) -> bool:
    """A literal with a point beside a count is a double, beside a decimal or money exact."""
    exact = [each.type for each in args if each.type.kind is Kind.EXACT]
    if not any(each.literal and each.scale > 0 for each in exact):
        return False
    return any(not each.literal and each.scale == 0 and not each.is_money for each in exact)


def _quotient_unit(a: Type, b: Type) -> str | None:
    if a.unit == b.unit:
        return "ratio"
    if b.dimensionless:
        return a.unit
    return f"{a.unit or '1'}/{b.unit}"


def fraction(expr: Expr) -> tuple[Expr, Expr] | None:
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
