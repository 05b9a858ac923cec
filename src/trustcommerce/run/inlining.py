"""Items that are read once, put into what reads them: fewer columns through fewer layers.

In: the items of a layer, in order. Out: items that give the same columns. What an engine computes as a column
of its own it writes to memory and reads back.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from attrs import evolve

from trustcommerce.language.expressions import Apply, Call, Case, Column, Expr, children, walk
from trustcommerce.language.relations import Item

__all__ = ["inlined"]

_ONCE = frozenset(["add", "sub", "mul", "quotient", "remainder", "eq", "ne", "lt", "le", "gt", "ge", "neg", "pick"])
"""Operations whose arguments are written once and computed for every row."""
_LARGEST = 64
"""Nodes of an expression that is put into another one: engines nest only so deep."""


def inlined(items: Sequence[Item], needed: Collection[str]) -> list[Item]:
    """The items without those that one other reads in one place, or that are only another name of a column.

    Args:
        needed: Columns that are read elsewhere.
    """
    uses = Counter(each.name for item in items for each in walk(item.expr) if isinstance(each, Column))
    once = {name for item in items for name in _read_once(item.expr) if uses[name] == 1}
    put: dict[str, Expr] = {}
    kept = []
    for item in items:
        expr = _filled(item.expr, put)
        small = item.name in once and sum(1 for _ in walk(expr)) <= _LARGEST
        if item.name not in needed and (isinstance(expr, Column) or small):
            put[item.name] = expr
        else:
            kept.append(evolve(item, expr=expr))
    return kept


def _read_once(expr: Expr) -> Iterator[str]:
    """Columns below nothing but operations that write them once."""
    if isinstance(expr, Column):
        yield expr.name
    elif isinstance(expr, Apply) and expr.op in _ONCE:
        for each in children(expr):
            yield from _read_once(each)


def _filled(expr: Expr, put: Mapping[str, Expr]) -> Expr:
    """The expression with others in place of columns, of whose types more is known here."""
    if isinstance(expr, Column):
        return evolve(put[expr.name], type=expr.type) if expr.name in put else expr
    if isinstance(expr, Apply | Call):
        return evolve(expr, args=tuple(_filled(each, put) for each in expr.args))
    if isinstance(expr, Case):
        branches = tuple((_filled(when, put), _filled(then, put)) for when, then in expr.branches)
        return evolve(expr, branches=branches, otherwise=_filled(expr.otherwise, put))
    return expr
