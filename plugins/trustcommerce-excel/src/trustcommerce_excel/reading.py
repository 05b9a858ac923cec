"""Tables read from the sheets of workbooks."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustcommerce.plugin import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["example", "read_sheet", "sheets"]


def example(path: Path) -> dict[str, list[str | None]]:
    """A workbook of one sheet, and what is read from it."""
    from xlsxwriter import Workbook

    with Workbook(str(path)) as book:
        sheet = book.add_worksheet("goods")
        sheet.write_row(0, 0, ["name", "n"])
        sheet.write_row(1, 0, ["茶", 12.5])
        sheet.write_row(2, 0, ["b"])
    return {"name": ["茶", "b"], "n": ["12.5", None]}


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
