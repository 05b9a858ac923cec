"""Price power: by the numbers, beside the same rules written by hand, and as records."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pyarrow.parquet
import pytest

import trustcommerce as tc
from trustcommerce.testing import KindSuite, Lab

DAY = dt.date(2023, 5, 15)
PACK = """pack: price
currency: CNY
plugins: [price]
tables:
  products:
    key: product_id
    columns:
      product_id: text
      comparison_group: text
      price: {type: CNY, range: [0, 100000]}
      net: {type: number, range: [0, 100000]}
      measure: text
      quality: {type: integer, range: [0, 100]}
  market_offers:
    key: offer_id
    time: seen_at
    columns:
      offer_id: integer
      comparison_group: text
      price: {type: CNY, range: [0, 100000]}
      net: {type: number, range: [0, 100000]}
      measure: text
      seen_at: timestamp
"""
REFERENCE = """ruleset: price_reference
subject: {name: group, from: offers, key: comparison_group}
facts: {offers: {table: market_offers, key: comparison_group, id: offer_id}}
metrics:
  asked: {kind: comparable_prices, price: price, quantity: net, measure: measure, from: offers, window: 7 days}
"""
PRODUCT = """ruleset: product
subject: {name: product, table: products, key: product_id}
references:
  group: {ruleset: price_reference, match: {comparison_group: comparison_group}, else: missing}
metrics:
  per_100: {kind: unit_price, price: price, quantity: net, measure: measure}
values:
  place: {kind: price_position, price: price, quantity: net, measure: measure, within: comparison_group, at_least: 3}
  by_hand:
    of: per_100
    curve: [[group.asked_p10, 100], [group.asked_p50, 70], [group.asked_p90, 20]]
    missing: 60
    exceptions:
      - {when: quality < 60, then: 0, missing: false}
      - {when: "coalesce(group.asked, 0) < 5", then: 60, missing: false}
policies:
  power:
    kind: price_power
    price: per_100
    low: group.asked_p10
    middle: group.asked_p50
    high: group.asked_p90
    offers: group.asked
    quality: quality >= 60
"""
# by 100 g: 10, 11, .. 19 yuan, offered as kilograms and as 斤
OFFERS = [(i, "tea", 100 + 10 * i if i % 2 else 50 + 5 * i, 1.0, "kg" if i % 2 else "斤") for i in range(10)]
MORE = [(10, "tea", 1, 0.0, "g"), (11, "tea", 1, 500.0, "barrel"), (12, "cup", 30, 3.0, "piece")]
PRODUCTS = [
    ("cheap", "tea", 10, 100.0, "g", 80),
    ("middle", "tea", 140, 1.0, "kg", 60),
    ("dear", "tea", 200, 500.0, "g", 90),
    ("poor", "tea", 10, 100.0, "g", 59),
    ("cup", "cup", 8, 1.0, "piece", 100),
    ("vague", "tea", 8, 1.0, "barrel", 100),
]
TABLES = {
    "products": pa.table(
        {
            name: [row[i] for row in PRODUCTS]
            for i, name in enumerate(["product_id", "comparison_group", "price", "net", "measure", "quality"])
        }
    ),
    "market_offers": pa.table(
        {
            **{
                name: [row[i] for row in OFFERS + MORE]
                for i, name in enumerate(["offer_id", "comparison_group", "price", "net", "measure"])
            },
            "seen_at": pa.array([dt.datetime(2023, 5, 12)] * len(OFFERS + MORE), pa.timestamp("us")),
        }
    ),
}


@pytest.fixture
def engine(tmp_path: Path) -> tc.Engine:
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "rulesets/price_reference.yaml").write_text(REFERENCE, "utf-8")
    (tmp_path / "rulesets/product.yaml").write_text(PRODUCT, "utf-8")
    return tc.load(tmp_path)


def _results(engine: tc.Engine, tmp_path: Path) -> dict[str, list[dict[str, object]]]:
    report = engine.run(TABLES, tmp_path / "out", DAY)
    return {
        name: pa.parquet.read_table(tmp_path / "out" / done["file"]).to_pylist()
        for name, done in report.rulesets.items()
    }


def test_the_same_quantity_is_compared(engine: tc.Engine, tmp_path: Path) -> None:
    """Kilograms and 斤 are prices of 100 g; offers without a quantity or in a measure nobody knows do not count."""
    rows = {row["comparison_group"]: row for row in _results(engine, tmp_path)["price_reference"]}
    assert [rows["tea"][name] for name in ("asked", "asked_p10", "asked_p50", "asked_p90")] == [10, 10.0, 14.0, 18.0]
    assert [rows["cup"][name] for name in ("asked", "asked_p50")] == [1, 10.0]


def test_power(engine: tc.Engine, tmp_path: Path) -> None:
    """A low price counts only with quality; without enough comparable goods nobody judges it."""
    rows = {row["product_id"]: row for row in _results(engine, tmp_path)["product"]}
    assert {name: row["power"] for name, row in rows.items()} == {
        "cheap": 100,
        "middle": 70,
        "dear": 20,
        "poor": 0,
        "cup": 60,
        "vague": 60,
    }
    assert all(row["power"] == row["by_hand"] for row in rows.values())
    assert rows["vague"]["per_100"] is None


def test_all_ask_the_same(lab: Lab) -> None:
    """Who asks what all ask is not dear."""
    pack = "pack: p\nplugins: [price]\ntables:\n  goods: {key: id, columns: {id: text, price: number, ask: number}}\n"
    rules = """ruleset: p
subject: {name: product, table: goods, key: id}
policies: {power: {kind: price_power, price: price, low: ask, middle: ask, high: ask, offers: 9, quality: "true"}}
"""
    rows = pa.table({"id": ["a", "b", "c"], "price": [9.0, 10.0, 10.5], "ask": [10.0] * 3})
    found = lab.engine(pack, rules, plugins=["price"]).score_table("p", rows, DAY).to_pylist()
    assert [row["power"] for row in found] == [100, 100, 20]


def test_position(engine: tc.Engine, tmp_path: Path) -> None:
    """Two share the lowest price of four; one cup is compared with nobody."""
    rows = {row["product_id"]: row["place"] for row in _results(engine, tmp_path)["product"]}
    assert rows == {"cheap": 0.25, "poor": 0.25, "middle": 0.625, "dear": 0.875, "cup": None, "vague": None}


def test_reasons(engine: tc.Engine) -> None:
    """The guard says why."""
    record = {"product_id": "poor", "comparison_group": "tea", "price": 10, "net": 100.0, "measure": "g", "quality": 59}
    group = {"asked": 10, "asked_p10": 10.0, "asked_p50": 14.0, "asked_p90": 18.0}
    decision = engine.score("product", {**record, "group": group, "place_place": 0.5, "place_goods": 4}, DAY)
    assert decision.values["power"] == 0
    assert [each.text for each in decision.reasons(lang="zh")] == ["品质未达标，价格力不计分"]


class TestKinds(KindSuite):
    """What holds of every kind, with the usual prices in a file."""

    plugin = "price"
    header = PACK + "files:\n  references/usual.csv: {columns: {kind: text, p10: CNY, p50: CNY, p90: CNY}}\n"
    rulesets = (
        REFERENCE,
        PRODUCT.replace(
            "{ruleset: price_reference, match: {comparison_group: comparison_group}, else: missing}",
            "{file: references/usual.csv, match: {kind: comparison_group}, else: missing}",
        )
        .replace("group.asked_", "group.")
        .replace("offers: group.asked", "offers: 5")
        .replace("coalesce(group.asked, 0) < 5", "false"),
    )
    files: ClassVar = {"references/usual.csv": "kind,p10,p50,p90\ntea,10,14,18\n"}
    tables: ClassVar = TABLES
    as_of = DAY


def test_the_page_is_true(lab: Lab) -> None:
    """The rules of the README are those of these tests."""
    text = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    rules = [block.split("```")[0] for block in text.split("```yaml\n")[1:]]
    assert len(rules) == 2
    assert not lab.problems(PACK, *rules, plugins=["price"])


SIZES = {
    "绿茶 250g*2袋": (500.0, "g"),
    "龙井 半斤": None,
    "铁观音 2斤": (1000.0, "g"),
    "Rice 1.5 kg": (1500.0, "g"),
    "牛奶 250毫升×12盒": (3000.0, "ml"),
    "Juice 1L": (1000.0, "ml"),
    "布料 3米": (300.0, "cm"),
    "面膜 10片": (10.0, "piece"),
    "3袋 100g": (100.0, "g"),
    "100g 或 200g": None,
    "6瓶×330ml": (1980.0, "ml"),
    "2袋*250g": (500.0, "g"),
    "12*250ml": (3000.0, "ml"),
    "500gx2": (1000.0, "g"),
    "1,500g": None,
    "250ml*12盒*2箱": None,
    "1斤半": None,
    "10x20cm": None,
    "3m²": None,
    "1" * 400 + "g": None,
    "100g*" + "9" * 5000: None,
    "5 gold coins": None,
    "手工皂": None,
    None: None,
}


def test_sizes_of_descriptions(lab: Lab) -> None:
    """One size is read, and none guessed: of two nobody knows which is sold."""
    rules = """ruleset: sizes
subject: {name: product, table: goods, key: id}
metrics:
  per_100: {kind: unit_price, price: price, size: title}
values:
  quantity: {value: pack_quantity(title)}
  measure: {value: pack_measure(title)}
"""
    pack = "pack: sizes\ncurrency: CNY\nplugins: [price]\ntables:\n  goods:\n    key: id\n"
    pack += "    columns: {id: integer, title: text?, price: CNY}\n"
    rows = pa.table({"id": range(len(SIZES)), "title": list(SIZES), "price": [10] * len(SIZES)})
    engine = lab.engine(pack, rules, plugins=["price"])
    found = engine.score_table("sizes", rows, DAY).to_pylist()
    assert {row["title"]: row["quantity"] and (row["quantity"], row["measure"]) for row in found} == SIZES
    assert [row["per_100"] for row in found[:4]] == [2.0, None, 1.0, pytest.approx(2 / 3)]
    for row in found:
        assert engine.score("sizes", row, DAY).values == {name: row[name] for name in row}
    with pytest.raises(tc.DataError, match="Python over Arrow arrays"):
        engine.sql("sizes", "postgres", DAY)


def test_goods_without_a_size(lab: Lab) -> None:
    """Prices are compared as they are, and stay money."""
    rules = REFERENCE[: REFERENCE.index("metrics:")] + (
        "metrics:\n  asked: {kind: comparable_prices, price: price, currency: CNY, from: offers, window: 30 days}\n"
    )
    engine = lab.engine(PACK, rules)
    rows = engine.score_table("price_reference", None, DAY, tables=TABLES).to_pylist()
    assert {type(row["asked_p50"]) for row in rows} == {Decimal}
