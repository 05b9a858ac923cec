"""Methods of pools: which keys go with which."""

from trustcommerce import codes
from trustcommerce.language.names import did_you_mean
from trustcommerce.model import Pool
from trustcommerce.plan.context import Context
from trustcommerce.registry import Allocator

__all__ = ["fits"]

_METHODS = {
    "proportional": (("weight",), ("weight", "at_least", "at_most", "rounding", "reserve")),
    "max_min": (("at_most",), ("weight", "at_least", "at_most", "rounding", "reserve")),
    "top": (("weight",), ("weight", "reserve")),
}
"""By method: keys that it needs, and those that say something beside it."""


def fits(pool: Pool, context: Context) -> bool:
    """Whether the keys of a pool go together, which is reported."""

    def error(code: codes.Code, message: str, key: str, hint: str) -> None:
        context.ops.error(code, message, pool.keys.get(key, pool.span), hint)

    methods = _METHODS | {name: _keys(each) for name, each in context.registry.allocators.items()}
    if pool.method not in methods:
        others = "or that of a plugin: name it in pack.yaml, `plugins`"
        hint = did_you_mean(pool.method, methods) or f"one of {', '.join(methods)}, {others}"
        error(codes.UNKNOWN_NAME, f"no method `{pool.method}`", "method", hint)
        return False
    needed, known = methods[pool.method]
    missing = [key for key in needed if key not in pool.keys]
    if "amount" not in pool.keys and "budget" not in pool.keys:
        missing.append("amount")
    for key in missing:
        error(codes.MISSING_KEY, f"`{pool.name}` does not say `{key}`", "", f"`method: {pool.method}` needs it")
    if pool.carried and "amount" not in pool.keys:
        hint = "drop it: what is left of a budget is there in the next period in any case"
        error(codes.UNKNOWN_KEY, "`left_over: carry` says nothing without `amount`", "left_over", hint)
        return False
    own = ("weight", "at_least", "at_most", "rounding", "reserve", *pool.more)
    strange = [key for key in own if key in pool.keys and key not in known]
    for key in strange:
        error(codes.UNKNOWN_KEY, f"`{key}` says nothing beside `method: {pool.method}`", key, "drop it")
    return not missing and not strange


def _keys(allocator: Allocator) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a pool with a method of a plugin has to say, and what it may say."""
    needed = ("weight", *allocator.columns)
    return needed, (*needed, "at_most")
