"""What an explanation must know of a plan: which item is which node, part, bonus, limit."""

from attrs import field, frozen

from trustcommerce.diagnostics import Span
from trustcommerce.language.types import Type
from trustcommerce.model.title import Title

__all__ = [
    "STATUSES",
    "TOP",
    "AdjustmentShape",
    "ExceptionShape",
    "ItemShape",
    "LimitShape",
    "Line",
    "NodeShape",
    "PoolShape",
    "adjustments",
    "sources",
]

STATUSES = ("scored", "default", "insufficient", "exempt", "frozen", "masked", "not_applicable")
"""Ordered by precedence in roll-ups, lowest first; `not_applicable` is of parts only."""
TOP = 3
"""How many reasons a score gives."""


@frozen(kw_only=True)
class ItemShape:
    """An item of the rule set as the outside sees it."""

    name: str
    block: str
    title: Title
    type: Type
    better: str | None = None
    of: tuple[str, ...] = ()
    file: str = ""
    line: int = 0


@frozen(kw_only=True)
class PoolShape:
    """What a run must know of a pool to say what became of it.

    Args:
        within: Who shares one amount: what the author wrote, and the columns that hold it.
        added: Columns that compare subjects, so that one record alone does not have them.
        type: Of what is shared.
        low: Whether there is a least.
        high: Whether there is a most.
        carried: Whether what is left over joins the next period's amount.
        in_force: Whether anything is shared: on days that are not the pool's, it keeps what it has.
    """

    name: str
    title: Title
    within: tuple[tuple[str, str], ...]
    reserves: tuple[str, ...]
    added: tuple[str, ...]
    type: Type
    low: bool
    high: bool
    carried: bool
    in_force: bool


@frozen(kw_only=True)
class ExceptionShape:
    """The k-th exception of a node: what it does when it holds."""

    status: str
    reason: str | None
    title: Title
    line: int


@frozen(kw_only=True)
class AdjustmentShape:
    """A bonus (sign 1) or deduction (sign -1); `item` holds its points, never below 0."""

    name: str
    title: Title
    sign: int
    item: str
    reason: str
    line: int


@frozen(kw_only=True)
class LimitShape:
    """A limit; `before` and `after` are the items on both sides of it."""

    name: str
    title: Title
    before: str
    after: str
    reason: str
    line: int


@frozen(kw_only=True)
class Line:
    """One candidate reason: `item` holds the points lost at the root, `codes` tells its code.

    `exception` names the item with the number of the exception that decided the node, whose own
    reason then stands for the line's.
    """

    item: str
    path: str
    reason: str
    exception: str | None = None
    exception_reasons: tuple[str | None, ...] = ()


@frozen(kw_only=True)
class NodeShape:
    """A node of a score, with the names of the items that hold its numbers.

    Args:
        value: Points of the node; missing when left out.
        weight: Name of the item with its weight in the parent, or the constant weight.
        mean: The weighted mean or the choice's points, before bonuses.
        total: Sum of the weights of the children that count, or the constant.
        exception: Number of the exception that decided, 0 for none.
        source: The item or column a leaf's choice reads, if it reads one.
        range: Constant bounds of the node, in ten-thousandths.
        possible: Points the node can reach, in ten-thousandths; None when unbounded.
    """

    name: str
    path: str
    title: Title
    reason: str
    file: str
    line: int
    value: str
    mean: str | None
    weight: str | int | None
    total: str | int | None
    source: str | None
    possible: int | None
    exception: str | None
    exceptions: tuple[ExceptionShape, ...]
    missing: str | int | None
    adjustments: tuple[AdjustmentShape, ...]
    limits: tuple[LimitShape, ...]
    range: tuple[int, int] | None
    children: tuple["NodeShape", ...] = ()
    lines: tuple[Line, ...] = field(default=())
    span: Span | None = field(default=None, eq=False, repr=False)


def adjustments(shape: NodeShape) -> list[AdjustmentShape]:
    """Every bonus and deduction of a score."""
    return [*shape.adjustments, *(each for child in shape.children for each in adjustments(child))]


def sources(shape: NodeShape) -> set[str]:
    """What the leaves of a score read."""
    own = {shape.source} if shape.source is not None else set()
    return own.union(*(sources(child) for child in shape.children))
