"""The ground of typed construction: reporting, folding of constants, the proof against overflow."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, Span
from trustcommerce.language import ranges
from trustcommerce.language.expressions import Apply, Call, Expr, Literal, poison
from trustcommerce.language.semantics import OPERATIONS
from trustcommerce.language.types import BOOLEAN, MAX_INT, MISSING, Kind, Type, power

__all__ = ["Foundation", "constant", "is_bad", "name_of", "null_of", "retype"]

_MAX_DOUBLE = 1e300


def constant(value: object, span: Span | None = None) -> Literal:
    """A literal as written: int and Decimal adapt to what they meet, text and booleans stand."""
    if value is None:
        return Literal(None, MISSING, span)
    if isinstance(value, bool):
        return Literal(value, BOOLEAN, span)
    if isinstance(value, int | Decimal):
        digits = Decimal(value).as_tuple()
        scale = max(0, -int(digits.exponent))
        scaled = int(Decimal((digits.sign, digits.digits, int(digits.exponent) + scale)))
        return Literal(scaled, Type(Kind.EXACT, scale, None, False, scaled, scaled, (), True), span)
    return Literal(value, Type(Kind.TEXT, literal=True), span)


def retype(expr: Expr, type_: Type) -> Expr:
    return expr if type_ is expr.type else evolve(expr, type=type_)


def null_of(type_: Type, span: Span | None = None) -> Literal:
    """The missing value of a type."""
    return Literal(None, evolve(type_, nullable=True, literal=False), span)


def is_bad(*args: Expr) -> bool:
    return any(arg.type.kind is Kind.UNKNOWN for arg in args)


def name_of(type_: Type) -> str:
    return "null" if type_.kind is Kind.MISSING else str(type_.null(False))


class Foundation:
    """Building and folding, reporting into `problems`."""

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
            span,
            "give its inputs a `range`: in pack.yaml for columns, on the item for values; for a function, make its "
            "result a value",
        )

    def call(self, function: Any, args: Sequence[Expr], type_: Type, span: Span | None) -> Expr:
        if any(isinstance(a, Literal) and a.value is None for a in args):
            return null_of(type_, span)
        if function.vectorised is None and all(isinstance(a, Literal) for a in args):
            return self._folded(function.evaluate(*[a.value for a in args if isinstance(a, Literal)]), type_, span)
        return Call(function, tuple(args), type_, span)
