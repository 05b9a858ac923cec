"""Pools as their author wrote them: an amount, who shares it, and how."""

from attrs import field, frozen

from trustcommerce.diagnostics import Span
from trustcommerce.language.bind import Text
from trustcommerce.model.title import Title

__all__ = ["Pool", "Reserve"]

_span = field(eq=False, repr=False)


@frozen(kw_only=True, eq=False)
class Reserve:
    """A part of a pool that some of its participants share first."""

    name: str
    title: Title
    among: Text
    amount: Text
    span: Span = _span


@frozen(kw_only=True, eq=False)
class Pool:
    """An amount shared by subjects: within each partition, among those for which `among` holds.

    `at_least` and `at_most` bound what one of them gets, `budget` what is given over all periods. `more` are
    keys that a method of a plugin has, `keys` where all of them stand.
    """

    name: str
    title: Title
    about: str
    amount: Text | None
    budget: Text | None
    unit: str | None
    among: Text | None
    missing: bool | None
    method: str
    weight: Text | None
    at_least: Text | None
    at_most: Text | None
    within: tuple[Text, ...]
    reserves: tuple[Reserve, ...]
    rounding: str | None
    carried: bool
    more: dict[str, Text]
    in_force: bool
    broken: bool
    keys: dict[str, Span]
    span: Span = _span
