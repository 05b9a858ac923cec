"""How time grows with rules, from 10 to 10,000, and with subjects, from ten thousand to ten million.

A rule is a metric, a curve and a weight; one in ten has a limit beside it. In one rule set, or in
100 of one pack; in this process, and on Spark. The exponent p of a step says that time grew as n^p:
1 is linear, below it what is fixed still counts.
"""

import importlib.util
import math
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import spark
from benchmarks.measure import Row, clock, row, worker
from benchmarks.table30 import frame as frame30

__all__ = ["COLUMNS", "STEPS", "pack", "rows"]

COLUMNS = 100
DAY = "2026-11-01"
_SUBJECTS = 1000
_RULES = (10, 100, 1000, 10_000)
_SETS = (100, 1000, 10_000)
_ROWS = (10_000, 100_000, 1_000_000, 10_000_000)
_ON_SPARK = (10, 100, 1000)


def pack(folder: Path, rules: int, sets: int = 1) -> Path:
    """A pack with so many rules in so many rule sets, named `r0` and on."""
    columns = "".join(f"      c{i}: {{type: number, range: [0, 1]}}\n" for i in range(COLUMNS))
    head = f"pack: growth\ntables:\n  stores:\n    key: store_id\n    columns:\n      store_id: text\n{columns}"
    (folder / "rulesets").mkdir(parents=True)
    (folder / "pack.yaml").write_text(head, "utf-8")
    for number in range(sets):
        (folder / "rulesets" / f"r{number}.yaml").write_text(_ruleset(f"r{number}", rules // sets), "utf-8")
    return folder


def _ruleset(name: str, rules: int) -> str:
    parts = [
        f"p{i}: {{weight: {1 + i % 5}, of: c{i % COLUMNS} + {i % 17} * c{(7 * i + 1) % COLUMNS}, "
        f"curve: [[0, 100], [{4 + i % 3}, 80], [9, 60], [{18 + i % 5}, 0]]}}"
        for i in range(rules)
    ]
    limits = [
        f"      l{i}: {{when: c{i % COLUMNS} > 0.{9990 + i % 9}, at_most: {50 + i % 40}}}"
        for i in range(max(1, rules // 10))
    ]
    lines = [
        f"ruleset: {name}",
        "subject: {name: store, table: stores, key: store_id}",
        *("scores:", "  score:", "    range: [0, 100]", "    round: 0.01", "    parts:"),
        *_nested([[part] for part in parts], "g"),
        *("    limits:", *limits, "levels:", "  level:", "    labels: [poor, good]", "    of: score"),
        "    steps: {'>= 60': good, else: poor}",
    ]
    return "\n".join(lines) + "\n"


def _nested(blocks: list[list[str]], name: str) -> list[str]:
    """Ten in a group, ten groups in a group."""
    if len(blocks) <= 10:
        return [f"      {line}" for block in blocks for line in block]
    groups = []
    for i in range(0, len(blocks), 10):
        inner = [f"    {line}" for block in blocks[i : i + 10] for line in block]
        groups.append([f"{name}{i // 10}:", "  weight: 1", "  parts:", *inner])
    return _nested(groups, name + "g")


def _frame(count: int) -> Any:
    import numpy as np
    import pyarrow as pa

    rng = np.random.default_rng(1)
    ids = pa.array([f"s{i}" for i in range(count)])
    return pa.table({"store_id": ids, **{f"c{i}": rng.random(count) for i in range(COLUMNS)}})


def _steps(rules: int, sets: int) -> Iterator[tuple[str, float]]:
    """Seconds of each step, from the files on."""
    from trustcommerce.engine import check, load

    with tempfile.TemporaryDirectory() as name:
        folder = pack(Path(name) / "pack", rules, sets)
        yield "check", clock(lambda: check(folder))
        started: list[Any] = []
        yield "load", clock(lambda: started.append(load(folder)))
    engine, names = started[0], [f"r{i}" for i in range(sets)]
    rows = _frame(_SUBJECTS)
    record = {"store_id": "s0"} | dict.fromkeys((f"c{i}" for i in range(COLUMNS)), 0.5)
    yield "first record", clock(lambda: [engine.score(each, record, DAY) for each in names])
    tables = {"stores": rows}

    def run() -> None:
        with tempfile.TemporaryDirectory() as out:
            engine.run(tables, Path(out) / "out", DAY)

    yield f"first run over {_SUBJECTS:,} subjects", clock(run)
    yield f"second run over {_SUBJECTS:,} subjects", clock(run)


def _subjects(count: int) -> Iterator[tuple[str, float]]:
    from benchmarks.cards import card30_engine

    engine, rows = card30_engine(), frame30(count)
    columns = ["store_id", "card", "grade"]
    engine.score_table("card", rows.slice(0, 1000), DAY, columns=columns)
    yield "score_table", clock(lambda: engine.score_table("card", rows, DAY, columns=columns))


def _steps_on_spark(rules: int) -> Iterator[tuple[str, float]]:
    from pyarrow import parquet

    from trustcommerce.engine import load

    opened = spark.session()
    with tempfile.TemporaryDirectory() as name:
        engine = load(pack(Path(name) / "pack", rules))
        parquet.write_table(_frame(_SUBJECTS), Path(name) / "stores.parquet")
        rows = opened.read.parquet(str(Path(name) / "stores.parquet"))
        run = spark.written(lambda: engine.score_table("r0", rows, DAY))
        yield f"first run over {_SUBJECTS:,} subjects", clock(run)
        yield f"second run over {_SUBJECTS:,} subjects", clock(run)


def _subjects_on_spark(count: int) -> Iterator[tuple[str, float]]:
    from benchmarks.cards import card30_engine

    engine, opened = card30_engine(), spark.session()
    few, rows = (opened.read.parquet(spark.subjects(each)) for each in (1000, count))
    columns = ["store_id", "card", "grade"]
    clock(spark.written(lambda: engine.score_table("card", few, DAY, columns=columns)))
    yield "score_table", clock(spark.written(lambda: engine.score_table("card", rows, DAY, columns=columns)))


STEPS: dict[str, Callable[[], Iterator[tuple[str, float]]]] = {
    **{f"{rules:,} rules in 1 rule set": partial(_steps, rules, 1) for rules in _RULES},
    **{f"{rules:,} rules in 100 rule sets": partial(_steps, rules, 100) for rules in _SETS},
    **{f"{count:,} subjects, 30 metrics": partial(_subjects, count) for count in _ROWS},
}
if importlib.util.find_spec("pyspark") is not None:
    STEPS |= {
        **{f"{rules:,} rules in 1 rule set on Spark": partial(_steps_on_spark, rules) for rules in _ON_SPARK},
        **{f"{count:,} subjects, 30 metrics on Spark": partial(_subjects_on_spark, count) for count in _ROWS[1:]},
    }
"""What one process measures, one step after the other."""


def rows() -> list[Row]:
    found = []
    before: dict[str, tuple[int, float]] = {}
    for name in STEPS:
        size, _, what = name.partition(" ")
        count = int(size.replace(",", ""))
        steps, peak = worker("steps", "growth", name)
        for step, seconds in steps:
            note, place = "", f"{what} {step}"
            if place in before:
                less, took = before[place]
                note = f"exponent {math.log(seconds / took) / math.log(count / less):.2f}"
            before[place] = count, seconds
            found.append(row(f"{name}: {step}", [seconds], peak, per="run", note=note))
    return found
