"""Diagnosis of content and attribution: by the numbers, and as records."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

import trustcommerce as tc
from trustcommerce.testing import Lab, lab

__all__ = ["lab"]

DAY = dt.date(2023, 5, 15)
PACK = """pack: content
currency: CNY
plugins: [content]
tables:
  creators: {key: creator_id, columns: {creator_id: text, category: text}}
  views:
    key: view_id
    time: seen_at
    columns:
      view_id: integer
      creator_id: text
      seen_at: timestamp
      opened: boolean
      watched_seconds: {type: "integer?", range: [0, 100000]}
      length_seconds: {type: integer, range: [1, 100000]}
      liked: boolean?
      shared: boolean?
  orders:
    key: order_id
    columns:
      order_id: text
      buyer_id: text
      creator_id: text
      paid: {type: CNY, range: [0, 100000]}
      paid_at: timestamp
  video_views:
    key: view_id
    time: viewed_at
    columns: {view_id: integer, buyer_id: text, creator_id: text, video_id: text, viewed_at: timestamp}
files:
  references/usual.csv: {columns: {category: text, opened: {type: ratio, range: [0.01, 1]}}}
"""
CONTENT = """ruleset: content
subject: {name: creator, table: creators, key: creator_id}
facts: {views: {table: views, key: creator_id, id: view_id}}
references:
  usual: {file: references/usual.csv, match: {category: [category, '*']}, else: error}
metrics:
  opened:
    title: {zh: 点开率, en: Open rate}
    kind: open_rate
    from: views
    window: 30 days
    sample: {at_least: 4, else: missing}
    benchmark: usual.opened
  finished: {kind: completion_rate, from: views, window: 30 days, complete: 0.9, sample: any}
  engaged: {kind: interaction_rate, from: views, window: 30 days, interactions: [liked, shared], sample: any}
  watched: {kind: watch_time, from: views, window: 30 days, at_most: 60, sample: any}
scores:
  content:
    parts:
      opened:
        weight: 1
        of: opened_to_benchmark
        curve: [[0, 0], [1, 60], [2, 100]]
        reason: CONTENT_OPENED
        missing: insufficient
"""
ORDERS = """ruleset: live_orders
subject: {name: order, table: orders, key: order_id}
resources:
  led: {kind: last_touch, views: video_views, amount: paid, at: paid_at, order: [view_id], unit: CNY}
"""


def _at(day: int, hour: int = 0) -> dt.datetime:
    return dt.datetime(2023, 5, day, hour)


TABLES = {
    "creators": pa.table({"creator_id": ["a", "b"], "category": ["food", "toys"]}),
    "views": pa.table(
        {
            "view_id": range(6),
            "creator_id": ["a", "a", "a", "a", "a", "b"],
            "seen_at": pa.array([_at(day) for day in (1, 2, 3, 4, 16, 5)], pa.timestamp("us")),
            "opened": [True, True, False, True, True, True],
            "watched_seconds": [90, 100, None, None, 100, 10],
            "length_seconds": [100, 100, 100, 100, 100, 100],
            "liked": [True, None, None, False, True, False],
            "shared": [True, False, None, None, True, None],
        }
    ),
    "orders": pa.table(
        {
            "order_id": ["o1", "o2", "o3"],
            "buyer_id": ["x", "x", "y"],
            "creator_id": ["a", "b", "a"],
            "paid": [100, 40, 7],
            "paid_at": pa.array([_at(10, 12)] * 3, pa.timestamp("us")),
        }
    ),
    "video_views": pa.table(
        {
            "view_id": [1, 2, 3, 4],
            "buyer_id": ["x", "x", "x", "y"],
            "creator_id": ["a", "a", "b", "a"],
            "video_id": ["v1", "v2", "v3", "v4"],
            "viewed_at": pa.array([_at(9), _at(9), _at(3, 11), _at(10, 12)], pa.timestamp("us")),
        }
    ),
}


@pytest.fixture
def engine(tmp_path: Path) -> tc.Engine:
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "references").mkdir()
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "references/usual.csv").write_text("category,opened\nfood,0.5\n*,0.25\n", "utf-8")
    (tmp_path / "rulesets/content.yaml").write_text(CONTENT, "utf-8")
    (tmp_path / "rulesets/live_orders.yaml").write_text(ORDERS, "utf-8")
    return tc.load(tmp_path)


def test_rates(engine: tc.Engine) -> None:
    """Of the four views that are seen by then three were opened; what was not watched at all counts as 0 seconds."""
    rows = engine.score_table("content", None, DAY, tables=TABLES).to_pylist()
    a, b = rows
    assert (a["opened"], a["opened_to_benchmark"]) == (0.75, 1.5)
    assert a["finished"] == 2 / 3
    assert a["engaged"] == 1 / 3
    assert a["watched"] == 40
    assert a["content"] == 80
    assert (b["opened"], b["opened_to_benchmark"], b["watched"]) == (None, None, 10)


def test_last_touch(engine: tc.Engine) -> None:
    """The last video within 7 days before the order, of equal ones the later view; each order is given once."""
    rows = {row["order_id"]: row for row in engine.score_table("live_orders", None, DAY, tables=TABLES).to_pylist()}
    assert {key: (row["led_video"], row["led"]) for key, row in rows.items()} == {
        "o1": ("v2", Decimal("100.00")),
        "o2": (None, Decimal("0.00")),
        "o3": (None, Decimal("0.00")),
    }
    assert all(row["led"] + row["led_direct"] == row["paid"] for row in rows.values())


def test_a_record_is_a_row(engine: tc.Engine) -> None:
    """One record gives what its row in a table gives."""
    for name in engine.rulesets:
        result = engine.score_table(name, None, DAY, tables=TABLES)
        for row in result.to_pylist():
            assert engine.score(name, row, DAY).values == row


def test_reasons(engine: tc.Engine) -> None:
    row = engine.score_table("content", None, DAY, tables=TABLES).to_pylist()[0]
    decision = engine.score("content", row, DAY)
    assert decision.reasons(lang="zh")[0].code == "CONTENT_OPENED"
    assert decision.reasons(lang="zh")[0].text == "内容点开率偏低"


TOTALS = """ruleset: totals
subject: {name: creator, table: creators, key: creator_id}
facts: {days: {table: days, key: creator_id, id: day}}
metrics:
  shown: {sum: shown, from: days, window: 30 days}
  opens: {sum: opens, from: days, window: 30 days}
  opened: {kind: open_rate, totals: {of: opens, to: shown}, sample: any, peers: category}
  seconds: {sum: seconds, from: days, window: 30 days}
  watched: {kind: watch_time, totals: {of: seconds, to: opens}, sample: any}
"""
DAYS = """pack: totals
plugins: [content]
tables:
  creators: {key: creator_id, columns: {creator_id: text, category: text}}
  days:
    key: [creator_id, day]
    time: day
    columns:
      creator_id: text
      day: date
      shown: {type: integer, range: [0, 1000000]}
      opens: {type: integer, range: [0, 1000000]}
      seconds: {type: integer, unit: seconds, range: [0, 1000000]}
"""


def test_totals_and_peers(lab: Lab) -> None:
    """Days in place of views, and what half of the creators of a category reach."""
    engine = lab.engine(DAYS, TOTALS)
    days = [
        {"creator_id": c, "day": DAY - dt.timedelta(days=i), "shown": 100, "opens": opens, "seconds": 30 * opens}
        for c, opens in (("a", 10), ("b", 20), ("c", 40))
        for i in (1, 2)
    ]
    creators = pa.table({"creator_id": ["a", "b", "c"], "category": ["x", "x", "x"]})
    tables = {"creators": creators, "days": pa.Table.from_pylist(days)}
    rows = engine.score_table("totals", None, DAY, tables=tables).to_pylist()
    assert [(row["opened"], row["opened_p50"], row["opened_p90"], row["watched"]) for row in rows] == [
        (opened, 0.2, 0.4, 30.0) for opened in (0.1, 0.2, 0.4)
    ]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("{kind: open_rate}", "`totals` or `from` and `window` must be said here"),
        ("{kind: open_rate, from: days}", "`window` is not said here"),
        ("{kind: open_rate, totals: {of: opens}}", "`to` is not said here"),
        ("{kind: open_rate, totals: {of: opens, to: shown}, window: 3 days}", "`window` says nothing here"),
        ("{kind: open_rate, totls: {of: opens, to: shown}}", "unknown key `totls`"),
        ("{kind: open_rate, from: days, windw: 3 days}", "unknown key `windw`"),
    ],
)
def test_what_is_said_together(lab: Lab, item: str, message: str) -> None:
    """Views or totals, and nothing of views beside totals."""
    lines = [line for line in TOTALS.splitlines() if "kind:" not in line]
    (problem,) = lab.problems(DAYS, "\n".join([*lines, f"  opened: {item}", ""]))
    assert problem.message == message
