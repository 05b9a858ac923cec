"""Rows as tables of declared types, and what explanations must satisfy."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

import trustcommerce as tc
from trustcommerce.language.relations import Field
from trustcommerce.language.types import Kind, Type
from trustcommerce.run.values import accept, show

__all__ = ["arrow", "check_explanation"]

_ARROW = {
    Kind.NUMBER: pa.float64(),
    Kind.TEXT: pa.string(),
    Kind.LABEL: pa.string(),
    Kind.DATE: pa.date32(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.TIMESTAMP: pa.timestamp("us"),
    Kind.SET: pa.list_(pa.string()),
}


def arrow(fields: Sequence[Field], rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as an Arrow table with the types that are declared."""
    return pa.table(
        {each.name: pa.array([_plain(row[each.name], each.type) for row in rows], _type(each.type)) for each in fields}
    )


def _type(type_: Type) -> pa.DataType:
    if type_.kind is Kind.EXACT:
        return pa.decimal128(38, type_.scale) if type_.scale else pa.int64()
    return _ARROW[type_.kind]


def _plain(value: Any, type_: Type) -> Any:
    found = show(accept(value, type_), type_)
    if type_.kind is Kind.EXACT and type_.scale and found is not None:
        return pa.scalar(str(found)).cast(_type(type_)).as_py()
    return found


def check_explanation(decision: tc.Decision) -> None:
    """At every node the children's contributions and the node's own lines are its points; the root has the score's."""
    for name, score in decision.scores.items():
        root = decision.contributions(name).root
        assert root.points == score.points
        stack = [root]
        while stack:
            node = stack.pop()
            stack += node.children
            if node.points is None:
                continue
            decided = any(line.kind in ("exception", "default") for line in node.lines)
            children = 0 if decided else sum(child.contribution or 0 for child in node.children)
            assert children + sum(line.points or 0 for line in node.lines) == node.points, node.path
            assert sum(line.kind == "rounding" for line in node.lines) <= 1, node.path
