"""The border of tables: what columns may hold -> run-time shapes, checked in one pass of SQL.

In: an Arrow table registered under a name. Out: the same name as a view of run-time shapes, or a
`DataError` that names rule set, table, column, row and value, with every other column that is wrong.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from trustcommerce.errors import DataError, kept, together
from trustcommerce.language.names import did_you_mean, the
from trustcommerce.language.relations import Field
from trustcommerce.language.types import Kind, Type, power
from trustcommerce.run.duck import first_row, quote
from trustcommerce.run.rows import Rows
from trustcommerce.run.sql import typed
from trustcommerce.run.values import describe

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["admit"]


@frozen
class _Column:
    """A column's conversion, and the tests that its values must pass.

    `quick` is a test of the whole column by its count and extremes; where it passes, `fast` converts.
    """

    field: Field
    value: str
    bad: tuple[tuple[str, str], ...]
    quick: str | None = None
    fast: str | None = None

    @property
    def said(self) -> str:
        return f"{self.field.name} {self.field.type}"


@frozen(kw_only=True)
class _Place:
    """Where the rows stand: in messages, and after FROM."""

    ruleset: str
    table: str | None
    source: str
    key: tuple[str, ...]


def admit(
    connection: "duckdb.DuckDBPyConnection",
    source: str,
    rows: Rows,
    fields: Sequence[Field],
    key: Sequence[str],
    ruleset: str,
    hidden: Collection[str] = (),
    as_of: dt.date | None = None,
    checked: set[tuple[str, str]] | None = None,
) -> str:
    """Check the rows that are registered as `source`, and return a query of their run-time shapes.

    Args:
        fields: Columns that are read.
        key: Columns that must tell the rows apart.
        hidden: Columns that are missing from `as_of` on.
        checked: Columns that were checked before, by table; what is checked now is added.
    """
    schema, what, trusted = rows.schema, rows.what, rows.judged
    there = tuple(each for each in key if each in schema.names)
    place = _Place(ruleset=ruleset, table=None if what == "frame" else what, source=source, key=there)
    errors: list[DataError] = []
    found = []
    for each in (each for each in fields if each.name in schema.names):
        with kept(errors):
            found.append(_column(each, schema.field(each.name).type, place))
    absent = [each.name for each in fields if each.name not in schema.names]
    errors[:0] = [
        DataError(
            f"{the(what)} has no column `{each}`",
            ruleset=ruleset,
            table=place.table,
            column=each,
            hint=did_you_mean(each, [*schema.names, *rows.unread]),
        )
        for each in absent
    ]
    known = set() if checked is None else checked
    fresh = [each for each in found if (source, each.said) not in known]
    plain = [each for each in fresh if each.quick is not None]
    if not trusted:
        plain = _plain(connection, source, plain)
        errors += _wrong_values(connection, [each for each in fresh if each not in plain], place)
        wrong = {*absent, *(each.column for each in errors)}
        if (source, f"key {key}") not in known and not wrong & set(key):
            with kept(errors):
                _check_key(connection, place, what)
    together(errors)
    known |= {(source, each.said) for each in found} | {(source, f"key {key}")}
    known |= {(source, f"plain {each.said}") for each in plain}
    found = [evolve(c, value=c.fast) if c.fast and (source, f"plain {c.said}") in known else c for c in found]
    columns = [f"{_seen(each, hidden, as_of)} AS {quote(each.field.name)}" for each in found]
    return f"SELECT {', '.join(columns) or '1'} FROM {source}"


def _seen(column: "_Column", hidden: Collection[str], as_of: dt.date | None) -> str:
    """The value; of something that happens from `as_of` on nothing is known yet."""
    if column.field.name not in hidden or as_of is None:
        return column.value
    return f"CASE WHEN {column.value} < CAST('{as_of}' AS DATE) THEN {column.value} END"


def _column(each: Field, arrow: "pa.DataType", place: _Place) -> _Column:
    import pyarrow as pa

    types, name, type_ = pa.types, quote(each.name), each.type
    if types.is_dictionary(arrow):
        arrow = arrow.value_type
    if types.is_null(arrow):
        return _with_nulls(each, f"CAST(NULL AS {_sql_type(type_)})", [])
    build = _BUILDERS.get(type_.kind)
    built = build(name, type_, arrow, types) if build else None
    if built is None:
        raise DataError(
            f"`{each.name}` is {_words(arrow)}, and {describe(type_)} is expected",
            ruleset=place.ruleset,
            table=place.table,
            column=each.name,
            hint=_type_hint(type_, arrow),
        )
    return _hurried(_with_nulls(each, *built), arrow, types)


def _hurried(column: _Column, arrow: "pa.DataType", types: Any) -> _Column:
    """The column with a test by its extremes, where those of its own type tell all."""
    type_, name = column.field.type, quote(column.field.name)
    factor, low, high = power(type_.scale), type_.low, type_.high
    bounds: tuple[str, str] | None = None
    fast = None
    if type_.kind is Kind.EXACT and low is not None and high is not None:
        first, last = -(-int(low) // factor), int(high) // factor
        if types.is_integer(arrow):
            bounds, fast = (str(first), str(last)), f"CAST({name} AS BIGINT)" + (f" * {factor}" if factor > 1 else "")
        elif types.is_decimal(arrow) and arrow.scale <= type_.scale and arrow.precision + len(str(factor)) <= 38:
            bounds = (f"CAST('{first}' AS DECIMAL(38,0))", f"CAST('{last}' AS DECIMAL(38,0))")
            fast = f"CAST({name} * CAST('{factor}' AS DECIMAL({len(str(factor))},0)) AS BIGINT)"
    elif type_.kind is Kind.NUMBER and types.is_floating(arrow) and low is not None and high is not None:
        bounds, fast = (f"CAST('{low!r}' AS DOUBLE)", f"CAST('{high!r}' AS DOUBLE)"), f"CAST({name} AS DOUBLE)"
    elif (type_.kind is Kind.TIMESTAMP and str(arrow) == "timestamp[us]") or (
        type_.kind is Kind.DATE and types.is_date(arrow)
    ):
        sql = typed(type_)
        bounds = (f"CAST('0001-01-01' AS {sql})", f"CAST('9999-12-31' AS {sql})")
    if bounds is None and type_.kind not in (Kind.TEXT, Kind.BOOLEAN):
        return column
    tests = [] if type_.nullable else [f"count({name}) = count(*)"]
    if bounds is not None:
        tests.append(f"coalesce(min({name}) >= {bounds[0]} AND max({name}) <= {bounds[1]}, TRUE)")
    return evolve(column, quick=" AND ".join(tests) or "TRUE", fast=fast)


def _plain(connection: "duckdb.DuckDBPyConnection", source: str, found: Sequence[_Column]) -> list[_Column]:
    """The columns whose count and extremes show already that every value is right."""
    if not found:
        return []
    row = first_row(connection, f"SELECT {', '.join(str(each.quick) for each in found)} FROM {source}")
    return [each for each, passed in zip(found, row or (), strict=True) if passed]


def _words(arrow: "pa.DataType") -> str:
    """An Arrow type as its users know it."""
    return "text" if str(arrow) in ("string", "large_string", "string_view") else str(arrow)


def _type_hint(type_: Type, arrow: "pa.DataType") -> str | None:
    if type_.kind is Kind.TIMESTAMP and getattr(arrow, "tz", None):
        return "convert it to the pack's time zone and drop the zone"
    if type_.kind in (Kind.DATE, Kind.TIMESTAMP) and "string" in str(arrow):
        return "parse it first: pandas.to_datetime, or try_parse_dates=True in Polars; text is never guessed"
    return f"convert the column to {type_.null(False)} first: types are declared in pack.yaml and never guessed"


def _sql_type(type_: Type) -> str:
    return typed(type_)


def _with_nulls(each: Field, value: str, bad: list[tuple[str, str]]) -> _Column:
    tests = list(bad)
    if not each.type.nullable:
        tests.insert(0, (f"{value} IS NULL AND {quote(each.name)} IS NULL", f"is missing, and {each.type} may not be"))
    if each.type.numeric and each.type.low is not None and each.type.high is not None:
        low, high = (f"CAST('{end!r}' AS {_sql_type(each.type)})" for end in (each.type.low, each.type.high))
        tests.append((f"NOT ({value} BETWEEN {low} AND {high})", f"is outside its range: {describe(each.type)}"))
    return _Column(each, value, tuple(tests))


Built = tuple[str, list[tuple[str, str]]] | None


def _boolean(name: str, type_: Type, arrow: Any, types: Any) -> Built:
    return (name, []) if types.is_boolean(arrow) else None


def _exact(name: str, type_: Type, arrow: Any, types: Any) -> Built:
    factor = power(type_.scale)
    if types.is_integer(arrow):
        limit = 9_000_000_000_000_000_000 // factor
        fits = f"{name} BETWEEN {-limit} AND {limit}"
        value = f"CASE WHEN {fits} THEN CAST({name} AS BIGINT) * {factor} END"
        return value, [(f"NOT ({fits})", "is too large")]
    if types.is_decimal(arrow):
        sql, limit = f"DECIMAL(38,{type_.scale})", 9_000_000_000_000_000_000 // factor
        rounded = f"TRY_CAST({name} AS {sql})"  # the column's own type may have no room for the factor
        fits = f"{rounded} BETWEEN CAST('-{limit}' AS {sql}) AND CAST('{limit}' AS {sql})"
        value = f"CASE WHEN {fits} THEN CAST({rounded} * CAST('{factor}' AS DECIMAL(20,0)) AS BIGINT) END"
        tests = [(f"{name} IS NOT NULL AND ({fits}) IS NOT TRUE", "is too large")]
        if arrow.scale > type_.scale:
            again = f"TRY_CAST({rounded} AS DECIMAL(38,{arrow.scale}))"
            tests.append((f"{fits} AND {again} IS DISTINCT FROM {name}", f"has more than {type_.scale} decimal places"))
        return value, tests
    if types.is_floating(arrow):
        double = f"CAST({name} AS DOUBLE)"
        scaled = f"FLOOR({double} * CAST('{factor}' AS DOUBLE) + CAST('0.5' AS DOUBLE))"
        good = f"isfinite({double}) AND abs({double}) <= CAST('{9e15 / factor!r}' AS DOUBLE)"
        exactly = f"{scaled} / CAST('{factor}' AS DOUBLE) = {double}"
        missing = f"isnan({double})" if type_.nullable else "FALSE"
        large = f"isfinite({double}) AND NOT ({good})"
        test = (
            f"{name} IS NOT NULL AND NOT ({missing}) AND NOT ({large}) AND NOT (({good}) AND {exactly})",
            f"is no number of at most {type_.scale} decimal places",
        )
        return f"CASE WHEN {good} THEN TRY_CAST({scaled} AS BIGINT) END", [(large, "is too large"), test]
    return None


def _number(name: str, type_: Type, arrow: Any, types: Any) -> Built:
    if types.is_floating(arrow):
        double = f"CAST({name} AS DOUBLE)"
        missing = f" AND NOT isnan({double})" if type_.nullable else ""
        value = f"CASE WHEN isnan({double}) THEN NULL ELSE {double} END" if type_.nullable else double
        return value, [(f"NOT isfinite({double}){missing}", "is no finite number")]
    if types.is_integer(arrow) or types.is_decimal(arrow):
        return f"CAST({name} AS DOUBLE)", []
    return None


def _text(name: str, type_: Type, arrow: Any, types: Any) -> Built:
    fits = types.is_string(arrow) or types.is_large_string(arrow) or types.is_string_view(arrow)
    return (f"CAST({name} AS VARCHAR)", []) if fits else None


def _date(name: str, type_: Type, arrow: Any, types: Any) -> Built:
    if types.is_date(arrow):
        return _in_years(name, f"CAST({name} AS DATE)", "DATE")
    built = _timestamp(name, type_, arrow, types)  # what pandas makes of dates
    if built is None:
        return None
    moment, tests = built
    date = f"CAST({moment} AS DATE)"
    return date, [*tests, (f"CAST({date} AS TIMESTAMP) <> {moment}", "is no whole day")]


def _timestamp(name: str, type_: Type, arrow: Any, types: Any) -> Built:
    if not types.is_timestamp(arrow) or arrow.tz is not None:
        return None
    moment, tests = _in_years(name, f"CAST({name} AS TIMESTAMP)", "TIMESTAMP")
    if arrow.unit == "ns":
        tests.append((f"isfinite({moment}) AND epoch_ns({name}) % 1000 <> 0", "is no timestamp in whole microseconds"))
    return moment, tests


def _in_years(name: str, value: str, sql: str) -> tuple[str, list[tuple[str, str]]]:
    """A day or moment of the years that Python has."""
    years = f"{value} BETWEEN CAST('0001-01-01' AS {sql}) AND CAST('9999-12-31 23:59:59.999999' AS {sql})"
    return value, [(f"{name} IS NOT NULL AND ({years}) IS NOT TRUE", "is outside the years 1 to 9999")]


def _label(name: str, type_: Type, arrow: Any, types: Any) -> Built:
    if _text(name, type_, arrow, types) is None:
        return None
    ranks = " ".join(f"WHEN '{label.replace(chr(39), chr(39) * 2)}' THEN {i}" for i, label in enumerate(type_.labels))
    value = f"CAST(CASE CAST({name} AS VARCHAR) {ranks} END AS BIGINT)"
    return value, [(f"{name} IS NOT NULL AND {value} IS NULL", f"is none of {', '.join(type_.labels)}")]


def _set(name: str, type_: Type, arrow: Any, types: Any) -> Built:
    if not (types.is_list(arrow) or types.is_large_list(arrow)):
        return None
    members = ["'" + each.replace("'", "''") + "'" for each in type_.labels]
    bits = (
        " + ".join(f"CASE WHEN list_contains({name}, {m}) THEN {1 << i} ELSE 0 END" for i, m in enumerate(members))
        or "0"
    )
    known = f"CAST([{', '.join(members)}] AS VARCHAR[])"
    return f"CASE WHEN {name} IS NULL THEN NULL ELSE CAST({bits} AS BIGINT) END", [
        (f"{name} IS NOT NULL AND NOT list_has_all({known}, {name})", f"has members beside {', '.join(type_.labels)}")
    ]


_BUILDERS = {
    Kind.BOOLEAN: _boolean,
    Kind.EXACT: _exact,
    Kind.NUMBER: _number,
    Kind.TEXT: _text,
    Kind.DATE: _date,
    Kind.TIMESTAMP: _timestamp,
    Kind.LABEL: _label,
    Kind.SET: _set,
}


def _wrong_values(connection: "duckdb.DuckDBPyConnection", found: Sequence[_Column], place: _Place) -> list[DataError]:
    """What is wrong with the values, for each column the first that is said of it."""
    tests = [(column, test, message) for column in found for test, message in column.bad]
    if not tests:
        return []
    counts = first_row(
        connection, f"SELECT {', '.join(f'count(*) FILTER (WHERE {test})' for _, test, _ in tests)} FROM {place.source}"
    )
    wrong: dict[str, DataError] = {}
    for count, (column, test, message) in zip(counts or (), tests, strict=True):
        if count and column.said not in wrong:
            wrong[column.said] = _wrong_value(connection, column, test, message, int(count), place)
    return list(wrong.values())


def _wrong_value(
    connection: "duckdb.DuckDBPyConnection", column: _Column, test: str, message: str, count: int, place: _Place
) -> DataError:
    """What is wrong with the first row that a test finds, in the order of the key."""
    name = quote(column.field.name)
    keys = [f"CAST({quote(each)} AS VARCHAR)" for each in place.key]
    numbered = f"(SELECT *, row_number() OVER () AS {quote(_NUMBER)} FROM {place.source})"
    row = first_row(
        connection,
        f"SELECT {', '.join([name, f'CAST({name} AS VARCHAR)', quote(_NUMBER), *keys])} FROM {numbered}"
        f" WHERE {test} ORDER BY {', '.join([*keys, quote(_NUMBER)])} LIMIT 1",
    )
    assert row is not None
    value, written, number, *found = row
    more = f" ({count} rows in all)" if count > 1 else ""
    # Python has no days and moments beyond its years, nor nanoseconds
    said = "" if value is None else f" {written if isinstance(value, dt.date | Decimal) else repr(value)}"
    return DataError(
        f"`{column.field.name}`{said} {message}{more}",
        ruleset=place.ruleset,
        table=place.table,
        column=column.field.name,
        row=f"number {number}" if None in found or not found else ", ".join(found),
        value=value,
    )


_NUMBER = "trustcommerce.number"


def _check_key(connection: "duckdb.DuckDBPyConnection", place: _Place, what: str) -> None:
    if not place.key:
        return
    source, names = place.source, ", ".join(map(quote, place.key))
    hashes = f"count(DISTINCT hash({names}))"  # numbers take half the time of texts, and hardly ever meet by chance
    quick = first_row(connection, f"SELECT {hashes} = count(*) FROM {source}")
    if quick is not None and quick[0]:
        return
    row = first_row(
        connection,
        f"SELECT {names}, count(*) FROM {source} GROUP BY {names} HAVING count(*) > 1 ORDER BY {names} LIMIT 1",
    )
    if row is not None:
        shown = ", ".join(map(str, row[:-1]))
        raise DataError(
            f"{row[-1]} rows of {the(what)} have the key {shown}",
            ruleset=place.ruleset,
            table=place.table,
            column=", ".join(place.key),
            row=shown,
            value=row[0] if len(place.key) == 1 else row[:-1],
        )
