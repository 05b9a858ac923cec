"""A lowered node -> its shape: which item holds which of its numbers, for explanations."""

from trustcommerce.language.expressions import Column, Expr, Literal
from trustcommerce.model import Part
from trustcommerce.plan.adjustments import item_name
from trustcommerce.plan.context import Context, helper
from trustcommerce.plan.lowering import to_points
from trustcommerce.plan.shape import AdjustmentShape, ExceptionShape, LimitShape, NodeShape
from trustcommerce.read import Scalar

__all__ = ["shape_node"]


def shape_node(
    part: Part,
    context: Context,
    *,
    value: Expr,
    weight: Expr | None,
    total: Expr | None,
    exception: Expr | None,
    missing: Expr | None,
    policy: str | None,
    adjustments: tuple[AdjustmentShape, ...],
    limits: tuple[LimitShape, ...],
    children: tuple[NodeShape, ...],
) -> NodeShape:
    """The shape of a node of a score.

    Args:
        value: Its points.
        weight: Its weight in the parent, None at the root.
        total: Sum of the weights of its children that count.
        exception: Number of the exception that decided.
        missing: Default points, when its `missing` gives points.
        policy: `leave_out` or `insufficient`, when its `missing` says that.
    """
    mean = context.known(helper(part.path, "mean"))
    root = _range(context.ruleset.scores[part.path.split(".")[0]], context)
    high = value.type.high
    if root is not None and isinstance(high, int):  # no part can lift the score above its range
        high = min(high, root[1])
    return NodeShape(
        name=part.name,
        path=part.path,
        title=part.title,
        reason=part.reason,
        file=part.span.file.path,
        line=part.span.line,
        value=item_name(value, helper(part.path, "value") if weight is None else part.path),
        mean=item_name(mean, helper(part.path, "mean")) if mean is not None else None,
        weight=_weight(weight),
        total=_weight(total),
        source=_source(part, context),
        possible=int(high) if isinstance(high, int) and abs(high) < 10**13 else None,
        exception=item_name(exception, helper(part.path, "exception")) if exception is not None else None,
        exceptions=tuple(
            ExceptionShape(status=rule.status, reason=rule.reason, title=rule.title, line=rule.span.line)
            for rule in part.exceptions
        ),
        missing=int(str(missing.value)) if isinstance(missing, Literal) else "expression" if missing else policy,
        adjustments=adjustments,
        limits=limits,
        range=_range(part, context),
        children=children,
        span=part.span,
    )


def _range(part: Part, context: Context) -> tuple[int, int] | None:
    bounds = [to_points(context.bind(end), context) for end in part.range or ()]
    values = [b.value for b in bounds if isinstance(b, Literal) and isinstance(b.value, int)]
    return (values[0], values[1]) if len(values) == 2 else None


def _source(part: Part, context: Context) -> str | None:
    """The metric or column that a leaf turns into points, where it is one name."""
    choice = part.choice
    if choice is None:
        return None
    named = choice.of.text.strip() if choice.of is not None else part.name
    if choice.of is None and choice.form == "value" and isinstance(choice.body, Scalar):
        named = choice.body.text.strip()
    if context.known(named) is not None or named in context.columns:
        return named
    head, _, column = named.partition(".")
    return named if head in context.references and column else None


def _weight(expr: Expr | None) -> str | int | None:
    if isinstance(expr, Literal):
        return expr.value if isinstance(expr.value, int) else None
    return expr.name if isinstance(expr, Column) else None
