"""The hooks: what plugins give, each asked for once when an engine is built, never for a subject.

`HOOKS` says which records a hook may give; a hook's docstring is its reference.
"""

from collections.abc import Iterable, Mapping

import pluggy

from trustcommerce.registry import Allocator, CampaignPolicy, Function, Metric, Output, ReasonText, RuleKind, Source

__all__ = [
    "HOOKS",
    "PROJECT",
    "hookimpl",
    "hookspec",
    "trustcommerce_allocators",
    "trustcommerce_campaign_policies",
    "trustcommerce_functions",
    "trustcommerce_metrics",
    "trustcommerce_outputs",
    "trustcommerce_reason_texts",
    "trustcommerce_rule_kinds",
    "trustcommerce_sources",
]

PROJECT = "trustcommerce"
"""The prefix of hooks, and the group of entry points."""
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def trustcommerce_outputs() -> Iterable[Output]:
    """Formats of result tables, for `run --output NAME` and `engine.run(..., format=NAME)`."""
    return ()


@hookspec
def trustcommerce_sources() -> Iterable[Source]:
    """Formats of files that tables are read from, by suffix."""
    return ()


@hookspec
def trustcommerce_metrics() -> Iterable[Metric]:
    """Kinds of metric: `kind: NAME` in the block `metrics`."""
    return ()


@hookspec
def trustcommerce_rule_kinds() -> Iterable[RuleKind]:
    """Kinds of decision: `kind: NAME` in the blocks `values`, `levels` and `resources`."""
    return ()


@hookspec
def trustcommerce_campaign_policies() -> Iterable[CampaignPolicy]:
    """Bundles of metrics, decisions and pools: `kind: NAME` in the block `policies`."""
    return ()


@hookspec
def trustcommerce_allocators() -> Iterable[Allocator]:
    """Methods of pools that Python computes: `method: NAME` in the block `pools`."""
    return ()


@hookspec
def trustcommerce_functions() -> Iterable[Function]:
    """Functions of expressions that Python computes over Arrow arrays, each made by `arrow_function`."""
    return ()


@hookspec
def trustcommerce_reason_texts() -> Iterable[ReasonText]:
    """Sentences for reason codes, by language; the pack's own go before."""
    return ()


HOOKS: Mapping[str, tuple[type, ...]] = {
    "trustcommerce_allocators": (Allocator,),
    "trustcommerce_campaign_policies": (CampaignPolicy,),
    "trustcommerce_functions": (Function,),
    "trustcommerce_metrics": (Metric,),
    "trustcommerce_outputs": (Output,),
    "trustcommerce_reason_texts": (ReasonText,),
    "trustcommerce_rule_kinds": (RuleKind,),
    "trustcommerce_sources": (Source,),
}
