"""Items as their author wrote them: choices with what stands before and beside them."""

from decimal import Decimal

from attrs import field, frozen

from trustcommerce.diagnostics import Span
from trustcommerce.language.bind import Text
from trustcommerce.model.title import Title
from trustcommerce.read.tree import Mapping, Node

__all__ = ["Choice", "ExceptionRule", "Guard", "Item", "Sample"]

_span = field(eq=False, repr=False)


@frozen(kw_only=True, eq=False)
class Guard:
    """A condition, and what it counts as when it is missing."""

    when: Text
    missing: bool | None
    span: Span = _span


@frozen(kw_only=True, eq=False)
class ExceptionRule:
    """What comes before a choice or score: the first that holds decides."""

    guard: Guard
    then: Node | None
    status: str
    reason: str | None
    title: Title
    span: Span = _span


@frozen(kw_only=True, eq=False)
class Choice:
    """The one form of every decision."""

    form: str | None
    body: Node | None
    of: Text | None
    hit: str | None
    exceptions: tuple[ExceptionRule, ...]
    missing: Node | None
    span: Span = _span


@frozen(kw_only=True, eq=False)
class Sample:
    """A minimum sample: below `at_least` of `of`, the result is `otherwise`."""

    at_least: int
    of: Text | None
    otherwise: Node
    span: Span = _span


@frozen(kw_only=True, eq=False)
class Item:
    """A named value: of the block `metrics`, `values`, `levels` or `resources`, or a fact's column.

    `metric` is the kind of metric and everything that the item says.
    """

    name: str
    block: str
    title: Title
    about: str
    choice: Choice
    metric: tuple[str, Mapping] | None
    sample: Sample | None
    any_sample: bool
    labels: tuple[str, ...] | Text | None
    unit: str | None
    better: str | None
    range: tuple[Text, Text] | None
    round: Decimal | None
    applies: Text | None
    in_force: bool
    broken: bool
    body: Span = _span
    span: Span = _span
