"""Plain data -> tree, and a tree -> plain data that remembers its places."""

from collections.abc import Mapping as PlainMapping
from decimal import Decimal
from typing import Any

from attrs import frozen

from trustcommerce.diagnostics import Span
from trustcommerce.read.tree import Entry, Mapping, Node, Scalar, Sequence

__all__ = ["NotPlain", "given", "made"]


class NotPlain(Exception):
    """Something that no YAML could hold."""


class _Said(str):
    """A text of the author: put into a result unchanged, it stands where it stood."""

    __slots__ = ("node",)
    node: Scalar


@frozen(slots=False, eq=False)
class _Made(Scalar):
    """A text that nobody wrote: all of it stands at the place that it was made of."""

    def locate(self, start: int, end: int) -> Span:
        return self.span


def given(node: Node) -> Any:
    """A tree as dicts, lists, texts and numbers."""
    if isinstance(node, Mapping):
        return {entry.key.text: given(entry.value) for entry in node}
    if isinstance(node, Sequence):
        return [given(item) for item in node]
    if not isinstance(node.value, str):
        return node.value
    said = _Said(node.text)
    said.node = node
    return said


def made(value: Any, place: Span) -> Node:
    """Plain data as a tree that stands at `place`.

    Raises:
        NotPlain: There is something else in it.
    """
    if isinstance(value, _Said):
        return value.node
    if isinstance(value, PlainMapping):
        return Mapping(tuple(Entry(_key(key, place), made(each, place)) for key, each in value.items()), place)
    if isinstance(value, list | tuple):
        return Sequence(tuple(made(each, place) for each in value), place)
    if isinstance(value, float):
        value = Decimal(str(value))
    if isinstance(value, Decimal) and not value.is_finite():
        raise NotPlain(f"the number {value}")
    if value is None or isinstance(value, bool):
        return _Made({None: "null", True: "true", False: "false"}[value], value, place)
    if isinstance(value, str | int | Decimal):
        return _Made(f"{value:f}" if isinstance(value, Decimal) else str(value), value, place)
    raise NotPlain(f"{type(value).__name__} is no text, number, truth value, list or mapping")


def _key(key: Any, place: Span) -> Scalar:
    if not isinstance(key, str):
        raise NotPlain(f"the key {key!r} is no text")
    return _Made(str(key), str(key), place)
