"""Which functions in Python over Arrow arrays a relation calls."""

from collections.abc import Iterator

from trustcommerce.language.expressions import Apply, Call, Case, walk
from trustcommerce.language.relations import Relation, Table
from trustcommerce.registry import Registry, Vectorised

__all__ = ["calls_of", "vectorised"]


def vectorised(relation: Relation, registry: Registry) -> list[Vectorised]:
    """Each once, in the order of their names."""
    if all(each.vectorised is None for each in registry.functions.values()):
        return []
    return sorted(set(calls_of(relation)), key=lambda each: each.name)


def calls_of(value: object) -> Iterator[Vectorised]:
    """Those of an expression, of a relation, or of a tuple of them, in no order."""
    if isinstance(value, Apply | Call | Case):
        for node in walk(value):
            if isinstance(node, Call) and isinstance(node.function.vectorised, Vectorised):
                yield node.function.vectorised
    elif isinstance(value, tuple | list):
        for each in value:
            yield from calls_of(each)
    elif not isinstance(value, Table):
        for field in getattr(value, "__attrs_attrs__", ()):
            yield from calls_of(getattr(value, field.name))
