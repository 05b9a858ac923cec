"""The typed registrations that the core and plugins fill, and the registry that holds them."""

from trustcommerce.registry.registrations import (
    ChoiceForm,
    Function,
    Macro,
    MetricKind,
    Output,
    ReasonText,
    Scan,
    Source,
)
from trustcommerce.registry.registry import Registry, called

__all__ = [
    "ChoiceForm",
    "Function",
    "Macro",
    "MetricKind",
    "Output",
    "ReasonText",
    "Registry",
    "Scan",
    "Source",
    "called",
]
