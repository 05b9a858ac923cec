"""The expression core: five node classes and the operations of the semantics table."""

from collections.abc import Iterator
from typing import Union

from attrs import field, frozen

from trustcommerce.diagnostics import Span
from trustcommerce.language.functions import Function
from trustcommerce.language.types import UNKNOWN, Type

__all__ = ["Apply", "Call", "Case", "Column", "Expr", "Literal", "children", "columns", "poison", "walk"]

_span = field(default=None, eq=False, repr=False)


@frozen
class Literal:
    """A constant in run-time shape; None is the missing value."""

    value: object
    type: Type
    span: Span | None = _span


@frozen
class Column:
    """An input, a matched reference's column, or an item computed before."""

    name: str
    type: Type
    span: Span | None = _span


@frozen
class Apply:
    """One operation of `semantics.OPERATIONS`."""

    op: str
    args: tuple["Expr", ...]
    type: Type
    span: Span | None = _span


@frozen
class Call:
    """A registered function; missing when an argument is."""

    function: Function
    args: tuple["Expr", ...]
    type: Type
    span: Span | None = _span


@frozen
class Case:
    """The result of the first branch whose condition is true."""

    branches: tuple[tuple["Expr", "Expr"], ...]
    otherwise: "Expr"
    type: Type
    span: Span | None = _span


Expr = Union[Literal, Column, Apply, Call, Case]


def poison(span: Span | None = None) -> Literal:
    """Stands for an expression whose problem is reported already; nothing complains of it again."""
    return Literal(None, UNKNOWN, span)


def children(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Apply | Call):
        yield from expr.args
    elif isinstance(expr, Case):
        for when, then in expr.branches:
            yield when
            yield then
        yield expr.otherwise


def walk(expr: Expr) -> Iterator[Expr]:
    """`expr` and everything below it."""
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(children(node))


def columns(expr: Expr) -> set[str]:
    """Names of all columns that `expr` reads."""
    return {node.name for node in walk(expr) if isinstance(node, Column)}
