"""The typed registrations that the core and plugins fill, and the registry that holds them."""

from trustcommerce.registry.allocators import CLAIM_COLUMNS, POOL_KEYS, Allocator
from trustcommerce.registry.registrations import (
    ASIDE,
    CampaignPolicy,
    ChoiceForm,
    Function,
    Kind,
    Macro,
    Metric,
    MetricKind,
    Output,
    ReasonText,
    RuleKind,
    Scan,
    Source,
    Use,
)
from trustcommerce.registry.registry import Registry, called
from trustcommerce.registry.vectorised import ARROW, Vectorised, arrow_function, owned

__all__ = [
    "ARROW",
    "ASIDE",
    "CLAIM_COLUMNS",
    "POOL_KEYS",
    "Allocator",
    "CampaignPolicy",
    "ChoiceForm",
    "Function",
    "Kind",
    "Macro",
    "Metric",
    "MetricKind",
    "Output",
    "ReasonText",
    "Registry",
    "RuleKind",
    "Scan",
    "Source",
    "Use",
    "Vectorised",
    "arrow_function",
    "called",
    "owned",
]
