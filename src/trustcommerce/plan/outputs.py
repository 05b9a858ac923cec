"""What a rule set gives: the columns of its result, in order, with titles and types."""

from collections.abc import Iterator

from trustcommerce.language.relations import Field, Match
from trustcommerce.language.types import BOOLEAN, UNKNOWN, Kind
from trustcommerce.model import Item, Pool, RuleSet, Title
from trustcommerce.plan.context import Context
from trustcommerce.plan.shape import TOP, ItemShape, NodeShape

__all__ = ["outputs"]


def outputs(
    ruleset: RuleSet,
    inputs: tuple[Field, ...],
    matches: tuple[Match, ...],
    atoms: dict[str, Field],
    shapes: list[NodeShape],
    context: Context,
) -> list[ItemShape]:
    """The subject's columns that are read, matched rows, atoms and metrics, values, points, levels, resources.

    Args:
        atoms: What was measured, by the name under which a record may give it.
    """
    table = context.pack.tables.get(ruleset.table)
    titles = {name: column.title for name, column in table.columns.items()} if table is not None else {}
    found = [
        ItemShape(name=each.name, block="subject", title=titles.get(each.name, Title()), type=each.type)
        for each in inputs
    ]
    for match in matches:
        if match.kind != "file":
            found += _matched(match)
    written: set[str] = set()
    for block in ("metrics", "values"):
        found += _block(block, ruleset, atoms, written, context)
    for shape in shapes:
        found += _score(shape, context)
    for block in ("levels", "resources"):
        found += _block(block, ruleset, atoms, written, context)
    for pool in ruleset.pools.values():
        found += _pool(pool, written, context)
    rest = [each for name, each in atoms.items() if name not in written]
    return [*found, *(ItemShape(name=each.name, block="atoms", title=Title(), type=each.type) for each in rest)]


def _matched(match: Match) -> Iterator[ItemShape]:
    """The row that a reference to a table or rule set found."""
    yield ItemShape(name=f"{match.name}.matched", block="references", title=Title(), type=BOOLEAN)
    for each in match.fields:
        name = f"{match.name}.{each.name}"
        yield ItemShape(name=name, block="references", title=Title(), type=each.type.null())


def _block(
    block: str, ruleset: RuleSet, atoms: dict[str, Field], written: set[str], context: Context
) -> Iterator[ItemShape]:
    for item in ruleset.items.values():
        if item.block != block:
            continue
        if item.metric is not None:
            yield from _atoms(item, item.name, atoms, written, context)
        expr = context.known(item.name)
        if expr is not None and expr.type.kind not in (Kind.UNKNOWN, Kind.INTERVAL):
            yield ItemShape(
                name=item.name,
                block=block,
                title=item.title,
                type=expr.type,
                better=item.better,
                file=item.span.file.path,
                line=item.span.line,
            )
        raw = context.known(f"{item.name}.unexcluded")
        if raw is not None and raw.type != UNKNOWN:
            yield from _atoms(item, f"{item.name}.unexcluded", atoms, written, context)
            yield ItemShape(name=f"{item.name}.unexcluded", block="unexcluded", title=item.title, type=raw.type)


def _pool(pool: Pool, written: set[str], context: Context) -> Iterator[ItemShape]:
    """A subject's claim, what it gets of each reserve, and what it gets of all."""
    for part in (
        *(f"within_{i}" for i, _ in enumerate(pool.within, 1)),
        "among",
        "weight",
        "at_least",
        "at_most",
        *pool.more,
        "carried",
        "amount",
    ):
        expr = context.known(f"{pool.name}.{part}")
        if expr is not None and expr.type != UNKNOWN:
            yield ItemShape(name=f"{pool.name}.{part}", block="claims", title=pool.title, type=expr.type)
    parts = [*((each.name, each.title) for each in pool.reserves), *([("rest", Title())] if pool.reserves else [])]
    written |= {f"{name}.grant" for name in (pool.name, *(f"{pool.name}.{part}" for part, _ in parts))}
    for part, title in parts:
        expr = context.known(f"{pool.name}.{part}")
        if expr is not None and expr.type != UNKNOWN:
            yield ItemShape(name=f"{pool.name}.{part}", block="reserves", title=title, type=expr.type)
    expr = context.known(pool.name)
    if expr is not None and expr.type != UNKNOWN:
        span = pool.span
        yield ItemShape(
            name=pool.name, block="pools", title=pool.title, type=expr.type, file=span.file.path, line=span.line
        )


def _atoms(item: Item, name: str, atoms: dict[str, Field], written: set[str], context: Context) -> Iterator[ItemShape]:
    """The exact numbers that a metric is made of, unless it is one itself."""
    for suffix in (
        ".of",
        ".to",
        ".sum",
        ".weight",
        ".rows",
        ".count",
        ".distinct",
        ".min",
        ".max",
        ".quantile",
        ".rank",
    ):
        found = context.known(name + suffix) if suffix in (".of", ".to") else None
        atom = atoms.get(name + suffix)
        written.add(name + suffix)
        type_ = found.type if found is not None else None if atom is None or atom.name == name else atom.type
        if type_ is None or type_ == UNKNOWN:
            continue
        yield ItemShape(name=name + suffix, block="atoms", title=item.title, type=type_)


def _score(shape: NodeShape, context: Context) -> list[ItemShape]:
    def output(name: str, block: str, node: NodeShape = shape) -> list[ItemShape]:
        expr = context.known(name)
        if expr is None or expr.type == UNKNOWN:
            return []
        return [ItemShape(name=name, block=block, title=node.title, type=expr.type, file=node.file, line=node.line)]

    found = output(shape.path, "scores") + output(f"{shape.path}.status", "status")
    stack = list(shape.children)
    while stack:
        node = stack.pop(0)
        found += output(node.path, "parts", node)
        stack = [*node.children, *stack]
    for place in range(1, TOP + 1):
        found += output(f"{shape.path}.reason_{place}", "reasons") + output(f"{shape.path}.lost_{place}", "lost")
    return found
