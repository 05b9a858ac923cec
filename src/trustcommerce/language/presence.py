"""What a condition tells about missing values: columns that are there where it is true, or where it is not."""

from collections.abc import Callable, Iterable
from typing import Any

from trustcommerce.language.expressions import Apply, Column, Expr
from trustcommerce.language.foundation import is_bad

__all__ = ["operands", "present_where_false", "present_where_true"]


def present_where_true(condition: Expr | None) -> set[str]:
    """Columns that are never missing where the condition is true, because it says so."""
    found: set[str] = set()
    if isinstance(condition, Apply) and condition.op == "and":
        for arg in condition.args:
            found |= present_where_true(arg)
    elif isinstance(condition, Apply) and condition.op == "not":
        found |= present_where_false(condition.args[0])
    return found


def present_where_false(condition: Expr | None) -> set[str]:
    """Columns that are never missing where the condition is false: those whose absence it asks for."""
    found: set[str] = set()
    if isinstance(condition, Apply) and condition.op == "is_null" and isinstance(condition.args[0], Column):
        found.add(condition.args[0].name)
    elif isinstance(condition, Apply) and condition.op == "or":
        for arg in condition.args:
            found |= present_where_false(arg)
    return found


def operands(
    nodes: Iterable[Any], tells: Callable[[Expr], set[str]], bind: Callable[[set[str], Any], Expr]
) -> list[Expr]:
    """The operands of `and` or `or`, each over what those before it have asked for: they decide where it is missing.

    Only if none may be missing then: engines may look at them in any order, Python looks no further than it must.

    Args:
        tells: What is there if an operand does not decide.
        bind: An operand, with columns that are there.
    """
    written = list(nodes)
    plain = [bind(set(), each) for each in written]
    if is_bad(*plain) or not any(each.type.nullable for each in plain) or not any(map(tells, plain)):
        return plain
    there: set[str] = set()
    narrowed: list[Expr] = []
    for each in written:
        narrowed.append(bind(there, each))
        there = there | tells(narrowed[-1])
    return plain if any(each.type.nullable for each in narrowed) else narrowed
