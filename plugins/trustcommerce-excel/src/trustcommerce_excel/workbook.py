"""Results written as workbooks: heads in the reader's language, formats by type and unit, filters."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from attrs import frozen

from trustcommerce.plugin import DataError, Described
from trustcommerce_excel.parts import Part, parts

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["write_workbook"]

_ROWS = 1_048_574
"""Rows of a sheet below its head, which has two."""
_COLUMNS = 16_384
_EXACT = 10**15
"""From here on a spreadsheet rounds: numbers there are doubles that show 15 digits."""
_LONGEST = 32_767
"""Characters of a cell."""
_NARROW, _HEAD, _WIDE = 10, 22, 44
"""Widths of columns: of all at least, of those with a long head, of those with long texts."""
_LINE, _HIGHEST = 15, 409
"""Heights of rows, in points."""
_SAMPLE = 200
"""Rows whose texts say how wide a column is."""
_DETAIL = ("atoms", "unexcluded")
"""Blocks whose columns are folded away."""


@frozen(kw_only=True)
class _Column:
    name: str
    title: str
    known: Described
    form: str | None
    width: int
    wraps: bool


def write_workbook(table: "pa.Table", path: Path) -> None:
    """Write a result as a workbook, each part in as many sheets as its rows need."""
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        for part in parts(table):
            if part.table.num_columns > _COLUMNS:
                raise DataError(f"{path.name}: {part.table.num_columns:,} columns, and a sheet holds {_COLUMNS:,}")
            columns = [_column(part, name) for name in part.table.column_names]
            for number, rows in enumerate(_sheets(part.table), 1):
                sheet = book.add_worksheet(part.name if number == 1 else f"{part.name} {number}")
                _write_sheet(book, sheet, rows, columns)


def _sheets(table: "pa.Table") -> Iterator["pa.Table"]:
    """The rows of each sheet; a table without rows has one sheet, with its head."""
    for start in range(0, max(1, table.num_rows), _ROWS):
        yield table.slice(start, _ROWS)


def _column(part: Part, name: str) -> _Column:
    known, values = part.column(name), part.table.column(name)
    title = "\n".join(dict.fromkeys(known.title.values()))
    form = _form(values.type, known.unit)
    texts = [_text(each) for each in values.slice(0, _SAMPLE).to_pylist()] if form is None else [form]
    head, asked = (max(map(_wide, each), default=0) for each in ([*title.split("\n"), f"{name} "], texts))
    width = max(_NARROW, min(head + 2, _HEAD), min(asked + 2, _WIDE))
    return _Column(name=name, title=title, known=known, form=form, width=width, wraps=asked > _WIDE)


def _form(type_: "pa.DataType", unit: str | None) -> str | None:
    """How a spreadsheet shows the values; None for what is no number."""
    import pyarrow as pa

    types: Any = pa.types
    if types.is_date(type_):
        return "yyyy-mm-dd"
    if types.is_timestamp(type_):
        return "yyyy-mm-dd hh:mm:ss"
    if types.is_decimal(type_):
        digits = f"#,##0.{'0' * type_.scale}".rstrip(".")
    elif types.is_floating(type_):
        digits = "0.0###"
    elif types.is_integer(type_):
        digits = "#,##0"
    else:
        return None
    if unit is None or unit == "points":
        return digits
    if re.fullmatch("[A-Z]{3}", unit):
        return f"[${unit}] {digits}"
    if unit == "ratio":
        return "0.0##%"
    sign = "%" if unit == "percent" else f" {unit}"
    return f'{digits}"{sign.replace(chr(34), "")}"'


def _wide(text: str) -> int:
    """Cells of a terminal, which a spreadsheet's columns are measured by, too."""
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)


def _write_sheet(book: Any, sheet: Any, table: "pa.Table", columns: Sequence[_Column]) -> None:
    @cache
    def form(shown: str | None, wraps: bool) -> Any:
        return book.add_format({"num_format": shown or "General", "text_wrap": wraps, "valign": "top"})

    forms = [form(each.form, each.wraps) for each in columns]
    top = _write_head(book, sheet, columns)
    place = top
    for batch in table.to_batches(max_chunksize=10_000):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            for at, (value, each) in enumerate(zip(row, forms, strict=True)):
                _write_cell(sheet, place, at, value, each)
            place += 1
    if columns:
        sheet.autofilter(top - 1, 0, place - 1, len(columns) - 1)
    pale = book.add_format({"font_color": "#808080"})
    for at, column in enumerate(columns):
        options = {"level": 1, "hidden": True} if column.known.block in _DETAIL else {}
        sheet.set_column(at, at, column.width, forms[at], options)
        if column.known.block == "status":
            rule = {"type": "cell", "criteria": "!=", "value": '"scored"', "format": pale}
            sheet.conditional_format(top, at, max(top, place - 1), at, rule)


def _write_head(book: Any, sheet: Any, columns: Sequence[_Column]) -> int:
    """The titles, where there are any, above the names, which have the filters; returns the first row below."""
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    name = book.add_format({"bottom": 1, "text_wrap": True, "valign": "top", "font_color": "#606060"})
    top = 0
    if any(each.title for each in columns):
        _row_height(sheet, top, [(each.title, each.width) for each in columns], bold)
        sheet.write_row(top, 0, [each.title for each in columns], bold)
        top += 1
    _row_height(sheet, top, [(each.name, each.width - 3) for each in columns], name)
    sheet.write_row(top, 0, [each.name for each in columns], name)
    keys = sum(each.known.block == "key" for each in columns)
    sheet.freeze_panes(top + 1, max(1, keys))
    return top + 1


def _row_height(sheet: Any, row: int, texts: Sequence[tuple[str, int]], form: Any) -> None:
    """As many lines as the longest text takes in its column."""
    lines = [sum(-(-max(1, _wide(line)) // width) for line in text.split("\n")) for text, width in texts]
    sheet.set_row(row, min(_LINE * max(lines, default=1), _HIGHEST), form)


def _write_cell(sheet: Any, row: int, column: int, value: Any, form: Any) -> None:
    if value is None or value == []:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value, form)
    elif isinstance(value, dt.date):
        if value.year < 1900:
            sheet.write_string(row, column, value.isoformat(), form)
        else:
            sheet.write_datetime(row, column, value, form)
    elif isinstance(value, int | float | Decimal):
        if _digits(value) >= _EXACT:
            sheet.write_string(row, column, str(value), form)
        else:
            sheet.write_number(row, column, value, form)
    else:
        sheet.write_string(row, column, _text(value)[:_LONGEST], form)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(value) if isinstance(value, list) else str(value)


def _digits(value: int | float | Decimal) -> float | Decimal:
    """A number as the whole number of its digits; doubles have no more than a spreadsheet shows."""
    if isinstance(value, float):
        return 0
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        return abs(value.scaleb(-exponent)) if isinstance(exponent, int) and exponent < 0 else abs(value)
    return abs(value)
