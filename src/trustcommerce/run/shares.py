"""A `Share` as SQL: rows with what each gets."""

from sqlglot import exp

from trustcommerce.language.expressions import columns
from trustcommerce.language.relations import Share
from trustcommerce.run.layers import Held, Layers
from trustcommerce.run.shares_joined import JoinedShares
from trustcommerce.run.shares_windowed import WindowedShares

__all__ = ["share"]


def share(layers: Layers, relation: Share, needed: set[str]) -> str:
    """The rows with what each gets."""
    wanted = needed - {relation.name}
    if f"peers {relation.name}" in layers.given or relation.name not in needed:
        return layers.build(relation.source, wanted)
    exprs = [relation.amount, relation.weight, *relation.within]
    exprs += [each for each in (relation.low, relation.high) if each is not None]
    exprs += [each for _, each in relation.inputs]
    read = {name for each in exprs for name in columns(each)} | {each.name for each in relation.key}
    staged = layers.stage(
        exp.select("*").from_(layers.build(relation.source, wanted | read), copy=False), Held(often=True)
    )
    layers.restart()
    kept = layers.columns(staged) if layers.inlined else None
    if kept is None or relation.allocator is not None:
        return JoinedShares(layers, relation).beside(staged)
    own = [name for name in kept if name in wanted or name.startswith("~")]
    return WindowedShares(layers, relation, own).beside(staged)
