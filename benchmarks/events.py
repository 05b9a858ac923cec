"""Events to scores: 5 and 50 million orders, of 100 for each store, beside a query written by hand."""

import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT, Row, clock, made_once, row, worker

__all__ = ["BY_HAND", "CASES", "DAY", "PACK", "WANTED", "folder", "rows"]

_REPEATS = {5_000_000: 5, 50_000_000: 3}
_BAR = 1.2
_MEMORY = "3GB"
DAY = "2023-05-18"
PACK = ROOT / "benchmarks" / "packs" / "events"
WANTED = ["store_id", "score", "level"]

_MAKE = """
COPY (SELECT 's' || i AS store_id, ['N', 'S', 'E', 'W'][1 + i % 4] AS region FROM range({stores}) t(i))
  TO '{folder}/stores.parquet';
COPY (
  SELECT i AS order_id, 's' || CAST(floor({stores} * pow(hash(i) % 1000003 / 1000003, 2)) AS BIGINT) AS store_id,
    CAST(hash(i * 7) % 900001 AS BIGINT) AS buyer_id,
    ['N', 'S', 'E', 'W'][CAST(1 + hash(i * 3) % 4 AS BIGINT)] AS region,
    CAST(1 + hash(i * 5) % 40000 / 100 AS DECIMAL(12, 2)) AS paid, paid_at, paid_at + INTERVAL 2 DAY AS due_at,
    CASE WHEN hash(i * 11) % 50 > 0 THEN shipped_at END AS shipped_at,
    CASE WHEN hash(i * 11) % 50 > 1
      THEN shipped_at + to_minutes(600 + CAST(hash(i * 13) % 4000 AS BIGINT)) END AS signed_at,
    CASE WHEN hash(i * 17) % 3 = 0 THEN CAST(least(5, 1 + hash(i * 19) % 9) AS BIGINT) END AS stars,
    hash(i * 23) % 60 = 0 AS abnormal
  FROM (
    SELECT i, paid_at, paid_at + to_minutes(60 + CAST(hash(i * 29) % 3000 AS BIGINT)) AS shipped_at
    FROM (SELECT i, TIMESTAMP '2023-01-18' + to_seconds(CAST(hash(i * 31) % 10368000 AS BIGINT)) AS paid_at
          FROM range({orders}) t(i))))
  TO '{folder}/orders.parquet';
COPY (SELECT i AS incident_id, ['N', 'E'][1 + i] AS region,
        TIMESTAMP '2023-04-20' + to_days(CAST(i * 9 AS INTEGER)) AS starts_at,
        TIMESTAMP '2023-04-24' + to_days(CAST(i * 9 AS INTEGER)) AS ends_at FROM range(2) t(i))
  TO '{folder}/incidents.parquet';
"""

BY_HAND = """
WITH seen AS (
  SELECT o.* FROM read_parquet('{folder}/orders.parquet') o
  WHERE paid_at < DATE '2023-05-18' AND NOT abnormal AND NOT EXISTS (
    SELECT 1 FROM read_parquet('{folder}/incidents.parquet') i
    WHERE i.region = o.region AND o.paid_at >= i.starts_at AND o.paid_at < i.ends_at)
), atoms AS (
  SELECT store_id,
    count(*) FILTER (paid_at >= DATE '2023-04-18') AS paid_orders,
    sum(CAST(paid * 100 AS BIGINT)) FILTER (paid_at >= DATE '2023-04-18') AS gmv,
    count(DISTINCT buyer_id) FILTER (paid_at >= DATE '2023-04-18') AS buyers,
    count(*) FILTER (due_at >= DATE '2023-04-18' AND due_at < DATE '2023-05-18'
      AND coalesce(CASE WHEN shipped_at < DATE '2023-05-18' THEN shipped_at END, TIMESTAMP '2023-05-18') > due_at
    ) AS late,
    count(*) FILTER (due_at >= DATE '2023-04-18' AND due_at < DATE '2023-05-18') AS due,
    sum(epoch_us(signed_at) - epoch_us(shipped_at)) FILTER (
      signed_at >= DATE '2023-04-18' AND signed_at < DATE '2023-05-18') AS micros,
    count(*) FILTER (signed_at >= DATE '2023-04-18' AND signed_at < DATE '2023-05-18') AS signed,
    sum(stars) FILTER (paid_at >= DATE '2023-02-17') AS stars,
    count(stars) FILTER (paid_at >= DATE '2023-02-17') AS reviews
  FROM seen GROUP BY store_id
), metrics AS (
  SELECT s.store_id, coalesce(paid_orders, 0) AS paid_orders,
    CASE WHEN due >= 10 THEN late::DOUBLE / due END AS late_rate,
    CASE WHEN signed >= 10 THEN micros::DOUBLE / (signed * 3.6e9) END AS hours,
    CASE WHEN reviews >= 5 THEN stars::DOUBLE / reviews END AS mean_stars
  FROM read_parquet('{folder}/stores.parquet') s LEFT JOIN atoms USING (store_id)
), points AS (
  SELECT store_id, paid_orders,
    CAST(floor(10000 * CASE WHEN late_rate <= 0 THEN 100 WHEN late_rate <= 0.02 THEN 100 - 500 * late_rate
      WHEN late_rate <= 0.05 THEN 90 - 1000 * (late_rate - 0.02)
      WHEN late_rate <= 0.2 THEN 60 - 400 * (late_rate - 0.05)
      WHEN late_rate > 0.2 THEN 0 END + 0.5) AS BIGINT) AS a,
    CAST(floor(10000 * CASE WHEN hours <= 24 THEN 100 WHEN hours <= 48 THEN 100 - (hours - 24) * 20 / 24
      WHEN hours <= 96 THEN 80 - (hours - 48) * 80 / 48 WHEN hours > 96 THEN 0 END + 0.5) AS BIGINT) AS b,
    CAST(floor(10000 * CASE WHEN mean_stars <= 4 THEN (mean_stars - 1) * 20
      WHEN mean_stars > 4 THEN 60 + (mean_stars - 4) * 40 END + 0.5) AS BIGINT) AS c
  FROM metrics
), scored AS (
  SELECT store_id, CASE WHEN paid_orders >= 10 THEN
      round((coalesce(a * 50, 0) + coalesce(b * 20, 0) + coalesce(c * 30, 0))
        / nullif(CASE WHEN a IS NULL THEN 0 ELSE 50 END + CASE WHEN b IS NULL THEN 0 ELSE 20 END
          + CASE WHEN c IS NULL THEN 0 ELSE 30 END, 0) / 100) / 100 END AS score
  FROM points
)
SELECT store_id, score,
  CASE WHEN score IS NULL THEN 'none' WHEN score >= 80 THEN 'good' WHEN score >= 60 THEN 'fair' ELSE 'poor' END AS level
FROM scored
"""


def folder(orders: int) -> Path:
    """The events as Parquet files; made once, in the folder for temporary files."""
    made = _MAKE.replace("{orders}", str(orders)).replace("{stores}", str(orders // 100))
    return made_once(f"trustcommerce-benchmark-{orders}", made)


def _by_hand(orders: int) -> Callable[[], object]:
    import duckdb

    query, settings = BY_HAND.replace("{folder}", str(folder(orders))), {"memory_limit": _MEMORY}
    return lambda: duckdb.connect(config=settings).sql(query).to_arrow_table()


def _run(columns: list[str] | None, orders: int) -> Callable[[], Any]:
    from trustcommerce.engine import load

    engine, place = load(PACK), folder(orders)
    return lambda: engine.score_table("store", None, DAY, tables=place, columns=columns, memory=_MEMORY)


_HAND = "hand-written query: score and level"
_CASES: dict[str, Callable[[int], Callable[[], object]]] = {
    _HAND: _by_hand,
    "score_table: score and level": partial(_run, WANTED),
    "score_table: every column, reasons too": partial(_run, None),
}
CASES: dict[str, Callable[[], Callable[[], object]]] = {
    f"{orders:,}: {name}": partial(prepare, orders) for orders in _REPEATS for name, prepare in _CASES.items()
}


def rows() -> list[Row]:
    found = []
    for orders, repeats in _REPEATS.items():
        runs = {name: CASES[f"{orders:,}: {name}"]() for name in _CASES}
        times: dict[str, list[float]] = {name: [] for name in runs}
        for run in runs.values():
            run()
        for _ in range(repeats):  # side by side: a noisy moment meets them all
            for name, run in runs.items():
                times[name].append(clock(run))
        base = statistics.median(times[_HAND])
        for name, each in times.items():
            note = "" if name == _HAND else f"{statistics.median(each) / base:.2f} times the hand-written query"
            full = f"{orders:,}: {name}"
            bar = _BAR * base if name == "score_table: score and level" else None
            found.append(row(full, each, worker("peak", "events", full), per="run", bar=bar, note=note))
    return found
