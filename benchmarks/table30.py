"""The 30-metric card over 1 and 10 million subjects.

Score, level and three reasons beside code by hand; score and level beside rules engines, which give no reasons and
take one subject at a time.
"""

import statistics
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks import by_hand
from benchmarks.cards import DAY, METRICS, VETOES, card30_engine
from benchmarks.measure import Row, clock, row, worker
from benchmarks.peers30 import PEERS

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CASES", "frame", "rows"]

_REPEATS = {1_000_000: 7, 10_000_000: 3}
_OWN, _HAND, _FLOAT = "score_table", "DuckDB by hand, the same bits", "DuckDB by hand, floating point"
_BAR = 1.2
_LEAN, _LEAN_OUTPUTS = "score_table, score and level", ["store_id", "card", "grade"]
_SAMPLE = 2_000
_TIMES = 50
_HANDS: Mapping[str, Callable[["pa.Table"], object]] = {
    _HAND: by_hand.duckdb_exact,
    _FLOAT: by_hand.duckdb_float,
    "Polars by hand": by_hand.polars_exact,
    "NumPy by hand, the same bits": by_hand.numpy_exact,
}


def frame(count: int) -> "pa.Table":
    """Metrics from 0 to 1, one in fifty of them missing, and vetoes that hold for one in thirty."""
    import numpy as np
    import pyarrow as pa

    rng = np.random.default_rng(30)
    columns: dict[str, Any] = {"store_id": pa.array(np.char.add("s", np.arange(count).astype(str)).astype(object))}
    for name in METRICS:
        columns[name] = pa.array(rng.random(count), mask=rng.random(count) < 0.02)
    for name in VETOES:
        columns[name] = (rng.random(count) < 0.03).astype(np.int64)
    return pa.table(columns)


def _own(rows: "pa.Table", columns: list[str] = by_hand.OUTPUTS) -> Callable[[], object]:
    engine = card30_engine()
    return lambda: engine.score_table("card", rows, DAY, columns=columns)


def _peer(name: str) -> Callable[[], object]:
    points, records = PEERS[name](), frame(_SAMPLE).to_pylist()

    def run() -> None:
        for record in records:
            points(record)

    return run


def _cases(rows: "pa.Table") -> dict[str, Callable[[], object]]:
    return {_OWN: _own(rows), **{name: partial(make, rows) for name, make in _HANDS.items()}}


def _input(count: int) -> Callable[[], object]:
    return lambda: frame(count)


def _case(count: int, name: str) -> Callable[[], object]:
    return _cases(frame(count))[name]


CASES: dict[str, Callable[[], Callable[[], object]]] = {
    f"{count:,}: {name}": partial(_case, count, name) for count in _REPEATS for name in [_OWN, *_HANDS]
} | {f"{count:,}: the input only": partial(_input, count) for count in _REPEATS}
CASES |= {f"{count:,}: {_LEAN}": partial(lambda count: _own(frame(count), _LEAN_OUTPUTS), count) for count in _REPEATS}
CASES |= {name: partial(_peer, name) for name in PEERS}


def rows() -> list[Row]:
    _agree()
    found = []
    for count, repeats in _REPEATS.items():
        cases = _cases(frame(count))
        times: dict[str, list[float]] = {name: [] for name in cases}
        cases[_OWN]()
        for _ in range(repeats):  # side by side: a noisy moment meets them all
            for name, run in cases.items():
                times[name].append(clock(run))
        hand = statistics.median(times[_HAND])
        for name, seconds in times.items():
            full = f"{count:,}: {name}"
            note = f"{statistics.median(seconds) / hand:.2f} times DuckDB by hand"
            bar = _BAR * hand if name == _OWN else None
            found.append(row(full, seconds, worker("peak", "table30", full), per="run", bar=bar, note=note))
        del cases
        found += _beside_engines(count, repeats)
        only = f"{count:,}: the input only"
        found.append(row(only, [clock(CASES[only]())], worker("peak", "table30", only), per="run"))
    return found


def _beside_engines(count: int, repeats: int) -> list[Row]:
    """What one subject takes among many, and in a loop over some of them."""
    own = f"{count:,}: {_LEAN}"
    runs = {own: CASES[own]()}
    for name in PEERS:
        with suppress(ImportError):
            runs[name] = _peer(name)
    runs[own]()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            times[name].append(clock(run))
    each = {name: statistics.median(seconds) / (count if name == own else _SAMPLE) for name, seconds in times.items()}
    quickest = min(seconds for name, seconds in each.items() if name != own)
    found = [
        row(own, times[own], worker("peak", "table30", own), per="subject", count=count, bar=quickest / _TIMES),
    ]
    for name in list(runs)[1:]:
        note = f"{each[name] / each[own]:,.0f} times score_table"
        peak = worker("peak", "table30", name)
        found.append(row(f"{count:,}: {name}", times[name], peak, per="subject", count=_SAMPLE, note=note))
    return found


def _agree() -> None:
    """The same from all; Polars divides by multiplying with the inverse, so its last bit may differ."""
    import pyarrow as pa

    rows = frame(20_000)
    nothing = pa.table({name: pa.nulls(100, rows.schema.field(name).type) for name in METRICS})
    empty = pa.table({"store_id": [f"none{i}" for i in range(100)]} | {name: nothing[name] for name in METRICS})
    for name in VETOES:
        empty = empty.append_column(name, pa.array([i % 2 for i in range(100)]))
    rows = pa.concat_tables([rows, empty.cast(rows.schema)])
    expected = card30_engine().score_table("card", rows, DAY, columns=by_hand.OUTPUTS).select(by_hand.OUTPUTS)
    for name, make in _HANDS.items():
        found: Any = make(rows)
        for output in by_hand.OUTPUTS:
            ours, theirs = expected[output].to_pylist(), found[output].to_pylist()
            if name == _FLOAT:
                continue
            if "Polars" in name and isinstance(next(filter(None, ours)), float):
                ours, theirs = ([each and round(each, 4) for each in values] for values in (ours, theirs))
            assert ours == theirs, (name, output)
