"""The larger card, one record and 100,000 rows, beside Python by hand that gives the same bits, and other engines."""

import datetime as dt
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from benchmarks.cards import DAY, card30_engine, card30_python, card30_records
from benchmarks.measure import Row, clock, compare, row, worker
from benchmarks.peers30 import PEERS

__all__ = ["CASES", "rows"]

_ROWS = 100_000
_REPEATS = 7
_NOTE = f"of {_ROWS:,}, planning included"
_HAND, _OWN, _REASONS = "Python by hand, no contributions", "engine.score", "engine.score, three reasons"
_TREE, _TABLE = "engine.score, contribution tree", "score_table, every column"
_DATA = "engine.score, contribution tree as plain data with texts and reasons"
_LEAN = "score_table, score and level only"
_SCORE_BAR, _TREE_BAR = 1.5, 3
_COLUMNS = ["store_id", "card", "card.status", "grade"]


def _by_hand() -> Callable[[], object]:
    return _over_all(card30_python())


def _own(then: Callable[[Any], object] | None = None) -> Callable[[], object]:
    score, day = card30_engine().score, dt.date.fromisoformat(DAY)
    if then is None:
        return _over_all(lambda record: score("card", record, day))
    return _over_all(lambda record: then(score("card", record, day)))


def _peer(prepare: Callable[[], Callable[[dict[str, Any]], object]]) -> Callable[[], object]:
    return _over_all(prepare())


def _over_all(one: Callable[[dict[str, Any]], object]) -> Callable[[], object]:
    records = card30_records()

    def run() -> None:
        for record in records:
            one(record)

    return run


def _table(columns: list[str] | None = None) -> Callable[[], object]:
    import pyarrow as pa

    engine, frame = card30_engine(), pa.Table.from_pylist(card30_records(_ROWS))
    return lambda: engine.score_table("card", frame, DAY, columns=columns)


CASES: dict[str, Callable[[], Callable[[], object]]] = {
    _HAND: _by_hand,
    _OWN: _own,
    _REASONS: lambda: _own(lambda decision: decision.reasons()),
    _TREE: lambda: _own(lambda decision: decision.contributions()),
    _DATA: lambda: _own(lambda decision: decision.contributions().as_dict()),
    **{name: partial(_peer, prepare) for name, prepare in PEERS.items()},
    _TABLE: _table,
    _LEAN: lambda: _table(_COLUMNS),
}


def rows() -> list[Row]:
    _agree()
    tables = (_TABLE, _LEAN)
    runs = {}
    for name, prepare in CASES.items():
        if name not in tables:
            with suppress(ImportError):
                runs[name] = prepare()
    times = compare(runs)
    count = len(card30_records())
    own = statistics.median(times[_OWN])
    bars = {
        _OWN: _SCORE_BAR * statistics.median(times[_HAND]) / count,
        _TREE: _TREE_BAR * own / count,
    }
    found = []
    for name, seconds in times.items():
        note = f"{statistics.median(seconds) / own:,.0f} times engine.score" if name in PEERS else ""
        peak = worker("peak", "card30", name)
        found.append(row(name, seconds, peak, per="record", count=count, bar=bars.get(name), note=note))
    for name in tables:
        run = CASES[name]()
        run()
        seconds = []
        for _ in range(_REPEATS):
            seconds.append(clock(run))
            time.sleep(0.05)
        found.append(row(name, seconds, worker("peak", "card30", name), per="row", count=_ROWS, note=_NOTE))
    return found


def _agree() -> None:
    """Record, table and the Python by hand give the same score and level."""
    import pyarrow as pa

    engine, by_hand, records = card30_engine(), card30_python(), card30_records()
    table = engine.score_table("card", pa.Table.from_pylist(records), DAY, columns=_COLUMNS).to_pylist()
    for record, line in zip(records, table, strict=True):
        decision, (points, grade) = engine.score("card", record, DAY), by_hand(record)
        assert decision.scores["card"].points == points, record
        assert decision["grade"] == grade, record
        assert line == {name: decision[name] for name in _COLUMNS}, record
    for name, prepare in PEERS.items():
        with suppress(ImportError):
            total = prepare()
            for record in records:
                expected = engine.score("card", record, DAY).scores["card"].points
                assert expected is not None, record
                assert abs(float(total(record)) * 10_000 - expected) < 60, (name, record)
