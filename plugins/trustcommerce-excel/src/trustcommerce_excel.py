"""Workbooks: result tables written with formats by type and filters, tables read from sheets."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustcommerce.plugin import DataError, Output, Source, hookimpl

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["trustcommerce_outputs", "trustcommerce_sources"]
__version__ = "0.1.0"

_ROWS = 1_048_575
"""Rows of a sheet below its head."""
_EXACT = 10**15
"""From here on a spreadsheet rounds: numbers there are doubles that show 15 digits."""
_LONGEST = 32_767
"""Characters of a cell."""


@hookimpl
def trustcommerce_outputs() -> list[Output]:
    """The format `excel`."""
    doc = "A workbook: formats by type, filters, a head that stands still."
    return [Output(name="excel", suffix=".xlsx", write=write_workbook, doc=doc)]


@hookimpl
def trustcommerce_sources() -> list[Source]:
    """Tables in the sheets of workbooks."""
    doc = "A workbook: its sheets by name, the first row of each its head."
    return [Source(suffix=".xlsx", scan=read_sheet, tables=sheets, typed=False, doc=doc)]


def sheets(path: Path) -> list[str]:
    """Names of the sheets."""
    with _opened(path) as book:
        return list(book.sheet_names)


def read_sheet(files: Sequence[Path], spec: Any, keys: Sequence[str]) -> "pa.Table":
    """A sheet with every cell as text, so that declared types decide; rows without any cell are passed over.

    Args:
        files: The workbook alone.
        spec: The declared table, whose `source` is the sheet; a sheet that is alone may have any name.
    """
    import pyarrow as pa

    (path,) = files
    with _opened(path) as book:
        names = list(book.sheet_names)
        wanted = names[0] if len(names) == 1 else spec.source if spec is not None else None
        if wanted not in names:
            hint = f"it holds {', '.join(names)}"
            raise DataError(f"{path.name} holds {len(names)} sheets, and none is called like a table", hint=hint)
        rows = book.get_sheet_by_name(wanted).to_python(skip_empty_area=False)
    head = [str(each).strip() for each in (rows[0] if rows else [])]
    twice = [name for name in dict.fromkeys(head) if name and head.count(name) > 1]
    if twice:
        raise DataError(f"{path.name}/{wanted}: the head has `{twice[0]}` twice", column=twice[0])
    kinds = {column.source: column.type.kind.value for column in spec.columns.values()} if spec is not None else {}
    there = [row for row in rows[1:] if any(cell != "" for cell in row)]
    cells = {
        name: pa.array([_text(row[place], kinds.get(name, "text")) for row in there], pa.string())
        for place, name in enumerate(head)
        if name
    }
    return pa.table(cells)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
    except CalamineError as error:
        raise DataError(f"{path.name}: this workbook can't be read: {error}") from None
    try:
        yield book
    finally:
        book.close()


def _text(cell: Any, kind: str) -> str | None:
    """A cell as text. A spreadsheet has doubles only, and shows 15 digits of them.

    Args:
        kind: What the column is declared to hold.
    """
    if cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        number = Decimal(repr(float(cell)) if kind == "number" else f"{cell:.15g}")
        return f"{number.to_integral_value() if number == number.to_integral_value() else number:f}"
    if isinstance(cell, dt.datetime):
        day = kind != "timestamp" and cell.time() == dt.time()
        return cell.date().isoformat() if day else cell.isoformat(sep=" ")
    if isinstance(cell, dt.date):
        return f"{cell.isoformat()} 00:00:00" if kind == "timestamp" else cell.isoformat()
    return str(cell)


def write_workbook(table: "pa.Table", path: Path) -> None:
    """Write a table as a workbook, in as many sheets as its rows need."""
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        formats = {
            kind: book.add_format({"num_format": form})
            for kind, form in (
                ("money", "#,##0.00"),
                ("points", "0.0###"),
                ("count", "#,##0"),
                ("date", "yyyy-mm-dd"),
                ("moment", "yyyy-mm-dd hh:mm:ss"),
            )
        }
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        for number, part in enumerate(_parts(table), 1):
            _write_sheet(book.add_worksheet("results" if number == 1 else f"results {number}"), part, formats, head)


def _parts(table: "pa.Table") -> Iterator["pa.Table"]:
    """The rows of each sheet; a table without rows has one sheet, with its head."""
    for start in range(0, max(1, table.num_rows), _ROWS):
        yield table.slice(start, _ROWS)


def _write_sheet(sheet: Any, table: "pa.Table", formats: dict[str, Any], head: Any) -> None:
    kinds = [_kind(field.type) for field in table.schema]
    for column, (name, kind) in enumerate(zip(table.column_names, kinds, strict=True)):
        width = max(10, min(40, len(name) + 2, 28), 19 if kind == "moment" else 0)
        sheet.set_column(column, column, width, formats.get(kind or ""))
    sheet.freeze_panes(1, 1)
    if table.num_columns:
        sheet.autofilter(0, 0, table.num_rows, table.num_columns - 1)
    sheet.write_row(0, 0, table.column_names, head)
    place = 0
    for batch in table.to_batches(max_chunksize=10_000):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            place += 1
            for column, (value, kind) in enumerate(zip(row, kinds, strict=True)):
                _write_cell(sheet, place, column, value, formats.get(kind or ""))


def _kind(type_: "pa.DataType") -> str | None:
    """What a column looks like."""
    import pyarrow as pa

    types: Any = pa.types
    if types.is_decimal(type_):
        return "money"
    if types.is_floating(type_):
        return "points"
    if types.is_integer(type_):
        return "count"
    if types.is_date(type_):
        return "date"
    return "moment" if types.is_timestamp(type_) else None


def _write_cell(sheet: Any, row: int, column: int, value: Any, form: Any) -> None:
    if value is None or value == []:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, dt.date):
        if value.year < 1900:
            sheet.write_string(row, column, value.isoformat())
        else:
            sheet.write_datetime(row, column, value, form)
    elif isinstance(value, int | float | Decimal):
        if _digits(value) >= _EXACT:
            sheet.write_string(row, column, str(value))
        else:
            sheet.write_number(row, column, value, form)
    else:
        text = ", ".join(value) if isinstance(value, list) else str(value)
        sheet.write_string(row, column, text[:_LONGEST])


def _digits(value: int | float | Decimal) -> float:
    """A number as the whole number of its digits; doubles have no more than a spreadsheet shows."""
    if isinstance(value, float):
        return 0
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        return abs(value.scaleb(-exponent)) if isinstance(exponent, int) and exponent < 0 else abs(value)
    return abs(value)
