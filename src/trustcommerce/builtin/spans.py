"""Time between two moments in days, hours, minutes, seconds: exact microseconds, divided once."""

import datetime as dt
from collections.abc import Sequence

from trustcommerce.language.calendar import DAY, MICROS_BETWEEN, micros_between
from trustcommerce.language.expressions import Expr
from trustcommerce.language.macros import Macro, Place
from trustcommerce.language.operations import Operations, constant, retype

__all__ = ["SPANS", "micros", "quotient_of"]

_START, _END = dt.datetime(2023, 5, 9, 8), dt.datetime(2023, 5, 9, 20, 30)


def micros(ops: Operations, start: Expr, end: Expr, place: Place) -> Expr:
    """Whole microseconds from `start` to `end`."""
    type_ = MICROS_BETWEEN.result(start.type, end.type)
    return ops.call(MICROS_BETWEEN, (start, end), type_.null(start.type.nullable or end.type.nullable), place.span)


def quotient_of(ops: Operations, count: Expr, unit: str, size: int, place: Place) -> Expr:
    """Microseconds as a double of the unit that has `size` of them; numerator and denominator stay recognisable."""
    found = ops.div(count, constant(size), place.span)
    return retype(found, found.type.with_unit(unit))


def _between(unit: str, size: int) -> Macro:
    def lower(ops: Operations, args: Sequence[Expr], place: Place) -> Expr:
        return quotient_of(ops, micros(ops, args[0], args[1], place), unit, size, place)

    return Macro(
        name=f"{unit}_between",
        parameters=("timestamp", "timestamp"),
        lower=lower,
        doc=f"{unit.capitalize()} from the first moment to the second, as a double.",
        example=(f"{unit}_between(timestamp '{_START}', timestamp '{_END}')", micros_between(_START, _END) / size),
    )


SPANS: tuple[Macro, ...] = (
    _between("days", DAY),
    _between("hours", 3_600_000_000),
    _between("minutes", 60_000_000),
    _between("seconds", 1_000_000),
)
