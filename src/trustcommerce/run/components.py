"""Components of a graph: which members hang together, named by the smallest of them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["components", "connected"]


def connected(edges: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The component of every member that an edge names, by union and find."""
    parent: dict[str, str] = {}

    def root(member: str) -> str:
        parent.setdefault(member, member)
        while parent[member] != member:
            parent[member] = member = parent[parent[member]]
        return member

    for start, end in edges:
        a, b = sorted((root(start), root(end)))
        parent[b] = a
    return {member: root(member) for member in parent}


def components(edges: "pa.Table") -> "pa.Table":
    """The same for a table of two columns of text: `member` and `component`."""
    import pyarrow as pa

    found = connected(zip(edges.column(0).to_pylist(), edges.column(1).to_pylist(), strict=True))
    text = pa.string()
    return pa.table({"member": pa.array(found.keys(), text), "component": pa.array(found.values(), text)})
