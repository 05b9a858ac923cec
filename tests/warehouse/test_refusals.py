"""What a run would refuse fails in the database too, and what a database can't be told is refused by name."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import trustcommerce as tc
from tests.warehouse.servers import Failure, Warehouse, postgres_server

DAY = dt.date(2023, 5, 18)
TABLES = {
    "stores": {
        "k": pa.array(["a", "b"]),
        "kind": pa.array(["food", "food"]),
        "fee": pa.array([Decimal("1.50"), None], pa.decimal128(12, 2)),
        "share": pa.array([0.25, 0.5]),
        "opened": pa.array([dt.date(2022, 1, 1), dt.date(2023, 1, 1)]),
    },
    "orders": {
        "id": pa.array([1, 2, 3]),
        "store": pa.array(["a", "a", "b"]),
        "paid": pa.array([Decimal("10.00"), Decimal("20.00"), Decimal("30.00")], pa.decimal128(20, 2)),
        "at": pa.array([dt.datetime(2023, 5, day) for day in (1, 2, 3)], pa.timestamp("us")),
    },
    "rates": {
        "kind": pa.array(["food", "food"]),
        "since": pa.array([dt.date(2022, 1, 1), dt.date(2023, 1, 1)]),
        "until": pa.array([dt.date(2023, 1, 1), None], pa.date32()),
        "rate": pa.array([1, 2]),
    },
    "grades": {
        "k": pa.array(["a", "b"]),
        "grade": pa.array(["low", "high"]),
        "points": pa.array([90.0, 70.5]),
        "perks": pa.array([["badge", "coupon"], []]),
    },
    "kinds": {"kind": pa.array(["food"]), "limit": pa.array([5])},
}
PACK = """pack: talk
currency: CNY
tables:
  stores:
    key: k
    columns: {k: text, kind: text, fee: CNY?, share: {type: number, range: [0, 1]}, opened: date}
  orders: {key: id, columns: {id: integer, store: text, paid: CNY, at: timestamp}}
  rates: {key: [kind, since], columns: {kind: text, since: date, until: date?, rate: integer}}
  kinds: {key: kind, columns: {kind: text, limit: integer}}
"""
GRADES = """ruleset: grades
subject: {name: store, table: stores, key: k}
values:
  points: {value: "share * 100", unit: points}
levels:
  grade: {labels: [low, high], of: share, steps: {">= 0.5": high, else: low}}
resources:
  perks: {hit: collect, rules: [{when: share >= 0.5, then: [coupon]}, {when: share > 0.7, then: [badge]}, {else: []}]}
"""
_PLAIN = GRADES[: GRADES.index("resources:")]
RULES = """ruleset: talk
subject: {name: store, table: stores, key: k}
facts:
  orders: {table: orders, key: store, id: id, time: at}
references:
  rate: {table: rates, match: {kind: kind}, valid: {from: since, until: until}, else: missing}
  kinds: {table: kinds, match: {kind: kind}, else: error}
  grades: {ruleset: grades, match: {k: k}, else: missing}
metrics:
  n: {count: orders, window: all}
  gmv: {sum: paid, from: orders, window: all, unit: CNY}
values:
  perks: grades.perks
  low_fee: coalesce(fee, 0.00) < 1.00 and share < 0.4 and coalesce(grades.grade = 'low', false) and opened < as_of
  much: coalesce(grades.points, 0) > 80 and n > kinds.limit and coalesce(rate.rate, 0) > 1 and gmv > 1.00
"""


def _engine(folder: Path, rules: str = RULES, pack: str = PACK, grades: str = GRADES) -> tc.Engine:
    (folder / "rulesets").mkdir(parents=True)
    (folder / "pack.yaml").write_text(pack, "utf-8")
    (folder / "rulesets/talk.yaml").write_text(rules, "utf-8")
    (folder / "rulesets/grades.yaml").write_text(grades, "utf-8")
    return tc.load(folder)


def _fill(warehouse: Warehouse, table: str = "", **columns: Any) -> None:
    for name, given in TABLES.items():
        warehouse.create(name, pa.table({**given, **(columns if name == table else {})}))


def test_good_tables(warehouse: Warehouse, tmp_path: Path) -> None:
    """What the others change is fine as it stands."""
    _fill(warehouse)
    rows = warehouse.query(_engine(tmp_path).sql("talk", warehouse.dialect, DAY))
    assert [(row["k"], row["n"], str(row["gmv"]), row["low_fee"], row["perks"]) for row in rows] == [
        ("a", 2, "30.00", False, ["badge", "coupon"]),
        ("b", 1, "30.00", False, []),
    ]


BAD = {
    "missing": ("stores", {"k": pa.array(["a", None])}, "stores.k: nothing, and text may not be missing in the row"),
    "range": ("stores", {"share": pa.array([0.25, 1.5])}, r"stores.share: 1.5 is not number from 0 to 1 in the row b"),
    "places": (
        "stores",
        {"fee": pa.array([Decimal("1.505"), None], pa.decimal128(12, 3))},
        r"stores.fee: 1.505 is not money in CNY in the row a",
    ),
    "label": (
        "grades",
        {"grade": pa.array(["low", "best"])},
        r"grades.grade: best is not one of low, high in the row b",
    ),
    "set": (
        "grades",
        {"perks": pa.array([["coupon"], ["pony"]])},
        r"grades.perks: .*pony.* is not a list of badge, coupon",
    ),
    "points": ("grades", {"points": pa.array([90.00001, 70.0])}, r"grades.points: 90.00001 is not .* in the row a"),
    "type": (
        "stores",
        {"opened": pa.array(["2022-01-01", "2023-01-01"])},
        "stores.opened is (VARCHAR|text|string|String), and date is expected",
    ),
    "double": (
        "orders",
        {"paid": pa.array([1.0, 2.0, 3.0])},
        "orders.paid is (DOUBLE|double precision|double|Float64), and money in CNY is ",
    ),
    "key twice": ("stores", {"k": pa.array(["a", "a"])}, "two rows of stores have the key a"),
    "id twice": ("orders", {"id": pa.array([1, 2, 2])}, "two rows of orders have the key 2"),
    "overlap": (
        "rates",
        {"until": pa.array([dt.date(2023, 2, 1), None], pa.date32())},
        "the periods of table `rates` overlap for food|the periods of rates overlap for food",
    ),
    "unmatched": ("kinds", {"kind": pa.array(["drinks"])}, "no row of .*kinds.* matches on kind: a"),
    "sum": (
        "orders",
        {"paid": pa.array([Decimal(9 * 10**12)] * 3, pa.decimal128(20, 2))},
        "the sum gmv.* is beyond what is exact",
    ),
}


@pytest.mark.parametrize(("table", "columns", "message"), BAD.values(), ids=BAD)
def test_bad_tables(
    warehouse: Warehouse, table: str, columns: dict[str, pa.Array], message: str, tmp_path: Path
) -> None:
    """An error of the database that says what is wrong and where, as the run has one."""
    engine = _engine(tmp_path)
    _fill(warehouse, table, **columns)
    with pytest.raises(Failure, match=message):
        warehouse.query(engine.sql("talk", warehouse.dialect, DAY))
    given = {name: pa.table({**each, **(columns if name == table else {})}) for name, each in TABLES.items()}
    if table != "orders" or "paid" not in columns:  # the run reads doubles and wider sums
        with pytest.raises(tc.DataError):
            engine.score_table("talk", None, DAY, tables=given)


def test_names_that_are_too_long(tmp_path: Path) -> None:
    """PostgreSQL would cut them off."""
    name = "商品在三十天之内的平均价格对比全网最低价格" * 2
    engine = _engine(tmp_path, RULES + f"  {name}: n > 1\n")
    with pytest.raises(tc.DataError, match=r"PostgreSQL can't be given the name .* of 126 bytes") as caught:
        engine.sql("talk", "postgres", DAY)
    assert caught.value.hint == "a name there has at most 63"
    assert name in engine.sql("talk", "duckdb", DAY)


@pytest.mark.parametrize(("dialect", "title"), [("trino", "Trino"), ("bigquery", "BigQuery")])
def test_names_that_differ_in_case_only(tmp_path: Path, dialect: str, title: str) -> None:
    """They would be one column; a table's own name may differ from the pack's in its case."""
    rules = RULES.replace("  perks: grades.perks\n", "")
    with pytest.raises(tc.PolicyError, match=r"`(much|Much)` and `(much|Much)` differ in case only"):
        _engine(tmp_path / "one", rules + "  Much: n > 1\n", grades=_PLAIN)
    two = PACK.replace("{kind: text, limit", "{kind: {type: text, source: LIMIT}, limit")
    with pytest.raises(tc.DataError, match=f"{title} can't be given the names `LIMIT` and `limit`"):
        _engine(tmp_path / "two", rules, two, _PLAIN).sql("talk", dialect, DAY)
    pack = PACK.replace("{kind: text, limit", "{kind: {type: text, source: KIND}, limit")
    assert "KIND" in _engine(tmp_path / "other", rules, pack, _PLAIN).sql("talk", dialect, DAY)


@pytest.mark.parametrize("dialect", ["clickhouse", "trino", "bigquery", "snowflake"])
def test_doubles_as_keys(tmp_path: Path, dialect: str) -> None:
    """There 0.0 and -0.0 may be two keys, or one."""
    metric = "metrics:\n  apart: {distinct: weight, from: orders, window: all}\n"
    pack = PACK.replace("at: timestamp}", "at: timestamp, weight: {type: number, range: [0, 1]}}")
    engine = _engine(tmp_path, RULES.replace("metrics:\n", metric), pack)
    with pytest.raises(tc.DataError, match=r"can't be given what apart\..* counts, a double"):
        engine.sql("talk", dialect, DAY)
    assert engine.sql("talk", "duckdb", DAY)


@pytest.mark.parametrize(("dialect", "title"), [("bigquery", "BigQuery"), ("snowflake", "Snowflake")])
def test_lists_that_are_read(tmp_path: Path, dialect: str, title: str) -> None:
    """A column of lists has no type there that could be checked."""
    with pytest.raises(tc.DataError, match=f"{title} can't be given a column of lists, grades.perks"):
        _engine(tmp_path).sql("talk", dialect, DAY)


def test_tables_with_the_name_of_a_layer(tmp_path: Path) -> None:
    """They would be taken for it."""
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "pack.yaml").write_text(
        "pack: talk\ntables:\n  Subjects: {key: k, columns: {k: text, share: {type: number, range: [0, 1]}}}\n", "utf-8"
    )
    (tmp_path / "rulesets/grades.yaml").write_text(GRADES.replace("table: stores", "table: Subjects"), "utf-8")
    with pytest.raises(tc.DataError, match="a layer called `Subjects`, so it can't read a table of that name"):
        tc.load(tmp_path).sql("grades", "postgres", DAY)


def test_names_with_quotes(warehouse: Warehouse, tmp_path: Path) -> None:
    """A table's name in the data may be anything."""
    (tmp_path / "rulesets").mkdir()
    source = """source: 'the "stores"', """
    pack = f"pack: talk\ntables:\n  stores: {{{source}key: k, columns: {{k: text, share: {{type: number, range: [0, 1], source: a.b}}}}}}\n"
    (tmp_path / "pack.yaml").write_text(pack, "utf-8")
    (tmp_path / "rulesets/grades.yaml").write_text(GRADES, "utf-8")
    table = pa.table({"k": ["a"], "a.b": [0.25]})
    warehouse.create('the "stores"' if warehouse.dialect == "spark" else 'the ""stores""', table)
    rows = warehouse.query(tc.load(tmp_path).sql("grades", warehouse.dialect, DAY))
    assert [(row["k"], row["points"], row["grade"]) for row in rows] == [("a", 25.0, "low")]


def test_dialects_that_there_are_not(tmp_path: Path) -> None:
    """The nearest one is named."""
    with pytest.raises(tc.DataError, match="no dialect `postgresql`") as caught:
        _engine(tmp_path).sql("talk", "postgresql", DAY)
    assert caught.value.hint == "did you mean `postgres`?"
    with pytest.raises(tc.DataError) as caught:
        _engine(tmp_path / "other").sql("talk", "oracle", DAY)
    assert caught.value.hint == (
        "one of duckdb, postgres, spark, or, as an experiment, clickhouse, trino, bigquery, snowflake"
    )


def test_without_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests say so where no server is installed."""
    monkeypatch.setattr("tests.warehouse.servers._program", lambda name: None)
    with postgres_server() as folder:
        assert folder is None
