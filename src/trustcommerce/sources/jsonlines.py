"""JSON lines: numbers and texts as text, booleans as `true` and `false`, so that declared types decide."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["jsonl_line", "parse_json", "read_jsonl"]


def read_jsonl(path: Path) -> "pa.Table":
    """Every column as text; a name that a line leaves out, and null, is missing."""
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
        row = parse_json(line, parse_float=str, parse_int=str)
    except json.JSONDecodeError as error:
        raise DataError(f"{place}:{error.colno}: this is no JSON: {error.msg}") from None
    except RecursionError:
        raise DataError(f"{place}: this is no JSON that can be read: it is nested too deep") from None
    except ValueError as error:
        raise DataError(f"{place}: {error}") from None
    if not isinstance(row, dict):
        raise DataError(f"{place}: a line holds one JSON object")
    return row


def parse_json(text: str, **options: Any) -> Any:
    """What `text` says.

    Raises:
        ValueError: It is no JSON, a key is said twice, or a text holds half a character, which no file can hold.
    """
    found = json.loads(text, object_pairs_hook=_once, **options)
    if "\\u" in text:
        try:
            json.dumps(found, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            half = str(error.object)[error.start]
            raise ValueError(f"`\\u{ord(half):04x}` is half of a character, and the other half is missing") from None
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"`{twice}` is said twice")
    return found


def jsonl_line(path: Path, row: int) -> int:
    """The line of a row: blank lines are no rows."""
    return next(number for i, (number, _) in enumerate(_lines(path)) if i == row)
