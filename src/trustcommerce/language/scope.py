"""What names mean where an expression stands: the protocols the binder asks."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from trustcommerce.diagnostics import Span
from trustcommerce.language.expressions import Expr
from trustcommerce.language.functions import Function
from trustcommerce.language.macros import Macro
from trustcommerce.language.opening import Calendar

__all__ = ["Assuming", "Scope", "Sharing"]


class Scope(Protocol):
    """Names and functions in force."""

    def functions(self) -> Mapping[str, Function | Macro]:
        """Functions and macros by name."""
        ...

    def calendar(self, name: str, span: Span) -> Calendar | None:
        """The calendar of that name; None, and reported, when there is none."""
        ...

    def resolve(self, parts: tuple[str, ...], span: Span) -> Expr:
        """The value of a dotted name; reports and poisons an unknown one."""
        ...

    def names(self) -> Iterable[str]:
        """Every name in scope, for near misses and for labels that clash."""
        ...


@runtime_checkable
class Assuming(Protocol):
    """A scope in which columns can count as never missing for a while."""

    def assuming(self, present: Iterable[str]) -> AbstractContextManager[None]:
        """Let columns count as never missing: rows without them do not come here."""
        ...


@runtime_checkable
class Sharing(Protocol):
    """A scope that can hold helpers, so that what occurs several times is computed once."""

    def share(self, expr: Expr) -> Expr:
        """A column that holds `expr`, the same one for the same expression, or `expr` where it needs none."""
        ...
