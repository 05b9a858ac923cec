"""Sharing: 60 billion impressions among 100 thousand to 10 million participants, beside a sort of the same rows."""

import math
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, clock, row, worker

__all__ = ["CASES", "frame", "pack", "rows"]

_ROWS = (100_000, 1_000_000, 10_000_000)
_REPEATS = 3
_TIMES = 10
_DAY = "2026-11-01"
_HEAD = "subject: {name: claim, table: claims, key: claim_id}\npools:\n  share:\n    amount: 60000000000\n"
_POOLS = {
    "in proportion": "    method: proportional\n    weight: weight\n",
    "floors and caps": "    method: proportional\n    weight: weight\n    at_least: least\n    at_most: most\n",
    "floors and caps, Webster": "    method: proportional\n    weight: weight\n    at_least: least\n    at_most: most\n"
    "    rounding: webster\n",
    "max-min, in 31 partitions": "    within: region\n    method: max_min\n    weight: weight\n    at_most: most\n",
}
_PACK = """
pack: pools
tables:
  claims:
    key: claim_id
    columns:
      claim_id: text
      region: text
      weight: {type: integer, range: [0, 1000000]}
      least: {type: integer, range: [0, 1000000]}
      most: {type: integer, range: [0, 1000000000]}
"""


def pack(folder: Path) -> Path:
    """A pack with a rule set for each pool, named `p0` and on."""
    (folder / "rulesets").mkdir(parents=True)
    (folder / "pack.yaml").write_text(_PACK, "utf-8")
    for i, text in enumerate(_POOLS.values()):
        (folder / "rulesets" / f"p{i}.yaml").write_text(f"ruleset: p{i}\n{_HEAD}{text}", "utf-8")
    return folder


def frame(count: int) -> Any:
    """Participants with a heavy tail of weights; the caps bind for some, the floors for others."""
    import numpy as np
    import pyarrow as pa

    rng = np.random.default_rng(1)
    weight = np.minimum(rng.pareto(1.2, count) * 100, 1_000_000).astype("int64")
    mean = 60_000_000_000 // count
    return pa.table(
        {
            "claim_id": pa.array([f"c{i}" for i in range(count)]),
            "region": pa.array([f"r{i % 31}" for i in range(count)]),
            "weight": weight,
            "least": rng.integers(0, mean // 4, count),
            "most": rng.integers(mean // 2, 4 * mean, count),
        }
    )


def _sort(count: int) -> Callable[[], object]:
    import duckdb

    claims = frame(count)
    connection = duckdb.connect()
    connection.register("claims", claims)
    return lambda: connection.sql("SELECT * FROM claims ORDER BY weight DESC, claim_id").to_arrow_table()


def _share(count: int, i: int) -> Callable[[], object]:
    import trustcommerce as tc

    with tempfile.TemporaryDirectory() as folder:
        engine = tc.load(pack(Path(folder) / "pack"))
    claims = frame(count)
    engine.score_table(f"p{i}", claims.slice(0, 1000), _DAY)
    return lambda: engine.score_table(f"p{i}", claims, _DAY, columns=["claim_id", "share"])


CASES: dict[str, Callable[[], Callable[[], object]]] = {
    f"{count:,}: {name}": make
    for count in _ROWS
    for name, make in {
        "a sort of the rows": partial(_sort, count),
        **{name: partial(_share, count, i) for i, name in enumerate(_POOLS)},
    }.items()
}


def rows() -> list[Row]:
    found: list[Row] = []
    before: dict[str, tuple[int, float]] = {}
    for count in _ROWS:
        names = ["a sort of the rows", *_POOLS]
        runs = {name: CASES[f"{count:,}: {name}"]() for name in names}
        times: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(_REPEATS):
            for name, run in runs.items():
                times[name].append(clock(run))
        bar = _TIMES * min(times[names[0]])
        for name, seconds in times.items():
            best, note = min(seconds), ""
            if name in before:
                less, took = before[name]
                note = f"exponent {math.log(best / took) / math.log(count / less):.2f}"
            before[name] = count, best
            peak = worker("peak", "pools", f"{count:,}: {name}")
            said = f"{count:,} participants: {name}" if name in _POOLS else f"{count:,} rows: {name}"
            found.append(row(said, seconds, peak, per="run", bar=bar if name in _POOLS else None, note=note))
    return found
