"""Database files: tables of DuckDB scanned in place, tables of SQLite read as text."""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.types import Kind
from trustcommerce.model import TableSpec
from trustcommerce.registry import Scan
from trustcommerce.run.duck import connect, quote, reading, text

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["database_tables", "duckdb_tables", "scan_database", "scan_duckdb", "scan_sqlite", "sqlite_tables"]

_BATCH = 50_000
_EXACT = 10**15
"""Whole doubles up to here are written without a fraction; SQLite turns integers into doubles in REAL columns."""


def database_tables(path: Path) -> tuple[str, ...]:
    """Tables of a file that is of one or the other; of any other file, none."""
    kind = _kind(path)
    return sqlite_tables(path) if kind == "SQLite" else duckdb_tables(path) if kind == "DuckDB" else ()


def scan_database(files: Sequence[Path], spec: TableSpec | None, keys: Sequence[str]) -> "Scan | pa.Table":
    """A table of a file whose name does not say which of them wrote it."""
    (path,) = files
    kind = _kind(path)
    if kind is None:
        raise DataError(f"{path.name}: this is neither a DuckDB nor an SQLite file")
    return scan_sqlite(files, spec, keys) if kind == "SQLite" else scan_duckdb(files, spec, keys)


def _kind(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise DataError(f"{path.name}: this file can't be read: {error}") from None
    return "SQLite" if head == b"SQLite format 3\0" else "DuckDB" if head[8:12] == b"DUCK" else None


def duckdb_tables(path: Path) -> tuple[str, ...]:
    """Names of the tables and views in the schema `main`."""
    alias, setup = _attachment(path)
    with connect(path.name) as connection:
        reading(connection, path.name, [path])
        connection.execute(setup)
        rows = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' AND table_catalog = ?",
            [alias],
        ).fetchall()
        return tuple(sorted(name for (name,) in rows))


def scan_duckdb(files: Sequence[Path], spec: TableSpec | None, keys: Sequence[str]) -> Scan:
    """A scan of the table by its qualified name, in a file attached for reading only."""
    (path,) = files
    table = _table(path, duckdb_tables(path), spec)
    alias, setup = _attachment(path)
    return Scan(source=f"{alias}.main.{quote(table)}", setup=(setup,))


def _attachment(path: Path) -> tuple[str, str]:
    """A name that is the same for the same file, and the statement that gives it."""
    full = path.resolve()
    alias = f"facts_{hashlib.sha256(str(full).encode()).hexdigest()[:12]}"
    return alias, f"ATTACH IF NOT EXISTS {text(str(full))} AS {alias} (READ_ONLY)"


def _table(path: Path, tables: Sequence[str], spec: TableSpec | None) -> str:
    if spec is None and len(tables) == 1:
        return tables[0]
    if spec is None or spec.source not in tables:
        raise DataError(
            f"{path.name} holds {len(tables)} tables, and which is meant is not declared"
            if spec is None
            else f"{path.name} holds no table `{spec.source}`",
            hint=(did_you_mean(spec.source, tables) if spec else None) or f"it holds {', '.join(tables) or 'none'}",
        )
    return spec.source


def sqlite_tables(path: Path) -> tuple[str, ...]:
    """Names of the tables and views."""
    with _opened(path) as connection:
        rows = connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
        )
        return tuple(sorted(name for (name,) in rows))


def scan_sqlite(files: Sequence[Path], spec: TableSpec | None, keys: Sequence[str]) -> "pa.Table":
    """The declared columns of a table as text: a cell of SQLite may hold any type, so that declared types decide."""
    import pyarrow as pa

    (path,) = files
    table = _table(path, sqlite_tables(path), spec)
    with _opened(path) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", [table])]
        kinds = dict.fromkeys(names, Kind.TEXT)
        if spec is not None:
            declared = {column.source: column.type.kind for column in spec.columns.values()}
            kinds = (
                {name: declared[name] for name in names if name in declared} if declared.keys() <= set(names) else {}
            )
        if not kinds:
            return pa.table({name: pa.array([], pa.string()) for name in names})
        rows = connection.execute(f"SELECT {', '.join(map(quote, kinds))} FROM {quote(table)}")
        schema = pa.schema([(name, pa.string()) for name in kinds])
        place = f"{path.name}/{table}"
        return pa.Table.from_batches(list(_batches(rows, list(kinds.items()), schema, place)), schema)


def _batches(
    rows: sqlite3.Cursor, kinds: list[tuple[str, Kind]], schema: "pa.Schema", place: str
) -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa

    start = 1
    while found := rows.fetchmany(_BATCH):
        cells: list[Any] = []
        for (name, kind), values in zip(kinds, zip(*found, strict=True), strict=True):
            blob = next((i for i, value in enumerate(values) if isinstance(value, bytes)), None)
            if blob is not None:
                raise DataError(f"{place}:{start + blob}: `{name}` is a blob", column=name, row=start + blob)
            cells.append(pa.array([_as_text(value, kind) for value in values], pa.string()))
        yield pa.record_batch(cells, schema=schema)
        start += len(found)


def _as_text(value: str | int | float | None, kind: Kind) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if kind is Kind.BOOLEAN and value in (0, 1):
        return "true" if value else "false"
    if isinstance(value, float) and kind is not Kind.TEXT and value.is_integer() and abs(value) <= _EXACT:
        return str(int(value))
    return str(value)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            yield connection
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise DataError(f"{path.name}: this SQLite file can't be read: {error}") from None
