"""Stage `plan`: rule sets -> plans. Names resolved, everything lowered to the two cores, checked.

In: `Pack` and `RuleSet`s. Out: `PackPlan`: per rule set its versions, each a relation of items in
order of dependence, immutable, with the shape of its scores for explanations.
"""

from trustcommerce.plan.calls import calls_of, placed
from trustcommerce.plan.chain import links, rebuilt
from trustcommerce.plan.pack import PackPlan, plan_pack
from trustcommerce.plan.shape import (
    AdjustmentShape,
    ExceptionShape,
    ItemShape,
    LimitShape,
    Line,
    NodeShape,
    PoolShape,
    adjustments,
    sources,
)
from trustcommerce.plan.texts import reason_texts
from trustcommerce.plan.version import RuleSetPlan, Version

__all__ = [
    "AdjustmentShape",
    "ExceptionShape",
    "ItemShape",
    "LimitShape",
    "Line",
    "NodeShape",
    "PackPlan",
    "PoolShape",
    "RuleSetPlan",
    "Version",
    "adjustments",
    "calls_of",
    "links",
    "placed",
    "plan_pack",
    "reason_texts",
    "rebuilt",
    "sources",
]
