"""What a macro of the expression language is: a function that is written out in operations when it is bound."""

from collections.abc import Callable, Mapping, Sequence

from attrs import field, frozen

from trustcommerce.diagnostics import Span
from trustcommerce.language.expressions import Expr
from trustcommerce.language.opening import Calendar
from trustcommerce.language.operations import Operations

__all__ = ["Macro", "Place"]


@frozen(kw_only=True)
class Place:
    """Where a macro is called.

    Args:
        calendars: The calendars that its arguments name.
        share: Gives an expression a name of its own, so that it is computed once; where names can't be
            given it comes back as it is.
        span: The call.
    """

    calendars: Mapping[str, Calendar]
    share: Callable[[Expr], Expr]
    span: Span


@frozen(kw_only=True)
class Macro:
    """A function without evaluation code: every engine computes what it is lowered to.

    Args:
        name: How rules call it.
        parameters: Kinds it takes, as those of a `Function`; `calendar` is the name of a calendar, a text literal.
        lower: `(ops, args, place) -> Expr`; pure. Must be missing when an argument is.
        doc: One sentence.
        example: An expression and its value, which tests run.
        calendars: Calendars that the example names.
    """

    name: str
    parameters: tuple[str, ...]
    lower: Callable[[Operations, Sequence[Expr], Place], Expr]
    doc: str
    example: tuple[str, object]
    calendars: Mapping[str, Calendar] = field(factory=dict)
