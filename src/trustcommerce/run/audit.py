"""What a rule set saw of a fact: rows that counted, that were excluded and why, that are of no subject."""

from collections.abc import Sequence
from typing import Any

from attrs import frozen
from sqlglot import exp

from trustcommerce.language.relations import Gather
from trustcommerce.run.grouping import ROWS, flag_count
from trustcommerce.run.layers import at
from trustcommerce.run.sql import column

__all__ = ["FactCounts", "audit", "counts_of"]


@frozen(kw_only=True)
class FactCounts:
    """Rows of a fact that a rule set saw: all that its `where` left, excluded by reason, of no subject."""

    rows: int
    excluded: dict[str, int]
    unknown: int


def audit(gather: Gather, stage: str, key: Sequence[str], subjects: str | None) -> exp.Select:
    """The question that `counts_of` reads the answer of: one row.

    Args:
        stage: The table of what is measured, a row for each key.
        key: Its columns that hold the subject's key.
        subjects: The table of the subjects; None where the fact itself gives them.
    """
    sums = [_total(column(ROWS))]
    for flags in _reasons(gather).values():
        parts = [_total(column(flag_count(flag))) for flag in flags]
        sums.append(exp.Greatest(this=parts[0], expressions=parts[1:], ignore_nulls=True) if parts[1:] else parts[0])
    query = exp.select(*(exp.alias_(each, f"counted_{i}") for i, each in enumerate(sums)))
    query = query.from_(exp.to_table(stage), copy=False)
    if subjects is None:
        return query
    pairs = zip(gather.on, key, strict=True)
    on = exp.and_(*(exp.EQ(this=at("s", field.name), expression=at("g", name)) for field, name in pairs))
    first = at("s", gather.on[0].name)
    unknown = (
        exp.select(_total(at("g", ROWS)))
        .from_(exp.to_table(stage).as_("g"), copy=False)
        .join(exp.to_table(subjects).as_("s"), on=on, join_type="left", copy=False)
        .where(exp.Is(this=first, expression=exp.Null()), copy=False)
    )
    return query.select(exp.alias_(exp.Subquery(this=unknown), "unknown"), copy=False)


def counts_of(gather: Gather, row: Sequence[Any]) -> FactCounts:
    """The answer in words."""
    values = [int(each or 0) for each in row]
    reasons = _reasons(gather)
    unknown = values[len(reasons) + 1] if len(values) > len(reasons) + 1 else 0
    return FactCounts(rows=values[0], excluded=dict(zip(reasons, values[1:], strict=False)), unknown=unknown)


def _reasons(gather: Gather) -> dict[str, list[str]]:
    """Flags by reason; a flag that differs from metric to metric counts as its largest."""
    found: dict[str, list[str]] = {}
    for flag, reason in gather.flags:
        found.setdefault(reason, []).append(flag)
    return found


def _total(value: exp.Expression) -> exp.Expression:
    return exp.Sum(this=value)
