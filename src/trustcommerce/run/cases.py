"""Cases as engines compute them fastest: the same results in another order of work.

An engine computes each branch for the rows that reach it, which costs more for a row than what is computed
for all of them, and each branch takes its share of the code that a cluster compiles.
"""

from attrs import evolve

from trustcommerce.language.expressions import Apply, Case, Column, Expr, Literal
from trustcommerce.language.semantics import round_number
from trustcommerce.language.types import NUMBER

__all__ = ["is_default", "null_last", "rounded_once"]

_COMPARISONS = ("eq", "lt", "le", "gt", "ge")


def is_default(expr: Case) -> bool:
    """Whether it is arithmetic with a column and a constant, and another constant where the column is missing."""
    if (
        len(expr.branches) != 1
        or not isinstance(expr.otherwise, Apply)
        or expr.otherwise.op not in ("add", "sub", "mul")
    ):
        return False
    when, then = expr.branches[0]
    if not (isinstance(when, Apply) and when.op == "is_null" and isinstance(then, Literal) and then.value is not None):
        return False
    tested, args = when.args[0], expr.otherwise.args
    return isinstance(tested, Column) and any(
        isinstance(one, Column) and one.name == tested.name and isinstance(other, Literal) and other.value is not None
        for one, other in (args, args[::-1])
    )


def null_last(expr: Case) -> Case:
    """Steps over a column that may be missing, with the test for it last: no comparison with NULL is true."""
    if len(expr.branches) != 1 or not isinstance(expr.otherwise, Case):
        return expr
    (when, then), steps = expr.branches[0], expr.otherwise
    if not (isinstance(when, Apply) and when.op == "is_null" and isinstance(then, Literal) and then.value is None):
        return expr
    column = when.args[0]
    if not isinstance(column, Column) or not all(_compares(test, column) for test, _ in steps.branches):
        return expr
    present = Apply("not", (when,), when.type)
    return Case((*steps.branches, (present, steps.otherwise)), then, expr.type)


def _compares(test: Expr, column: Column) -> bool:
    if not isinstance(test, Apply) or test.op not in _COMPARISONS:
        return False
    left, right = test.args
    return isinstance(left, Column) and left.name == column.name and isinstance(right, Literal)


def rounded_once(expr: Case) -> Apply | None:
    """Branches that are each rounded in the same way, as a case of doubles that is rounded."""
    results = [*(then for _, then in expr.branches), expr.otherwise]
    factors = {each.args[1] for each in map(_rounding, results) if each is not None}
    if len(factors) != 1:
        return None
    factor = factors.pop()
    doubles = [_before_rounding(each, factor) for each in results]
    found = [each for each in doubles if each is not None]
    if len(found) < len(results):
        return None
    *thens, otherwise = found
    tests = (when for when, _ in expr.branches)
    type_ = evolve(NUMBER, low=0.0, high=None, nullable=expr.type.nullable)
    steps = Case(tuple(zip(tests, thens, strict=True)), otherwise, type_)
    return Apply("round_number", (steps, factor), expr.type)


def _rounding(expr: Expr) -> Apply | None:
    """The rounding that an expression is, of a number that can't be negative: those are rounded the other way."""
    if isinstance(expr, Case):
        return rounded_once(expr)
    if not isinstance(expr, Apply) or expr.op != "round_number":
        return None
    low = expr.args[0].type.low
    return expr if low is not None and low >= 0 else None


def _before_rounding(expr: Expr, factor: Expr) -> Expr | None:
    """A double that rounds to what the expression gives."""
    rounding = _rounding(expr)
    if rounding is not None:
        return rounding.args[0] if rounding.args[1] == factor else None
    if not isinstance(expr, Literal) or not isinstance(factor, Literal) or not isinstance(factor.value, float):
        return None
    if expr.value is None:
        return Literal(None, NUMBER.null(True))
    if not isinstance(expr.value, int) or expr.value < 0:
        return None
    double = expr.value / factor.value
    return Literal(double, NUMBER.within(double, double)) if round_number(double, factor.value) == expr.value else None
