"""What names mean where an expression stands: the protocol the binder asks."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from trustcommerce.diagnostics import Span
from trustcommerce.language.expressions import Expr
from trustcommerce.language.functions import Function

__all__ = ["Scope"]


class Scope(Protocol):
    """Names and functions in force."""

    def functions(self) -> Mapping[str, Function]:
        """Functions by name."""
        ...

    def resolve(self, parts: tuple[str, ...], span: Span) -> Expr:
        """The value of a dotted name; reports and poisons an unknown one."""
        ...

    def names(self) -> Iterable[str]:
        """Every name in scope, for near misses and for labels that clash."""
        ...
