"""Numbers that a pool is made of: exact, never missing, never below 0, in the pool's own units."""

from trustcommerce import codes
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Expr, Literal
from trustcommerce.language.operations import retype
from trustcommerce.language.types import UNKNOWN, Kind, Type
from trustcommerce.plan.context import Context

__all__ = ["Units"]


class Units:
    """Lowers expressions in whole units of `type`."""

    def __init__(self, context: Context, type_: Type) -> None:
        self.context, self.type = context, type_

    def of(self, text: Text, what: str, most: int) -> Expr:
        """An expression in the pool's own units, never below 0."""
        found = self.context.bind(text)
        if found.type == UNKNOWN:
            return found
        if found.type.nullable:
            said = f"`{what}` may be missing, and nothing says what then"
            return self.context.ops.error(codes.MAYBE_MISSING, said, text.span(), "wrap it: `coalesce(..., 0)`")
        unit, own = found.type.unit, self.type
        if unit is not None and unit != own.unit and not found.type.dimensionless:
            said = f"`{what}` is in {unit}, and the pool is in {own.unit or 'plain units'}"
            return self.context.ops.error(codes.UNIT_MISMATCH, said, text.span())
        found = self.counted(found, text, what, most)
        if found.type == UNKNOWN:
            return found
        if found.type.scale > own.scale:
            places = f"round(..., {own.scale})"
            said = f"`{what}` is {found.type}, and the pool is shared in whole units"
            said = said if own.scale == 0 else f"`{what}` is {found.type}, finer than what is shared, {own}"
            return self.context.ops.error(codes.TYPE_MISMATCH, said, text.span(), f"round it: `{places}`")
        found = self.context.ops.rescale(found, own.scale)
        return found if found.type == UNKNOWN else retype(found, found.type.with_unit(own.unit))

    def counted(self, found: Expr, text: Text, what: str, most: int) -> Expr:
        """An exact number; what is below 0 counts as 0."""
        if found.type.kind is not Kind.EXACT:
            said = f"`{what}` is {found.type}, and only exact numbers are shared exactly"
            return self.context.ops.error(codes.TYPE_MISMATCH, said, text.span(), "round it: `round(..., 4)`")
        low, high = found.type.low or 0, found.type.high
        if (high or 0) < 0:
            return self.context.ops.error(codes.OUT_OF_RANGE, f"`{what}` is never above 0", text.span())
        if high is None or high > most:
            said = f"`{what}` may be larger than {most:,} of its smallest units"
            return self.context.ops.error(
                codes.OVERFLOW, said, text.span(), f"bound it: `least(..., {most // 10**found.type.scale})`"
            )
        return (
            found
            if low >= 0
            else self.context.ops.extreme("greatest", [found, Literal(0, found.type.within(0, 0))], text.span())
        )
