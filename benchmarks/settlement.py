"""Settlement: what 5 million orders owe and are waived, and a statement for each store, beside SQL by hand."""

import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT, Row, clock, made_once, row, worker

__all__ = ["BY_HAND", "CASES", "DAY", "PACK", "PLUGIN", "folder", "rows"]

_ORDERS = 5_000_000
_REPEATS = 3
_BAR = 1.3
DAY = "2023-03-31"
PACK = ROOT / "benchmarks" / "packs" / "settlement"
PLUGIN = ROOT / "plugins" / "trustcommerce-product-card" / "src" / "trustcommerce_product_card.py"

_MAKE = """
COPY (SELECT 's' || i AS store_id FROM range({stores}) t(i)) TO '{folder}/stores.parquet';
COPY (
  SELECT i AS order_id, 's' || CAST(floor({stores} * pow(hash(i) % 1000003 / 1000003, 2)) AS BIGINT) AS store_id,
    'a' || hash(i * 3) % 10 AS category_1, 'b' || hash(i * 3) % 50 AS category_2,
    'c' || hash(i * 3) % 500 AS category_3,
    ['mall_channel', 'bottom_recommendation', 'guess_you_like', 'search', 'live'][1 + CAST(hash(i * 5) % 5 AS BIGINT)]
      AS entry_scene,
    hash(i * 7) % 40 = 0 AS gift, hash(i * 11) % 20 = 0 AS cross_border, paid,
    CASE WHEN hash(i * 13) % 12 = 0 THEN CAST(paid / 2 AS DECIMAL(12, 2)) ELSE 0 END::DECIMAL(12, 2) AS refunded,
    paid_at, paid_at + INTERVAL 9 DAY AS settled_at
  FROM (SELECT i, CAST(1 + hash(i * 17) % 40000 / 100 AS DECIMAL(12, 2)) AS paid,
          TIMESTAMP '2023-02-01' + to_seconds(CAST(hash(i * 31) % 4000000 AS BIGINT)) AS paid_at
        FROM range({orders}) t(i)))
  TO '{folder}/orders.parquet';
COPY (SELECT 's' || i AS store_id, month, ['full', 'ten_percent'][1 + i % 2] AS kind
      FROM range({stores}) t(i), (VALUES (DATE '2023-01-01'), (DATE '2023-02-01')) m(month) WHERE i % 3 < 2)
  TO '{folder}/monthly_tasks.parquet';
COPY (SELECT i AS finding_id, i * 977 AS order_id, TIMESTAMP '2023-03-20' AS found_at FROM range(2000) t(i))
  TO '{folder}/frauds.parquet';
"""

BY_HAND = """
CREATE OR REPLACE TEMP TABLE rates AS
  SELECT category, CAST(rate AS DECIMAL(5, 4)) AS rate, valid_from, coalesce(valid_until, DATE '9999-01-01') AS until
  FROM read_csv('{pack}/references/rates.csv', types = {'rate': 'DECIMAL(5, 4)'});
CREATE OR REPLACE TEMP TABLE settled AS
  WITH joined AS (
    SELECT o.*, coalesce(r3.rate, r2.rate, r1.rate, r0.rate) AS rate, t.kind, f.order_id IS NOT NULL AS fraud,
      CASE WHEN cross_border THEN 0.0100 ELSE 0.0060 END::DECIMAL(5, 4) AS kept
    FROM read_parquet('{folder}/orders.parquet') o
    LEFT JOIN rates r3 ON r3.category = category_3 AND paid_at >= r3.valid_from AND paid_at < r3.until
    LEFT JOIN rates r2 ON r2.category = category_2 AND paid_at >= r2.valid_from AND paid_at < r2.until
    LEFT JOIN rates r1 ON r1.category = category_1 AND paid_at >= r1.valid_from AND paid_at < r1.until
    LEFT JOIN rates r0 ON r0.category = '*' AND paid_at >= r0.valid_from AND paid_at < r0.until
    LEFT JOIN read_parquet('{folder}/monthly_tasks.parquet') t
      ON t.store_id = o.store_id AND t.month = CAST(date_trunc('month', settled_at) - INTERVAL 1 MONTH AS DATE)
    LEFT JOIN (SELECT DISTINCT order_id FROM read_parquet('{folder}/frauds.parquet')) f ON f.order_id = o.order_id
  ), waived AS (
    SELECT *, round(paid * rate, 2)::DECIMAL(18, 2) AS waiver_due,
      CASE WHEN fraud OR gift OR rate <= kept
          OR entry_scene NOT IN ('mall_channel', 'bottom_recommendation', 'guess_you_like') THEN 0
        WHEN kind = 'full' THEN round(paid * (rate - kept), 2)
        WHEN kind = 'ten_percent' THEN round(paid * rate * 0.1, 2) ELSE 0 END::DECIMAL(18, 2) AS waiver
    FROM joined
  )
  SELECT *, (waiver_due - waiver)::DECIMAL(18, 2) AS waiver_charged,
    CAST(CASE WHEN paid = 0 THEN 0
      ELSE CAST(floor((refunded * waiver)::DOUBLE / (paid * 1.00)::DOUBLE * 100 + 0.5) AS BIGINT)
        * 0.01::DECIMAL(3, 2)
      END AS DECIMAL(18, 2)) AS waiver_back
  FROM waived;
COPY (SELECT * FROM settled ORDER BY order_id) TO '{out}/orders.parquet' (COMPRESSION zstd);
COPY (
  SELECT s.store_id, coalesce(sum(waiver_due), 0) AS month_due, coalesce(sum(waiver), 0) AS month_waived,
    coalesce(sum(waiver_charged), 0) AS month_charged, coalesce(sum(waiver_back), 0) AS month_back
  FROM read_parquet('{folder}/stores.parquet') s
  LEFT JOIN settled o ON o.store_id = s.store_id AND settled_at >= DATE '2023-01-30' AND settled_at < DATE '2023-03-31'
  GROUP BY s.store_id ORDER BY s.store_id
) TO '{out}/statements.parquet' (COMPRESSION zstd);
"""
"""The files of a run, rows in the order of their keys. It believes that ids are unique and values within their
ranges, which a run checks."""


def folder(orders: int) -> Path:
    """The tables as Parquet files; made once, in the folder for temporary files."""
    made = _MAKE.replace("{orders}", str(orders)).replace("{stores}", str(orders // 100))
    return made_once(f"trustcommerce-settlement-{orders}", made)


def _by_hand(orders: int) -> Callable[[], object]:
    import duckdb

    query = BY_HAND.replace("{folder}", str(folder(orders))).replace("{pack}", str(PACK))

    def run() -> None:
        with tempfile.TemporaryDirectory() as out:
            duckdb.connect().execute(query.replace("{out}", out))

    return run


def _run(orders: int) -> Callable[[], Any]:
    from trustcommerce.engine import load

    engine, place = load(PACK, plugins=[str(PLUGIN)]), folder(orders)

    def run() -> None:
        with tempfile.TemporaryDirectory() as out:
            engine.run(place, Path(out) / "out", DAY)

    return run


_HAND, _OWN = "two hand-written queries", "run"
_CASES: dict[str, Callable[[int], Callable[[], object]]] = {_HAND: _by_hand, _OWN: _run}
CASES: dict[str, Callable[[], Callable[[], object]]] = {
    f"{_ORDERS:,}: {name}": partial(prepare, _ORDERS) for name, prepare in _CASES.items()
}


def rows() -> list[Row]:
    runs = {name: CASES[f"{_ORDERS:,}: {name}"]() for name in _CASES}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(_REPEATS):
        for name, run in runs.items():
            times[name].append(clock(run))
    base = statistics.median(times[_HAND])
    found = []
    for name, each in times.items():
        note = "" if name == _HAND else f"{statistics.median(each) / base:.2f} times the hand-written queries"
        peak = worker("peak", "settlement", f"{_ORDERS:,}: {name}")
        bar = _BAR * base if name == _OWN else None
        found.append(row(f"{_ORDERS:,} orders: {name}", each, peak, per="run", bar=bar, note=note))
    return found
