"""One record of the additive 10 x 5 card: this library beside Python by hand and other engines.

Its score must beat zen-engine's one expression, which keeps no contributions; its explanation may take three scores.
"""

import datetime as dt
import statistics
from collections.abc import Callable
from functools import partial

from benchmarks.cards import DAY, card10_engine, card10_python, card10_records
from benchmarks.measure import Row, compare, row, worker
from benchmarks.peers import PEERS, Total

__all__ = ["CASES", "rows"]

_OWN, _EXPLAINED, _TEXT = "engine.score", "engine.score, contribution tree", "engine.score, text of 80 columns"
_BAR = "zen-engine, one expression"
_EXPLAINED_BAR = 3


def _by_hand() -> Total:
    return card10_python()


def _score() -> Total:
    score, day = card10_engine().score, dt.date.fromisoformat(DAY)
    return lambda record: score("card", record, day)


def _tree() -> Total:
    score, day = card10_engine().score, dt.date.fromisoformat(DAY)
    return lambda record: score("card", record, day).contributions()


def _text() -> Total:
    score, day = card10_engine().score, dt.date.fromisoformat(DAY)
    return lambda record: score("card", record, day).explain()


_TOTALS: dict[str, Callable[[], Total]] = {
    "Python by hand, total only": _by_hand,
    _OWN: _score,
    _EXPLAINED: _tree,
    _TEXT: _text,
    **PEERS,
}


def _over_all(prepare: Callable[[], Total]) -> Callable[[], object]:
    total, records = prepare(), card10_records()

    def run() -> None:
        for record in records:
            total(record)

    return run


CASES: dict[str, Callable[[], Callable[[], object]]] = {
    name: partial(_over_all, prepare) for name, prepare in _TOTALS.items()
}


def rows() -> list[Row]:
    records = card10_records()
    runs = {}
    for name, prepare in CASES.items():
        try:
            runs[name] = prepare()
        except ImportError:
            continue
    _agree(set(runs))
    times = compare(runs)
    bars = {_EXPLAINED: _EXPLAINED_BAR * statistics.median(times[_OWN]) / len(records)}
    if _BAR in times:
        bars[_OWN] = statistics.median(times[_BAR]) / len(records)
    return [
        row(name, times[name], worker("peak", "record", name), per="record", count=len(records), bar=bars.get(name))
        for name in times
    ]


def _agree(names: set[str]) -> None:
    """The same total from every engine, and contributions that add up to it."""
    by_hand, score = _by_hand(), _score()
    totals = {name: prepare() for name, prepare in PEERS.items() if name in names}
    for record in card10_records():
        expected, decision = by_hand(record), score(record)
        tree = decision.contributions().root
        assert decision.scores["card"].points == expected * 10_000, record
        assert sum(child.contribution for child in tree.children) == expected * 10_000, record
        for name, total in totals.items():
            assert total(record) == expected, (name, record)
