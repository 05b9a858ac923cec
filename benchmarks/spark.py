"""Orders to scores, of 100 for each store, and the 30-metric card on Spark, beside Spark SQL written by hand.

In a session on this machine; all write their result as Parquet. Spark SQL by hand believes what the tables
hold; a row of its own says what it costs to find out that no two orders have one id. So does the engine where
a session says that tables were checked already, and that is what the bar compares.
"""

import atexit
import importlib.util
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import by_hand
from benchmarks.cards import DAY as CARD_DAY
from benchmarks.cards import card30_engine
from benchmarks.events import BY_HAND, DAY, PACK, WANTED, folder
from benchmarks.measure import Row, clock, row, worker
from benchmarks.table30 import frame as frame30

__all__ = ["CASES", "rows", "session", "subjects", "written"]

_REPEATS = {5_000_000: 5, 50_000_000: 3}
_SUBJECTS = 1_000_000
_CARD_REPEATS = 5
_BAR = 1.3
_HAND, _CHECKED = "Spark SQL by hand", "Spark SQL by hand, ids of orders checked"
_TRUSTED, _OWN = "engine.score_table, tables checked already", "engine.score_table"
_CHECKS = "spark.trustcommerce.checkTables"
_SPARK = (
    (r"read_parquet\('([^']*)'\)", r"parquet.`\1`"),
    (r"FILTER \(", "FILTER (WHERE "),
    (r"(\w+)::DOUBLE", r"CAST(\1 AS DOUBLE)"),
    (r"\* 3\.6e9", "* CAST('3.6e9' AS DOUBLE)"),
    (r"epoch_us\((\w+)\)", r"unix_micros(CAST(\1 AS TIMESTAMP))"),
    (r"TIMESTAMP '", "TIMESTAMP_NTZ '"),
)


def session() -> Any:
    import os

    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.driver.memory": "6g",
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.codegen.hugeMethodLimit": "8000",  # Java does not compile longer ones, those of either side
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    found = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    found.sparkContext.setLogLevel("OFF")
    return found


def written(make: Callable[[], Any]) -> Callable[[], object]:
    """What computes a frame and writes it."""
    place = Path(tempfile.mkdtemp(prefix="trustcommerce-benchmark-spark-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return lambda: make().write.mode("overwrite").parquet(str(place / "out"))


def _by_hand(orders: int) -> Callable[[], object]:
    opened = session()
    query = BY_HAND.replace("{folder}", str(folder(orders)))
    for found, put in _SPARK:
        query = re.sub(found, put, query)
    return written(lambda: opened.sql(query))


def _by_hand_checked(orders: int) -> Callable[[], object]:
    opened, plain = session(), _by_hand(orders)
    twice = f"SELECT order_id FROM parquet.`{folder(orders)}/orders.parquet` GROUP BY order_id HAVING count(*) > 1"

    def run() -> None:
        assert not opened.sql(twice).limit(1).collect()
        plain()

    return run


def _own(orders: int, checks: bool = True) -> Callable[[], object]:
    from trustcommerce.engine import load

    opened, engine = session(), load(PACK)
    names = ("stores", "orders", "incidents")
    frames = {name: opened.read.parquet(f"{folder(orders)}/{name}.parquet") for name in names}

    def make() -> Any:
        opened.conf.set(_CHECKS, str(checks).lower())
        return engine.score_table("store", frames["stores"], DAY, tables=frames, columns=WANTED)

    return written(make)


def subjects(count: int = _SUBJECTS) -> str:
    """The subjects of the 30-metric card as a Parquet file."""
    from pyarrow import parquet

    place = Path(tempfile.gettempdir()) / f"trustcommerce-benchmark-card-{count}.parquet"
    if not place.exists():
        beside = place.with_suffix(".part")
        parquet.write_table(frame30(count), beside)
        beside.rename(place)
    return str(place)


def _card_by_hand() -> Callable[[], object]:
    opened, query = session(), by_hand.spark_sql(f"parquet.`{subjects()}`")
    return written(lambda: opened.sql(query))


def _card(checks: bool = True) -> Callable[[], object]:
    opened, engine = session(), card30_engine()
    frame = opened.read.parquet(subjects())

    def make() -> Any:
        opened.conf.set(_CHECKS, str(checks).lower())
        return engine.score_table("card", frame, CARD_DAY, columns=by_hand.OUTPUTS)

    return written(make)


_GROUPS: dict[str, dict[str, Callable[[], Callable[[], object]]]] = {
    **{
        f"{orders:,} orders: ": {
            _HAND: partial(_by_hand, orders),
            _CHECKED: partial(_by_hand_checked, orders),
            _TRUSTED: partial(_own, orders, False),
            _OWN: partial(_own, orders),
        }
        for orders in _REPEATS
    },
    f"30 metrics of {_SUBJECTS:,} subjects: ": {
        _HAND: _card_by_hand,
        _TRUSTED: partial(_card, False),
        _OWN: _card,
    },
}
CASES: dict[str, Callable[[], Callable[[], object]]] = {
    f"{group}{name}": prepare for group, cases in _GROUPS.items() for name, prepare in cases.items()
}


def rows() -> list[Row]:
    if importlib.util.find_spec("pyspark") is None:
        return []
    repeats = (*_REPEATS.values(), _CARD_REPEATS)
    groups = zip(_GROUPS.items(), repeats, strict=True)
    return [each for (group, cases), times in groups for each in _rows(group, cases, times)]


def _rows(group: str, cases: dict[str, Callable[[], Callable[[], object]]], repeats: int) -> list[Row]:
    """Cases side by side; a noisy moment meets them all."""
    runs = {name: prepare() for name, prepare in cases.items()}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():  # Java is quick from the second time on
        run()
    for _ in range(repeats):
        for name, run in runs.items():
            times[name].append(clock(run))
    hand = statistics.median(times[_HAND])
    found = []
    for name, seconds in times.items():
        note = "" if name == _HAND else f"{statistics.median(seconds) / hand:.2f} times Spark SQL by hand"
        bar = _BAR * hand if name == _TRUSTED else None
        full = f"{group}{name}"
        found.append(row(full, seconds, worker("peak", "spark", full), per="run", bar=bar, note=note))
    return found
