"""A rule set as its author wrote it, dates folded: names, choices, scores, references."""

import datetime as dt
from decimal import Decimal

from attrs import field, frozen

from trustcommerce.diagnostics import Span
from trustcommerce.language.bind import Text
from trustcommerce.model.facts import Fact, Reference, Window
from trustcommerce.model.items import Choice, ExceptionRule, Guard, Item
from trustcommerce.model.pools import Pool
from trustcommerce.model.title import Title
from trustcommerce.read.tree import Node

__all__ = ["Adjustment", "Events", "Limit", "Part", "RuleSet"]

_span = field(eq=False, repr=False)


@frozen(kw_only=True, eq=False)
class Events:
    """Rows of a fact that each take off or add points.

    `points` holds from the dates beside it on, by the row's column `dated_by`; without dates there is one.
    """

    fact: str
    where: Text | None
    window: Window | None
    by: Text | None
    per: tuple[Text, ...]
    points: tuple[tuple[dt.date | None, Text], ...]
    dated_by: Text | None
    exclude: tuple[str, ...] | None
    span: Span = _span


@frozen(kw_only=True, eq=False)
class Adjustment:
    """A bonus or a deduction: by a condition, a choice, or rows of a fact."""

    name: str
    title: Title
    guard: Guard | None
    choice: Choice
    events: Events | None
    points: Text | None
    at_most: Text | None
    reason: str
    span: Span = _span


@frozen(kw_only=True, eq=False)
class Limit:
    """A veto, ceiling or floor: where `guard` holds, at most or at least `bound`."""

    name: str
    title: Title
    guard: Guard
    upper: bool
    bound: Text
    reason: str
    span: Span = _span


@frozen(kw_only=True, eq=False)
class Part:
    """A node of a score: the score itself or a part of it, a choice or parts of its own."""

    name: str
    path: str
    title: Title
    about: str
    weight: Text | None
    choice: Choice | None
    parts: tuple["Part", ...]
    exceptions: tuple[ExceptionRule, ...]
    missing: Node | None
    bonuses: tuple[Adjustment, ...]
    deductions: tuple[Adjustment, ...]
    limits: tuple[Limit, ...]
    range: tuple[Text, Text] | None
    round: tuple[Decimal, Span] | None
    applies: Text | None
    reason: str
    span: Span = _span


@frozen(kw_only=True, eq=False)
class RuleSet:
    """One rule set as it holds between two dates at which something in it changes.

    `effective` bounds the rule set, `since` and `until` this version of it. The subjects are the rows
    of `table`, or the keys that stand in the fact `fact`. `broken` are names of what can't be read,
    which is reported already; names that begin with one of `unread` would be made by a kind that can't be.
    """

    name: str
    title: Title
    about: str
    effective_from: dt.date | None
    effective_until: dt.date | None
    enforced: dt.date | None
    since: dt.date | None
    until: dt.date | None
    subject: str
    table: str
    fact: str | None
    key: tuple[str, ...]
    where: Text | None
    every: tuple[str, str | int] | None
    facts: dict[str, Fact]
    references: dict[str, Reference]
    windows: dict[str, Window]
    items: dict[str, Item]
    scores: dict[str, Part]
    pools: dict[str, Pool]
    broken: frozenset[str]
    unread: tuple[str, ...] = ()
    span: Span = _span
    spans: dict[str, Span] = _span
