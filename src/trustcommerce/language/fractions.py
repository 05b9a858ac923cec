"""Numbers as exact fractions: an integer that varies over an integer that does not, so that sums are exact.

What is a double when it stands alone, such as hours between two moments, is here what it was made
of. Constants among doubles count as the decimals that write them.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any

from attrs import evolve

from trustcommerce.diagnostics import Problems
from trustcommerce.language.expressions import Apply, Case, Column, Expr, Literal
from trustcommerce.language.operations import Operations, null_of, retype
from trustcommerce.language.types import INTEGER, MAX_INT, UNKNOWN, Kind, power

__all__ = ["as_fraction"]

_NODES = 1_000
"""Items are written out where they are read; beyond this many nodes a fraction is none."""
_PLACES = 12
"""Decimal places that a constant among doubles may have: as many as a decimal."""

Parts = tuple[Expr, int]


def as_fraction(expr: Expr, inline: Callable[[Expr], Expr]) -> Parts | None:
    """Numerator and denominator of a number made of exact ones.

    Exact numbers, constants, quotients by constants, sums, differences, products, `case`, `coalesce`,
    `least` and `greatest` of such are fractions.

    Args:
        expr: A number, exact or double.
        inline: The expression behind a column that is an item; any other as it is.

    Returns:
        An integer expression, missing where `expr` is, and a constant above 0; None when `expr` rests
        on a double that is no fraction, or when the integers could leave 64 bits.
    """
    found = _Fractions(inline).of(expr)
    fits = found is not None and found[0].type != UNKNOWN and found[1] <= MAX_INT
    return found if fits else None


class _Fractions:
    def __init__(self, inline: Callable[[Expr], Expr]) -> None:
        self.inline, self.left = inline, _NODES
        self.ops = Operations(Problems())  # what does not fit is poison, and no fraction

    def of(self, expr: Expr) -> Parts | None:
        self.left -= 1
        if self.left < 0:
            return None
        if isinstance(expr, Literal):
            return _constant(expr)
        if expr.type.kind is Kind.EXACT:
            whole = evolve(expr.type, scale=0, unit=None, literal=False)
            return retype(expr, whole), power(expr.type.scale)
        if isinstance(expr, Column):
            behind = self.inline(expr)
            return None if isinstance(behind, Column) else self.of(behind)
        if isinstance(expr, Case):
            return self._case(expr)
        build: Any = getattr(self, f"_{expr.op}", None) if isinstance(expr, Apply) else None
        return None if build is None else build(expr)

    # -- operations

    def _to_number(self, expr: Apply) -> Parts | None:
        return self.of(expr.args[0])

    def _neg(self, expr: Apply) -> Parts | None:
        found = self.of(expr.args[0])
        return None if found is None else (self.ops.neg(found[0], None), found[1])

    def _add(self, expr: Apply) -> Parts | None:
        found = self._alike(expr.args)
        return None if found is None else (self.ops.sum(expr.op, found[0][0], found[0][1], None), found[1])

    _sub = _add

    def _mul(self, expr: Apply) -> Parts | None:
        a, b = (self.of(arg) for arg in expr.args)
        return None if a is None or b is None else (self.ops.mul(a[0], b[0]), a[1] * b[1])

    def _div(self, expr: Apply) -> Parts | None:
        """A quotient by a constant."""
        divisor = expr.args[1]
        found = self.of(expr.args[0])
        by = _value(divisor) if isinstance(divisor, Literal) else None
        if found is None or not by:
            return None
        return self._times(found[0], by.denominator if by > 0 else -by.denominator), found[1] * abs(by.numerator)

    def _coalesce(self, expr: Apply) -> Parts | None:
        found = self._alike(expr.args)
        return None if found is None else (self.ops.coalesce(found[0]), found[1])

    def _least(self, expr: Apply) -> Parts | None:
        found = self._alike(expr.args)
        return None if found is None else (self.ops.extreme(expr.op, found[0]), found[1])

    _greatest = _least

    def _case(self, expr: Case) -> Parts | None:
        found = self._alike([*(then for _, then in expr.branches), expr.otherwise])
        if found is None:
            return None
        *results, otherwise = found[0]
        conditions = [when for when, _ in expr.branches]
        return self.ops.case(list(zip(conditions, results, strict=True)), otherwise), found[1]

    # -- common denominators

    def _alike(self, args: Sequence[Expr]) -> tuple[list[Expr], int] | None:
        """Numerators over the least denominator that all have in common."""
        found = [self.of(arg) for arg in args]
        parts = [each for each in found if each is not None]
        if len(parts) < len(found):
            return None
        common = lcm(*(d for _, d in parts))
        return [self._times(n, common // d) for n, d in parts], common

    def _times(self, n: Expr, factor: int) -> Expr:
        return n if factor == 1 else self.ops.mul(n, Literal(factor, INTEGER.within(factor, factor)))


def _constant(expr: Literal) -> Parts | None:
    if expr.value is None:
        return null_of(INTEGER), 1
    value = _value(expr)
    if value is None or abs(value.numerator) > MAX_INT:
        return None
    n = value.numerator
    return Literal(n, INTEGER.within(n, n)), value.denominator


def _value(expr: Literal) -> Fraction | None:
    """What a constant is worth: a double the shortest decimal that writes it."""
    if isinstance(expr.value, float):
        value = Fraction(Decimal(repr(expr.value)))
        return value if power(_PLACES) % value.denominator == 0 else None
    if isinstance(expr.value, int) and expr.type.kind is Kind.EXACT:
        return Fraction(expr.value, power(expr.type.scale))
    return None
