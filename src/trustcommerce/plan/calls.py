"""Which functions in Python over Arrow arrays a relation calls."""

from collections.abc import Iterator

from attrs import evolve

from trustcommerce.language.expressions import Apply, Call, Case, walk
from trustcommerce.language.relations import Relation, Table
from trustcommerce.registry import Registry, Vectorised

__all__ = ["calls_of", "placed", "vectorised"]


def vectorised(relation: Relation, registry: Registry) -> list[Vectorised]:
    """Each once, in the order of their names, with the place where it is called first."""
    if all(each.vectorised is None for each in registry.functions.values()):
        return []
    found: dict[str, Vectorised] = {}
    for call in sorted(calls_of(relation), key=_place):
        known = placed(call)
        found.setdefault(known.name, known)
    return sorted(found.values(), key=lambda each: each.name)


def placed(call: Call) -> Vectorised:
    """A function whose errors say where it is called."""
    found = call.function.vectorised
    assert isinstance(found, Vectorised)
    return evolve(found, place=call.span.place if call.span is not None else "")


def _place(call: Call) -> tuple[str, int]:
    return (str(call.span.file.path), call.span.start) if call.span is not None else ("", 0)


def calls_of(value: object) -> Iterator[Call]:
    """Calls in an expression, in a relation, or in a tuple of them, in no order."""
    if isinstance(value, Apply | Call | Case):
        for node in walk(value):
            if isinstance(node, Call) and isinstance(node.function.vectorised, Vectorised):
                yield node
    elif isinstance(value, tuple | list):
        for each in value:
            yield from calls_of(each)
    elif not isinstance(value, Table):
        for field in getattr(value, "__attrs_attrs__", ()):
            yield from calls_of(getattr(value, field.name))
