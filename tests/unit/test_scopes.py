"""Which names the rows of facts and exclusions see."""

from pathlib import Path
from typing import Any

import pytest

import trustcommerce as tc

PACK = """
pack: scopes
version: 1
time_zone: Asia/Shanghai
tables:
  stores: {key: store_id, columns: {store_id: text}}
  orders: {key: order_id, columns: {order_id: text, store_id: text, paid_at: timestamp, region: text}}
  refunds: {key: order_id, columns: {order_id: text, reason: text}}
  incidents: {key: incident_id, columns: {incident_id: text, region: text, metric: text}}
"""
RULES = """
ruleset: shop
subject: {name: store, table: stores, key: store_id}
facts:
  orders:
    table: orders
    key: store_id
    id: order_id
    time: paid_at
    exclude:
      incident:
        table: incidents
        when: region = incident.region and incident.metric in (metric, '*')
references:
  refund: {table: refunds, match: {order_id: order_id}, else: missing}
metrics:
  orders_paid: {count: orders, window: 30 days}
  refunded: {count: orders, window: 30 days, where: refund.reason is not null}
values:
  raw: refunded.unexcluded
"""
ORDERS = [
    {"order_id": f"o{i}", "store_id": "s", "paid_at": "2023-05-01 10:00:00", "region": region}
    for i, region in enumerate(("south", "south", "north", "north"))
]


@pytest.fixture
def engine(tmp_path: Path) -> tc.Engine:
    """A store whose orders have refunds, which only they see, and incidents with a column `metric`."""
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "rulesets/shop.yaml").write_text(RULES, "utf-8")
    return tc.load(tmp_path)


def _judge(engine: tc.Engine, *metrics: str) -> dict[str, Any]:
    incidents = [{"incident_id": f"i{i}", "region": "south", "metric": each} for i, each in enumerate(metrics)]
    refund = [{"order_id": "o0", "reason": "late"}, {"order_id": "o2", "reason": "late"}]
    record = {"store_id": "s", "orders": ORDERS, "refund": refund, "incident": incidents}
    decision = engine.score("shop", record, "2023-05-18")
    return {name: decision[name] for name in ("orders_paid", "refunded", "raw")}


def test_references_of_rows(engine: tc.Engine) -> None:
    """A reference that matches columns of a fact's rows needs none of the subject's."""
    assert _judge(engine) == {"orders_paid": 4, "refunded": 2, "raw": 2}


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (["orders_paid"], {"orders_paid": 2, "refunded": 2, "raw": 2}),
        (["refunded"], {"orders_paid": 4, "refunded": 1, "raw": 2}),
        (["*"], {"orders_paid": 2, "refunded": 1, "raw": 2}),
        (["raw", "refunded.unexcluded"], {"orders_paid": 4, "refunded": 2, "raw": 2}),
    ],
)
def test_exclusions_by_metric(engine: tc.Engine, metrics: list[str], expected: dict[str, int]) -> None:
    """`metric` is the metric being computed, beside another table's column of that name; unexcluded counts all."""
    assert _judge(engine, *metrics) == expected
