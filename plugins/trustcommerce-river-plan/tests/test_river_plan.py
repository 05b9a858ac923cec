"""The river plan: as rules written by hand, and by the numbers."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

import trustcommerce as tc

PLUGIN = "river-plan"
AUDIENCE = Path(__file__).parents[3] / "tests/cases/valid/river_audience"
DAY = dt.date(2023, 5, 15)
PACK = """pack: river
currency: CNY
plugins: [river-plan]
tables:
  merchants: {key: merchant_id, columns: {merchant_id: text, owner: boolean, entered_on: date}}
  creators: {key: creator_id, columns: {creator_id: text, banned: boolean}}
  orders:
    key: order_id
    time: paid_at
    columns:
      order_id: integer
      merchant_id: text
      creator_id: text
      paid: {type: CNY, range: [0, 100000]}
      paid_at: timestamp
      is_good: boolean
  lives: {key: live_id, time: started_at, columns: {live_id: integer, merchant_id: text, started_at: timestamp}}
"""
MERCHANTS = """ruleset: river_merchant
subject: {name: merchant, table: merchants, key: merchant_id}
facts:
  distributed: {table: orders, key: merchant_id, id: order_id}
  lives: {table: lives, key: merchant_id, id: live_id}
policies:
  river:
    title: {zh: 川流计划, en: River plan}
    kind: river_plan
    amount: 1000
    orders: distributed
    good: is_good
    creators: 2
    lives: lives
    live_days: 2
    conditions: [owner]
    at_most: 700
    reserve: {newcomers: {among: "entered_on > as_of - interval '90 days'", amount: 100}}
    left_over: carry
"""
CREATORS = """ruleset: river_creator
subject: {name: creator, table: creators, key: creator_id}
facts:
  sold: {table: orders, key: creator_id, id: order_id}
policies:
  reward: {kind: river_reward, amount: 100, orders: sold, good: is_good, conditions: [not banned]}
"""


def _moment(day: int, hour: int = 10) -> dt.datetime:
    return dt.datetime(2023, 5, day, hour)


def _facts() -> dict[str, pa.Table]:
    orders = [
        ("m1", "c1", 600, True),
        ("m1", "c2", 100, True),
        ("m1", "c2", 900, False),
        ("m2", "c1", 100, True),
        ("m2", "c3", 100, True),
        ("m3", "c1", 5000, True),
        ("m4", "c1", 300, True),
        ("m4", "c2", 300, True),
        ("m5", "c1", 300, True),
        ("m5", "c2", 300, True),
    ]
    lives = [(m, day) for m in ("m1", "m2", "m3", "m5") for day in (3, 4)] + [("m4", 3), ("m4", 3)]
    joined = {"m2": dt.date(2023, 4, 1)}
    return {
        "merchants": pa.table(
            {
                "merchant_id": [f"m{i}" for i in range(1, 6)],
                "owner": [True, True, True, True, False],
                "entered_on": [joined.get(f"m{i}", dt.date(2022, 1, 1)) for i in range(1, 6)],
            }
        ),
        "creators": pa.table({"creator_id": ["c1", "c2", "c3"], "banned": [False, False, True]}),
        "orders": pa.table(
            {
                "order_id": range(len(orders)),
                "merchant_id": [each[0] for each in orders],
                "creator_id": [each[1] for each in orders],
                "paid": pa.array([each[2] for each in orders], pa.int64()),
                "paid_at": pa.array([_moment(5)] * len(orders), pa.timestamp("us")),
                "is_good": [each[3] for each in orders],
            }
        ),
        "lives": pa.table(
            {
                "live_id": range(len(lives)),
                "merchant_id": [each[0] for each in lives],
                "started_at": pa.array([_moment(each[1], i % 20) for i, each in enumerate(lives)], pa.timestamp("us")),
            }
        ),
    }


@pytest.fixture
def engine(tmp_path: Path) -> tc.Engine:
    (tmp_path / "pack/rulesets").mkdir(parents=True)
    (tmp_path / "pack/pack.yaml").write_text(PACK, "utf-8")
    for text in (MERCHANTS, CREATORS):
        name = text.splitlines()[0].split()[1]
        (tmp_path / f"pack/rulesets/{name}.yaml").write_text(text, "utf-8")
    return tc.load(tmp_path / "pack")


def test_merchants(engine: tc.Engine, tmp_path: Path) -> None:
    """m3 has one creator, m4 one day of lives, m5 owns no room; m2 is new, and first in the reserve."""
    report = engine.run(_facts(), tmp_path / "1", DAY)
    (line,) = report.rulesets["river_merchant"]["pools"]["river"]
    assert line["participants"] == 2
    assert line["reserves"] == {"newcomers": 100}
    rows = parquet.read_table(tmp_path / "1/river_merchant.parquet").to_pylist()
    found = {row["merchant_id"]: (row["river_good_sales"], row["river_creators"], row["river"]) for row in rows}
    assert {name: each[2] for name, each in found.items()} == {"m1": 700, "m2": 300, "m3": 0, "m4": 0, "m5": 0}
    assert found["m1"][:2] == (700, 2)
    again = engine.run(_facts(), tmp_path / "2", "2023-05-22", previous=tmp_path / "1")
    assert again.rulesets["river_merchant"]["pools"]["river"][0]["spent"] == 2000


def test_creators(engine: tc.Engine) -> None:
    result = engine.score_table("river_creator", None, DAY, tables=_facts())
    rows = {row["creator_id"]: (row["reward_good_sales"], row["reward"]) for row in result.to_pylist()}
    assert rows == {"c1": (6300, 90), "c2": (700, 10), "c3": (100, 0)}


def test_a_record_is_a_row(engine: tc.Engine) -> None:
    """One record gives what its row in a table gives."""
    for name in engine.rulesets:
        for row in engine.score_table(name, None, DAY, tables=_facts()).to_pylist():
            assert engine.score(name, row, DAY).values == row


def test_explained(engine: tc.Engine, tmp_path: Path) -> None:
    engine.run(_facts(), tmp_path / "out", DAY)
    told = engine.decide("river_merchant", "m2", DAY, out=tmp_path / "out").explain("zh")
    assert "川流流量：300" in told
    assert json.loads((tmp_path / "out/run.json").read_text("utf-8"))["plugins"] == {"river-plan": "0.1.0"}


def test_the_audience_is_that_of_rules_written_by_hand(tmp_path: Path) -> None:
    """The same buyers see the same rooms."""
    pack = tmp_path / "pack"
    (pack / "rulesets").mkdir(parents=True)
    header = (AUDIENCE / "pack.yaml").read_text("utf-8")
    (pack / "pack.yaml").write_text(header.replace("tables:", "plugins: [river-plan]\ntables:", 1), "utf-8")
    for each in (AUDIENCE / "rulesets").glob("*.yaml"):
        text = each.read_text("utf-8")
        if each.stem == "river_audience":
            good = "coalesce(product.product_level >= 'fair', false)"
            running = "coalesce(merchant.running, false)"
            said = f'{{kind: river_audience, orders: bought, good: "{good}", running: "{running}"}}'
            text = text[: text.index("metrics:")] + f"policies:\n  show_room: {said}\n"
        (pack / f"rulesets/{each.name}").write_text(text, "utf-8")
    by_hand, by_plugin = tc.load(AUDIENCE), tc.load(pack)
    found: list[list[dict[str, Any]]] = []
    for engine in (by_hand, by_plugin):
        result = engine.score_table("river_audience", None, DAY, tables=AUDIENCE / "facts")
        rows = result.select(["merchant_id", "buyer_id", "show_room"]).to_pylist()
        found.append(sorted(rows, key=lambda row: (row["merchant_id"], row["buyer_id"])))
    assert found[0] == found[1]
    assert any(row["show_room"] for row in found[0])


def test_mistakes_point_into_the_rules(tmp_path: Path) -> None:
    """Into what the author wrote, by the plugin's name where nobody wrote it."""
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    text = CREATORS.replace("orders: sold, good: is_good", "orders: solt, good: is_goood, at_mosst: 3")
    (tmp_path / "rulesets/river_creator.yaml").write_text(text, "utf-8")
    (said,) = tc.check(tmp_path)
    assert (said.message, said.hint) == ("unknown key `at_mosst`", "did you mean `at_most`?")
    (tmp_path / "rulesets/river_creator.yaml").write_text(text.replace(", at_mosst: 3", ""), "utf-8")
    (said,) = tc.check(tmp_path)
    assert (said.message, said.hint) == ("no fact `solt`", "did you mean `sold`?")
    assert said.span is not None
    assert said.span.file.text[said.span.start : said.span.end] == "solt"


def test_dates_of_the_plan(tmp_path: Path) -> None:
    """Before it begins nothing is shared, and what it rests on is measured all the same."""
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    text = CREATORS.replace("kind: river_reward,", "kind: river_reward, effective: {from: 2023-05-10},")
    (tmp_path / "rulesets/river_creator.yaml").write_text(text, "utf-8")
    engine = tc.load(tmp_path)
    for day, granted in (("2023-05-09", 0), ("2023-05-10", 100)):
        result = engine.score_table("river_creator", None, day, tables=_facts())
        assert sum(result["reward"].to_pylist()) == granted
        assert result["reward_good_sales"].to_pylist()[0] == 6300
