"""What became of a pool: asked of a result's rows, a line for each partition."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlglot import exp

from trustcommerce.plan import PoolShape
from trustcommerce.run.dialects import SMALL
from trustcommerce.run.sql import column

__all__ = ["pooled", "pooled_of", "units"]


def pooled(pool: PoolShape, rows: str) -> exp.Select:
    """The question that `pooled_of` reads the answers of.

    Args:
        rows: The table that holds the result.
    """
    parts = [column(name) for _, name in pool.within]
    among = exp.Case(ifs=[exp.If(this=column(f"{pool.name}.among"), true=exp.Literal.number(1))])
    found: list[exp.Expression] = [*parts, exp.Count(this=among)]
    found += [
        exp.Max(this=column(f"{pool.name}.{name}")) for name in ("amount", *(["carried"] if pool.carried else []))
    ]
    found += [_total(column(name), pool) for name in _sums(pool)]
    found += [_short(pool)] if pool.low else []
    query = exp.select(*(exp.alias_(each, f"c{i}", quoted=True) for i, each in enumerate(found)))
    query = query.from_(exp.to_table(rows), copy=False)
    for each in parts:
        query = query.group_by(each.copy(), copy=False)
    return query.order_by(*(each.copy() for each in parts), copy=False) if parts else query


def _sums(pool: PoolShape) -> list[str]:
    return [pool.name, *(f"{pool.name}.{each}" for each in pool.reserves)]


def _short(pool: PoolShape) -> exp.Expression:
    """How much of its least a subject did not get; a most below it is the least."""
    least: exp.Expression = column(f"{pool.name}.at_least")
    if pool.high:
        most = column(f"{pool.name}.at_most")
        least = exp.Case(ifs=[exp.If(this=exp.LT(this=most.copy(), expression=least.copy()), true=most)], default=least)
    short = exp.Sub(this=exp.Paren(this=least.copy()), expression=column(pool.name))
    fewer = exp.LT(this=column(pool.name), expression=exp.Paren(this=least))
    return _total(exp.Case(ifs=[exp.If(this=fewer, true=short)]), pool)


def _total(value: exp.Expression, pool: PoolShape) -> exp.Expression:
    """A sum that does not leave 38 digits."""
    wide = exp.DataType.build(f"DECIMAL(38, {pool.type.scale})", dialect="duckdb")
    total = exp.Sum(this=exp.Cast(this=value, to=wide))
    total.meta[SMALL] = True
    return total


def pooled_of(pool: PoolShape, rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    """The answers as run.json holds them: whole units as numbers, money as text."""
    found = []
    for row in rows:
        if row[len(pool.within) + 1] is None:  # a sum over no rows at all
            continue
        values = iter(row)
        within = {text: _plain(next(values)) for text, _ in pool.within}
        participants, amount = next(values), next(values) or 0
        carried = (next(values) or 0) if pool.carried else 0
        granted = next(values) or 0
        reserves = {name: next(values) or 0 for name in pool.reserves}
        short = (next(values) or 0) if pool.low else 0
        entry: dict[str, Any] = {"within": within} if within else {}
        entry |= {"unit": pool.type.unit} if pool.type.unit is not None else {}
        entry |= {"participants": int(participants), "amount": units(amount, pool)}
        if pool.carried:
            entry["carried"] = units(carried, pool)
        entry |= {"granted": units(granted, pool), "left_over": units(amount - granted, pool)}
        if pool.low:
            entry["short_of_least"] = units(short, pool)
        if reserves:
            entry["reserves"] = {name: units(each, pool) for name, each in reserves.items()}
        found.append(entry)
    return found


def units(value: Any, pool: PoolShape) -> int | str:
    """A number of a pool's units as run.json holds it."""
    return (
        int(value) if pool.type.scale == 0 else str(Decimal(str(value)).quantize(Decimal(1).scaleb(-pool.type.scale)))
    )


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | bool | int | float) else str(value)
