"""The digest of meaning: what is computed, without positions, titles, order of keys or comments."""

import hashlib
from collections.abc import Iterable, Iterator

from attrs import fields

from trustcommerce.language.expressions import Apply, Call, Case, Column, Expr, Literal
from trustcommerce.language.relations import Derive, Field, Measure, Relation, Scan, Table
from trustcommerce.language.types import Type

__all__ = ["SEMANTICS", "canonical", "described", "meaning"]

SEMANTICS = "1"
"""Version of the semantics table; raised whenever the same rules may give another result."""


def meaning(parts: Iterable[str]) -> str:
    """SHA-256 of the parts, each with its length, in their order."""
    digest = hashlib.sha256(f"semantics {SEMANTICS}".encode())
    for part in parts:
        digest.update(f"\0{len(part)}\0{part}".encode())
    return digest.hexdigest()


def canonical(relation: Relation) -> Iterator[str]:
    """The relation as texts that are the same exactly when it computes the same."""
    if isinstance(relation, Derive):
        yield from canonical(relation.source)
        for item in sorted(relation.items, key=lambda each: each.name):
            yield f"{item.name} = {described(item.expr)}"
        return
    if not isinstance(relation, Scan):
        yield from canonical(relation.source)
    yield type(relation).__name__
    for each in fields(type(relation)):
        if each.name not in ("source", "show", "flags", "label", "titles", "allocator"):
            yield f"{each.name}: {_text(getattr(relation, each.name))}"


def _text(value: object) -> str:
    """A part of a node: expressions without places, relations and tables by what they hold."""
    if isinstance(value, Apply | Call | Case | Column | Literal):
        return described(value)
    if isinstance(value, Type):
        return _type(value)
    if isinstance(value, Table):
        return f"{value.name}{sorted(map(repr, value.rows))}"
    if isinstance(value, Field):
        return f"{value.name}:{_type(value.type)}"
    if isinstance(value, Measure):
        return f"({', '.join(_text(getattr(value, each.name)) for each in fields(Measure))})"
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))})"
    if isinstance(value, Relation):
        return "; ".join(canonical(value))
    return repr(value)


def _type(type_: Type) -> str:
    return f"{type_.kind}/{type_.scale}/{type_.unit}/{type_.nullable}/{type_.low}/{type_.high}/{type_.labels}"


def described(expr: Expr) -> str:
    """The expression as a text that is the same exactly when it computes the same."""
    if isinstance(expr, Literal):
        return f"{expr.value!r}:{expr.type.kind}{expr.type.scale}"
    if isinstance(expr, Column):
        return f"`{expr.name}`"
    if isinstance(expr, Apply):
        return f"{expr.op}({', '.join(map(described, expr.args))})"
    if isinstance(expr, Call):
        return f"{expr.function.name}({', '.join(map(described, expr.args))})"
    assert isinstance(expr, Case)
    branches = " ".join(f"when {described(when)} then {described(then)}" for when, then in expr.branches)
    return f"case {branches} else {described(expr.otherwise)}"
