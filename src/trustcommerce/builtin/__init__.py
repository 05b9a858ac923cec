"""What the core itself registers, through the same records that plugins fill."""

from functools import lru_cache

from trustcommerce.registry import Registry

__all__ = ["core_registry"]


@lru_cache(maxsize=1)
def core_registry() -> Registry:
    """The registry of an engine without plugins."""
    from trustcommerce.builtin.clocks import CLOCKS
    from trustcommerce.builtin.files import FILES
    from trustcommerce.builtin.forms import CHOICE_FORMS
    from trustcommerce.builtin.functions import FUNCTIONS
    from trustcommerce.builtin.metrics import METRIC_KINDS
    from trustcommerce.builtin.reasons import REASON_TEXTS
    from trustcommerce.builtin.spans import SPANS

    return Registry.of([*FUNCTIONS, *SPANS, *CLOCKS, *CHOICE_FORMS, *METRIC_KINDS, *FILES, *REASON_TEXTS])
