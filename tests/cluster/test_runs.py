"""Runs on Spark: what a run in this process gives, to the bit, out of files, frames and tables."""

import datetime as dt
import json
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from pyarrow import parquet

import trustcommerce as tc
from tests.disk import fill, small_disk
from tests.parity.compare import bits
from tests.unit.test_described import ARROW
from trustcommerce.cli.main import group
from trustcommerce.plugin import about, described
from trustcommerce.report import RunReport

ROOT = Path(__file__).parents[2]
DAY = dt.date(2023, 5, 18)
EARLIER = '{"rulesets": {}}'
"""What an earlier run says that wrote nothing."""
OWN = {"seconds", "file"}


def _bits(rows: list[dict[str, Any]], key: tuple[str, ...]) -> dict[Any, dict[str, Any]]:
    return {tuple(row[name] for name in key): {name: bits(value) for name, value in row.items()} for row in rows}


def _plain(report: RunReport) -> dict[str, Any]:
    """What a report says apart from where and how fast."""
    said = {name: value for name, value in report.as_dict().items() if name not in OWN}
    said["rulesets"] = {
        name: {key: value for key, value in done.items() if key not in OWN} for name, done in said["rulesets"].items()
    }
    return said


def test_the_pack_of_the_readme(spark: Any, tmp_path: Path) -> None:
    """Every rule set of it, out of CSV files into folders of Parquet, which explain reads, too."""
    engine, facts = tc.load(ROOT / "policies/kuaishou"), ROOT / "seeds/kuaishou"
    here = engine.run(facts, tmp_path / "here", DAY)
    there = engine.run(facts, tmp_path / "there", DAY, spark=spark)
    assert _plain(there) == _plain(here)
    for name, done in there.rulesets.items():
        key = engine.plan.rulesets[name].key
        found = parquet.read_table(tmp_path / "there" / done["file"])
        wanted = parquet.read_table(tmp_path / "here" / here.rulesets[name]["file"])
        assert found.schema.names == wanted.schema.names
        assert _bits(found.to_pylist(), key) == _bits(wanted.to_pylist(), key)
    assert json.loads((tmp_path / "there/run.json").read_text("utf-8")) == there.as_dict()
    name, found = next((n, d) for n, d in there.rulesets.items() if n == "store_experience")
    assert (tmp_path / "there" / found["file"]).is_dir()
    told = [engine.decide(name, "s0007", DAY, out=tmp_path / out).explain() for out in ("here", "there")]
    assert told[0] == told[1]


PACK = """pack: shop
time_zone: Asia/Shanghai
currency: CNY
tables:
  stores: {key: k, columns: {k: {type: text, source: id}, kind: text}}
  orders: {key: id, columns: {id: integer, store: text, paid: CNY, at: timestamp, day: date}}
"""
RULES = """ruleset: sales
subject: {name: store, table: stores, key: k}
facts:
  orders: {table: orders, key: store, id: id, time: at}
metrics:
  n: {count: orders, window: 30 days}
  gmv: {sum: paid, from: orders, window: 30 days, unit: CNY}
  first: {min: at, from: orders, window: 30 days}
  rank: {rank: gmv, order: descending, within: [], as: percent}
values:
  hours: coalesce(hours_between(first, as_of), 0)
"""
TOP = """ruleset: top
subject: {name: store, table: stores, key: k}
references:
  sales: {ruleset: sales, match: {k: k}, else: missing}
values:
  best: coalesce(sales.rank >= 0.5, false)
"""
STORES = pa.table({"k": ["a", "b", "c"], "kind": ["x", "x", "y"]})
ORDERS = pa.table(
    {
        "id": pa.array([1, 2, 3, 4]),
        "store": pa.array(["a", "a", "b", "z"]),
        "paid": pa.array([Decimal("1.10"), Decimal("2.20"), Decimal("3.30"), Decimal("4.40")], pa.decimal128(12, 2)),
        "at": pa.array([dt.datetime(2023, 5, 1, h, 0, 0, 5) for h in (0, 7, 23, 8)], pa.timestamp("us")),
        "day": pa.array([dt.date(2023, 5, 1)] * 4),
    }
)


@pytest.fixture
def engine(tmp_path: Path) -> tc.Engine:
    (tmp_path / "pack/rulesets").mkdir(parents=True)
    (tmp_path / "pack/pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "pack/rulesets/sales.yaml").write_text(RULES, "utf-8")
    (tmp_path / "pack/rulesets/top.yaml").write_text(TOP, "utf-8")
    return tc.load(tmp_path / "pack")


def _rows(frame: Any) -> list[dict[str, Any]]:
    return sorted((row.asDict() for row in frame.collect()), key=lambda row: str(row["k"]))


@pytest.fixture
def wanted(engine: tc.Engine) -> list[dict[str, Any]]:
    return engine.score_table("sales", STORES, DAY, tables={"orders": ORDERS}).to_pylist()


def _frame(spark: Any, table: pa.Table, tmp_path: Path, name: str = "table") -> Any:
    path = tmp_path / f"{name}.parquet"
    parquet.write_table(table, path)
    return spark.read.parquet(str(path))


def test_frames_in_and_out(spark: Any, engine: tc.Engine, wanted: list[dict[str, Any]], tmp_path: Path) -> None:
    """Frames of Spark and of others side by side; without a folder results are frames, and nothing else is left."""
    tables = {"stores": _frame(spark, STORES, tmp_path), "orders": ORDERS}
    report = engine.run(tables, None, DAY, spark=spark)
    assert list(report.frames) == ["sales", "top"]
    assert _rows(report.frames["sales"]) == wanted
    assert [row["best"] for row in _rows(report.frames["top"])] == [False, False, True]
    assert report.tables == {"stores": {"rows": 3}, "orders": {"rows": 4}}
    assert report.rulesets["sales"]["facts"]["orders"] == {"rows": 4, "excluded": {}, "unknown_subject": 1}
    assert not spark.catalog.listTables()
    frame = engine.score_table("sales", tables["stores"], DAY, tables={"orders": ORDERS})
    assert _rows(frame) == wanted
    top = engine.score_table("top", tables["stores"], DAY, tables={"orders": ORDERS}, columns=["k", "best"])
    assert _rows(top) == [{"k": "a", "best": False}, {"k": "b", "best": False}, {"k": "c", "best": True}]
    assert not spark.catalog.listTables()


def test_some_columns_of_what_must_match(spark: Any, tmp_path: Path) -> None:
    """A reference that has to be there is asked for whichever columns are."""
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    rules = TOP.replace("ruleset: sales", "table: grades").replace("else: missing", "else: error")
    rules = rules.replace("coalesce(sales.rank >= 0.5, false)", "sales.grade > 1")
    (tmp_path / "rulesets/top.yaml").write_text(rules, "utf-8")
    grades = "\n  grades: {key: k, columns: {k: text, grade: {type: integer, range: [0, 9]}}}\n"
    (tmp_path / "pack.yaml").write_text(PACK + grades.lstrip("\n"), "utf-8")
    engine, stores = tc.load(tmp_path), _frame(spark, STORES, tmp_path)
    given = pa.table({"k": ["a", "b", "c"], "grade": [1, 2, 3]})
    found = engine.score_table("top", stores, DAY, tables={"grades": given}, columns=["k", "best"])
    assert [row["best"] for row in _rows(found)] == [False, True, True]
    with pytest.raises(tc.DataError, match="no row of grades matches on k: c"):
        engine.score_table("top", stores, DAY, tables={"grades": given.slice(0, 2)}, columns=["k", "best"])


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "Asia/Shanghai", "UTC"])
def test_moments_with_a_zone(
    spark: Any, engine: tc.Engine, wanted: list[dict[str, Any]], tmp_path: Path, zone: str
) -> None:
    """Instants come to the pack's zone, whatever the session's is."""
    spark.conf.set("spark.sql.session.timeZone", zone)
    instants = ORDERS.set_column(3, "at", ORDERS["at"].cast(pa.timestamp("us")))
    instants = instants.set_column(
        3, "at", pa.compute.assume_timezone(instants["at"], "Asia/Shanghai").cast(pa.timestamp("us", "UTC"))
    )
    frame = _frame(spark, instants, tmp_path)
    assert dict(frame.dtypes)["at"] == "timestamp"
    assert (
        _rows(engine.score_table("sales", _frame(spark, STORES, tmp_path, "s"), DAY, tables={"orders": frame}))
        == wanted
    )


def test_a_database(spark: Any, engine: tc.Engine, wanted: list[dict[str, Any]], tmp_path: Path) -> None:
    """Tables of a database of the session under the names that the data has; one table by its name."""
    spark.sql(f"CREATE DATABASE facts_of_may LOCATION '{tmp_path}/facts_of_may'")
    try:
        frames = {"stores": STORES.rename_columns(["id", "kind"]), "orders": ORDERS}
        for name, table in frames.items():
            _frame(spark, table, tmp_path, name).write.saveAsTable(f"facts_of_may.{name}")
        report = engine.run("facts_of_may", None, DAY, spark=spark)
        assert _rows(report.frames["sales"]) == wanted
        tables = {"stores": STORES, "orders": "facts_of_may.orders"}
        assert _rows(engine.run(tables, None, DAY, spark=spark, only="sales").frames["sales"]) == wanted
        with pytest.raises(tc.DataError, match=r"the Spark session has no table `facts_of_may\.order`"):
            engine.run({**tables, "orders": "facts_of_may.order"}, None, DAY, spark=spark)
    finally:
        spark.sql("DROP DATABASE facts_of_may CASCADE")


def test_a_folder_with_keys_in_its_paths(
    spark: Any, engine: tc.Engine, wanted: list[dict[str, Any]], tmp_path: Path
) -> None:
    """They have the declared types: a day is a date, and 007 a text."""
    facts = tmp_path / "facts"
    for i, day in enumerate(["2023-05-01"]):
        for store in ("a", "b", "z"):
            folder = facts / f"orders/day={day}/store={store}"
            folder.mkdir(parents=True)
            mask = pa.compute.equal(ORDERS["store"], store)
            parquet.write_table(ORDERS.filter(mask).drop_columns(["day", "store"]), folder / f"{i}.parquet")
    (facts / "stores").mkdir()
    parquet.write_table(STORES.rename_columns(["id", "kind"]), facts / "stores/0.parquet")
    assert _rows(engine.run(facts, None, DAY, spark=spark).frames["sales"]) == wanted
    (facts / "orders/day=2023-05-01/store=z").rename(facts / "orders/day=2023-05-01/store=007")
    report = engine.run(facts, tmp_path / "out", DAY, spark=spark, format="csv")
    assert (tmp_path / "out/sales.csv").read_text("utf-8").splitlines()[0].startswith('"k",')
    assert report.rulesets["sales"]["file"] == "sales.csv"
    assert report.rulesets["sales"]["facts"]["orders"]["unknown_subject"] == 1


BAD: dict[str, tuple[str, Any, str]] = {
    "null key": ("k", pa.array(["a", None, "c"]), "stores.k: nothing, and text may not be missing in the row"),
    "key twice": ("k", pa.array(["a", "a", "c"]), "two rows of stores have the key a"),
    "type": ("kind", pa.array([1, 2, 3]), "`kind` of stores is bigint, and text is expected"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("strict", ["true", "false"])
def test_broken_tables(spark: Any, engine: tc.Engine, tmp_path: Path, case: str, strict: str) -> None:
    """One clear error, before anything is written."""
    spark.conf.set("spark.sql.ansi.enabled", strict)
    name, values, message = BAD[case]
    stores = STORES.set_column(STORES.column_names.index(name), name, values)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/run.json").write_text(EARLIER, "utf-8")
    with pytest.raises(tc.DataError, match=message):
        engine.run({"stores": stores, "orders": ORDERS}, tmp_path / "out", DAY, spark=spark)
    assert (tmp_path / "out/run.json").read_text("utf-8") == EARLIER
    assert not spark.catalog.listTables()


def test_tables_that_are_not_there(spark: Any, engine: tc.Engine) -> None:
    """A table, a column, a name."""
    with pytest.raises(tc.DataError, match="table `orders` is needed and not given"):
        engine.run({"stores": STORES}, None, DAY, spark=spark)
    with pytest.raises(tc.DataError, match="table `stores` has no column `kind`") as caught:
        engine.run({"stores": STORES.rename_columns(["k", "kinds"]), "orders": ORDERS}, None, DAY, spark=spark)
    assert caught.value.hint == "did you mean `kinds`?"
    twins = spark.createDataFrame([("s1", "a", "b")], "k string, kind string, Kind string")
    with pytest.raises(tc.DataError, match="`kind` and `Kind` of table `stores` differ in case only"):
        engine.run({"stores": twins, "orders": ORDERS}, None, DAY, spark=spark)
    with pytest.raises(tc.DataError, match="the pack has no table `order`"):
        engine.run({"stores": STORES, "order": ORDERS}, None, DAY, spark=spark)


@pytest.mark.parametrize("facts", ["/no/such/folder", "no_such_database", {"stores": STORES, "orders": "/no/such.csv"}])
def test_places_that_are_not_there(spark: Any, engine: tc.Engine, facts: Any) -> None:
    """A path and a name alike: one sentence."""
    with pytest.raises(tc.DataError, match=r"no such f(older of facts|ile)"):
        engine.run(facts, None, DAY, spark=spark)


def test_settings_that_change_the_meaning(spark: Any, engine: tc.Engine) -> None:
    """They are named before anything runs."""
    spark.conf.set("spark.sql.groupByOrdinal", "false")
    with pytest.raises(tc.RunError, match=r"the Spark session has spark.sql.groupByOrdinal = false, .* true is needed"):
        engine.run({"stores": STORES, "orders": ORDERS}, None, DAY, spark=spark)


def test_doubles_for_exact_numbers(spark: Any, engine: tc.Engine, wanted: list[dict[str, Any]], tmp_path: Path) -> None:
    """As in this process: each is the nearest to an amount of fen, or an error."""
    doubles = ORDERS.set_column(2, "paid", pa.array([1.1, 2.2, 3.3, 4.4]))
    assert _rows(engine.run({"stores": STORES, "orders": doubles}, None, DAY, spark=spark).frames["sales"]) == wanted
    odd = ORDERS.set_column(2, "paid", pa.array([1.105, 1.0, 1.0, 1.0]))
    with pytest.raises(tc.DataError, match=r"orders.paid: 1.105 is not money in CNY in the row 1"):
        engine.run({"stores": STORES, "orders": odd}, None, DAY, spark=spark)


def test_two_rows_without_a_key(spark: Any, tmp_path: Path) -> None:
    """A key that is missing twice is one key twice, as it is in this process."""
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "pack.yaml").write_text(
        "pack: p\ntables:\n  t: {key: k, columns: {k: text}}\n"
        "  ev: {key: id, columns: {id: {type: integer?, range: [0, 9]}, k: text}}\n",
        "utf-8",
    )
    (tmp_path / "rulesets/r.yaml").write_text(
        "ruleset: r\nsubject: {name: t, table: t, key: k}\nfacts: {e: {table: ev, key: k}}\n"
        "metrics: {n: {count: e, window: all}}\n",
        "utf-8",
    )
    engine, one = tc.load(tmp_path), pa.table({"k": ["a"]})
    twice = {"t": one, "ev": pa.table({"id": pa.array([1, 2, None, None], pa.int64()), "k": ["a"] * 4})}
    for action in (
        lambda: engine.score_table("r", None, DAY, tables=twice),
        lambda: engine.run(twice, None, DAY, spark=spark),
    ):
        with pytest.raises(tc.DataError, match=r"rows of .*ev"):
            action()
    once = {"t": one, "ev": twice["ev"].slice(0, 3)}
    assert engine.run(once, None, DAY, spark=spark).frames["r"].collect()[0]["n"] == 3


def test_the_command(spark: Any, tmp_path: Path) -> None:
    """`--engine spark` takes the session of the process, or starts one as Spark's settings say."""
    arguments = ["run", str(ROOT / "policies/kuaishou"), "--facts", str(ROOT / "seeds/kuaishou"), "--out"]
    arguments += [str(tmp_path / "out"), "--as-of", "2023-05-18", "--only", "price_reference", "--engine", "spark"]
    result = CliRunner().invoke(group, arguments)
    assert result.exit_code == 0, result.output
    assert "price_reference: " in result.output
    assert (tmp_path / "out/price_reference").is_dir()


@pytest.mark.parametrize(
    ("memory", "says"),
    [("lots", "`lots` is no amount of memory"), ("100MB", "the memory limit of 100MB is too small")],
)
def test_memory_that_spark_does_not_start_with(tmp_path: Path, memory: str, says: str) -> None:
    """Said before Java is asked."""
    arguments = ["run", str(ROOT / "policies/kuaishou"), "--facts", str(ROOT / "seeds/kuaishou"), "--out"]
    arguments += [str(tmp_path / "out"), "--as-of", "2023-05-18", "--engine", "spark", "--memory", memory]
    result = CliRunner().invoke(group, arguments)
    assert isinstance(result.exception, tc.DataError)
    assert str(result.exception).startswith(says)


def test_a_session_with_limits(spark: Any, tmp_path: Path) -> None:
    """A process of its own starts one with the threads and the memory that it is told."""
    arguments = ["run", str(ROOT / "policies/kuaishou"), "--facts", str(ROOT / "seeds/kuaishou"), "--out"]
    arguments += [str(tmp_path / "out"), "--as-of", "2023-05-18", "--only", "price_reference", "--engine", "spark"]
    code = (
        "import sys; from trustcommerce.cli.main import group; from pyspark.sql import SparkSession\n"
        "try: group(sys.argv[1:])\n"
        "finally:\n"
        "    context = SparkSession.active().sparkContext\n"
        "    heap = context._jvm.Runtime.getRuntime().maxMemory()\n"
        "    print(context.master, 900 * 10**6 < heap < 1100 * 10**6)"
    )
    command = [sys.executable, "-c", code, *arguments, "--threads", "1", "--memory", "1 GB"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.endswith("local[1] True\n"), done.stderr
    assert (tmp_path / "out/price_reference").is_dir()


def test_a_run_that_is_interrupted(spark: Any, tmp_path: Path) -> None:
    """In the middle of a job of Spark's: one word, and the results of the day before are still there."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "run.json").write_text(EARLIER, "utf-8")
    command = [sys.executable, "-m", "trustcommerce", "run", ROOT / "policies/kuaishou", "--out", out]
    command += ["--facts", ROOT / "seeds/kuaishou", "--as-of", "2023-05-18", "--engine", "spark"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = tmp_path / ".trustcommerce-out/price_reference"
    deadline = time.monotonic() + 300
    while not first.exists() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=120)[1]
    assert running.returncode == 1
    assert said.splitlines()[-1] == "interrupted"
    assert "Traceback" not in said
    assert [each.name for each in out.iterdir()] == ["run.json"]
    assert (out / "run.json").read_text("utf-8") == EARLIER


def test_a_full_disk(spark: Any, engine: tc.Engine, tmp_path: Path) -> None:
    """One sentence, and the results of the day before are still there."""
    tables = {"stores": STORES, "orders": ORDERS}
    with small_disk(tmp_path / "disk") as disk:
        engine.run(tables, disk / "out", DAY, spark=spark)
        before = sorted((each, each.stat().st_size) for each in (disk / "out").rglob("*"))
        fill(disk)
        with pytest.raises(tc.RunError, match="the disk is full"):
            engine.run(tables, disk / "out", DAY, spark=spark)
        assert sorted((each, each.stat().st_size) for each in (disk / "out").rglob("*")) == before
        assert sorted(each.name for each in disk.iterdir()) == ["filler", "out"]


def test_formats_are_told_the_same(spark: Any, tmp_path: Path) -> None:
    """What a result says of its columns and of itself does not depend on what computed it."""
    (tmp_path / "arrow.py").write_text(ARROW, "utf-8")
    engine = tc.load(ROOT / "policies/kuaishou", plugins=[str(tmp_path / "arrow.py")])
    told = []
    for place in (None, spark):
        engine.run(ROOT / "seeds/kuaishou", tmp_path / "out", DAY, only="product", format="arrow", spark=place)
        schema = pa.ipc.open_file(tmp_path / "out/product.arrow").schema
        told.append((about(schema), {field.name: described(field) for field in schema}))
    assert told[0] == told[1]
    assert told[0][1]["product_score"].title["zh"] == "商品分"
