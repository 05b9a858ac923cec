"""Spans of days and of months, beside each other."""

import datetime as dt
from pathlib import Path

import pyarrow as pa

import trustcommerce as tc

PACK = """
pack: spans
version: 1
time_zone: Asia/Shanghai
tables:
  stores: {key: store_id, columns: {store_id: text, opened_on: date, seen_at: timestamp}}
"""
RULES = """
ruleset: shop
subject: {name: store, table: stores, key: store_id}
values:
  days_later: opened_on + interval '30 days'
  month_later: opened_on + interval '1 month'
  days_before: seen_at - interval '30 days'
  hours_before: seen_at - interval '720 hours'
  month_before: seen_at - interval '1 month'
"""


def test_a_month_is_not_thirty_days(tmp_path: Path) -> None:
    """In one query, both from the same day: an engine that takes equal intervals for one would mix them up."""
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "rulesets/shop.yaml").write_text(RULES, "utf-8")
    engine = tc.load(tmp_path)
    store = {"store_id": "s", "opened_on": dt.date(2023, 1, 31), "seen_at": dt.datetime(2023, 3, 31, 12)}
    expected = {
        "days_later": dt.date(2023, 3, 2),
        "month_later": dt.date(2023, 2, 28),
        "days_before": dt.datetime(2023, 3, 1, 12),
        "hours_before": dt.datetime(2023, 3, 1, 12),
        "month_before": dt.datetime(2023, 2, 28, 12),
    }
    frame = pa.Table.from_pylist(
        [store], pa.schema([("store_id", pa.string()), ("opened_on", pa.date32()), ("seen_at", pa.timestamp("us"))])
    )
    (row,) = engine.score_table("shop", frame, "2023-05-18").to_pylist()
    values = engine.score("shop", store, "2023-05-18").values
    assert {name: values[name] for name in expected} == expected
    assert {name: row[name] for name in expected} == expected
