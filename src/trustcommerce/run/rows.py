"""A table as runs read it: Arrow in memory, or a scan that DuckDB does itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from trustcommerce.run.duck import connect, quote, reading

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["Rows"]


@frozen(kw_only=True, eq=False)
class Rows:
    """Rows of a table under the declared column names, in the types of their source.

    Args:
        schema: Names and Arrow types of the columns.
        what: What it is called in messages: a file's name, or `frame`.
        arrow: The rows, when they are in memory.
        scan: What stands after FROM otherwise; its columns have the names of `schema`.
        setup: Statements that the scan needs first, such as ATTACH; safe to repeat.
        files: What the scan reads, for messages about files that break on the way.
        counts: What the reader noticed and let pass, by what it is; run.json shows it.
        unread: Names of columns that were left out, for hints.
        judged: Whether they are the result of a rule set of this run, whose key and values need no check.
    """

    schema: "pa.Schema"
    what: str
    arrow: "pa.Table | None" = None
    scan: str | None = None
    setup: Sequence[str] = ()
    files: Sequence[Path] = ()
    counts: "dict[str, int] | None" = None
    unread: Sequence[str] = ()
    judged: bool = False

    def register(self, connection: "duckdb.DuckDBPyConnection", name: str) -> str:
        """Make the rows known to `connection`; returns what stands after FROM."""
        if self.arrow is not None:
            connection.register(name, self.arrow)
            return quote(name)
        if not self.judged:
            reading(connection, self.what, self.files)
        for statement in self.setup:
            connection.execute(statement)
        assert self.scan is not None
        return self.scan

    def table(self) -> "pa.Table":
        """The rows in memory."""
        if self.arrow is not None:
            return self.arrow
        with connect(self.what) as connection:
            return connection.sql(f"SELECT * FROM {self.register(connection, 'rows')}").to_arrow_table()
