"""What authors of plugins import: the mark of a hook, and the records that hooks give."""

from trustcommerce.plugins.specs import hookimpl
from trustcommerce.registry import CampaignPolicy, Metric, Output, ReasonText, RuleKind, Use

__all__ = ["CampaignPolicy", "Metric", "Output", "ReasonText", "RuleKind", "Use", "hookimpl"]
