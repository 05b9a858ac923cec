"""The relation core: what a rule set does with rows, as typed as the expressions.

A plan is a chain of these nodes, from the scan of the subject's table to the derived row; rows of
facts are chains of their own that a `Gather` brings to the subject.
"""

from attrs import field, frozen

from trustcommerce.language.expressions import Expr
from trustcommerce.language.types import Type

__all__ = [
    "Components",
    "Derive",
    "Distinct",
    "Exists",
    "Field",
    "Gather",
    "Item",
    "Keep",
    "Match",
    "Measure",
    "Peers",
    "Rank",
    "Relation",
    "Scan",
    "Share",
    "Table",
]


@frozen
class Field:
    """A typed column of a relation."""

    name: str
    type: Type


@frozen(eq=False)
class Table:
    """Rows that the plan holds itself, in run-time shapes: a pack's reference file.

    Args:
        pool: The pool of which the rows tell what earlier periods left: none, until a run is given some.
    """

    name: str
    fields: tuple[Field, ...]
    rows: tuple[tuple[object, ...], ...]
    pool: str | None = None


@frozen(kw_only=True)
class Scan:
    """Rows that come from outside.

    Args:
        table: The table or rule set they come from.
        kind: `table` or `ruleset`.
        key: Columns that tell rows apart; a second row with the same is an error.
        fields: Columns that are read.
        hidden: Columns whose values from `as_of` on are not known yet, so read as missing.
    """

    table: str
    kind: str = "table"
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    hidden: tuple[str, ...] = ()


@frozen(kw_only=True)
class Components:
    """`member` and `component` of every node of a graph whose edges are the rows of `source`.

    A component is named by its smallest member.
    """

    source: "Relation"
    start: str
    end: str
    fields: tuple[Field, ...]


@frozen(kw_only=True)
class Distinct:
    """The different values of `columns`."""

    source: "Relation"
    columns: tuple[Field, ...]


@frozen(kw_only=True)
class Keep:
    """Rows for which the condition is true; `label` is what an author wrote for it."""

    source: "Relation"
    where: Expr
    label: str = ""


@frozen(kw_only=True)
class Match:
    """At most one row of another relation beside each row: the many-to-one join.

    Args:
        source: The rows joined to.
        name: Columns of the match are read as `name.column`; `name.matched` tells whether there is one.
        rows: Where the match comes from: a pack file's rows, or a relation.
        fields: Columns that are read.
        on: The table's own columns that are matched, with their types.
        candidates: Values for `on`, most specific first; the first that matches wins.
        valid: Two columns that bound a period, and the moment that must lie in it.
        when: A further condition; the other row's columns are `name.column`.
        pick: `first` or `last` of several rows in the order of `order`, None where rows are unique.
        required: Whether a row without a match is an error.
    """

    source: "Relation"
    name: str
    rows: "Table | Relation"
    fields: tuple[Field, ...]
    on: tuple[Field, ...]
    candidates: tuple[tuple[Expr, ...], ...]
    valid: tuple[str, str, Expr] | None = None
    when: Expr | None = None
    pick: str | None = None
    order: tuple[str, ...] = ()
    required: bool

    @property
    def table(self) -> Table | None:
        """The pack's file whose rows are matched: nobody else has to give them."""
        return self.rows if isinstance(self.rows, Table) and self.rows.pool is None else None

    @property
    def input(self) -> str:
        """Name of the table, file or rule set that rows come from."""
        return self.rows.name if isinstance(self.rows, Table) else base(self.rows).table

    @property
    def alone(self) -> bool:
        """Whether the periods of a key must not overlap: nothing else tells its rows apart."""
        return self.valid is not None and self.when is None and self.pick is None

    @property
    def kind(self) -> str:
        """`file`, `pool`, `table` or `ruleset`."""
        if isinstance(self.rows, Table):
            return "file" if self.rows.pool is None else "pool"
        return base(self.rows).kind


@frozen(kw_only=True)
class Exists:
    """A truth value beside each row: whether a row of another relation goes with it.

    Args:
        name: The column added.
        alias: The other row's columns are `alias.column`.
        on: Columns of the other relation and the values they equal.
        when: A further condition over both rows.
    """

    source: "Relation"
    name: str
    alias: str
    rows: "Relation"
    fields: tuple[Field, ...]
    on: tuple[tuple[str, Expr], ...]
    when: Expr | None


@frozen(kw_only=True)
class Rank:
    """Where a row stands among the rows of its partition for which `where` holds.

    Args:
        name: The column added; missing where `where` does not hold.
        form: `position` from 1; `percent`, the mid-rank as a share; `running`, the sum of `value` up
            to the row.
        value: What is summed up under `running`.
        order: Expressions and whether they descend; a total order for `position` and `running`.
    """

    source: "Relation"
    name: str
    form: str
    order: tuple[tuple[Expr, bool], ...]
    within: tuple[Expr, ...]
    where: Expr | None
    value: Expr | None = None
    type: Type


@frozen(kw_only=True)
class Share:
    """Whole units of an amount, shared by the rows of a partition in proportion to their weights.

    A row gets what is due to its weight, but at least `low` and at most `high`: the level at which the whole
    amount is given is the same for all ("water-filling"). What is over where all have their most stays over;
    an amount below the sum of `low` is shared in proportion to `low`.

    Args:
        name: The column added, 0 or more.
        amount: What the rows of a partition share, the same for all of them.
        weight: Of a row; one of 0 gets no more than `low`. Like the bounds never missing and never negative.
        low: 0 for all by default.
        high: None for no end. Where it is below `low`, it is `low`, too.
        key: Columns that tell rows apart; they decide ties.
        method: `largest_remainder` or `webster`, after which fractions become whole units; or `top`: one unit
            for those with the largest weights, which may be of any kind, if their `high` is above 0; or the name of
            the `allocator`.
        allocator: A `registry.Allocator`, which says what the rows with a weight get, up to `high`.
        inputs: What else the allocator knows of a row.
    """

    source: "Relation"
    name: str
    amount: Expr
    weight: Expr
    low: Expr | None
    high: Expr | None
    within: tuple[Expr, ...]
    key: tuple[Field, ...]
    method: str
    type: Type
    allocator: object = field(default=None, eq=False)
    inputs: tuple[tuple[str, Expr], ...] = ()


@frozen(kw_only=True)
class Measure:
    """One exact aggregate of a group of rows.

    Args:
        name: The column it becomes.
        atom: The name under which a record gives it; branches of a chosen window share one.
        function: count, sum, distinct, min, max or quantile.
        value: What is aggregated, None for count; missing ones are passed over.
        filters: Conditions, all of which a row must meet, with what they are called in explanations.
        at: Numerator and denominator of the quantile.
        per: Under `sum`, groups within the subject, each capped by `cap` before they are added.
        type: Of the result; out of its range is an error.
    """

    name: str
    atom: str
    function: str
    value: Expr | None = None
    filters: tuple[tuple[str, Expr], ...] = ()
    at: tuple[int, int] = (1, 2)
    per: tuple[Expr, ...] = ()
    cap: Expr | None = None
    type: Type


@frozen(kw_only=True)
class Gather:
    """Aggregates of a fact's rows beside each subject; one group-by for all of them.

    Args:
        source: The subjects.
        fact: Name of the fact.
        rows: Its rows.
        key: Columns of the rows that hold the subject's key, in the order of `on`.
        on: The subject's key.
        outer: Columns of the subject that the rows read, as `alias.column`.
        flags: Columns that tell why a row is excluded, by reason; for counting.
        titles: What the fact and its exclusions are called, by language.
    """

    source: "Relation"
    fact: str
    rows: "Relation"
    key: tuple[str, ...]
    on: tuple[Field, ...]
    outer: tuple[tuple[str, str], ...]
    measures: tuple[Measure, ...]
    flags: tuple[tuple[str, str], ...] = ()
    id: tuple[str, ...] = ()
    show: tuple[Field, ...] = ()
    titles: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()


@frozen(kw_only=True)
class Peers:
    """Aggregates of the subjects of the same partition beside each of them."""

    source: "Relation"
    name: str
    within: tuple[Expr, ...]
    measures: tuple[Measure, ...]


@frozen(kw_only=True)
class Item:
    """A computed column. `late` items serve reasons and explanations only."""

    name: str
    expr: Expr
    late: bool = field(default=False)


@frozen(kw_only=True)
class Derive:
    """Rows with items added, each over the columns and the items before it."""

    source: "Relation"
    items: tuple[Item, ...]


Relation = Scan | Components | Distinct | Keep | Match | Exists | Rank | Share | Gather | Peers | Derive


def base(relation: Relation) -> Scan:
    """The scan at the bottom of a chain."""
    while not isinstance(relation, Scan):
        relation = relation.source
    return relation
