"""The reference: the cores run as plainly as can be, over the semantics table itself.

Slow on purpose: what it gives is what a rule set means. Tests hold the engines against it, and
the gathering of one subject's record out of tables uses it.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from trustcommerce.errors import DataError
from trustcommerce.language.calendar import lies_within
from trustcommerce.language.expressions import Apply, Call, Case, Column, Expr, Literal
from trustcommerce.language.relations import Derive, Keep, Match, Relation, Scan
from trustcommerce.language.semantics import OPERATIONS
from trustcommerce.plan import Version

__all__ = ["evaluate", "run_reference"]

Row = dict[str, Any]
Find = Callable[[Match, Row], Row | None]


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


def run_reference(version: Version, inputs: Row, as_of: dt.date, find: Find) -> Row | None:
    """Every value of one subject, or None when the rule set does not judge it.

    Args:
        version: The plan.
        inputs: Columns of the subject's table in run-time shapes.
        as_of: The day of judgement.
        find: The row, in run-time shapes, that a reference to a table or rule set matches, or None.
    """
    return _run(version.relation, {**inputs, "as_of": as_of}, find)


def _run(relation: Relation, inputs: Row, find: Find) -> Row | None:
    if isinstance(relation, Scan):
        return dict(inputs)
    row = _run(relation.source, inputs, find)
    if row is None:
        return None
    if isinstance(relation, Keep):
        return row if evaluate(relation.where, row) is True else None
    if isinstance(relation, Derive):
        for item in relation.items:
            row[item.name] = evaluate(item.expr, row)
        return row
    found = find(relation, row) if relation.table is None else _find(relation, row)
    if found is None and relation.required:
        raise DataError(
            f"no row of `{relation.table.name if relation.table else relation.input}` matches", column=relation.name
        )
    row[f"{relation.name}.matched"] = found is not None
    for each in relation.fields:
        row[f"{relation.name}.{each.name}"] = None if found is None else found[each.name]
    return row


def _find(match: Match, row: Row) -> Row | None:
    assert match.table is not None
    names = [each.name for each in match.table.fields]
    for candidate in match.candidates:
        wanted = [evaluate(each, row) for each in candidate]
        for values in match.table.rows:
            found = dict(zip(names, values, strict=True))
            if None not in wanted and [found[name] for name in match.on] == wanted and _is_valid(match, found, row):
                return found
    return None


def _is_valid(match: Match, found: Row, row: Row) -> bool:
    if match.valid is None:
        return True
    start, end, moment = match.valid
    return lies_within(evaluate(moment, row), found[start], found[end])
