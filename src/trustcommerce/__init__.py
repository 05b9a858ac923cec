"""Scores of marketplace operators and the resources they decide, from declarative YAML rule sets."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trustcommerce.decision import Decision, Reason, Score, State
    from trustcommerce.diagnostics import Diagnostic
    from trustcommerce.engine import Engine, check, load
    from trustcommerce.errors import DataError, PluginError, PolicyError, RunError, TrustCommerceError
    from trustcommerce.pacing import Pace, pace
    from trustcommerce.run.snapshot import Snapshot

__all__ = [
    "DataError",
    "Decision",
    "Diagnostic",
    "Engine",
    "Pace",
    "PluginError",
    "PolicyError",
    "Reason",
    "RunError",
    "Score",
    "Snapshot",
    "State",
    "TrustCommerceError",
    "__version__",
    "check",
    "load",
    "pace",
]

__version__ = "0.1.0"

_HOMES = {
    "DataError": "errors",
    "PluginError": "errors",
    "PolicyError": "errors",
    "RunError": "errors",
    "TrustCommerceError": "errors",
    "Decision": "decision",
    "Reason": "decision",
    "Score": "decision",
    "State": "decision",
    "Snapshot": "run.snapshot",
    "Pace": "pacing",
    "pace": "pacing",
    "Diagnostic": "diagnostics",
    "Engine": "engine",
    "check": "engine",
    "load": "engine",
}


def __getattr__(name: str) -> Any:
    """Public names are imported when first used: importing the package stays quick."""
    if name in _HOMES:
        return getattr(import_module(f"trustcommerce.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
