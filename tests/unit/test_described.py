"""What results say of themselves to outputs: a title, a unit and a block by column, and where it all comes from."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

import trustcommerce as tc
from trustcommerce.plugin import About, Described, about, described
from trustcommerce.testing import Lab

ARROW = """
import pyarrow as pa
from trustcommerce.plugin import Output, hookimpl

def write(table, path):
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table)

@hookimpl
def trustcommerce_outputs():
    return [Output(name="arrow", suffix=".arrow", write=write, doc="Arrow files.")]
"""
PACK = """
pack: shop
version: "7"
currency: CNY
notice: {zh: 示例, en: Illustrative}
reasons: {LATE: {zh: 发货慢, en: Ships late}, OTHER: {zh: 其他, en: Other}}
tables:
  stores:
    key: k
    columns:
      k: {type: text, title: {zh: 店铺编号, en: Store}}
      late: {type: ratio, range: [0, 1]}
      paid: {type: CNY, range: [0, 1000], title: {zh: 成交额, en: Sales}}
      tier: {type: text, title: 层级}
"""
RULES = """
ruleset: shop
title: {zh: 店铺分, en: Store score}
about: For the tests.
effective: {from: 2023-05-01, until: 2024-01-01, enforced: 2023-06-01}
subject: {name: store, table: stores, key: k}
scores:
  quality:
    title: {zh: 质量, en: Quality}
    parts:
      late: {weight: 1, reason: LATE, of: late, steps: {"<= 0.1": 100, else: 50}}
levels:
  grade: {labels: [low, high], of: quality, steps: {">= 80": high, else: low}}
resources:
  bonus: {value: paid * 2, title: {zh: 奖励, en: Bonus}}
pools:
  traffic: {unit: impressions, amount: 10, method: proportional, weight: 1, title: {zh: 流量, en: Traffic}}
"""
STORES = pa.table(
    {"k": ["a", "b"], "late": [0.05, 0.5], "paid": [Decimal("1.00"), Decimal("2.00")], "tier": ["x", "y"]}
)


@pytest.fixture
def engine(tmp_path: Path) -> tc.Engine:
    (tmp_path / "arrow.py").write_text(ARROW, "utf-8")
    return Lab(tmp_path / "lab").engine(PACK, RULES, plugins=[str(tmp_path / "arrow.py")])


@pytest.fixture
def schema(engine: tc.Engine, tmp_path: Path) -> pa.Schema:
    engine.run({"stores": STORES}, tmp_path / "out", "2023-05-18", format="arrow", known_as_of="2023-05-20")
    return pa.ipc.open_file(tmp_path / "out/shop.arrow").schema


def test_columns_are_described(schema: pa.Schema) -> None:
    """By the blocks that give them; the unit of what has none is missing."""
    found = {field.name: described(field) for field in schema}
    assert found["k"] == Described(title={"zh": "店铺编号", "en": "Store"}, block="key")
    assert found["late"] == Described(unit="ratio", block="subject")
    assert found["tier"] == Described(title={"": "层级"}, block="carried")
    assert found["bonus"] == Described(title={"zh": "奖励", "en": "Bonus"}, unit="CNY", block="resources")
    assert found["traffic"] == Described(title={"zh": "流量", "en": "Traffic"}, unit="impressions", block="pools")
    blocks = {name: each.block for name, each in found.items()}
    assert (
        blocks.items()
        >= {
            "quality": "scores",
            "quality.status": "status",
            "quality.late": "parts",
            "quality.reason_1": "reasons",
            "quality.lost_1": "lost",
            "grade": "levels",
            "traffic.weight": "claims",
        }.items()
    )


def test_a_result_is_described(engine: tc.Engine, schema: pa.Schema) -> None:
    """Only sentences of codes that are in it are brought along."""
    assert about(schema) == About(
        ruleset="shop",
        title={"zh": "店铺分", "en": "Store score"},
        about="For the tests.",
        pack="shop",
        version="7",
        notice={"zh": "示例", "en": "Illustrative"},
        as_of="2023-05-18",
        known_as_of="2023-05-20",
        since="2023-05-01",
        until="2024-01-01",
        shadow=True,
        texts={"LATE": {"zh": "发货慢", "en": "Ships late"}},
        meaning=engine.digests["meaning"],
        source=engine.digests["source"],
        plugins={"arrow": "0"},
    )


def test_other_tables_say_nothing(engine: tc.Engine) -> None:
    """Those of callers, and those that are scored without a run."""
    for table in (STORES, engine.score_table("shop", STORES, "2023-05-18")):
        assert about(table.schema) is None
        assert all(described(field) == Described() for field in table.schema)
