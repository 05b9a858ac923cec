"""Five million orders to the scores of fifty thousand stores on Spark, beside Spark SQL written by hand.

In a session on this machine; both write their result as Parquet. Spark SQL by hand believes that no
two orders have one id; a row of its own says what it costs to find out.
"""

import re
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.events import BY_HAND, DAY, PACK, WANTED, folder
from benchmarks.measure import Row, clock, row, worker

__all__ = ["CASES", "rows"]

_ORDERS = 5_000_000
_REPEATS = 5
_BAR = 1.3
_HAND, _CHECKED, _OWN = "Spark SQL by hand", "Spark SQL by hand, ids of orders checked", "engine.score_table"
_SPARK = (
    (r"read_parquet\('([^']*)'\)", r"parquet.`\1`"),
    (r"FILTER \(", "FILTER (WHERE "),
    (r"(\w+)::DOUBLE", r"CAST(\1 AS DOUBLE)"),
    (r"\* 3\.6e9", "* CAST('3.6e9' AS DOUBLE)"),
    (r"epoch_us\((\w+)\)", r"unix_micros(CAST(\1 AS TIMESTAMP))"),
    (r"TIMESTAMP '", "TIMESTAMP_NTZ '"),
)


def _session() -> Any:
    import os

    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.driver.memory": "6g",
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def _written(make: Callable[[], Any]) -> Callable[[], object]:
    """A frame computed and written."""
    place = Path(tempfile.mkdtemp(prefix="trustcommerce-benchmark-spark-")) / "out"
    return lambda: make().write.mode("overwrite").parquet(str(place))


def _by_hand() -> Callable[[], object]:
    session = _session()
    query = BY_HAND.replace("{folder}", str(folder(_ORDERS)))
    for found, put in _SPARK:
        query = re.sub(found, put, query)
    return _written(lambda: session.sql(query))


def _by_hand_checked() -> Callable[[], object]:
    session, by_hand = _session(), _by_hand()
    twice = f"SELECT order_id FROM parquet.`{folder(_ORDERS)}/orders.parquet` GROUP BY order_id HAVING count(*) > 1"

    def run() -> None:
        assert not session.sql(twice).limit(1).collect()
        by_hand()

    return run


def _own() -> Callable[[], object]:
    from trustcommerce.engine import load

    session, engine = _session(), load(PACK)
    names = ("stores", "orders", "incidents")
    frames = {name: session.read.parquet(f"{folder(_ORDERS)}/{name}.parquet") for name in names}

    def make() -> Any:
        return engine.score_table("store", frames["stores"], DAY, tables=frames, columns=WANTED)

    return _written(make)


CASES: dict[str, Callable[[], Callable[[], object]]] = {_HAND: _by_hand, _CHECKED: _by_hand_checked, _OWN: _own}


def rows() -> list[Row]:
    try:
        import pyspark  # noqa: F401
    except ImportError:
        return []
    runs = {name: prepare() for name, prepare in CASES.items()}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():  # Java is quick from the second time on
        run()
    for _ in range(_REPEATS):
        for name, run in runs.items():
            times[name].append(clock(run))
    hand = statistics.median(times[_HAND])
    found = []
    for name, seconds in times.items():
        note = "" if name == _HAND else f"{statistics.median(seconds) / hand:.2f} times Spark SQL by hand"
        bar = _BAR * hand if name == _OWN else None
        found.append(row(name, seconds, worker("peak", "spark", name), per="run", bar=bar, note=note))
    return found
