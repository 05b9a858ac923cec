"""Commission-free product cards: the published numbers, and the laws of a settlement."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trustcommerce as tc

DAY = dt.date(2023, 3, 31)
PACK = """pack: settlement
currency: CNY
plugins: [product-card]
tables:
  stores: {key: store_id, columns: {store_id: text}}
  orders:
    key: order_id
    columns:
      order_id: text
      store_id: text
      category_1: text
      category_2: text
      category_3: text
      entry_scene: text
      gift: boolean
      cross_border: boolean
      paid: {type: CNY, range: [0, 1000000]}
      refunded: {type: CNY, range: [0, 1000000]}
      paid_at: timestamp
      settled_at: timestamp
  monthly_tasks: {key: [store_id, month], columns: {store_id: text, month: date, kind: text}}
  frauds: {key: finding_id, columns: {finding_id: integer, order_id: text, found_at: timestamp}}
files:
  references/rates.csv:
    columns: {category: text, rate: {type: decimal(4), range: [0, 1]}, valid_from: date, valid_until: "date?"}
"""
RATES = """category,rate,valid_from,valid_until
*,0.0500,2022-01-01,
toys,0.0300,2022-01-01,2023-02-01
toys,0.0200,2023-02-01,
dolls,0.0060,2022-01-01,
rings,0.1500,2022-01-01,
"""
ORDERS = """ruleset: card_orders
subject: {name: order, table: orders, key: order_id}
policies:
  waiver:
    kind: product_card
    rates: references/rates.csv
    categories: [category_3, category_2, category_1]
    tasks: monthly_tasks
    frauds: frauds
    excluded: gift
    refunded: refunded
    cross_border: cross_border
"""
STATEMENT = """ruleset: card_statement
subject: {name: store, table: stores, key: store_id}
facts:
  settled: {ruleset: card_orders, key: store_id, id: order_id, time: settled_at}
policies:
  month: {kind: product_card_statement, orders: settled, of: waiver, refunds: true, window: 60 days}
"""
ORDER = {
    "order_id": "o",
    "store_id": "full",
    "category_1": "home",
    "category_2": "home",
    "category_3": "home",
    "entry_scene": "mall_channel",
    "gift": False,
    "cross_border": False,
    "paid": 100,
    "refunded": 0,
    "paid_at": dt.datetime(2023, 2, 10),
    "settled_at": dt.datetime(2023, 2, 20),
}
TASKS = [
    {"store_id": "full", "month": dt.date(2023, 1, 1), "kind": "full"},
    {"store_id": "tenth", "month": dt.date(2023, 1, 1), "kind": "ten_percent"},
]


def load(folder: Path, orders: str = ORDERS) -> tc.Engine:
    (folder / "rulesets").mkdir(parents=True, exist_ok=True)
    (folder / "references").mkdir(exist_ok=True)
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "references/rates.csv").write_text(RATES, "utf-8")
    (folder / "rulesets/card_orders.yaml").write_text(orders, "utf-8")
    (folder / "rulesets/card_statement.yaml").write_text(STATEMENT, "utf-8")
    return tc.load(folder)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> tc.Engine:
    return load(tmp_path_factory.mktemp("pack"))


def tables(orders: list[dict[str, Any]], frauds: list[str] | None = None) -> dict[str, pa.Table]:
    moments = pa.timestamp("us")
    found = pa.Table.from_pylist(orders)
    for name in ("paid_at", "settled_at"):
        found = found.set_column(found.column_names.index(name), name, found.column(name).cast(moments))
    for name in ("paid", "refunded"):
        values = [Decimal(str(each[name])) for each in orders]
        found = found.set_column(found.column_names.index(name), name, pa.array(values, pa.decimal128(18, 2)))
    named = frauds or []
    return {
        "stores": pa.table({"store_id": ["full", "tenth", "none"]}),
        "orders": found,
        "monthly_tasks": pa.Table.from_pylist(TASKS),
        "frauds": pa.table(
            {
                "finding_id": pa.array(range(len(named)), pa.int64()),
                "order_id": pa.array(named, pa.string()),
                "found_at": pa.array([dt.datetime(2023, 3, 1)] * len(named), moments),
            }
        ),
    }


def settle(engine: tc.Engine, frauds: list[str] | None = None, **changes: Any) -> dict[str, Any]:
    rows = engine.score_table("card_orders", None, DAY, tables=tables([{**ORDER, **changes}], frauds)).to_pylist()
    found: dict[str, Any] = rows[0]
    assert found["waiver"] + found["waiver_charged"] == found["waiver_due"]
    return found


@pytest.mark.parametrize(
    ("changes", "due", "waived"),
    [
        ({}, "5.00", "4.40"),  # 5 % of 100, all but 0.6 %
        ({"store_id": "tenth"}, "5.00", "0.50"),  # a tenth of it
        ({"store_id": "none"}, "5.00", "0.00"),  # no tasks done
        ({"category_3": "dolls"}, "0.60", "0.00"),  # 0.6 %: nothing to waive
        ({"category_3": "dolls", "store_id": "tenth"}, "0.60", "0.00"),
        ({"cross_border": True}, "5.00", "4.00"),  # all but 1 %
        ({"entry_scene": "live_room"}, "5.00", "0.00"),
        ({"entry_scene": "guess_you_like"}, "5.00", "4.40"),
        ({"gift": True}, "5.00", "0.00"),
        ({"settled_at": dt.datetime(2023, 2, 1)}, "5.00", "4.40"),  # the first moment of the month after
        ({"settled_at": dt.datetime(2023, 2, 28, 23, 59, 59)}, "5.00", "4.40"),
        (
            {"settled_at": dt.datetime(2023, 3, 1)},
            "5.00",
            "0.00",
        ),  # paid in February, settled in March: February's task
        ({"settled_at": dt.datetime(2023, 1, 31)}, "5.00", "0.00"),
        (
            {"category_1": "toys", "paid_at": dt.datetime(2023, 1, 31, 23)},
            "3.00",
            "2.40",
        ),  # the rate of the day it was paid
        ({"category_1": "toys"}, "2.00", "1.40"),
        ({"category_1": "toys", "category_3": "rings"}, "15.00", "14.40"),  # the most specific node wins
        ({"paid": Decimal("0.10")}, "0.01", "0.00"),  # half a fen is rounded up, and 0.44 fen down
    ],
)
def test_published_numbers(engine: tc.Engine, changes: dict[str, Any], due: str, waived: str) -> None:
    found = settle(engine, **changes)
    assert (found["waiver_due"], found["waiver"]) == (Decimal(due), Decimal(waived))


def test_fake_orders(engine: tc.Engine) -> None:
    assert settle(engine, ["o"])["waiver"] == 0


def test_a_refund_takes_its_part_back(engine: tc.Engine) -> None:
    """Of a waiver of 4.40 a refund of 30 from 100 takes 1.32; of nothing it takes nothing."""
    assert settle(engine, refunded=30)["waiver_back"] == Decimal("1.32")
    assert settle(engine, paid=0)["waiver_back"] == 0


def test_a_cap_and_further_rights(tmp_path: Path) -> None:
    """15 % of 5,000 are capped at 300, of which 0.6 % of the amount stay; of several rights the largest counts."""
    rules = ORDERS + "    cap: 300\n    rights: [{when: store_id = 'none', waived: paid * 0.02}]\n"
    engine = load(tmp_path, rules)
    rings = settle(engine, paid=5000, category_3="rings")
    assert (rings["waiver_due"], rings["waiver"]) == (300, 270)
    assert settle(engine, store_id="none")["waiver"] == 2
    assert settle(engine, store_id="none", category_3="dolls")["waiver"] == Decimal("0.60")  # no more than is due


def test_the_statement_of_a_store(engine: tc.Engine) -> None:
    """What orders come to, and what refunds take back of it."""
    orders = [
        {**ORDER, "order_id": "o1", "refunded": 30},
        {**ORDER, "order_id": "o2", "entry_scene": "live_room"},
        {**ORDER, "order_id": "o3", "store_id": "tenth"},
    ]
    rows = engine.score_table("card_statement", None, DAY, tables=tables(orders)).to_pylist()
    found = {row["store_id"]: row for row in rows}
    assert [found["full"][f"month_{name}"] for name in ("due", "waived", "charged", "back")] == [
        Decimal("10.00"),
        Decimal("4.40"),
        Decimal("5.60"),
        Decimal("1.32"),
    ]
    assert found["full"]["month"] == Decimal("3.08")
    assert all(row["month_balanced"] for row in rows)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**8),
            st.integers(0, 100),
            st.sampled_from(["home", "toys", "dolls", "rings"]),
            st.sampled_from(["full", "tenth", "none"]),
            st.booleans(),
            st.sampled_from(["mall_channel", "live_room", "bottom_recommendation"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_charged_and_waived_are_what_is_due(engine: tc.Engine, drawn: list[tuple[Any, ...]]) -> None:
    """To the last fen, for every order and for every store; no more is taken back than was waived."""
    orders = [
        {
            **ORDER,
            "order_id": f"o{i}",
            "paid": Decimal(fen) / 100,
            "refunded": (Decimal(fen) * share / 10_000).quantize(Decimal("0.01"), "ROUND_DOWN"),
            "category_3": category,
            "store_id": store,
            "cross_border": abroad,
            "entry_scene": scene,
        }
        for i, (fen, share, category, store, abroad, scene) in enumerate(drawn)
    ]
    given_tables = tables(orders)
    rows = engine.score_table("card_orders", None, DAY, tables=given_tables).to_pylist()
    for row in rows:
        assert row["waiver"] + row["waiver_charged"] == row["waiver_due"]
        assert 0 <= row["waiver"] <= row["waiver_due"]
        assert 0 <= row["waiver_back"] <= row["waiver"]
    statement = engine.score_table("card_statement", None, DAY, tables=given_tables).to_pylist()
    assert all(row["month_balanced"] for row in statement)
    assert sum(row["month_due"] for row in statement) == sum(row["waiver_due"] for row in rows)


def test_a_record_is_a_row(engine: tc.Engine) -> None:
    """One record gives what its row in a table gives."""
    orders = [{**ORDER, "order_id": "a"}, {**ORDER, "order_id": "b", "store_id": "tenth", "refunded": 5}]
    for name in engine.rulesets:
        for row in engine.score_table(name, None, DAY, tables=tables(orders)).to_pylist():
            assert engine.score(name, row, DAY).values == row
