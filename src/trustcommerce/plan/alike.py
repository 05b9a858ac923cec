"""Whether an expression is the same for all subjects of a partition, whoever they are."""

from collections.abc import Iterator

from trustcommerce.language.expressions import Expr, columns
from trustcommerce.language.relations import Item, Match, Peers, Scan
from trustcommerce.plan.context import Context

__all__ = ["differing"]


def differing(expr: Expr, within: set[str], context: Context) -> str | None:
    """A column that an expression rests on, and that may differ among subjects with the same `within`."""
    items = {step.name: step.expr for step in context.steps if isinstance(step, Item)}
    made = dict(_alike(context))
    due, seen = [*columns(expr)], set(within) | {"as_of", "known_as_of"}
    while due:
        name = due.pop()
        if name in seen:
            continue
        seen.add(name)
        behind = [items[name]] if name in items else made.get(name)
        if behind is None:
            return name
        due += [each for other in behind for each in columns(other)]
    return None


def _alike(context: Context) -> Iterator[tuple[str, list[Expr]]]:
    """Columns of references and of peers, and what they are the same for."""
    nothing = Scan(table="", key=(), fields=())
    for step in context.steps:
        node = None if isinstance(step, Item) else step.build(nothing)
        if isinstance(node, Match) and node.when is None:
            on = [each for row in node.candidates for each in row] + ([node.valid[2]] if node.valid else [])
            yield f"{node.name}.matched", on
            yield from ((f"{node.name}.{each.name}", on) for each in node.fields)
        elif isinstance(node, Peers):
            yield from ((each.name, list(node.within)) for each in node.measures)
