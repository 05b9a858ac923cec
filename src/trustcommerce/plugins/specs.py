"""The hooks: what plugins give, each asked for once when an engine is built, never for a subject.

`HOOKS` says which records a hook may give; a hook's docstring is its reference.
"""

from collections.abc import Iterable, Mapping

import pluggy

from trustcommerce.registry import Output

__all__ = ["HOOKS", "PROJECT", "hookimpl", "hookspec", "trustcommerce_outputs"]

PROJECT = "trustcommerce"
"""The prefix of hooks, and the group of entry points."""
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def trustcommerce_outputs() -> Iterable[Output]:
    """Formats of result tables, for `run --output NAME` and `engine.run(..., format=NAME)`."""
    return ()


HOOKS: Mapping[str, tuple[type, ...]] = {"trustcommerce_outputs": (Output,)}
