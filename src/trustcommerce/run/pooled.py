"""What became of a pool: asked of a result's rows, a line for each partition."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlglot import exp

from trustcommerce.plan import PoolShape
from trustcommerce.run.sql import column

__all__ = ["pooled", "pooled_of"]


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
    found += [exp.Sum(this=column(name)) for name in _sums(pool)]
    query = exp.select(*(exp.alias_(each, f"c{i}", quoted=True) for i, each in enumerate(found)))
    query = query.from_(exp.to_table(rows), copy=False)
    for each in parts:
        query = query.group_by(each.copy(), copy=False)
    return query.order_by(*(each.copy() for each in parts), copy=False) if parts else query


def _sums(pool: PoolShape) -> list[str]:
    floors = [f"{pool.name}.at_least"] if pool.low else []
    return [pool.name, *floors, *(f"{pool.name}.{each}" for each in pool.reserves)]


def pooled_of(
    pool: PoolShape, rows: Iterable[Sequence[Any]], spent: dict[tuple[Any, ...], Any]
) -> list[dict[str, Any]]:
    """The answers as run.json holds them: whole units as numbers, money as text.

    Args:
        spent: What earlier periods have granted, by partition.
    """
    found = []
    for row in rows:
        values = iter(row)
        within = {text: _plain(next(values)) for text, _ in pool.within}
        participants, amount = next(values), next(values) or 0
        carried = (next(values) or 0) if pool.carried else 0
        granted = next(values) or 0
        least = (next(values) or 0) if pool.low else 0
        reserves = {name: next(values) or 0 for name in pool.reserves}
        before = spent.get(tuple(within.values()), 0)
        entry: dict[str, Any] = {"within": within} if within else {}
        entry |= {"participants": int(participants), "amount": _units(amount, pool)}
        if pool.carried:
            entry["carried"] = _units(carried, pool)
        entry |= {"granted": _units(granted, pool), "left_over": _units(amount - granted, pool)}
        if pool.low:
            entry["short_of_least"] = _units(max(least - amount, 0), pool)
        if reserves:
            entry["reserves"] = {name: _units(each, pool) for name, each in reserves.items()}
        entry["spent"] = _units(granted + before, pool)
        found.append(entry)
    return found


def _units(value: Any, pool: PoolShape) -> int | str:
    return (
        int(value) if pool.type.scale == 0 else str(Decimal(str(value)).quantize(Decimal(1).scaleb(-pool.type.scale)))
    )


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | bool | int | float) else str(value)
