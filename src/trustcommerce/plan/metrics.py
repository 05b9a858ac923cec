"""Ratios lowered: two exact numbers, aggregates or expressions, divided once, guarded by the sample."""

from attrs import evolve

from trustcommerce import codes
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Expr, poison
from trustcommerce.language.operations import retype
from trustcommerce.language.types import UNKNOWN, Kind
from trustcommerce.model import Item
from trustcommerce.plan.aggregates import lower_exact
from trustcommerce.plan.context import Context
from trustcommerce.plan.sampling import demand_sample, sampled
from trustcommerce.read import Mapping, Node, Scalar

__all__ = ["lower_ratio"]


def lower_ratio(node: Mapping, item: Item, context: Context) -> Expr:
    """`of` over `to`; both become columns of their own, `name.of` and `name.to`."""
    body = node.get("ratio")
    assert isinstance(body, Mapping)
    of, to = (_half(body.get(key), f"{item.name}.{key}", context) for key in ("of", "to"))
    if not demand_sample(item, context) or UNKNOWN in (of.type, to.type):
        return poison(item.span)
    sample = item.sample
    if sample is not None and sample.of is None and sample.at_least >= 1 and to.type.scale == 0:
        quotient = context.ops.div(
            of, retype(to, evolve(to.type, low=max(to.type.low or 0, sample.at_least))), item.span
        )
    else:
        quotient = context.ops.div(of, to, item.span)
    return quotient if quotient.type == UNKNOWN else sampled(to, quotient, sample, context, item.span)


def _half(node: Node | None, name: str, context: Context) -> Expr:
    """An aggregate of its own, or an expression, as an exact number under `name`."""
    if isinstance(node, Mapping):
        found = lower_exact(node, name, context)
    else:
        assert isinstance(node, Scalar)
        found = context.bind(Text.of(node))
    if found.type == UNKNOWN:
        return found
    if found.type.kind is not Kind.EXACT:
        return context.ops.error(
            codes.TYPE_MISMATCH,
            f"a ratio is made of exact numbers, not {found.type}",
            node.span,
            "declare the column as integer, decimal(n) or a currency",
        )
    return context.define(name, retype(found, evolve(found.type, literal=False)))
