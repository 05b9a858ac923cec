"""Workbooks hold what results hold, in the types of a spreadsheet."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
import trustcommerce_excel

import trustcommerce as tc

TABLE = pa.table(
    {
        "store_id": ["s1", "=1+1"],
        "score": pa.array([98.7654, None], pa.float64()),
        "paid": pa.array([Decimal("1234.50"), Decimal("-0.05")], pa.decimal128(18, 2)),
        "large": [9_007_199_254_740_993, 7],
        "open": [True, False],
        "since": [dt.date(2023, 5, 9), dt.date(1850, 1, 1)],
        "at": [dt.datetime(2023, 5, 9, 8, 30), None],
        "perks": [["badge", "coupon"], []],
        "level": ["优", None],
    }
)


def _sheet(path: Path, number: int = 0) -> Any:
    return openpyxl.load_workbook(path).worksheets[number]


def test_cells_have_types(tmp_path: Path) -> None:
    """Numbers are numbers, dates dates; what a spreadsheet can't hold exactly is text, and text is no formula."""
    path = tmp_path / "out.xlsx"
    trustcommerce_excel.write_workbook(TABLE, path)
    head, first, second = ([cell.value for cell in row] for row in _sheet(path).iter_rows())
    assert head == TABLE.column_names
    moment = dt.datetime(2023, 5, 9, 8, 30)
    day = dt.datetime(2023, 5, 9)
    assert first == ["s1", 98.7654, 1234.5, "9007199254740993", True, day, moment, "badge, coupon", "优"]
    assert second == ["=1+1", None, -0.05, 7, False, "1850-01-01", None, None, None]
    assert _sheet(path)["A3"].data_type == "s"


def test_the_head_stands_still_and_has_filters(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    trustcommerce_excel.write_workbook(TABLE, path)
    sheet = _sheet(path)
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", "A1:I3")
    assert [sheet.cell(2, column).number_format for column in (2, 3, 6)] == ["0.0###", "#,##0.00", "yyyy-mm-dd"]


def test_more_rows_than_a_sheet_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go on in the next one, below a head of its own; no row has one sheet."""
    monkeypatch.setattr(trustcommerce_excel, "_ROWS", 2)
    path = tmp_path / "out.xlsx"
    trustcommerce_excel.write_workbook(pa.table({"n": [1, 2, 3]}), path)
    assert [[cell.value for cell in row] for row in _sheet(path, 1).iter_rows()] == [["n"], [3]]
    trustcommerce_excel.write_workbook(TABLE.slice(0, 0), path)
    assert _sheet(path).max_row == 1


def test_a_run_writes_them(tmp_path: Path) -> None:
    """Named by the entry point of the installed distribution; every value of the run is in the workbook."""
    (tmp_path / "pack/rulesets").mkdir(parents=True)
    (tmp_path / "pack/pack.yaml").write_text(
        "pack: shop\nplugins: [excel]\n"
        "tables: {stores: {key: k, columns: {k: text, x: {type: integer, range: [0, 9]}}}}\n"
    )
    (tmp_path / "pack/rulesets/shop.yaml").write_text(
        "ruleset: shop\nsubject: {name: store, table: stores, key: k}\nvalues:\n  y: x + 1\n"
    )
    engine = tc.load(tmp_path / "pack")
    stores = pa.table({"k": ["a", "b"], "x": [4, 5]})
    report = engine.run({"stores": stores}, tmp_path / "out", "2023-05-18", format="excel")
    assert report.as_dict()["plugins"] == {"excel": trustcommerce_excel.__version__}
    rows = [[cell.value for cell in row] for row in _sheet(tmp_path / "out/shop.xlsx").iter_rows()]
    assert rows == [["k", "x", "y"], ["a", 4, 5], ["b", 5, 6]]
