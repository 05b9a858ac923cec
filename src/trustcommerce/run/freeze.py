"""Freezing peers: a run's subjects asked for what single records are compared with."""

from typing import Any

from sqlglot import exp

from trustcommerce.language.expressions import columns
from trustcommerce.language.relations import Peers, Rank
from trustcommerce.plan import Version, links
from trustcommerce.run.query import Writer
from trustcommerce.run.snapshot import FrozenPeers, FrozenRank, Partition
from trustcommerce.run.sql import column
from trustcommerce.run.stages import Stages

__all__ = ["freeze"]


def freeze(run: Stages, version: Version, given: frozenset[str]) -> dict[str, FrozenPeers | FrozenRank]:
    """What a run's subjects are compared with, by the name under which a record would give it."""
    found: dict[str, FrozenPeers | FrozenRank] = {}
    pooled = {name for pool in version.pools for name in pool.added}
    for node in reversed(list(links(version.relation))):
        if isinstance(node, Peers) and node.name in pooled:
            continue
        if isinstance(node, Peers):
            found |= _peers(run, node, version, given)
        elif isinstance(node, Rank):
            found[version.atoms[node.name].name] = _rank(run, node, version, given)
    return found


def _peers(run: Stages, node: Peers, version: Version, given: frozenset[str]) -> dict[str, FrozenPeers | FrozenRank]:
    layers = Writer(version, run.as_of, run.known_as_of, given)
    layers.build(node, {measure.name for measure in node.measures})
    run.stages(layers.stages)
    own = {measure.name for measure in node.measures}
    stage = next(each for each in layers.stages if own & {measure.name for measure in each.held.measures})
    rows = run.rows(f"SELECT * FROM {stage.name}")
    names = run.names(stage.name)
    found: dict[str, FrozenPeers | FrozenRank] = {}
    for measure in node.measures:
        at = names.index(measure.name)
        public = version.atoms[measure.atom].name
        values = {tuple(row[: len(stage.held.key)]): row[at] for row in rows}
        if measure.function in ("count", "sum", "distinct"):
            values = {key: int(value or 0) for key, value in values.items()}
        found[public] = FrozenPeers(public, values)
    run.drop()
    return found


def _rank(run: Stages, node: Rank, version: Version, given: frozenset[str]) -> FrozenRank:
    layers = Writer(version, run.as_of, run.known_as_of, given)
    value, descending = node.order[0]
    key = [each.name for each in version.inputs][: len(run.plan.key)]
    exprs = [value, *node.within, *([node.where] if node.where is not None else [])]
    source = layers.build(node.source, {name for each in exprs for name in columns(each)} | set(key))
    picked = [exp.alias_(layers.sql(each), f"c{i}", quoted=True) for i, each in enumerate([*node.within, value])]
    query = exp.select(*picked, *map(column, key)).from_(source, copy=False)
    if node.where is not None:
        query = query.where(layers.sql(node.where), copy=False)
    run.stages(layers.stages)
    values: dict[Partition, list[tuple[Any, ...]]] = {}
    size = len(node.within)
    for row in run.rows(layers.finish(query)):
        values.setdefault(tuple(row[:size]), []).append(tuple(row[size:]))
    for each in values.values():
        each.sort()
    run.drop()
    return FrozenRank(version.atoms[node.name].name, node.form, descending, values)
