"""DuckDB connections as the runs use them: in memory, closed to the outside, each its own."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError, RunError
from trustcommerce.run.limits import check_limits

if TYPE_CHECKING:
    import duckdb

__all__ = ["PARQUET", "connect", "first_row", "quote", "reading", "text"]

PARQUET = "FORMAT parquet, COMPRESSION zstd"
"""How results are written."""
_LEAST = 50
"""MB; what a thread takes to group rows is some tens of them, whatever the rows."""
_READ: dict[int, dict[str, tuple[Path, ...]]] = {}
"""What each open connection reads by itself, by the connection's id: DuckDB's messages don't always say."""


@contextmanager
def connect(
    what: str, threads: int | None = None, memory: str | None = None, spill: Path | None = None
) -> "Iterator[duckdb.DuckDBPyConnection]":
    """A connection that is closed at the end; `what` names the work in messages.

    An interrupt within a query, of which DuckDB makes an error of its own, stays a `KeyboardInterrupt`.

    Args:
        spill: Where what does not fit into memory goes; by default a folder for temporary files, gone at the end.
    """
    import duckdb

    check_limits(threads, memory, _LEAST)
    own = None if spill is not None else tempfile.TemporaryDirectory(prefix="trustcommerce-")
    connection = duckdb.connect()
    read = _READ[id(connection)] = {}
    try:
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET python_enable_replacements = false")
        connection.execute("SET preserve_insertion_order = true")
        connection.execute(f"SET temp_directory = {text(str(spill or (own.name if own else '')))}")
        if threads is not None:
            connection.execute(f"SET threads = {int(threads)}")
        if memory is not None:
            connection.execute(f"SET memory_limit = '{memory}'")
        yield connection
    except (RuntimeError, duckdb.InterruptException) as error:
        if "interrupted" in str(error).lower():
            raise KeyboardInterrupt from None
        raise
    except duckdb.Error as error:
        mapped = _mapped(what, error, read)
        if mapped is None:
            raise
        raise mapped from None
    finally:
        del _READ[id(connection)]
        connection.close()
        if own is not None:
            own.cleanup()


def reading(connection: "duckdb.DuckDBPyConnection", what: str, files: Sequence[Path] = ()) -> None:
    """Note what `connection` is about to read by itself, for messages."""
    if id(connection) in _READ:
        _READ[id(connection)][what] = tuple(files)


def _mapped(what: str, error: "duckdb.Error", read: dict[str, tuple[Path, ...]]) -> DataError | RunError | None:
    """The error as users see it; None for what only a mistake of this library brings about."""
    import duckdb

    said = re.sub(r"^(\w+ )*(Error|Exception): ", "", str(error).splitlines()[0])
    if isinstance(error, duckdb.OutOfMemoryException):
        return RunError(f"{what}: the memory limit is too small, give more or fewer threads: {said}")
    if "No space left" in said or "Disk quota exceeded" in said:
        return RunError(f"{what}: the disk is full: {said}")
    if isinstance(error, duckdb.NotImplementedException):
        return DataError(
            f"{what}: a column has a type that DuckDB does not read: {said}",
            hint="convert it, halves to floats and wide decimals to 38 digits",
        )
    locked = "file handle conflict" in said  # how older versions say that a file is open elsewhere
    if (
        locked
        or type(error) is duckdb.Error
        or isinstance(
            error,
            duckdb.IOException
            | duckdb.InvalidInputException
            | duckdb.ConversionException
            | duckdb.SerializationException
            | duckdb.FatalException
            | getattr(duckdb, "ResourceInUseException", duckdb.IOException),
        )
    ):
        broken = _broken(said, read)
        return DataError(f"{what}: {said}" if broken in (None, what) else f"{what}: {broken} can't be read: {said}")
    return None


def _broken(said: str, read: dict[str, tuple[Path, ...]]) -> str | None:
    """Which of the things that are read is meant by a message that does not name it."""
    if not read or any(path.name in said for files in read.values() for path in files):
        return None
    for name, files in read.items():
        if len(files) > 1:
            found = next((path for path in files if _breaks(path)), None)
            if found is not None:
                return found.as_posix()
        elif len(read) == 1 or any(map(_breaks, files)):
            return name
    return " or ".join(read)


def _breaks(path: Path) -> bool:
    """Whether DuckDB fails on a Parquet file that it reads whole."""
    import duckdb

    if path.suffix != ".parquet":
        return False
    with duckdb.connect() as connection:
        try:
            connection.execute(f"SELECT bit_xor(hash(COLUMNS(*))) FROM read_parquet([{text(str(path))}])").fetchall()
        except duckdb.Error:
            return True
    return False


def first_row(connection: "duckdb.DuckDBPyConnection", sql: str) -> tuple[Any, ...] | None:
    """The first row of a query whose result is read whole: an unread one blocks the connection."""
    rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
    return rows[0] if rows else None


def quote(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"
