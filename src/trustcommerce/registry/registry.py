"""The registry: registrations by kind and name, immutable once built."""

from collections.abc import Iterable
from typing import Any

from attrs import field, frozen

from trustcommerce.errors import PluginError
from trustcommerce.registry.allocators import Allocator
from trustcommerce.registry.registrations import (
    CampaignPolicy,
    ChoiceForm,
    Function,
    Macro,
    Metric,
    MetricKind,
    Output,
    ReasonText,
    RuleKind,
    Source,
)

__all__ = ["Registry", "called"]


@frozen(kw_only=True)
class Registry:
    """Everything that is registered, each kind by its name."""

    functions: dict[str, Function] = field(factory=dict)
    macros: dict[str, Macro] = field(factory=dict)
    choice_forms: dict[str, ChoiceForm] = field(factory=dict)
    metric_kinds: dict[str, MetricKind] = field(factory=dict)
    sources: dict[str, Source] = field(factory=dict)
    outputs: dict[str, Output] = field(factory=dict)
    reason_texts: dict[str, ReasonText] = field(factory=dict)
    metrics: dict[str, Metric] = field(factory=dict)
    rule_kinds: dict[str, RuleKind] = field(factory=dict)
    campaign_policies: dict[str, CampaignPolicy] = field(factory=dict)
    allocators: dict[str, Allocator] = field(factory=dict)

    @classmethod
    def of(cls, registrations: Iterable[Any]) -> "Registry":
        """A registry of `registrations`; two of one kind and name are a `PluginError`."""
        found = cls()
        for each in registrations:
            found._put(each)
        return found

    def with_more(self, registrations: Iterable[Any]) -> "Registry":
        """Another registry that holds `registrations` too."""
        shelves = {name: dict(getattr(self, name)) for name, _ in _PLACES.values()}
        found = Registry(**shelves)
        for each in registrations:
            found._put(each)
        return found

    def holds(self, registration: Any) -> Any:
        """What stands where `registration` would stand, None if nothing does."""
        shelf, attribute = self._place(registration)
        name = getattr(registration, attribute)
        if isinstance(registration, Function | Macro):
            return self.functions.get(name) or self.macros.get(name)
        return shelf.get(name)

    def _put(self, registration: Any) -> None:
        shelf, attribute = self._place(registration)
        name = getattr(registration, attribute)
        if self.holds(registration) is not None:
            raise PluginError(f"{type(registration).__name__} `{name}` is registered twice")
        shelf[name] = registration

    def _place(self, registration: Any) -> tuple[dict[str, Any], str]:
        if type(registration) not in _PLACES:
            raise PluginError(f"{registration!r} is no registration")
        shelf, attribute = _PLACES[type(registration)]
        return getattr(self, shelf), attribute


_PLACES: dict[type, tuple[str, str]] = {
    Function: ("functions", "name"),
    Macro: ("macros", "name"),
    ChoiceForm: ("choice_forms", "key"),
    MetricKind: ("metric_kinds", "key"),
    Source: ("sources", "suffix"),
    Output: ("outputs", "name"),
    ReasonText: ("reason_texts", "code"),
    Metric: ("metrics", "name"),
    RuleKind: ("rule_kinds", "name"),
    CampaignPolicy: ("campaign_policies", "name"),
    Allocator: ("allocators", "name"),
}
"""Where each kind of registration stands in a registry, and what its name is."""


def called(registration: Any) -> tuple[str, str]:
    """The kind and the name of a registration, for messages."""
    return type(registration).__name__, getattr(registration, _PLACES[type(registration)][1])
