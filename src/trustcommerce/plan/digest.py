"""The digest of meaning: what is computed, without positions, titles, order of keys or comments."""

import hashlib
from collections.abc import Iterable, Iterator

from trustcommerce.language.expressions import Apply, Call, Case, Column, Expr, Literal
from trustcommerce.language.relations import Derive, Keep, Match, Relation, Scan
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
    if isinstance(relation, Scan):
        yield f"scan {relation.table} {relation.key}"
        for each in relation.fields:
            yield f"{each.name}:{_type(each.type)}"
        return
    yield from canonical(relation.source)
    if isinstance(relation, Keep):
        yield f"keep {described(relation.where)}"
    elif isinstance(relation, Derive):
        for item in sorted(relation.items, key=lambda each: each.name):
            yield f"{item.name} = {described(item.expr)}"
    elif isinstance(relation, Match):
        yield f"match {relation.name} {relation.kind} {relation.input} {relation.on} {relation.required}"
        for row in relation.candidates:
            yield " | ".join(described(each) for each in row)
        if relation.valid is not None:
            yield f"valid {relation.valid[0]} {relation.valid[1]} {described(relation.valid[2])}"
        if relation.table is not None:
            yield from sorted(map(repr, relation.table.rows))


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
