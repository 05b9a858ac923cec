"""Samples: how few rows make a metric missing, or give it another value."""

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.expressions import Expr, Literal
from trustcommerce.language.operations import constant, retype
from trustcommerce.language.types import INTEGER, UNKNOWN, Kind
from trustcommerce.model import Item, Sample
from trustcommerce.plan.context import Context
from trustcommerce.read import Scalar

__all__ = ["demand_sample", "sampled"]


def demand_sample(item: Item, context: Context) -> bool:
    """Whether a ratio or mean says how small its sample may be; reported when it does not."""
    if item.sample is not None or item.any_sample:
        return True
    context.ops.error(
        codes.MISSING_KEY,
        f"`{item.name}` does not say how small a sample may be",
        item.span,
        "add `sample: {at_least: 30, else: missing}`, or `sample: any` when no minimum is stated",
    )
    return False


def sampled(seen: Expr, found: Expr, sample: Sample | None, context: Context, span: Span) -> Expr:
    """`found`, or what the sample says where there are too few.

    Args:
        seen: What the sample counts unless it says otherwise.
    """
    ops = context.ops
    if sample is None:
        return found
    seen = seen if sample.of is None else context.bind(sample.of)
    if not seen.type.numeric:
        return (
            seen
            if seen.type == UNKNOWN
            else ops.error(
                codes.TYPE_MISMATCH,
                f"a sample is counted, not {seen.type}",
                sample.of.span() if sample.of else sample.span,
            )
        )
    least = evolve(INTEGER.within(sample.at_least, sample.at_least), literal=True)
    small = ops.compare("lt", seen, Literal(sample.at_least, least), span)
    otherwise = _otherwise(sample)
    if otherwise.type.kind not in (Kind.MISSING, Kind.EXACT):
        return ops.error(codes.TYPE_MISMATCH, "a sample's `else` is `missing` or a number", sample.span)
    branches = [(small, otherwise)]
    if small.type.nullable:
        branches.insert(0, (ops.is_null(small), constant(None)))
        branches[1] = (retype(small, small.type.null(False)), otherwise)
    return ops.case(branches, found, span)


def _otherwise(sample: Sample) -> Literal:
    node = sample.otherwise
    assert isinstance(node, Scalar)
    return constant(None, node.span) if node.text == "missing" else constant(node.value, node.span)
