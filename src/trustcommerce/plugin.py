"""What authors of plugins import: the mark of a hook, the records that hooks give, what results say of themselves."""

from trustcommerce.errors import DataError
from trustcommerce.outputs.described import About, Described, about, described
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
    "About",
    "Allocator",
    "CampaignPolicy",
    "DataError",
    "Described",
    "Function",
    "Metric",
    "Output",
    "ReasonText",
    "RuleKind",
    "Scan",
    "Source",
    "Use",
    "about",
    "arrow_function",
    "described",
    "hookimpl",
]
