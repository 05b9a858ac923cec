"""Steps and table cells: `<= 24`, `(24, 48]`, `mid`, `-` -> conditions and intervals."""

import re

from attrs import frozen

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Expr, Literal
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.types import BOOLEAN, Kind, power
from trustcommerce.plan.boxes import ANY, Interval
from trustcommerce.plan.context import Context

__all__ = ["Cell", "read_cell"]

_COMPARISON = re.compile(r"\s*(<=|>=|<>|!=|<|>|=)\s*(.+)\Z", re.DOTALL)
_INTERVAL = re.compile(r"\s*([\[(])(.+),(.+)([\])])\s*\Z", re.DOTALL)
_WORD = re.compile(r"[^\W\d]\w*\Z")
_OPS = {"<=": "le", ">=": "ge", "<>": "ne", "!=": "ne", "<": "lt", ">": "gt", "=": "eq"}


@frozen(eq=False)
class Cell:
    """A condition on one input.

    Args:
        condition: True where the cell holds; a constant true for `-`.
        interval: The values for which it holds, or None when its bounds are not constants.
        two_sided: Whether it bounds the input from both sides.
        span: Where the cell stands.
    """

    condition: Expr
    interval: Interval | None
    two_sided: bool
    span: Span


def read_cell(text: Text, x: Expr, context: Context) -> Cell:
    """The cell that `text` writes over input `x`, which is not missing."""
    span, stripped = text.span(), text.text.strip()
    if stripped == "-":
        return Cell(Literal(True, BOOLEAN, span), ANY, False, span)
    interval = _INTERVAL.match(text.text)
    if interval and stripped[0] in "[(" and "," in stripped:
        return _two_sided(interval, text, x, context)
    comparison = _COMPARISON.match(text.text)
    op = _OPS[comparison.group(1)] if comparison else "eq"
    bound_text = text.part(comparison.start(2), comparison.end(2)) if comparison else text
    if not bound_text.text.strip():
        return Cell(
            context.ops.error(codes.BAD_CELL, "this cell is empty", span, "write `-` for any value"), None, False, span
        )
    bound = _word(stripped, x, context, span) if comparison is None else None
    bound = bound or _bound(bound_text, x, context)
    condition = context.ops.compare(op, x, bound, span)
    return Cell(condition, _one_sided(op, x, bound), op == "eq", span)


def _word(word: str, x: Expr, context: Context, span: Span) -> Expr | None:
    """Reports a word that means nothing: a misspelt `else`, or a text without quotes."""
    if x.type.kind is Kind.LABEL or not _WORD.match(word) or word.lower() in ("true", "false"):
        return None
    known = {*context.names(), "else"}
    if word in known - {"else"}:
        return None
    hint = f"write a text in quotes: `\"'{word}'\"`" if x.type.kind is Kind.TEXT else None
    return context.ops.error(codes.UNKNOWN_NAME, f"no name `{word}`", span, did_you_mean(word, known) or hint)


def _bound(text: Text, x: Expr, context: Context) -> Expr:
    found = context.bind(text, x.type.labels if x.type.kind is Kind.LABEL else ())
    if x.type.kind is Kind.BOOLEAN and found.type.kind not in (Kind.BOOLEAN, Kind.UNKNOWN):
        return context.ops.error(codes.BAD_CELL, "a cell over a condition is true, false or `-`", text.span())
    return found


def _two_sided(match: "re.Match[str]", text: Text, x: Expr, context: Context) -> Cell:
    low = _bound(text.part(match.start(2), match.end(2)), x, context)
    high = _bound(text.part(match.start(3), match.end(3)), x, context)
    span = text.span()
    above = context.ops.compare("ge" if match.group(1) == "[" else "gt", x, low, span)
    below = context.ops.compare("le" if match.group(4) == "]" else "lt", x, high, span)
    left, right = _position(x, low), _position(x, high)
    interval = None
    if left is not None and right is not None:
        if left > right:
            backwards = context.ops.error(codes.BAD_RANGE, "this interval begins above its end", span)
            return Cell(backwards, None, True, span)
        interval = Interval(left, match.group(1) == "[", right, match.group(4) == "]")
    return Cell(context.ops.logic("and", [above, below], span), interval, True, span)


def _one_sided(op: str, x: Expr, bound: Expr) -> Interval | None:
    at = _position(x, bound)
    if at is None or op == "ne":
        return None
    infinite = float("inf")
    if op == "eq":
        return Interval(at, True, at, True)
    if op in ("lt", "le"):
        return Interval(-infinite, False, at, op == "le")
    return Interval(at, op == "ge", infinite, False)


def _position(x: Expr, bound: Expr) -> float | None:
    """The bound as a point on the input's axis, when it is a constant."""
    if not isinstance(bound, Literal) or bound.value is None:
        return None
    value = bound.value
    if bound.type.numeric and isinstance(value, int | float):
        return value / power(bound.type.scale) if bound.type.scale else value
    if bound.type.kind is Kind.TEXT and x.type.kind is Kind.LABEL and value in x.type.labels:
        return x.type.labels.index(str(value))
    if bound.type.kind in (Kind.LABEL, Kind.BOOLEAN) and isinstance(value, int):
        return int(value)
    return None
