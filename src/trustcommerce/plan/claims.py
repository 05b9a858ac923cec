"""What one record alone can tell of a rule set with pools: claims, and all that rests on no grant."""

from collections.abc import Iterator

from attrs import evolve

from trustcommerce.language.expressions import Expr, columns
from trustcommerce.language.relations import Derive, Gather, Keep, Match, Peers, Rank, Relation, Share
from trustcommerce.plan.chain import rebuilt
from trustcommerce.plan.version import Version

__all__ = ["claimed", "grants"]


def grants(version: Version) -> frozenset[str]:
    """Names under which a record may give what its subject got of pools."""
    return frozenset(version.atoms[name].name for pool in version.pools for name in pool.added if name in version.atoms)


def claimed(version: Version) -> Version:
    """The version without pools' grants, and without whatever rests on them."""
    gone = {name for pool in version.pools for name in pool.added}
    relation = rebuilt(version.relation, lambda node: _without(node, gone))
    gone |= {version.atoms[name].name for name in gone if name in version.atoms}
    return evolve(
        version,
        relation=relation,
        outputs=tuple(each for each in version.outputs if each.name not in gone),
        scores=tuple(each for each in version.scores if each.path not in gone),
        matches=tuple(each for each in version.matches if f"{each.name}.matched" not in gone),
        atoms={name: each for name, each in version.atoms.items() if name not in gone},
        pools=(),
    )


def _without(node: Relation, gone: set[str]) -> Relation | None:
    """The node without what reads columns that are gone; its own go as well. None if nothing is left."""
    if isinstance(node, Derive):
        items = []
        for item in node.items:
            if columns(item.expr) & gone:
                gone.add(item.name)
            else:
                items.append(item)
        return evolve(node, items=tuple(items)) if items else None
    if isinstance(node, Share) or (isinstance(node, Rank | Match) and _read(node) & gone):
        gone |= _made(node)
        return None
    if isinstance(node, Peers):
        lost = [each for each in node.measures if any(columns(expr) & gone for expr in _of(each.value, each.filters))]
        gone |= {each.name for each in lost}
        left = tuple(each for each in node.measures if each not in lost)
        return evolve(node, measures=left) if left else None
    if isinstance(node, Gather) and {name for _, name in node.outer} & gone:
        gone |= {each.name for each in node.measures}
        return None
    assert not (isinstance(node, Keep) and columns(node.where) & gone), "who is judged rests on no grant"
    return node


def _of(value: Expr | None, filters: tuple[tuple[str, Expr], ...]) -> Iterator[Expr]:
    yield from () if value is None else (value,)
    yield from (condition for _, condition in filters)


def _read(node: Rank | Match) -> set[str]:
    if isinstance(node, Rank):
        exprs = [*(each for each, _ in node.order), *node.within, *_of(node.where, ())]
    else:
        exprs = [each for row in node.candidates for each in row]
    return {name for each in exprs for name in columns(each)}


def _made(node: Share | Rank | Match) -> set[str]:
    if isinstance(node, Match):
        return {f"{node.name}.matched", *(f"{node.name}.{each.name}" for each in node.fields)}
    return {node.name}
