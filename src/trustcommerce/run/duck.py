"""DuckDB connections as the runs use them: in memory, closed to the outside, each its own."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError, RunError

if TYPE_CHECKING:
    import duckdb

__all__ = ["connect", "first_row", "quote"]


@contextmanager
def connect(what: str, threads: int | None = None, memory: str | None = None) -> "Iterator[duckdb.DuckDBPyConnection]":
    """A connection that is closed at the end; `what` names the work in messages."""
    import duckdb

    if memory is not None and not re.fullmatch(r"[0-9]+(\.[0-9]+)? ?[KMGT]i?B", memory):
        raise DataError(f"`{memory}` is no amount of memory", hint="write it as 4GB or 500MB")
    if threads is not None and threads < 1:
        raise DataError(f"{threads} threads can do nothing", hint="give 1 or more, or None for all cores")
    connection = duckdb.connect()
    try:
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET python_enable_replacements = false")
        if threads is not None:
            connection.execute(f"SET threads = {int(threads)}")
        if memory is not None:
            connection.execute(f"SET memory_limit = '{memory}'")
        yield connection
    except duckdb.OutOfMemoryException as error:
        raise RunError(f"{what}: the memory limit is too small: {str(error).splitlines()[0]}") from None
    except duckdb.NotImplementedException as error:
        raise DataError(
            f"{what}: a column has a type that DuckDB does not read: {str(error).splitlines()[0]}",
            hint="convert it, halves to floats and wide decimals to 38 digits",
        ) from None
    finally:
        connection.close()


def first_row(connection: "duckdb.DuckDBPyConnection", sql: str) -> tuple[Any, ...] | None:
    """The first row of a query whose result is read whole: an unread one blocks the connection."""
    rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
    return rows[0] if rows else None


def quote(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
