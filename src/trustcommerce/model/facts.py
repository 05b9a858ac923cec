"""Tables as a rule set reads them: facts, references, exclusions, windows, aggregates."""

from attrs import field, frozen

from trustcommerce.diagnostics import Span
from trustcommerce.language.bind import Text
from trustcommerce.model.items import Item
from trustcommerce.model.title import Title
from trustcommerce.read.tree import Node

__all__ = ["Aggregate", "Exclusion", "Fact", "KeepRule", "Matching", "Origin", "Reference", "Window"]

_span = field(eq=False, repr=False)

Matching = tuple[tuple[str, tuple[Text, ...], Span], ...]
"""Columns that are matched, the values to look for (most specific first), and where it is said."""


@frozen(kw_only=True, eq=False)
class KeepRule:
    """The first or last `count` rows of each group of `per`, in the order of `order`."""

    first: bool
    count: int
    per: tuple[Text, ...]
    order: tuple[Text, ...]
    span: Span = _span


@frozen(kw_only=True, eq=False)
class Origin:
    """Where rows come from and which of them are seen: what facts, references and exclusions share.

    `kind` is table, file, ruleset, facts or connected; `ends` are the two columns of a graph's edges.
    `spans` say where values stand, members of a list as `key.member`; `keys` where their keys do.
    """

    kind: str
    target: str
    ends: tuple[str, str] | None
    where: Text | None
    columns: dict[str, Item]
    keep: KeepRule | None
    known_at: str | None
    source: Span = _span
    span: Span = _span
    spans: dict[str, Span] = _span
    keys: dict[str, Span] = _span


@frozen(kw_only=True, eq=False)
class Exclusion:
    """Why rows of a fact do not count: a condition, or a row of another table that goes with them."""

    name: str
    title: Title
    origin: Origin | None
    match: Matching
    when: Text | None
    span: Span = _span


@frozen(kw_only=True, eq=False)
class Fact:
    """Many rows for each subject, read through aggregates."""

    name: str
    title: Title
    origin: Origin
    key: tuple[str, ...]
    id: tuple[str, ...]
    time: str | None
    show: tuple[str, ...]
    exclude: tuple[Exclusion, ...]
    span: Span = _span


@frozen(kw_only=True, eq=False)
class Reference:
    """At most one row of a file, table or rule set where it is used."""

    name: str
    origin: Origin
    match: Matching
    when: Text | None
    valid: tuple[str, str, Text | None] | None
    otherwise: str | dict[str, Node]
    valid_spans: tuple[Span, ...] = _span
    span: Span = _span

    @property
    def kind(self) -> str:
        return self.origin.kind

    @property
    def target(self) -> str:
        return self.origin.target

    @property
    def source(self) -> Span:
        return self.origin.source


@frozen(kw_only=True, eq=False)
class Window:
    """A span of time: `last` as text, or bounds, or windows chosen by conditions."""

    last: Text | None
    since: Text | None
    until: Text | None
    rules: tuple[tuple[Text | None, "Window"], ...]
    span: Span = _span
    keys: dict[str, Span] = _span


@frozen(kw_only=True, eq=False)
class Aggregate:
    """One aggregate as written: `kind` with its `body`, and what stands beside it.

    `fact` names the rows; `within` instead partitions the rule set's own subjects.
    """

    kind: str
    body: Text
    fact: str | None
    where: Text | None
    window: Window | None
    by: Text | None
    weight: Text | None
    at: Text | None
    exclude: tuple[str, ...] | None
    within: tuple[Text, ...] | None
    order: tuple[Text, ...]
    form: str | None
    span: Span = _span
    spans: dict[str, Span] = _span
    keys: dict[str, Span] = _span
