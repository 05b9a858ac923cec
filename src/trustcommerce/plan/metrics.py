"""Kinds of metric lowered: a ratio is two exact numbers, divided once, guarded by its sample."""

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Expr, Literal, poison
from trustcommerce.language.operations import constant, retype
from trustcommerce.language.types import INTEGER, UNKNOWN, Kind
from trustcommerce.model import Item, Sample
from trustcommerce.plan.context import Context
from trustcommerce.read import Mapping, Node, Scalar

__all__ = ["lower_ratio"]


def lower_ratio(body: Node, item: Item, context: Context) -> Expr:
    """`of` over `to`; both become columns of their own, `name.of` and `name.to`."""
    assert isinstance(body, Mapping)
    parts = [_count(body.get(key), f"{item.name}.{key}", context) for key in ("of", "to")]
    if item.sample is None and not item.any_sample:
        return context.ops.error(
            codes.MISSING_KEY,
            f"`{item.name}` does not say how small a sample may be",
            item.span,
            "add `sample: {at_least: 30, else: missing}`, or `sample: any` when no minimum is stated",
        )
    of, to = parts
    if UNKNOWN in (of.type, to.type):
        return poison(item.span)
    if item.sample is None:
        return context.ops.div(of, to, item.span)
    return _guarded(of, to, item.sample, context, item.span)


def _count(node: Node | None, name: str, context: Context) -> Expr:
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


def _guarded(of: Expr, to: Expr, sample: Sample, context: Context, span: Span) -> Expr:
    ops = context.ops
    seen = to if sample.of is None else context.bind(sample.of)
    if not seen.type.numeric:
        return (
            seen
            if seen.type == UNKNOWN
            else ops.error(codes.TYPE_MISMATCH, f"a sample is counted, not {seen.type}", sample.span)
        )
    small = ops.compare("lt", seen, Literal(sample.at_least, INTEGER.within(sample.at_least, sample.at_least)), span)
    if sample.of is None and sample.at_least >= 1 and to.type.scale == 0:
        to = retype(to, evolve(to.type, low=max(to.type.low or 0, sample.at_least)))
    quotient = ops.div(of, to, span)
    otherwise = _otherwise(sample)
    if otherwise.type.kind not in (Kind.MISSING, Kind.EXACT):
        return ops.error(codes.TYPE_MISMATCH, "a sample's `else` is `missing` or a number", sample.span)
    branches = [(small, otherwise)]
    if small.type.nullable:
        branches.insert(0, (ops.is_null(small), constant(None)))
        branches[1] = (retype(small, small.type.null(False)), otherwise)
    return ops.case(branches, quotient, span)


def _otherwise(sample: Sample) -> Literal:
    node = sample.otherwise
    assert isinstance(node, Scalar)
    return constant(None, node.span) if node.text == "missing" else constant(node.value, node.span)
