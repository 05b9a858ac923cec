"""Weights of siblings sum alike: in every branch, and for every row of a reference file."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

from trustcommerce import codes
from trustcommerce.language.expressions import Apply, Call, Case, Column, Expr, Literal
from trustcommerce.language.semantics import OPERATIONS
from trustcommerce.language.types import UNKNOWN
from trustcommerce.model import Part
from trustcommerce.plan.context import Context

__all__ = ["check_weights"]

_MAX_CONDITIONS = 8


def check_weights(part: Part, weights: Sequence[Expr | None], context: Context) -> None:
    """Report siblings whose weights sum differently from case to case, or to nothing."""
    known = [context.inlined(weight) for weight in weights if weight is not None and weight.type != UNKNOWN]
    if len(known) < len(weights):
        return
    sums: dict[int, str] = {}
    for where, values in _situations(known, context):
        evaluated = [_evaluate(weight, values) for weight in known]
        if any(value is None for value in evaluated):
            return
        sums.setdefault(sum(int(value) for value in evaluated if value is not None), where)
    if len(sums) > 1:
        (first, here), (second, there) = list(sums.items())[:2]
        context.problems.add(
            codes.WEIGHTS,
            f"the weights of the parts of `{part.name}` sum to {first}{here} and to {second}{there}",
            part.span,
            "siblings' weights sum alike everywhere, or points would mean different things",
        )
    elif 0 in sums:
        context.problems.add(codes.BAD_WEIGHT, f"the weights of the parts of `{part.name}` sum to 0", part.span)


def _situations(weights: Sequence[Expr], context: Context) -> Iterator[tuple[str, dict[object, object]]]:
    """Every row of the one file and every truth of the conditions that the weights depend on."""
    names = {node.name for weight in weights for node in _leaves(weight)}
    conditions = list(dict.fromkeys(when for weight in weights for when in _conditions(weight)))
    if len(conditions) > _MAX_CONDITIONS:
        return
    for truth in itertools.product([True, False], repeat=len(conditions)):
        chosen: dict[object, object] = dict(zip(conditions, truth, strict=True))
        where = (
            ""
            if not conditions
            else " where "
            + " and ".join(
                f"{_source(when, i)} is {'true' if held else 'not true'}"
                for i, (when, held) in enumerate(zip(conditions, truth, strict=True))
            )
        )
        files = {name.split("[")[0].split(".")[0] for name in names}
        if not files:
            yield where, chosen
        for reference in files:
            yield from _rows(reference, names, where, chosen, context)


def _source(condition: Expr, index: int) -> str:
    """The condition as the author wrote it."""
    span = condition.span
    return f"condition {index + 1}" if span is None else f"`{span.file.text[span.start : span.end]}`"


def _rows(
    reference: str, names: set[str], where: str, chosen: Mapping[object, object], context: Context
) -> Iterator[tuple[str, dict[object, object]]]:
    found = context.ruleset.references.get(reference)
    file = context.pack.files.get(found.target) if found is not None and found.kind == "file" else None
    if file is None:
        return
    columns = list(file.spec.columns)
    for row, span in zip(file.rows, file.lines, strict=True):
        values = dict(chosen)
        for name in names:
            column = name.rpartition(".")[2]
            if column in columns:
                values[name] = row[columns.index(column)]
        yield f"{where} on line {span.line} of {file.spec.name}", values


def _leaves(expr: Expr) -> Iterator[Column]:
    """Columns that a weight reads outside conditions."""
    if isinstance(expr, Column):
        yield expr
    elif isinstance(expr, Apply | Call):
        for arg in expr.args:
            yield from _leaves(arg)
    elif isinstance(expr, Case):
        for _, then in expr.branches:
            yield from _leaves(then)
        yield from _leaves(expr.otherwise)


def _conditions(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Case):
        for when, then in expr.branches:
            yield when
            yield from _conditions(then)
        yield from _conditions(expr.otherwise)
    elif isinstance(expr, Apply | Call):
        for arg in expr.args:
            yield from _conditions(arg)


def _evaluate(expr: Expr, values: Mapping[object, object]) -> int | None:
    if isinstance(expr, Literal):
        return expr.value if isinstance(expr.value, int) else None
    if isinstance(expr, Column):
        found = values.get(expr.name)
        return found if isinstance(found, int) else None
    if isinstance(expr, Case):
        chosen = next((then for when, then in expr.branches if values.get(when)), expr.otherwise)
        return _evaluate(chosen, values)
    if isinstance(expr, Apply):
        args = [_evaluate(arg, values) for arg in expr.args]
        found = None if None in args else OPERATIONS[expr.op].evaluate(*args)
        return found if isinstance(found, int) else None
    return None
