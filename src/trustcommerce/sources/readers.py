"""Readers of one file each: CSV as text, Parquet and JSON lines as they are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["line_of", "read_csv", "read_jsonl", "read_parquet"]


def read_csv(path: Path) -> "pa.Table":
    """Every column as text, an empty cell as missing; a byte-order mark is dropped."""
    import pyarrow as pa
    from pyarrow import csv

    names = _header(path)
    options = csv.ConvertOptions(
        column_types={name: pa.string() for name in names},
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
    )
    try:
        return csv.read_csv(path, convert_options=options, parse_options=csv.ParseOptions(newlines_in_values=True))
    except pa.ArrowInvalid as error:
        raise DataError(f"{path.name}: {str(error).splitlines()[0]}") from None


def _header(path: Path) -> list[str]:
    import csv

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file), [])
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name}: byte {error.start} is not UTF-8", hint="save the file as UTF-8") from None
    if not names:
        raise DataError(f"{path.name}: the file is empty; a header with column names is expected")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{path.name}: two columns are called `{twice}`", column=twice)
    return names


def read_parquet(path: Path) -> "pa.Table":
    """A Parquet file with its own types."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path.name}: this is no readable Parquet file: {str(error).splitlines()[0]}") from None


def read_jsonl(path: Path) -> "pa.Table":
    """JSON lines: numbers and texts as text, booleans as `true` and `false`, so that declared types decide."""
    import pyarrow as pa

    columns: dict[str, list[str | None]] = {}
    count = 0
    for number, line in _lines(path):
        for name, value in _object(line, f"{path.name}:{number}").items():
            if isinstance(value, dict | list):
                kind = "list" if isinstance(value, list) else "mapping"
                raise DataError(
                    f"{path.name}:{number}: `{name}` is a {kind}",
                    column=name,
                    value=value,
                    hint="a cell is a number, text, true, false or null",
                )
            cells = columns.setdefault(name, [])
            cells += [None] * (count - len(cells))
            cells.append(None if value is None else str(value).lower() if isinstance(value, bool) else str(value))
        count += 1
    return pa.table(
        {name: pa.array(cells + [None] * (count - len(cells)), pa.string()) for name, cells in columns.items()}
    )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, with their numbers."""
    number = 0
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line
    except UnicodeDecodeError:
        raise DataError(
            f"{path.name}: what follows line {number} is not UTF-8", hint="save the file as UTF-8"
        ) from None


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_float=str, parse_int=str)
    except json.JSONDecodeError as error:
        raise DataError(f"{place}:{error.colno}: this is no JSON: {error.msg}") from None
    except RecursionError:
        raise DataError(f"{place}: this is no JSON that can be read: it is nested too deep") from None
    if not isinstance(row, dict):
        raise DataError(f"{place}: a line holds one JSON object")
    return row


def line_of(path: Path, row: int) -> int:
    """The line on which row `row` (from 0) begins: blank lines are no rows, quoted cells may run over several."""
    import csv

    if path.suffix == ".jsonl":
        return next(number for i, (number, _) in enumerate(_lines(path)) if i == row)
    if path.suffix != ".csv":
        return row + 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        found, start = -2, 1
        for cells in reader:
            found += bool(cells)
            if found == row:
                break
            start = reader.line_num + 1
    return start
