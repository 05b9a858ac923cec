"""The pack of policies/olist over the numbers of a million synthetic sellers."""

from collections.abc import Callable
from typing import Any

from benchmarks.measure import ROOT, Row, clock, row, worker

__all__ = ["CASES", "rows"]

_ROWS = 1_000_000
_DAY = "2018-09-01"
_REPEATS = 5
_RULESET = "store_experience"


def _frame() -> Any:
    """Counts as they stand to each other in the real table: most sellers have few orders."""
    import numpy as np
    import pyarrow as pa

    rng = np.random.default_rng(7)
    orders = 1 + rng.geometric(0.05, _ROWS)
    delivered = rng.binomial(orders, 0.97)
    reviews = rng.binomial(orders, 0.98)
    columns = {
        "seller_id": np.char.add("s", np.arange(_ROWS).astype(str)),
        "orders": orders,
        "late_delivery_rate.of": rng.binomial(delivered, 0.08),
        "late_delivery_rate.to": delivered,
        "late_handover_rate.of": rng.binomial(orders, 0.09),
        "late_handover_rate.to": orders,
        "cancellation_rate.of": rng.binomial(orders, 0.01),
        "cancellation_rate.to": orders,
        "mean_stars.sum": reviews + rng.binomial(4 * reviews, 0.77),
        "mean_stars.rows": reviews,
        "gmv": orders * rng.integers(10, 300, _ROWS),
    }
    return pa.table(columns)


def _run(columns: list[str] | None = None) -> Callable[[], object]:
    from trustcommerce.engine import load

    engine, frame = load(ROOT / "policies" / "olist"), _frame()
    return lambda: engine.score_table(_RULESET, frame, _DAY, columns=columns)


CASES: dict[str, Callable[[], Callable[[], object]]] = {
    "make the input only": lambda: lambda: _frame(),
    "score_table, every column": _run,
    "score_table, score and level only": lambda: _run(["seller_id", "store_experience", "store_level"]),
}


def rows() -> list[Row]:
    found = []
    for name, prepare in CASES.items():
        run = prepare()
        times = [clock(run) for _ in range(_REPEATS)]
        note = "" if name.startswith("make") else f"{_ROWS / sorted(times)[len(times) // 2]:,.0f} rows a second"
        found.append(row(name, times, worker("peak", "table", name), per="table", note=note))
    return found
