"""The relation core: what a rule set does with rows, as typed as the expressions.

A plan is a chain of these nodes, from the scan of the subject's table to the derived row.
"""

from typing import Union

from attrs import frozen

from trustcommerce.language.expressions import Expr
from trustcommerce.language.types import Type

__all__ = ["Derive", "Field", "Item", "Keep", "Match", "Relation", "Scan", "Table"]


@frozen
class Field:
    """A typed column of a relation."""

    name: str
    type: Type


@frozen(eq=False)
class Table:
    """Rows that the plan holds itself: a pack's reference file, in run-time shapes."""

    name: str
    fields: tuple[Field, ...]
    rows: tuple[tuple[object, ...], ...]


@frozen(kw_only=True)
class Scan:
    """The rows of the subject's table; `key` names the columns that tell them apart."""

    table: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]


@frozen(kw_only=True)
class Keep:
    """Rows for which the condition is true."""

    source: "Relation"
    where: Expr


@frozen(kw_only=True)
class Match:
    """At most one row of a table beside each row: the many-to-one join.

    Args:
        source: The rows joined to.
        name: Columns of the match are read as `name.column`; `name.matched` tells whether there is one.
        table: The rows of a pack file, or None when they come from outside as `input`.
        input: Name of the table or rule set that a run supplies.
        kind: `file`, `table` or `ruleset`: where the rows come from.
        fields: Columns that are read.
        on: The table's own columns that are matched.
        on_fields: The same with their types.
        candidates: Values for `on`, most specific first; the first that matches wins.
        valid: Two columns that bound a period, and the moment that must lie in it.
        required: Whether a row without a match is an error.
    """

    source: "Relation"
    name: str
    table: Table | None
    input: str | None
    kind: str
    fields: tuple[Field, ...]
    on: tuple[str, ...]
    on_fields: tuple[Field, ...]
    candidates: tuple[tuple[Expr, ...], ...]
    valid: tuple[str, str, Expr] | None
    required: bool


@frozen(kw_only=True)
class Item:
    """A computed column. `late` items serve reasons and explanations only."""

    name: str
    expr: Expr
    late: bool = False


@frozen(kw_only=True)
class Derive:
    """Rows with items added, each over the columns and the items before it."""

    source: "Relation"
    items: tuple[Item, ...]


Relation = Union[Scan, Keep, Match, Derive]
