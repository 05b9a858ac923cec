"""Small readers of tree nodes whose shape is checked already."""

import datetime as dt
from decimal import Decimal

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, Span
from trustcommerce.language.bind import Text
from trustcommerce.model.title import Title
from trustcommerce.read import Mapping, Node, Scalar, Sequence, parse_date

__all__ = ["date", "decimal", "expression", "keys", "pair", "spans", "text", "texts", "title"]


def text(node: Node | None, default: str = "") -> str:
    return node.text if isinstance(node, Scalar) else default


def texts(node: Node | None) -> tuple[str, ...]:
    """A list of texts, where a single one may stand for a list of one."""
    if isinstance(node, Sequence):
        return tuple(text(item) for item in node)
    return (node.text,) if isinstance(node, Scalar) else ()


def title(node: Node | None) -> Title:
    if isinstance(node, Scalar):
        return Title({"": node.text})
    if isinstance(node, Mapping):
        return Title({entry.key.text: text(entry.value) for entry in node})
    return Title()


def expression(node: Node | None) -> Text | None:
    return Text.of(node) if isinstance(node, Scalar) else None


def pair(node: Node | None) -> tuple[Text, Text] | None:
    if isinstance(node, Sequence) and len(node) == 2:
        low, high = node.items
        if isinstance(low, Scalar) and isinstance(high, Scalar):
            return Text.of(low), Text.of(high)
    return None


def decimal(node: Node | None) -> Decimal | None:
    if isinstance(node, Scalar) and isinstance(node.value, int | Decimal):
        return Decimal(node.value)
    return None


def date(node: Node | None, problems: Problems) -> dt.date | None:
    """A date as 2023-05-09; anything else is reported."""
    if not isinstance(node, Scalar):
        return None
    found = parse_date(node.text)
    if found is None:
        problems.add(codes.BAD_DATE, f"`{node.text}` is no date", node.span, "write it as 2023-05-09")
    return found


def spans(node: Mapping) -> dict[str, Span]:
    """Where the values of a mapping stand; members of a list or mapping among them as `key.member`."""
    found = {}
    for entry in node:
        key, value = entry.key.text, entry.value
        found[key] = value.span
        for each in value if isinstance(value, Sequence) else ():
            found.setdefault(f"{key}.{text(each)}", each.span)
        for inner in value if isinstance(value, Mapping) else ():
            found[f"{key}.{inner.key.text}"] = inner.value.span
    return found


def keys(node: Mapping) -> dict[str, Span]:
    """Where the keys of a mapping stand."""
    return {entry.key.text: entry.key.span for entry in node}
