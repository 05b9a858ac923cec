"""What a condition tells about missing values: columns that are there where it is true, or where it is not."""

from trustcommerce.language.expressions import Apply, Column, Expr

__all__ = ["present_where_false", "present_where_true"]


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
