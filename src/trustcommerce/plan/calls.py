"""Which functions in Python over Arrow arrays a relation calls."""

from collections.abc import Iterator

from trustcommerce.language.expressions import Apply, Call, Case, walk
from trustcommerce.language.relations import Relation, Table
from trustcommerce.registry import Registry, Vectorised

__all__ = ["vectorised"]


def vectorised(relation: Relation, registry: Registry) -> list[Vectorised]:
    """Each once, in the order of their names."""
    if all(each.vectorised is None for each in registry.functions.values()):
        return []
    return sorted(set(_calls(relation)), key=lambda each: each.name)


def _calls(value: object) -> Iterator[Vectorised]:
    if isinstance(value, Apply | Call | Case):
        for node in walk(value):
            if isinstance(node, Call) and isinstance(node.function.vectorised, Vectorised):
                yield node.function.vectorised
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _calls(each)
    elif not isinstance(value, Table):
        for field in getattr(value, "__attrs_attrs__", ()):
            yield from _calls(getattr(value, field.name))
