"""Kinds of metric: aggregates of facts or peers, ranks, ratios of two exact numbers."""

from trustcommerce.plan.aggregates import lower_aggregate
from trustcommerce.plan.metrics import lower_ratio
from trustcommerce.plan.ranks import lower_rank
from trustcommerce.registry import MetricKind
from trustcommerce.schema.facts import aggregate

__all__ = ["METRIC_KINDS"]

_EXPRESSION = {"type": ["string", "number"]}


def _aggregate(key: str, doc: str, example: str) -> MetricKind:
    return MetricKind(key=key, schema=_EXPRESSION, lower=lower_aggregate, doc=doc, example=example)


METRIC_KINDS: tuple[MetricKind, ...] = (
    _aggregate("count", "Number of rows of a fact.", "{count: orders, window: 30 days}"),
    _aggregate("sum", "Sum of exact numbers; 0 without rows.", "{sum: paid, from: orders, window: 30 days}"),
    _aggregate(
        "avg",
        "Mean of the rows that have the value, weighted if said; an exact sum divided once.",
        "{avg: stars, from: reviews, window: 90 days, sample: {at_least: 10, else: missing}}",
    ),
    _aggregate("min", "Smallest value, missing without one.", "{min: price, from: offers, window: 7 days}"),
    _aggregate("max", "Largest value, missing without one.", "{max: price, from: offers, window: 7 days}"),
    _aggregate("distinct", "Number of different values.", "{distinct: buyer_id, from: orders, window: 30 days}"),
    _aggregate(
        "quantile",
        "The smallest value up to which lies at least the share `at` of all values.",
        "{quantile: price, at: 9/10, from: offers, window: 7 days}",
    ),
    MetricKind(
        key="rank",
        schema=_EXPRESSION,
        lower=lower_rank,
        doc="Where the subject stands among those of its partition: a position from 1, or the mid-rank as a share.",
        example="{rank: rating, order: ascending, within: category, as: percent}",
    ),
    MetricKind(
        key="ratio",
        schema={
            "type": "object",
            "additionalProperties": False,
            "required": ["of", "to"],
            "properties": {key: {"anyOf": [_EXPRESSION, aggregate()]} for key in ("of", "to")},
        },
        lower=lower_ratio,
        doc="Two exact numbers, divided once; missing when the second is 0 or the sample is too small.",
        example="{ratio: {of: late_orders, to: orders}, sample: {at_least: 30, else: missing}}",
    ),
)
