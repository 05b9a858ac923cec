"""Columns with types of their own -> the declared columns: fitting types, moments in the pack's zone.

In: an Arrow table, or a scan that DuckDB does itself. Out: `Rows`; a scan stays one.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError, kept, together
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.types import Kind
from trustcommerce.model import ColumnSpec, TableSpec
from trustcommerce.registry import Scan
from trustcommerce.run.duck import connect, first_row, quote, reading, text
from trustcommerce.run.rows import Rows
from trustcommerce.sources.zones import AMBIGUOUS, Moments, check_moments

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["NO_ZONE_HINT", "check_type", "declared", "require_column", "typed_rows", "untyped_rows"]

NO_ZONE_HINT = "add `time_zone:` to pack.yaml"


def declared(table: "pa.Table", spec: TableSpec, what: str) -> "pa.Table":
    """The declared columns of `table` under their declared names."""
    import pyarrow as pa

    errors: list[DataError] = []
    for column in spec.columns.values():
        with kept(errors):
            require_column(column, table.column_names, what)
    together(errors)
    return pa.table({column.name: table.column(column.source) for column in spec.columns.values()})


def require_column(column: ColumnSpec, names: Collection[str], what: str) -> None:
    if column.source not in names:
        raise DataError(
            f"{what} has no column `{column.source}`",
            table=what,
            column=column.source,
            hint=did_you_mean(column.source, names) or (f"it has {', '.join(names)}" if names else None),
        )


def check_type(column: ColumnSpec, arrow: "pa.DataType", what: str) -> None:
    """Refuse a column whose type can't hold what is declared; values are tested where rules read them."""
    import pyarrow as pa

    types: Any = pa.types
    if types.is_dictionary(arrow):
        arrow = arrow.value_type
    kind = column.type.kind
    number = types.is_integer(arrow) or types.is_floating(arrow) or (types.is_decimal(arrow) and arrow.precision <= 38)
    words = types.is_string(arrow) or types.is_large_string(arrow) or types.is_string_view(arrow)
    fits = types.is_null(arrow) or {
        Kind.BOOLEAN: types.is_boolean(arrow),
        Kind.EXACT: number,
        Kind.NUMBER: number,
        Kind.TEXT: words,
        Kind.DATE: types.is_date(arrow) or types.is_timestamp(arrow),
        Kind.TIMESTAMP: types.is_timestamp(arrow),
    }.get(kind, True)
    if not fits:
        raise DataError(
            f"{what}: `{column.source}` is {'text' if words else arrow}, and {column.type.null(False)} is expected",
            table=what,
            column=column.source,
            hint="convert the column: types are declared in pack.yaml and never guessed",
        )


def typed_rows(
    given: "Scan | pa.Table",
    spec: TableSpec,
    what: str,
    zone: str | None,
    files: Sequence[Path] = (),
    texts: "dict[str, str] | None" = None,
) -> Rows:
    """The declared columns of a table or scan whose columns have types.

    Args:
        given: What a source read.
        spec: What pack.yaml declares.
        what: What the table is called in messages.
        zone: The time zone of the pack.
        files: What the scan reads, for messages.
        texts: SQL of columns that are text in the scan and checked already, by name.
    """
    import pyarrow as pa

    with connect(what) as connection:
        if isinstance(given, Scan):
            reading(connection, what, files)
            source, schema = given.source, _schema(connection, given)
        else:
            schema = given.schema
        texts = texts or {}
        errors: list[DataError] = []
        for column in spec.columns.values():
            with kept(errors):
                require_column(column, schema.names, what)
                if column.name not in texts:
                    check_type(column, schema.field(column.source).type, what)
        together(errors)
        if isinstance(given, pa.Table):
            given = given.select([column.source for column in spec.columns.values()])
            connection.register("given", given)
            source = "given"
        types = {column.name: schema.field(column.source).type for column in spec.columns.values()}
        values = {c.name: texts.get(c.name) or _value(c, types[c.name], zone, what) for c in spec.columns.values()}
        _check_fractions(connection, source, spec, types, what)
        ambiguous = check_moments(connection, source, _moments(spec, types, texts), zone, what)
        counts = {AMBIGUOUS: ambiguous} if ambiguous else None
        if isinstance(given, pa.Table) and all(quote(spec.columns[name].source) == sql for name, sql in values.items()):
            table = declared(given, spec, what)
            return Rows(schema=table.schema, what=what, arrow=table, counts=counts)
        query = f"SELECT {', '.join(f'{sql} AS {quote(name)}' for name, sql in values.items())} FROM {source}"
        if isinstance(given, pa.Table):
            table = connection.sql(query).to_arrow_table()
            return Rows(schema=table.schema, what=what, arrow=table, counts=counts)
        schema = connection.sql(f"{query} LIMIT 0").to_arrow_table().schema
        return Rows(schema=schema, what=what, scan=f"({query})", setup=given.setup, files=files, counts=counts)


def untyped_rows(given: "Scan | pa.Table", what: str, files: Sequence[Path]) -> Rows:
    """Every column as it is."""
    if not isinstance(given, Scan):
        return Rows(schema=given.schema, what=what, arrow=given)
    with connect(what) as connection:
        reading(connection, what, files)
        schema = _schema(connection, given)
    return Rows(schema=schema, what=what, scan=given.source, setup=given.setup, files=files)


def _schema(connection: "duckdb.DuckDBPyConnection", given: Scan) -> "pa.Schema":
    for statement in given.setup:
        connection.execute(statement)
    return connection.sql(f"SELECT * FROM {given.source} LIMIT 0").to_arrow_table().schema


def _value(column: ColumnSpec, arrow: Any, zone: str | None, what: str) -> str:
    """SQL of a column's value: local moments without a zone, plain text; the rest as it is."""
    import pyarrow as pa

    name = quote(column.source)
    if pa.types.is_dictionary(arrow) and column.type.kind is Kind.TEXT:
        return f"CAST({name} AS VARCHAR)"
    if not pa.types.is_timestamp(arrow):
        return name
    if arrow.tz is None:
        return name if arrow.unit == "us" else f"CAST({name} AS TIMESTAMP)"
    if zone is None:
        raise DataError(
            f"{what}: `{column.source}` carries a time zone and the pack says none",
            table=what,
            column=column.source,
            hint=NO_ZONE_HINT,
        )
    return f"timezone({text(zone)}, CAST({name} AS TIMESTAMPTZ))"


def _moments(spec: TableSpec, types: dict[str, Any], texts: dict[str, str]) -> list[Moments]:
    found = []
    for column in spec.columns.values():
        arrow, name = types[column.name], quote(column.source)
        if column.type.kind is not Kind.TIMESTAMP:
            continue
        if column.name in texts:
            found.append(Moments(column=column.source, sql=texts[column.name], zoned=False))
        elif hasattr(arrow, "tz"):
            plain = arrow.unit == "us"
            sql = name if plain else f"CAST({name} AS TIMESTAMP{'' if arrow.tz is None else 'TZ'})"
            found.append(Moments(column=column.source, sql=sql, zoned=arrow.tz is not None))
    return found


def _check_fractions(
    connection: "duckdb.DuckDBPyConnection", source: str, spec: TableSpec, types: dict[str, Any], what: str
) -> None:
    """Refuse moments that are no whole microseconds: cut off they would be others."""
    for column in spec.columns.values():
        arrow, name = types[column.name], quote(column.source)
        if getattr(arrow, "unit", None) != "ns" or not hasattr(arrow, "tz"):
            continue
        moment = f"CAST({name} AS TIMESTAMP{'' if arrow.tz is None else 'TZ'})"
        bad = f"isfinite({moment}) AND epoch_ns({name}) % 1000 <> 0"
        (count,) = first_row(connection, f"SELECT count(*) FROM {source} WHERE {bad}") or (0,)
        if count:
            numbered = f"SELECT row_number() OVER () AS row, {name} FROM {source}"
            found = first_row(
                connection, f"SELECT row, CAST({name} AS VARCHAR) FROM ({numbered}) WHERE {bad} ORDER BY row LIMIT 1"
            )
            row, value = found or (None, None)
            more = f" ({count} rows in all)" if count > 1 else ""
            raise DataError(
                f"{what}:{row}: `{column.source}` is `{value}`, which is no timestamp in whole microseconds{more}",
                table=what,
                column=column.source,
                row=row,
                value=value,
            )
