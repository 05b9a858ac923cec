"""One subject out of facts or results: found by its key, of whatever type and letters."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import trustcommerce as tc
from trustcommerce.testing import Lab, lab

__all__ = ["lab"]

DAY = "2024-03-01"
PACK = """pack: keys
version: "1
  select 1;"
currency: CNY
tables:
  moments: {key: at, columns: {at: timestamp, n: {type: integer, range: [0, 9]}}}
  days: {key: day, columns: {day: date, n: {type: integer, range: [0, 9]}}}
  numbers: {key: id, columns: {id: integer, n: {type: integer, range: [0, 9]}}}
  sums: {key: id, columns: {id: CNY, n: {type: integer, range: [0, 9]}}}
  words: {key: id, columns: {id: text, n: {type: integer, range: [0, 9]}}}
  pairs: {key: [id, part], columns: {id: text, part: text, n: {type: integer, range: [0, 9]}}}
"""
RULES = "ruleset: r_{0}\nsubject: {{name: it, table: {0}, key: {1}}}\nvalues:\n  v: n + 1\n"
TABLES = {
    "moments": "at,n\n2024-02-29 00:00:00,1\n2024-02-29 00:00:00.25,2\n",
    "days": "day,n\n2024-02-29,1\n2024-03-01,2\n",
    "numbers": "id,n\n7,1\n70,2\n",
    "sums": "id,n\n7.50,1\n75,2\n",
    "words": 'id,n\n"a,""b",1\n中文,2\n',
    "pairs": 'id,part,n\nx,"1,y",1\n"x,1",y,2\n',
}
KEYS = {"pairs": "[id, part]", "moments": "at", "days": "day"}


@pytest.fixture
def engine(lab: Lab) -> tc.Engine:
    return lab.engine(PACK, *(RULES.format(name, KEYS.get(name, "id")) for name in TABLES))


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("moments", "2024-02-29 00:00:00", 2),
        ("moments", dt.datetime(2024, 2, 29), 2),
        ("moments", "2024-02-29 00:00:00.25", 3),
        ("moments", dt.datetime(2024, 2, 29, 0, 0, 0, 250_000), 3),
        ("days", "2024-02-29", 2),
        ("days", dt.date(2024, 3, 1), 3),
        ("numbers", "7", 2),
        ("numbers", 70, 3),
        ("sums", "7.50", 2),
        ("sums", Decimal("75.00"), 3),
        ("words", 'a,"b', 2),
        ("words", ("中文",), 3),
        ("pairs", ("x", "1,y"), 2),
        ("pairs", ("x,1", "y"), 3),
        ("pairs", 'x,"1,y"', 2),
    ],
)
@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_keys(engine: tc.Engine, tmp_path: Path, table: str, key: Any, value: int, form: str) -> None:
    """The same subject from the facts and from what a run wrote."""
    facts = tmp_path / "facts"
    facts.mkdir()
    for name, rows in TABLES.items():
        (facts / f"{name}.csv").write_text(rows, "utf-8")
    engine.run(facts, tmp_path / "out", DAY, format=form, only=f"r_{table}")
    assert engine.decide(f"r_{table}", key, DAY, facts=facts)["v"] == value
    assert engine.decide(f"r_{table}", key, DAY, out=tmp_path / "out")["v"] == value
    with pytest.raises(tc.DataError, match="no row with the key"):
        engine.decide(f"r_{table}", "no key of any", DAY, facts=facts)


def test_what_stands_above_a_statement(engine: tc.Engine) -> None:
    """Every line of it is a comment, whatever the version of a pack says."""
    head = engine.sql("r_words", "postgres", DAY).partition("\nWITH")[0].partition("\nSELECT")[0]
    assert "select 1;" in head
    assert all(line.startswith("--") for line in head.splitlines())
