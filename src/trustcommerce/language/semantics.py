"""The one table of what operations mean; the reference evaluator runs it as it stands.

`docs/reference/semantics.md` is made from it, and every engine has a row for each entry (tests
hold both). Values are in the run-time shapes of `types`; None is missing.
"""

import math
from collections.abc import Callable

from attrs import frozen

__all__ = ["OPERATIONS", "Operation", "round_div", "round_number"]


@frozen
class Operation:
    """Meaning of one operation.

    Args:
        evaluate: Over run-time values.
        meaning: For the reference documentation.
        strict: Missing as soon as one argument is, without calling `evaluate`.
    """

    evaluate: Callable[..., object]
    meaning: str
    strict: bool = True


TINY = 1e-15


def round_div(a: int, b: int) -> int:
    """a / b for b > 0, half-up, halves away from zero."""
    return -((b - 2 * a) // (2 * b)) if a < 0 else (2 * a + b) // (2 * b)


def round_number(x: float, factor: float) -> int:
    """x times `factor` as the nearest integer; halves of the product away from zero."""
    return -math.floor(0.5 - x * factor) if x < 0 else math.floor(x * factor + 0.5)


def _divide(a: float, b: float) -> float | None:
    return None if abs(b) < TINY else a / b


def _and(*values: bool | None) -> bool | None:
    return False if False in values else None if None in values else True


def _or(*values: bool | None) -> bool | None:
    return True if True in values else None if None in values else False


def _coalesce(*values: object) -> object:
    return next((value for value in values if value is not None), None)


OPERATIONS: dict[str, Operation] = {
    "add": Operation(lambda a, b: a + b, "Sum; exact numbers of one scale, or doubles in the order written."),
    "sub": Operation(lambda a, b: a - b, "Difference, as `add`."),
    "mul": Operation(lambda a, b: a * b, "Product; the scales of exact numbers add up."),
    "neg": Operation(lambda a: -a, "Negation."),
    "div": Operation(_divide, "Quotient of doubles; missing when the divisor is smaller than 1e-15 in size."),
    "round_div": Operation(round_div, "Integer quotient by a positive divisor, halves away from zero."),
    "quotient": Operation(lambda a, b: a // b, "Integer quotient of a number not below 0 by a positive one."),
    "remainder": Operation(lambda a, b: a % b, "What `quotient` leaves."),
    "to_number": Operation(lambda a, f: float(a) / f, "An exact number as the nearest double."),
    "round_number": Operation(round_number, "A double as a scaled integer: floor(x * f + 0.5), away from zero."),
    "eq": Operation(lambda a, b: a == b, "Equal; text by code point."),
    "ne": Operation(lambda a, b: a != b, "Not equal."),
    "lt": Operation(lambda a, b: a < b, "Less; text by code point, labels by rank."),
    "le": Operation(lambda a, b: a <= b, "Less or equal."),
    "gt": Operation(lambda a, b: a > b, "Greater."),
    "ge": Operation(lambda a, b: a >= b, "Greater or equal."),
    "and": Operation(_and, "False if one is false, else missing if one is missing, else true.", strict=False),
    "or": Operation(_or, "True if one is true, else missing if one is missing, else false.", strict=False),
    "not": Operation(lambda a: not a, "The other truth value; missing stays missing."),
    "is_null": Operation(lambda a: a is None, "Whether it is missing; never missing itself.", strict=False),
    "is_true": Operation(lambda a: a is True, "Whether it is true; false when missing.", strict=False),
    "is_false": Operation(lambda a: a is False, "Whether it is false; false when missing.", strict=False),
    "coalesce": Operation(_coalesce, "The first that is not missing.", strict=False),
    "least": Operation(min, "The smallest; missing when one is missing. The first of equals."),
    "greatest": Operation(max, "The largest; missing when one is missing. The first of equals."),
    "pick": Operation(lambda place, *values: values[place], "One of some texts, by its place from 0."),
    "bit_or": Operation(lambda a, b: a | b, "Union of sets."),
}
