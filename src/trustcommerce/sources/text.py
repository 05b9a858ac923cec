"""Columns of text -> the declared types, strictly: what does not parse is an error with its line."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from trustcommerce.errors import DataError, kept, together
from trustcommerce.language.types import Kind, Type
from trustcommerce.model import ColumnSpec, TableSpec
from trustcommerce.run.duck import connect, first_row, quote, text
from trustcommerce.sources.columns import NO_ZONE_HINT, declared
from trustcommerce.sources.zones import Moments, check_moments

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["parse_text", "value_of_text"]

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = _DATE + "[ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6}0*)?"
_OFFSET = " ?(Z|UTC|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"
_PATTERNS = {
    Kind.BOOLEAN: "(?i)true|false",
    Kind.NUMBER: "[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]{1,3})?",
    Kind.DATE: _DATE,
}
_SQL_TYPES = {
    Kind.BOOLEAN: "BOOLEAN",
    Kind.NUMBER: "DOUBLE",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.TEXT: "VARCHAR",
}
_SIGNS = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yuan or yen", "￥": "yuan or yen", "元": "yuan"}


def parse_text(
    table: "pa.Table", spec: TableSpec, what: str, place: Callable[[int], tuple[str, int | None]], zone: str | None
) -> "tuple[pa.Table, int]":
    """`table` with the declared names and types, and how many of its local times are ambiguous.

    Args:
        table: Columns of text as a reader gave them.
        spec: What pack.yaml declares.
        what: What the table is called in messages.
        place: Where a row stands, counted from 0: for messages, and its line when there is one.
        zone: The time zone of the pack.
    """
    table = declared(table, spec, what)
    with connect(what) as connection:
        connection.register("cells", table)
        tests = {column.name: _bad(column, zone) for column in spec.columns.values()}
        checked = {column: test for column, test in tests.items() if test}
        if checked:
            counts = first_row(
                connection,
                f"SELECT {', '.join(f'count(*) FILTER (WHERE {test})' for test in checked.values())} FROM cells",
            )
            errors: list[DataError] = []
            for count, (column, test) in zip(counts or (), checked.items(), strict=True):
                with kept(errors):
                    if count:
                        _fail(connection, spec.columns[column], test, int(count), what, place)
            together(errors)
        columns = [f"{value_of_text(c.name, c.type, zone)} AS {quote(c.name)}" for c in spec.columns.values()]
        typed = connection.sql(f"SELECT {', '.join(columns)} FROM cells").to_arrow_table()
        connection.unregister("cells")
        connection.register("typed", typed)
        moments = [
            Moments(column=c.source, sql=quote(c.name), zoned=False)
            for c in spec.columns.values()
            if c.type.kind is Kind.TIMESTAMP
        ]
        return typed, check_moments(connection, "typed", moments, zone, what)


def value_of_text(name: str, type_: Type, zone: str | None, cast: str = "CAST") -> str:
    """SQL of the value that a column of text holds; with a zone, moments that carry an offset come to it."""
    cell = _cell(name, type_)
    if type_.kind is Kind.EXACT:
        return f"{cast}({cell} AS {f'DECIMAL(38,{type_.scale})' if type_.scale else 'BIGINT'})"
    plain = f"{cast}({cell} AS {_SQL_TYPES[type_.kind]})"
    if type_.kind is not Kind.TIMESTAMP or zone is None:
        return plain
    carries = f"length({cell}) > 19 AND regexp_matches({cell}, '[0-9]{_OFFSET}$')"
    instant = f"{cast}(replace(replace({cell}, ' +', '+'), ' -', '-') AS TIMESTAMPTZ)"
    return f"CASE WHEN {carries} THEN timezone({text(zone)}, {instant}) ELSE {plain} END"


def _cell(name: str, type_: Type) -> str:
    """A cell: an empty one in quotes is an empty text, and missing where no text is expected."""
    return quote(name) if type_.kind is Kind.TEXT else f"nullif({quote(name)}, '')"


def _pattern(type_: Type, zone: str | None) -> str | None:
    if type_.kind is Kind.EXACT:
        places = f"([.][0-9]{{1,{type_.scale}}}0*)?" if type_.scale else ""
        return f"[-+]?[0-9]{{1,18}}{places}"
    if type_.kind is Kind.TIMESTAMP:
        return _MOMENT if zone is None else f"{_MOMENT}({_OFFSET})?"
    return _PATTERNS.get(type_.kind)


def _bad(column: ColumnSpec, zone: str | None) -> str | None:
    pattern, name = _pattern(column.type, zone), _cell(column.name, column.type)
    if pattern is None:
        return None
    test = f"NOT regexp_full_match({name}, '{pattern}')"
    value = value_of_text(column.name, column.type, zone, "TRY_CAST")
    beyond = f" OR NOT isfinite({value})" if column.type.kind is Kind.NUMBER else ""
    return f"{name} IS NOT NULL AND ({test} OR {value} IS NULL{beyond})"


def _fail(
    connection: "duckdb.DuckDBPyConnection",
    column: ColumnSpec,
    test: str,
    count: int,
    what: str,
    place: Callable[[int], tuple[str, int | None]],
) -> None:
    query = (
        f"SELECT row, value FROM (SELECT row_number() OVER () AS row, {quote(column.name)} AS value, {test} AS bad "
        "FROM cells) WHERE bad ORDER BY row LIMIT 1"
    )
    row, value = first_row(connection, query) or (1, "")
    more = f" ({count} rows in all)" if count > 1 else ""
    where, line = place(row - 1)
    problem, hint = _problem(column, value)
    raise DataError(
        f"{where}: `{column.source}` {problem}{more}",
        table=what,
        column=column.source,
        row=line,
        value=value,
        hint=hint,
    )


def _problem(column: ColumnSpec, value: str) -> tuple[str, str | None]:
    """What is wrong with a cell, and a hint."""
    kind = column.type.kind
    problem, hint = f"is `{value}`, which is no {column.type.null(False)}", None
    if kind is Kind.TIMESTAMP and re.fullmatch(f"{_MOMENT}{_OFFSET}", value):
        return f"carries a time zone (`{value}`) and the pack says none", NO_ZONE_HINT
    if kind is Kind.TIMESTAMP and re.fullmatch(_MOMENT.replace("{1,6}0*", "+") + f"({_OFFSET})?", value):
        hint = "fractions of a second have at most six digits"
    elif kind in (Kind.EXACT, Kind.NUMBER) and re.fullmatch(r"[-+]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]+)?", value):
        hint = "write numbers without separators of thousands"
    elif column.type.is_money:
        hint = _currency_hint(value, str(column.type.unit))
    return problem, hint


def _currency_hint(value: str, unit: str) -> str | None:
    code = re.search(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", value)
    if code is not None:
        return f"amounts are plain numbers in {unit}; this one is in {code[0]}"
    sign = next((each for each in _SIGNS if each in value), None)
    return sign and f"amounts are plain numbers in {unit}; this one carries `{sign}` ({_SIGNS[sign]})"
