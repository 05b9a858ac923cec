"""Kinds of metric whose atoms the record or table holds."""

from trustcommerce.plan.metrics import lower_ratio
from trustcommerce.registry import MetricKind

__all__ = ["METRIC_KINDS"]

_EXPRESSION = {"type": ["string", "number"]}

METRIC_KINDS: tuple[MetricKind, ...] = (
    MetricKind(
        key="ratio",
        schema={
            "type": "object",
            "additionalProperties": False,
            "required": ["of", "to"],
            "properties": {"of": _EXPRESSION, "to": _EXPRESSION},
        },
        lower=lower_ratio,
        doc="Two exact numbers, divided once; missing when the second is 0 or the sample is too small.",
        example="{ratio: {of: late_orders, to: orders}, sample: {at_least: 30, else: missing}}",
    ),
)
