"""Facts that are made from other facts: what they read of them, and what they hide."""

from pathlib import Path

import pytest

import trustcommerce as tc

PACK = """
pack: shop
tables:
  stores: {key: store_id, columns: {store_id: text}}
  calls: {key: call_id, columns: {call_id: text, store_id: text, at: timestamp, minutes: {type: integer, range: [0, 99]}}}
"""
RULES = """
ruleset: talk
subject: {name: store, table: stores, key: store_id}
facts:
  calls: {table: calls, key: store_id, id: call_id, exclude: {long: {when: minutes > 50}}}
  recent: {facts: calls, key: store_id, id: call_id, time: at}
metrics:
  talked: {sum: minutes, from: recent, window: all}
  talked_lately: {sum: minutes, from: recent, window: 7 days}
  all_calls: {count: calls, window: all}
"""
CALLS = """call_id,store_id,at,minutes
a,s,2023-05-01 08:00:00,3
b,s,2023-05-17 08:00:00,60
c,s,2023-05-19 08:00:00,9
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tc.Engine:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "shop/pack.yaml": PACK,
        "shop/rulesets/talk.yaml": RULES,
        "facts/calls.csv": CALLS,
        "facts/stores.csv": "store_id\ns\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tc.load("shop")


def test_a_fact_of_a_fact_reads_columns_that_the_first_does_not(engine: tc.Engine) -> None:
    """Columns are read through the first fact; its exclusions are its own, its rows after the day are not hidden."""
    found = engine.score_table("talk", None, "2023-05-18", tables="facts").to_pylist()[0]
    assert (found["talked"], found["talked_lately"], found["all_calls"]) == (63, 60, 2)


def test_its_own_time_hides_later_rows(engine: tc.Engine) -> None:
    """A record of rows says the same as the table."""
    record = engine.record("talk", "s", "facts", "2023-05-20")
    rows = [dict(zip(CALLS.split("\n")[0].split(","), line.split(","), strict=True)) for line in CALLS.split("\n")[1:4]]
    by_rows = {"store_id": "s", "recent": rows, "calls": rows}
    for day in ("2023-05-18", "2023-05-20"):
        table = engine.score_table("talk", None, day, tables="facts").to_pylist()[0]
        assert engine.score("talk", by_rows, day).values == table
    assert record["talked"] == 72
