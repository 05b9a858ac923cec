"""Weights of parts, and the exact half-up weighted mean of those that are there."""

from collections.abc import Sequence

from attrs import evolve

from trustcommerce import codes
from trustcommerce.language.expressions import Expr, Literal, poison
from trustcommerce.language.operations import Operations, constant, null_of, retype
from trustcommerce.language.types import INTEGER, POINTS, UNKNOWN, Kind
from trustcommerce.model import Part
from trustcommerce.plan.context import Context, helper
from trustcommerce.plan.weights import check_weights

__all__ = ["weight_of", "weighted_mean"]


def weight_of(part: Part, context: Context) -> Expr:
    """The weight of a part: a whole number that is never missing."""
    if part.weight is None:
        return poison(part.span)
    weight = context.bind(part.weight)
    if weight.type == UNKNOWN:
        return weight
    if weight.type.kind is not Kind.EXACT or weight.type.scale or weight.type.nullable:
        return context.ops.error(
            codes.BAD_WEIGHT,
            f"a weight is a whole number that is never missing, not {weight.type}",
            part.weight.span(),
            "write whole numbers, as 60 and 40: only their proportion counts",
        )
    low, high = weight.type.low or 0, weight.type.high or 0
    if low < 0 or high <= 0 or high > 1_000_000:
        runs = "is" if low == high else f"runs from {low} to"
        return context.ops.error(
            codes.BAD_WEIGHT,
            f"this weight {runs} {high}",
            part.weight.span(),
            "weights lie between 1 and 1,000,000"
            if low == high
            else "weights lie between 0 and 1,000,000: give the column a `range`",
        )
    return context.hoist(helper(part.path, "weight"), weight)


def weighted_mean(part: Part, children: Sequence[tuple[Expr, Expr | None]], context: Context) -> tuple[Expr, Expr]:
    """The half-up weighted mean of the children that are there, and the sum of their weights.

    Args:
        children: Points and weight of each; None where a child has no weight.
    """
    ops = context.ops
    check_weights(part, [weight for _, weight in children], context)
    if any(value.type == UNKNOWN or weight is None or weight.type == UNKNOWN for value, weight in children):
        return poison(part.span), poison(part.span)
    zero = Literal(0, INTEGER.within(0, 0))
    weights, products = [], []
    for value, weight in children:
        assert weight is not None
        if value.type.nullable:
            absent = ops.is_null(value)
            present = retype(value, value.type.null(False))
            weights.append(ops.case([(absent, zero)], weight))
            product = ops.mul(present, weight)
            products.append(ops.case([(absent, Literal(0, product.type.within(0, 0)))], product))
        else:
            weights.append(weight)
            products.append(ops.mul(value, weight))
    total = context.hoist(helper(part.path, "total"), _sum(weights, ops))
    points = _sum(products, ops)
    if total.type == UNKNOWN or points.type == UNKNOWN:
        return poison(part.span), total
    low = min(value.type.low or 0 for value, _ in children)
    high = max(value.type.high or 0 for value, _ in children)
    positive = retype(total, evolve(total.type, low=max(1, total.type.low or 0)))
    type_ = evolve(POINTS, low=low, high=high)
    mean = ops.round_div(points, positive, type_, part.span)
    if (total.type.low or 0) < 1:
        mean = ops.case([(ops.compare("eq", total, constant(0)), null_of(type_))], mean, part.span)
    return mean, total


def _sum(terms: Sequence[Expr], ops: Operations) -> Expr:
    """The terms added pairwise: integers add up in any order, and many parts stay a shallow tree."""
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    left, right = _sum(terms[:middle], ops), _sum(terms[middle:], ops)
    return ops.sum("add", left, right, left.span)
