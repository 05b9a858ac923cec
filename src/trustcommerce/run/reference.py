"""The reference: the cores run as plainly as can be, over the semantics table itself.

Slow on purpose: what it gives is what a rule set means. Tests hold the engines against it.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from trustcommerce.language.expressions import Apply, Call, Case, Column, Expr, Literal
from trustcommerce.language.semantics import OPERATIONS
from trustcommerce.plan import Version
from trustcommerce.run.relations import Row, World

__all__ = ["evaluate", "run_reference"]


def evaluate(expr: Expr, row: Mapping[str, Any]) -> Any:
    """The value of `expr` over a row of run-time values."""
    if isinstance(expr, Literal):
        return expr.value
    if isinstance(expr, Column):
        return row[expr.name]
    if isinstance(expr, Case):
        for when, then in expr.branches:
            if evaluate(when, row) is True:
                return evaluate(then, row)
        return evaluate(expr.otherwise, row)
    args = [evaluate(arg, row) for arg in expr.args]
    if isinstance(expr, Call):
        return None if None in args else expr.function.evaluate(*args)
    assert isinstance(expr, Apply)
    operation = OPERATIONS[expr.op]
    return None if operation.strict and None in args else operation.evaluate(*args)


def run_reference(
    version: Version,
    as_of: dt.date,
    tables: Mapping[str, Iterable[Row]],
    known_as_of: dt.date | None = None,
) -> list[Row]:
    """Every value of every subject that is judged, in the order of the subjects.

    Args:
        version: The plan.
        as_of: The day of judgement.
        tables: Rows in run-time shapes by table or rule set; the subjects' table among them.
        known_as_of: What was recorded from this day on is not known; by default `as_of`.
    """
    world = World(
        as_of=as_of,
        known_as_of=known_as_of or as_of,
        scan=lambda scan, role: tables[scan.table],
        evaluate=evaluate,
    )
    return world.rows(version.relation)
