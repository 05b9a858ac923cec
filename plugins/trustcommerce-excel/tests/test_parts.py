"""The sheets of a run's workbook: what stands in which, under which head, in which format."""

from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from python_calamine import CalamineWorkbook
from trustcommerce_excel import workbook

from trustcommerce.testing import Lab

PACK = """pack: shop
version: "7"
currency: CNY
plugins: [excel]
notice: {zh: 权重均为示例, en: Weights are illustrative}
reasons: {LATE: {zh: 发货慢, en: Ships late}, GOODS: {zh: "=品质差", en: Poor goods}}
tables:
  stores:
    key: k
    columns:
      k: {type: text, title: {zh: 店铺编号, en: Store}}
      name: {type: text, title: {zh: 名称, en: Name}}
      late: {type: ratio, range: [0, 1], title: {zh: 超时率, en: Late rate}}
      bad: {type: ratio?, range: [0, 1]}
      hours: {type: hours, range: [0, 100]}
      paid: {type: CNY, range: [0, 1000], title: {zh: 成交额, en: Sales}}
"""
SCORED = """ruleset: scored
title: {zh: 店铺分, en: Store score}
about: For the tests.
effective: {from: 2023-05-01, until: 2024-01-01}
subject: {name: store, table: stores, key: k}
values:
  slow: {value: hours > 20, title: {zh: 偏慢, en: Slow}}
scores:
  quality:
    title: {zh: 质量分, en: Quality}
    parts:
      late: {weight: 1, reason: LATE, of: late, steps: {"<= 0.1": 100, else: 50}}
      bad: {weight: 3, reason: GOODS, of: bad, missing: insufficient, steps: {"<= 0.1": 100, else: 60.5}}
levels:
  grade: {labels: [low, high], of: quality, steps: {">= 80": high, else: low}, missing: low}
resources:
  bonus: {value: paid * 2, title: {zh: 奖励, en: Bonus}}
  perks: {hit: collect, rules: [{when: not slow, then: [badge, coupon]}, {else: []}]}
pools:
  traffic: {unit: impressions, amount: 1000, method: proportional, weight: 1, title: {zh: 流量, en: Traffic}}
"""
PLAIN = """ruleset: plain
subject: {name: store, table: stores, key: k}
values: {more: hours + 1}
"""
STORES = pa.Table.from_pylist(
    [
        {"k": "a", "name": "甲", "late": 0.05, "bad": 0.02, "hours": 8.25, "paid": "10.00"},
        {"k": "b", "name": "=乙", "late": 0.5, "bad": 0.5, "hours": 30.0, "paid": "2.50"},
        {"k": "c", "name": "丙", "late": 0.5, "bad": None, "hours": 30.0, "paid": "0.00"},
    ]
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    tables = {"stores": STORES.set_column(5, "paid", STORES["paid"].cast(pa.decimal128(18, 2)))}
    Lab(tmp_path / "lab").engine(PACK, SCORED, PLAIN).run(tables, tmp_path / "out", "2023-05-18", format="excel")
    return tmp_path / "out"


def _rows(path: Path, sheet: str) -> list[list[Any]]:
    found: list[list[Any]] = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()
    return found


def _sheet(path: Path, name: str) -> Any:
    return openpyxl.load_workbook(path)[name]


def _formats(sheet: Any, row: int) -> dict[str, str]:
    return {sheet.cell(2, cell.column).value: cell.number_format for cell in sheet[row]}


def test_sheets_are_there_where_there_is_something_for_them(out: Path) -> None:
    """Without scores there are no reasons, without pools and resources no grants."""
    names = {each: openpyxl.load_workbook(out / f"{each}.xlsx").sheetnames for each in ("scored", "plain")}
    assert names == {"scored": ["scores", "reasons", "grants", "about"], "plain": ["scores", "about"]}


def test_scores(out: Path) -> None:
    """Titles above names, the key and what else names the subject first, then what was judged."""
    titles, names, first, *_ = _rows(out / "scored.xlsx", "scores")
    assert names[:6] == ["k", "late", "bad", "hours", "paid", "name"]
    assert names[6:12] == ["quality", "quality.status", "grade", "slow", "quality.late", "quality.bad"]
    assert not {"bonus", "traffic", "quality.reason_1", "quality.lost_1"} & set(names)
    assert titles[:3] == ["店铺编号\nStore", "超时率\nLate rate", ""]
    assert titles[6:8] == ["质量分\nQuality", "质量分 (状态)\nQuality (status)"]
    assert first[:10] == ["a", 0.05, 0.02, 8.25, 10, "甲", 100, "scored", "high", False]


def test_formats_say_units(out: Path) -> None:
    scores, grants = _sheet(out / "scored.xlsx", "scores"), _sheet(out / "scored.xlsx", "grants")
    assert _formats(scores, 3).items() >= {"late": "0.0##%", "hours": '0.0###" hours"', "quality": "0.0###"}.items()
    assert _formats(grants, 3).items() >= {"bonus": "[$CNY] #,##0.00", "traffic": '#,##0" impressions"'}.items()


def test_the_head_stands_still_and_the_names_have_filters(out: Path) -> None:
    for name in ("scores", "reasons", "grants"):
        sheet = _sheet(out / "scored.xlsx", name)
        end = sheet.cell(sheet.max_row, sheet.max_column).coordinate
        assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B3", f"A2:{end}")


def test_a_status_other_than_scored_is_pale(out: Path) -> None:
    (area,) = _sheet(out / "scored.xlsx", "scores").conditional_formatting
    (rule,) = area.rules
    assert (str(area.sqref), rule.operator, rule.formula) == ("H3:H5", "notEqual", ['"scored"'])


def test_exact_numbers_behind_metrics_are_folded_away(tmp_path: Path) -> None:
    rules = """ruleset: rates
subject: {name: store, table: stores, key: k}
facts: {orders: {table: orders, key: k, id: i}}
metrics:
  rate:
    unit: ratio
    ratio: {of: {count: orders, where: late, window: all}, to: {count: orders, window: all}}
    sample: any
"""
    orders = "  orders: {key: i, columns: {i: text, k: text, late: boolean}}\n"
    tables = {
        "stores": STORES.set_column(5, "paid", STORES["paid"].cast(pa.decimal128(18, 2))),
        "orders": pa.table({"i": ["1", "2"], "k": ["a", "a"], "late": [True, False]}),
    }
    Lab(tmp_path / "lab").engine(PACK + orders, rules).run(tables, tmp_path / "out", "2023-05-18", format="excel")
    sheet = _sheet(tmp_path / "out/rates.xlsx", "scores")
    folded = [sheet.column_dimensions[cell.column_letter].hidden for cell in sheet[2] if cell.value == "rate.of"]
    assert folded == [True]


def test_reasons(out: Path) -> None:
    """A row for each, in two languages; where the score is missing no points are lost."""
    titles, names, *rows = _rows(out / "scored.xlsx", "reasons")
    assert names == ["k", "score", "rank", "reason", "text_zh", "text_en", "lost"]
    assert titles == [
        "店铺编号\nStore",
        "分数\nScore",
        "序号\nRank",
        "原因代码\nReason code",
        "原因",
        "Reason",
        "失分\nPoints lost",
    ]
    assert rows[:2] == [
        ["b", "quality", 1, "GOODS", "=品质差", "Poor goods", 29.625],
        ["b", "quality", 2, "LATE", "发货慢", "Ships late", 12.5],
    ]
    assert _sheet(out / "scored.xlsx", "reasons")["E3"].data_type == "s"
    assert {row[0] for row in rows} == {"b", "c"}


def test_grants(out: Path) -> None:
    """What resources and pools gave, and the claims that shares were measured by."""
    titles, names, *rows = _rows(out / "scored.xlsx", "grants")
    assert names[:4] == ["k", "bonus", "perks", "traffic"]
    assert titles[:4] == ["店铺编号\nStore", "奖励\nBonus", "", "流量\nTraffic"]
    assert rows[0][:3] == ["a", 20, "badge, coupon"]
    assert sum(row[3] for row in rows) == 1000


def test_about(out: Path) -> None:
    """Where the numbers come from, and what the pack wants said beside them."""
    _, names, *rows = _rows(out / "scored.xlsx", "about")
    assert names == ["item", "value"]
    values = [value for _, value in rows]
    assert values[:7] == [
        "scored",
        "店铺分",
        "Store score",
        "For the tests.",
        "权重均为示例",
        "Weights are illustrative",
        "shop",
    ]
    assert ["评估日  Day of judgement", "2023-05-18"] in rows
    assert ["规则失效日  Rules until", "2024-01-01"] in rows


def test_more_reasons_than_a_sheet_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go on in the next one, below the same head."""
    monkeypatch.setattr(workbook, "_ROWS", 2)
    tables = {"stores": STORES.set_column(5, "paid", STORES["paid"].cast(pa.decimal128(18, 2)))}
    Lab(tmp_path / "lab").engine(PACK, SCORED).run(tables, tmp_path / "out", "2023-05-18", format="excel")
    path = tmp_path / "out/scored.xlsx"
    assert openpyxl.load_workbook(path).sheetnames[:4] == ["scores", "scores 2", "reasons", "reasons 2"]
    assert _rows(path, "reasons 2")[:2] == _rows(path, "reasons")[:2]
