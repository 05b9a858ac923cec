"""The registry: registrations by kind and name, immutable once built."""

from collections.abc import Iterable
from typing import Any

from attrs import field, frozen

from trustcommerce.errors import PluginError
from trustcommerce.registry.registrations import (
    ChoiceForm,
    Function,
    Macro,
    MetricKind,
    Output,
    ReasonText,
    Source,
)

__all__ = ["Registry"]


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

    @classmethod
    def of(cls, registrations: Iterable[Any]) -> "Registry":
        """A registry of `registrations`; two of one kind and name are a `PluginError`."""
        shelves: dict[type, tuple[str, dict[str, Any]]] = {
            Function: ("name", {}),
            Macro: ("name", {}),
            ChoiceForm: ("key", {}),
            MetricKind: ("key", {}),
            Source: ("suffix", {}),
            Output: ("name", {}),
            ReasonText: ("code", {}),
        }
        for each in registrations:
            if type(each) not in shelves:
                raise PluginError(f"{each!r} is no registration")
            attribute, shelf = shelves[type(each)]
            name = getattr(each, attribute)
            if name in shelf:
                raise PluginError(f"{type(each).__name__} `{name}` is registered twice")
            shelf[name] = each
        functions, macros, forms, kinds, sources, outputs, texts = (shelf for _, shelf in shelves.values())
        both = functions.keys() & macros.keys()
        if both:
            raise PluginError(f"`{min(both)}` is registered as a function and as a macro")
        return cls(
            functions=functions,
            macros=macros,
            choice_forms=forms,
            metric_kinds=kinds,
            sources=sources,
            outputs=outputs,
            reason_texts=texts,
        )
