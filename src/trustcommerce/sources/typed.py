"""Columns of text -> the declared types, strictly: what does not parse is an error with its line."""

from pathlib import Path
from typing import TYPE_CHECKING

from trustcommerce.errors import DataError
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.types import Kind, Type
from trustcommerce.model import ColumnSpec, TableSpec
from trustcommerce.run.duck import connect, first_row, quote
from trustcommerce.sources.readers import line_of

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["typed_table"]

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_PATTERNS = {
    Kind.BOOLEAN: "(?i)true|false",
    Kind.NUMBER: "[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]{1,3})?",
    Kind.DATE: _DATE,
    Kind.TIMESTAMP: _DATE + "[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?",
}
_SQL_TYPES = {
    Kind.BOOLEAN: "BOOLEAN",
    Kind.NUMBER: "DOUBLE",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.TEXT: "VARCHAR",
}


def _pattern(type_: Type) -> str | None:
    if type_.kind is Kind.EXACT:
        places = f"([.][0-9]{{1,{type_.scale}}}0*)?" if type_.scale else ""
        return f"[-+]?[0-9]{{1,18}}{places}"
    return _PATTERNS.get(type_.kind)


def _sql_type(type_: Type) -> str:
    if type_.kind is Kind.EXACT:
        return f"DECIMAL(38,{type_.scale})" if type_.scale else "BIGINT"
    return _SQL_TYPES[type_.kind]


def typed_table(table: "pa.Table", spec: TableSpec, path: Path, textual: bool) -> "pa.Table":
    """`table` with the declared names and, where its columns are text, the declared types.

    Args:
        table: As a reader gave it.
        spec: What pack.yaml declares.
        path: The file, for messages.
        textual: Whether the source holds text that is to be parsed.
    """
    present = {}
    for column in spec.columns.values():
        if column.source not in table.column_names:
            raise DataError(
                f"{path.name} has no column `{column.source}`",
                column=column.source,
                hint=did_you_mean(column.source, table.column_names) or f"it has {', '.join(table.column_names)}",
            )
        present[column.name] = table.column(column.source)
    import pyarrow as pa

    renamed = pa.table(present)
    return _parse(renamed, spec, path) if textual else renamed


def _parse(table: "pa.Table", spec: TableSpec, path: Path) -> "pa.Table":
    with connect(path.name) as connection:
        connection.register("cells", table)
        tests = {column.name: _bad(column) for column in spec.columns.values()}
        checked = {column: test for column, test in tests.items() if test}
        if checked:
            counts = first_row(
                connection,
                f"SELECT {', '.join(f'count(*) FILTER (WHERE {test})' for test in checked.values())} FROM cells",
            )
            for count, (column, test) in zip(counts or (), checked.items(), strict=True):
                if count:
                    _fail(connection, spec.columns[column], test, int(count), path)
        columns = [f"CAST({quote(c.name)} AS {_sql_type(c.type)}) AS {quote(c.name)}" for c in spec.columns.values()]
        return connection.sql(f"SELECT {', '.join(columns)} FROM cells").to_arrow_table()


def _bad(column: ColumnSpec) -> str | None:
    pattern, name = _pattern(column.type), quote(column.name)
    if pattern is None:
        return None
    test = f"NOT regexp_full_match({name}, '{pattern}')"
    value = f"TRY_CAST({name} AS {_sql_type(column.type)})"
    beyond = f" OR NOT isfinite({value})" if column.type.kind is Kind.NUMBER else ""
    return f"{name} IS NOT NULL AND ({test} OR {value} IS NULL{beyond})"


def _fail(connection: "duckdb.DuckDBPyConnection", column: ColumnSpec, test: str, count: int, path: Path) -> None:
    query = (
        f"SELECT row, value FROM (SELECT row_number() OVER () AS row, {quote(column.name)} AS value, {test} AS bad "
        "FROM cells) WHERE bad ORDER BY row LIMIT 1"
    )
    row, value = first_row(connection, query) or (0, None)
    more = f" ({count} rows in all)" if count > 1 else ""
    line = line_of(path, row - 1)
    raise DataError(
        f"{path.name}:{line}: `{column.source}` is `{value}`, which is no {column.type.null(False)}{more}",
        column=column.source,
        row=line,
        value=value,
    )
