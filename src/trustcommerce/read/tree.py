"""The tree that YAML text becomes: scalars, sequences, mappings, each with its span."""

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import Union

from attrs import field, frozen

from trustcommerce.diagnostics import Span
from trustcommerce.read.positions import align

__all__ = ["Entry", "Mapping", "Node", "Scalar", "Sequence", "plain"]

Value = str | bool | int | Decimal | None


@frozen(slots=False, eq=False)
class Scalar:
    """A leaf: its decoded `text` and the `value` that YAML 1.2's core schema gives it."""

    text: str
    value: Value
    span: Span
    style: str = "plain"
    size: int = 1

    @cached_property
    def _offsets(self) -> list[int]:
        return align(self.text, self.span.file.text, self.span.start, self.span.end, self.style)

    def locate(self, start: int, end: int) -> Span:
        """Span in the file of characters `start` to `end` of the decoded text."""
        if not self.text:
            return self.span
        first = self._offsets[min(start, len(self.text) - 1)]
        last = self._offsets[min(max(end, start + 1), len(self.text)) - 1]
        return Span(self.span.file, first, max(last, first) + 1)


@frozen(eq=False)
class Sequence:
    items: tuple["Node", ...]
    span: Span
    size: int = 1

    def __iter__(self) -> Iterator["Node"]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@frozen(eq=False)
class Entry:
    key: Scalar
    value: "Node"


@frozen(slots=False, eq=False)
class Mapping:
    entries: tuple[Entry, ...]
    span: Span
    size: int = field(default=1)

    @cached_property
    def _index(self) -> dict[str, Entry]:
        return {entry.key.text: entry for entry in self.entries}

    def get(self, key: str) -> "Node | None":
        entry = self._index.get(key)
        return entry.value if entry else None

    def entry(self, key: str) -> Entry | None:
        return self._index.get(key)

    def __contains__(self, key: str) -> bool:
        return key in self._index

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


Node = Union[Scalar, Sequence, Mapping]


def plain(node: Node) -> object:
    """The tree as dicts, lists and scalars, for JSON Schema and for digests."""
    if isinstance(node, Mapping):
        return {entry.key.text: plain(entry.value) for entry in node}
    if isinstance(node, Sequence):
        return [plain(item) for item in node]
    return float(node.value) if isinstance(node.value, Decimal) else node.value
