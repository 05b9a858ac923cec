"""What authors of plugins import: the mark of a hook, and the records that hooks give."""

from trustcommerce.errors import DataError
from trustcommerce.plugins.specs import hookimpl
from trustcommerce.registry import (
    Allocator,
    CampaignPolicy,
    Function,
    Metric,
    Output,
    ReasonText,
    RuleKind,
    Scan,
    Source,
    Use,
    arrow_function,
)

__all__ = [
    "Allocator",
    "CampaignPolicy",
    "DataError",
    "Function",
    "Metric",
    "Output",
    "ReasonText",
    "RuleKind",
    "Scan",
    "Source",
    "Use",
    "arrow_function",
    "hookimpl",
]
