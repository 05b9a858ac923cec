"""What Spark does in its own way: keys told apart by their bits, exclusions as joins, settings for a while."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import trustcommerce as tc
from trustcommerce.cluster import job
from trustcommerce.cluster.checks import TableCheck
from trustcommerce.replaced import replaced
from trustcommerce.run.dialects import DIALECTS

DAY = dt.date(2023, 5, 18)
EARLIER = '{"rulesets": {}}'
"""What an earlier run says that wrote nothing."""
LIMIT = "spark.sql.codegen.hugeMethodLimit"
CHECK = "spark.trustcommerce.checkTables"
PACK = """pack: shop
tables:
  stores: {key: k, columns: {k: text}}
  orders: {key: id, columns: {id: integer, store: text, region: text, stars: {type: integer, range: [1, 5]}, at: timestamp}}
  incidents: {key: n, columns: {n: integer, region: text, starts: timestamp, ends: timestamp}}
"""
RULES = """ruleset: sales
subject: {name: store, table: stores, key: k}
facts:
  orders:
    table: orders
    key: store
    id: id
    time: at
    exclude:
      low: {when: stars < 2}
      incident:
        table: incidents
        match: {region: region}
        when: at >= incident.starts and at < incident.ends
metrics:
  n: {count: orders, window: 30 days}
  stars: {sum: stars, from: orders, window: 30 days}
"""
STORES = pa.table({"k": ["a", "b", "c"]})
ORDERS = pa.table(
    {
        "id": [-65, -1, 0, 63, 64, 2**40],
        "store": ["a", "a", "a", "b", "c", "c"],
        "region": ["N", "N", "S", "N", "N", "S"],
        "stars": [5, 4, 1, 3, 2, 5],
        "at": pa.array([dt.datetime(2023, 5, day) for day in (1, 4, 4, 4, 9, 10)], pa.timestamp("us")),
    }
)
INCIDENTS = pa.table(
    {
        "n": [1, 2, 3],
        "region": ["N", "N", "W"],
        "starts": pa.array([dt.datetime(2023, 5, day) for day in (3, 4, 1)], pa.timestamp("us")),
        "ends": pa.array([dt.datetime(2023, 5, day) for day in (5, 6, 20)], pa.timestamp("us")),
    }
)
TABLES = {"stores": STORES, "orders": ORDERS, "incidents": INCIDENTS}


@pytest.fixture
def engine(tmp_path: Path) -> tc.Engine:
    (tmp_path / "pack/rulesets").mkdir(parents=True)
    (tmp_path / "pack/pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "pack/rulesets/sales.yaml").write_text(RULES, "utf-8")
    return tc.load(tmp_path / "pack")


def _frames(spark: Any, **changed: pa.Table) -> dict[str, Any]:
    made = {}
    for name, table in {**TABLES, **changed}.items():
        rows = [tuple(row.values()) for row in table.to_pylist()]
        kinds = {"string": "string", "int64": "bigint", "timestamp[us]": "timestamp_ntz"}
        schema = ", ".join(f"{field.name} {kinds[str(field.type)]}" for field in table.schema)
        made[name] = spark.createDataFrame(rows, schema)
    return made


@pytest.mark.parametrize(
    ("keys", "twice"),
    [
        ([], False),
        ([-(2**63), -65, -64, -1, 0, 1, 63, 64, 65, 2**63 - 1], False),
        ([-1, 63, 64, 63], True),
        ([2**63 - 1, -(2**63), -(2**63)], True),
        ([None, 5], False),
        ([None, None, 5], True),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_keys_are_told_apart(spark: Any, keys: list[int | None], twice: bool, whole: bool) -> None:
    """Of any size and sign; one that is missing is a key like others."""
    spark.createDataFrame([(key,) for key in keys], "id bigint").createOrReplaceTempView("keys_of_a_test")
    check = TableCheck("keys_of_a_test", "keys", whole=whole, key=["id"])
    try:
        assert tuple(spark.sql(check.question(DIALECTS["spark"].print)).collect()[0]) == (twice, False)
    finally:
        spark.catalog.dropTempView("keys_of_a_test")


def test_rows_that_are_excluded_by_a_table(spark: Any, engine: tc.Engine) -> None:
    """Left out by a join, or marked and counted: the same numbers as in this process, and nothing of a session changed."""
    before = spark.conf.get(LIMIT)
    wanted = engine.score_table("sales", None, DAY, tables=TABLES).to_pylist()
    assert [(row["n"], row["stars"]) for row in wanted] == [(1, 5), (0, 0), (2, 7)]
    frames = _frames(spark)
    left = engine.score_table("sales", frames["stores"], DAY, tables=frames)
    assert sorted((row.asDict() for row in left.collect()), key=lambda row: row["k"]) == wanted
    report = engine.run(frames, None, DAY, spark=spark)
    assert sorted((row.asDict() for row in report.frames["sales"].collect()), key=lambda row: row["k"]) == wanted
    assert report.rulesets["sales"]["facts"]["orders"]["excluded"] == {"low": 1, "incident": 2}
    assert spark.conf.get(LIMIT) == before


def test_an_id_twice(spark: Any, engine: tc.Engine) -> None:
    """The smallest of them is named, whoever asks."""
    twice = ORDERS.set_column(0, "id", pa.array([7, -1, 0, 63, 7, 63]))
    frames = _frames(spark, orders=twice)
    before = spark.conf.get(LIMIT)
    for action in (
        lambda: engine.run(frames, None, DAY, spark=spark),
        lambda: engine.score_table("sales", frames["stores"], DAY, tables=frames),
    ):
        with pytest.raises(tc.DataError, match="two rows of orders have the key 7"):
            action()
    assert spark.conf.get(LIMIT) == before
    assert not spark.catalog.listTables()


def test_a_value_of_a_row_that_is_excluded(spark: Any, engine: tc.Engine) -> None:
    """It is tested whether the row counts or not, unless nothing is made of its column."""
    wrong = ORDERS.set_column(3, "stars", pa.array([5, 6, 1, 3, 2, 9]))
    frames = _frames(spark, orders=wrong)
    says = r"orders.stars: 6 is not integer from 1 to 5 in the row -1"
    with pytest.raises(tc.DataError, match=says):
        engine.run(frames, None, DAY, spark=spark)
    with pytest.raises(tc.DataError, match=says):
        engine.score_table("sales", frames["stores"], DAY, tables=frames)
    at = ORDERS.set_column(4, "at", pa.array([None] * 6, pa.timestamp("us")))
    with pytest.raises(tc.DataError, match=r"orders.at: nothing, and timestamp may not be missing in the row -65"):
        engine.score_table("sales", frames["stores"], DAY, tables=_frames(spark, orders=at), columns=["k", "n"])
    both = wrong.set_column(4, "at", at["at"]).set_column(0, "id", pa.array([7, -1, 0, 63, -65, 7]))
    with pytest.raises(tc.DataError, match=says) as caught:
        engine.score_table("sales", frames["stores"], DAY, tables=_frames(spark, orders=both))
    assert [each.message for each in caught.value.also] == [
        "orders.at: nothing, and timestamp may not be missing in the row -65",
        "two rows of orders have the key 7",
    ]
    names = engine.score_table("sales", frames["stores"], DAY, tables=frames, columns=["k"])
    assert sorted(row["k"] for row in names.collect()) == ["a", "b", "c"]


def test_tables_that_others_have_checked(spark: Any, engine: tc.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session may say so: the same result, and an id that is there twice is not looked for."""
    wanted = engine.score_table("sales", None, DAY, tables=TABLES).to_pylist()
    frames = _frames(spark, orders=ORDERS.set_column(0, "id", pa.array([7, -1, 0, 63, 7, 63])))
    asked = []
    monkeypatch.setattr(TableCheck, "question", lambda *given: asked.append(given))
    spark.conf.set(CHECK, "false")
    try:
        found = engine.score_table("sales", frames["stores"], DAY, tables=frames).collect()
        spark.conf.set(CHECK, "no")
        with pytest.raises(tc.RunError, match=rf"has {CHECK} = no: true or false is needed"):
            engine.score_table("sales", frames["stores"], DAY, tables=frames)
    finally:
        spark.conf.unset(CHECK)
    assert sorted((row.asDict() for row in found), key=lambda row: row["k"]) == wanted
    assert not asked


def test_each_value_is_tested_once(spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rule sets read it."""
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "rulesets").mkdir()
    for name in ("sales", "again"):
        (tmp_path / "rulesets" / f"{name}.yaml").write_text(
            RULES.replace("ruleset: sales", f"ruleset: {name}"), "utf-8"
        )
    asked: list[str] = []
    plain = TableCheck.question

    def question(check: TableCheck, *given: Any) -> str:
        asked.extend(f"{check.table}.{name}" for name in check.values)
        return plain(check, *given)

    monkeypatch.setattr(TableCheck, "question", question)
    report = tc.load(tmp_path).run(_frames(spark), None, DAY, spark=spark)
    assert {*report.frames} == {"sales", "again"}
    assert len(asked) == len({*asked})
    assert "orders.stars" in asked


def test_two_runs_into_one_folder(spark: Any, engine: tc.Engine, tmp_path: Path) -> None:
    """The second is told so at once, and what the first has written takes its place."""
    with replaced(tmp_path / "out", "the results need", lambda _: None) as first:
        (first / "run.json").write_text("first", "utf-8")
        with pytest.raises(tc.RunError, match="another process is writing it; wait until it is done"):
            engine.run(TABLES, tmp_path / "out", DAY, spark=spark)
    assert (tmp_path / "out/run.json").read_text("utf-8") == "first"


def test_an_interrupt(spark: Any, engine: tc.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Earlier results stay, and nothing lies beside them."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/run.json").write_text(EARLIER, "utf-8")

    def interrupted(text: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(job, "say", interrupted)
    with pytest.raises(KeyboardInterrupt):
        engine.run(TABLES, tmp_path / "out", DAY, spark=spark, progress=True)
    assert (tmp_path / "out/run.json").read_text("utf-8") == EARLIER
    assert sorted(each.name for each in tmp_path.iterdir()) == ["out", "pack"]
    spark.conf.set(LIMIT, "65535")
