"""CSV files: every cell as text; what breaks the form of the file is named with its line."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trustcommerce.errors import DataError
from trustcommerce.model import TableSpec

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["csv_line", "read_csv", "scan_csv"]

_BLOCK = 1 << 24


def scan_csv(files: Sequence[Path], spec: TableSpec | None, keys: Sequence[str]) -> "pa.Table":
    """The declared columns that the file has."""
    (path,) = files
    return read_csv(path, None if spec is None else [column.source for column in spec.columns.values()])


def read_csv(path: Path, columns: Sequence[str] | None = None) -> "pa.Table":
    """Every column as text, or those of `columns`; an empty cell is missing, a byte-order mark is dropped."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = _header(path)
    convert = arrow_csv.ConvertOptions(
        column_types={name: pa.string() for name in names},
        include_columns=names if columns is None else [name for name in names if name in columns] or names[:1],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
    )
    try:
        table = arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(block_size=_BLOCK),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=convert,
        )
    except pa.ArrowInvalid as error:
        _check_form(path, len(names))
        if sum(bool(cells) for cells in csv.reader(_decoded(path))) == 1:  # a header that no line end follows
            return pa.table({name: pa.array([], pa.string()) for name in names})
        raise DataError(f"{path.name}: {str(error).splitlines()[0]}") from None
    except OSError as error:
        raise DataError(f"{path.name}: this file can't be read: {error}") from None
    ends, quotes = _count(path)
    if quotes % 2 or (quotes and ends > table.num_rows + 1):
        _check_form(path, len(names))
    return table if columns is None else _without_others(table, columns, names)


def _without_others(table: "pa.Table", columns: Sequence[str], names: list[str]) -> "pa.Table":
    """Columns that stand in the file and are not read stay visible by name, so that messages can show them."""
    import pyarrow as pa

    missing = [name for name in columns if name not in names]
    if not missing:
        return table
    return pa.table({name: table[name] if name in table.column_names else pa.nulls(table.num_rows) for name in names})


def _count(path: Path) -> tuple[int, int]:
    """Line ends and quotes: more lines than rows, or a quote too many, may mean a quote that was never closed."""
    ends = quotes = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            ends += block.count(b"\n") or block.count(b"\r")
            quotes += block.count(b'"')
    return ends, quotes


def _header(path: Path) -> list[str]:
    try:
        names = next(csv.reader(_decoded(path)), [])
    except (csv.Error, OSError) as error:
        raise DataError(f"{path.name}: the header can't be read: {error}") from None
    if not names:
        raise DataError(f"{path.name}: the file is empty; a header with column names is expected")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{path.name}: two columns are called `{twice}`", column=twice)
    return names


def _check_form(path: Path, columns: int) -> None:
    """Find the first line that breaks the form of the file."""
    start = 1
    reader = csv.reader(_decoded(path), strict=True)
    try:
        for cells in reader:
            if cells and len(cells) != columns:
                raise DataError(
                    f"{path.name}:{start}: {len(cells)} cells under {columns} columns",
                    hint="a quote that is never closed takes in what follows it" if reader.line_num > start else None,
                )
            start = reader.line_num + 1
    except csv.Error as error:
        open_end = "end of data" in str(error) or "field limit" in str(error)
        said = "a quote is never closed" if open_end else f"this is no CSV: {error}"
        raise DataError(f"{path.name}:{start}: {said}", hint="a quote within quotes is written twice") from None


def _decoded(path: Path) -> Iterator[str]:
    """The lines of the file, ends kept; a carriage return alone ends one too."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield from io.StringIO(line.decode("utf-8-sig" if number == 1 else "utf-8"), newline="")
            except UnicodeDecodeError:
                raise DataError(
                    f"{path.name}:{number}: this line is not UTF-8", hint="save the file as UTF-8"
                ) from None


def csv_line(path: Path, row: int) -> int:
    """The line on which a row begins: blank lines are no rows, quoted cells may run over several."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        found, start = -2, 1
        for cells in reader:
            found += bool(cells)
            if found == row:
                break
            start = reader.line_num + 1
    return start
