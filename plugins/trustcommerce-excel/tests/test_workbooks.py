"""Workbooks hold what results hold, in the types of a spreadsheet."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
import trustcommerce_excel
from trustcommerce_excel import workbook

import trustcommerce as tc
from trustcommerce.testing import OutputSuite, SourceSuite, lab

__all__ = ["lab"]

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
    workbook.write_workbook(TABLE, path)
    head, first, second = ([cell.value for cell in row] for row in _sheet(path).iter_rows())
    assert head == TABLE.column_names
    moment = dt.datetime(2023, 5, 9, 8, 30)
    day = dt.datetime(2023, 5, 9)
    assert first == ["s1", 98.7654, 1234.5, "9007199254740993", True, day, moment, "badge, coupon", "优"]
    assert second == ["=1+1", None, -0.05, 7, False, "1850-01-01", None, None, None]
    assert _sheet(path)["A3"].data_type == "s"


def test_the_head_stands_still_and_has_filters(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    workbook.write_workbook(TABLE, path)
    sheet = _sheet(path)
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", "A1:I3")
    assert [sheet.cell(2, column).number_format for column in (2, 3, 6)] == ["0.0###", "#,##0.00", "yyyy-mm-dd"]


def test_more_rows_than_a_sheet_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go on in the next one, below a head of its own; no row has one sheet."""
    monkeypatch.setattr(workbook, "_ROWS", 2)
    path = tmp_path / "out.xlsx"
    workbook.write_workbook(pa.table({"n": [1, 2, 3]}), path)
    assert [[cell.value for cell in row] for row in _sheet(path, 1).iter_rows()] == [["n"], [3]]
    workbook.write_workbook(TABLE.slice(0, 0), path)
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


PACK = """pack: shop
currency: CNY
plugins: [excel]
tables:
  stores:
    key: k
    columns:
      k: text
      paid: {type: CNY, range: [0, 100000]}
      x: {type: "number?"}
      open: boolean
      since: date
      at: timestamp?
  orders: {key: i, columns: {i: {type: integer, range: [0, 1000000]}, k: text, paid: {type: CNY, range: [0, 1000]}}}
"""
RULES = """ruleset: shop
subject: {name: store, table: stores, key: k}
facts: {orders: {table: orders, key: k, id: i}}
metrics:
  sales: {unit: CNY, sum: paid, from: orders, window: all}
values:
  owed: {value: "paid + sales"}
"""


def _book(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


STORES = [
    ["k", "paid", "x", "open", "since", "at", "remark"],
    [1001, 0.1 + 0.2, 0.1 + 0.2, True, dt.date(2023, 5, 9), dt.datetime(2023, 5, 9, 8, 30), "="],
    [None] * 7,
    ["b", "12.50", None, "FALSE", "2023-05-10", dt.date(2023, 5, 9), None],
]
ORDERS = [["i", "k", "paid"], [1, 1001, 5], [2, "b", 0.29], [3, "b", 1]]


@pytest.fixture
def engine(tmp_path: Path) -> tc.Engine:
    (tmp_path / "pack/rulesets").mkdir(parents=True)
    (tmp_path / "pack/pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "pack/rulesets/shop.yaml").write_text(RULES, "utf-8")
    return tc.load(tmp_path / "pack")


def test_facts_from_a_workbook(engine: tc.Engine, tmp_path: Path) -> None:
    """Every sheet is a table: numbers as they are shown, ids that are numbers, dates; rows of nothing are none."""
    book = _book(tmp_path / "facts.xlsx", {"stores": STORES, "orders": ORDERS, "notes": [["for people"]]})
    rows = engine.score_table("shop", None, "2023-05-18", tables=book).to_pylist()
    names = ("k", "paid", "x", "open", "since", "at", "sales", "owed")
    day, moment = dt.date(2023, 5, 9), dt.datetime(2023, 5, 9, 8, 30)
    first, second = ([row[name] for name in names] for row in rows)
    assert first == ["1001", Decimal("0.30"), 0.3, True, day, moment, 5, Decimal("5.30")]
    money = [Decimal(each) for each in ("12.50", "1.29", "13.79")]
    assert second == ["b", money[0], None, False, dt.date(2023, 5, 10), dt.datetime(2023, 5, 9), *money[1:]]


def test_a_folder_with_workbooks(engine: tc.Engine, tmp_path: Path) -> None:
    """A sheet is found by its name in any of them."""
    (tmp_path / "facts").mkdir()
    _book(tmp_path / "facts/a.xlsx", {"orders": ORDERS})
    _book(tmp_path / "facts/b.xlsx", {"stores": STORES})
    engine.run(tmp_path / "facts", tmp_path / "out", "2023-05-18", format="excel")
    assert [row["owed"] for row in _rows(tmp_path / "out/shop.xlsx")] == [5.3, 13.79]


def test_what_a_run_wrote_is_no_table(engine: tc.Engine, tmp_path: Path) -> None:
    """It is for people: none of its sheets is called like a table, and the error says so."""
    _book(tmp_path / "facts.xlsx", {"stores": STORES, "orders": ORDERS})
    engine.run(tmp_path / "facts.xlsx", tmp_path / "out", "2023-05-18", format="excel")
    with pytest.raises(
        tc.DataError, match=r"holds 2 sheets, and none is called like a table\nhint: it holds scores, about"
    ):
        engine.score_table("shop", tmp_path / "out/shop.xlsx", "2023-05-18", tables=tmp_path / "facts.xlsx")


def _rows(path: Path) -> list[dict[str, Any]]:
    head, *rows = ([cell.value for cell in row] for row in _sheet(path).iter_rows())
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize(
    ("sheets", "said"),
    [
        ({"stores": STORES}, "holds no table `orders`"),
        ({"stores": [["k", "k"], ["a", "b"]], "orders": ORDERS}, "facts.xlsx/stores: the head has `k` twice"),
        ({"stores": [["k", "paid"], ["a", 1]], "orders": ORDERS}, "has no column `x`"),
        ({"stores": STORES, "orders": [["i", "k", "paid"], [1, "b", "five"]]}, "five"),
        ({"stores": STORES, "orders": [["i", "k", "paid"], [1.5, "b", 1]]}, "1.5"),
    ],
)
def test_what_is_wrong_in_a_workbook(
    engine: tc.Engine, tmp_path: Path, sheets: dict[str, list[list[Any]]], said: str
) -> None:
    """One clear error, with the sheet."""
    book = _book(tmp_path / "facts.xlsx", sheets)
    with pytest.raises(tc.DataError) as found:
        engine.score_table("shop", None, "2023-05-18", tables=book)
    assert said in str(found.value)


def test_no_workbook(engine: tc.Engine, tmp_path: Path) -> None:
    (tmp_path / "facts.xlsx").write_text("k,paid", "utf-8")
    with pytest.raises(tc.DataError, match=r"facts\.xlsx: this workbook can't be read"):
        engine.score_table("shop", None, "2023-05-18", tables=tmp_path / "facts.xlsx")


def test_more_columns_than_a_sheet_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is left out in silence."""
    monkeypatch.setattr(workbook, "_COLUMNS", 8)
    with pytest.raises(tc.DataError, match=r"out\.xlsx: 9 columns, and a sheet holds 8"):
        workbook.write_workbook(TABLE, tmp_path / "out.xlsx")


class TestExcel(OutputSuite):
    """What holds of every format."""

    plugin = "excel"
    format = "excel"


class TestReading(SourceSuite):
    """What holds of every format of files."""

    plugin = "excel"
    suffix = ".xlsx"

    def make(self, table: pa.Table, path: Path) -> None:
        book = openpyxl.Workbook()
        sheet: Any = book.active
        sheet.title = path.stem
        sheet.append(table.column_names)
        for row in table.to_pylist():
            sheet.append(list(row.values()))
        book.save(path)
