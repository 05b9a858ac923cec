"""ClickHouse, 26.9 or later: tried out, and run by the tests.

Columns hold nothing missing unless their types say so, sums and products wrap round, comparisons give
numbers, and settings change what a query means: so every cast says `Nullable`, sums and products are wide,
and the statement brings its settings.
"""

import datetime as dt
from collections.abc import Callable

from sqlglot import exp, parse_one

from trustcommerce.language.types import Kind
from trustcommerce.run.connected import by_rounds
from trustcommerce.run.dialects.core import BINARY, ERROR, SAID, SYNTAX, TYPE_NAME, Dialect
from trustcommerce.run.dialects.rules import (
    call,
    filled,
    first,
    greatest,
    is_nan,
    keep,
    least,
    product,
    quantile,
    renamed,
    shifted,
    typed_division,
    types_as,
    wide_sum,
    written_as,
)

__all__ = ["CLICKHOUSE"]

_NAME = "clickhouse"
_TYPES = {
    "BIGINT": "Nullable(Int64)",
    "INT": "Nullable(Int32)",
    "INT128": "Nullable(Int128)",
    "DOUBLE": "Nullable(Float64)",
    "BOOLEAN": "Nullable(Bool)",
    "TEXT": "Nullable(String)",
    "DATE": "Nullable(Date32)",
    "TIMESTAMP": "Nullable(DateTime64(6, 'UTC'))",
    "DECIMAL": "Nullable(Decimal({}))",
    "ARRAY": "Array(String)",  # a list can't be missing
}
_SETTINGS = (
    "join_use_nulls = 1",  # a row that is not found is missing, not 0 and ''
    "prefer_column_name_to_alias = 1",  # a name is the column's, not that of what is computed beside it
    "precise_float_parsing = 1",
    "session_timezone = 'UTC'",
    "decimal_check_overflow = 1",
    "transform_null_in = 0",
    "group_by_use_nulls = 0",
    "cast_keep_nullable = 0",
    "data_type_default_nullable = 0",
    "aggregate_functions_null_for_empty = 0",
    "count_distinct_implementation = 'uniqExact'",
    "enable_positional_arguments = 1",
)
_FAILS = f"CAST(CASE WHEN c THEN CONCAT('{SAID}', m) ELSE '0' END AS Int64)"
"""0, or an error that says `m`. Branches that are not taken are computed too, now and then: what fails must
know by itself whether it should.
"""
_NO_TEXT = f"CAST(CASE WHEN NOT isValidUTF8(x) THEN CONCAT('{SAID}not UTF-8: ', x) ELSE '0' END AS Int64)"
_TYPE = (
    "extract(toTypeName(x), '^(?:LowCardinality[(]|Nullable[(])*"
    "(DateTime(?:64)?[(][^)]*[)]|Array[(]String[)]|[A-Za-z0-9]+)')"
)
_QUANTILE = "arrayElementOrNull(arraySort(groupArray(v)), toInt64(greatest(ceil(count(v) * s), 1)))"
_ERROR = "trustcommerce_error"
_TRUNCATED = {
    "DAY": "toDate32(x)",
    "WEEK": "addDays(toDate32(x), 1 - toDayOfWeek(x))",
    "MONTH": "makeDate32(toYear(x), toMonth(x), 1)",
    "QUARTER": "makeDate32(toYear(x), 3 * toQuarter(x) - 2, 1)",
    "YEAR": "makeDate32(toYear(x), 1, 1)",
}


def _template(sql: str, **values: exp.Expression) -> exp.Expression:
    return filled(parse_one(sql, dialect=_NAME), values)


def _extreme(kind: Callable[..., exp.Expression]) -> Callable[[exp.Expression], exp.Expression]:
    """Of no rows the smallest is missing, and not the 0 of its type."""
    return lambda node: kind(this=call("toNullable", node.this))


def _count(node: exp.Expression) -> exp.Expression:
    if isinstance(node.this, exp.Distinct):
        return call("uniqExact", *node.this.expressions)
    return node


def _signed(node: exp.Expression) -> exp.Expression:
    """Counts and places as signed numbers, so that what is subtracted from them may be larger."""
    if isinstance(node.this, exp.RowNumber | exp.Count) or node.this.name.upper() == "RANK":
        return exp.Cast(this=node, to=exp.DataType.build(_TYPES["BIGINT"], dialect=_NAME))
    return node


def _sum_of_two(node: exp.Expression) -> exp.Expression:
    """Months after a moment."""
    months = shifted(node)
    if months is None:
        return node
    low, high = (f"CAST('{each}' AS {_TYPES['TIMESTAMP']})" for each in ("0001-01-01", "9999-12-31 23:59:59.999999"))
    right = f"addMonths(x, n) BETWEEN {low} AND {high} AND dateDiff('month', x, addMonths(x, n)) = n"
    return _later("addMonths(x, n + f)", right, x=node.this, n=months)


def _cast(node: exp.Expression) -> exp.Expression:
    """A date some days later; doubles that are no whole number, where nothing is made of them, without an error."""
    days = node.this
    if isinstance(days, exp.Floor | exp.Ceil):
        return call("accurateCastOrNull", days, exp.Literal.string("Int64"))
    if node.to.this.name != "DATE32" or not isinstance(days, exp.Add):
        return node
    right = f"toInt64(x) + n BETWEEN {_day(dt.date.min)} AND {_day(dt.date.max)}"
    return exp.Cast(this=_later("addDays(x, n + f)", right, x=days.this, n=days.expression), to=node.to)


def _moment(node: exp.Expression) -> exp.Expression:
    """A moment by its microseconds."""
    day = 86_400_000_000
    right = f"x BETWEEN {_day(dt.date.min) * day} AND {(_day(dt.date.max) + 1) * day - 1}"
    return _later("fromUnixTimestamp64Micro(x + f, 'UTC')", right, x=node.this)


def _day(day: dt.date) -> int:
    """Days from 1970 on."""
    return day.toordinal() - dt.date(1970, 1, 1).toordinal()


def _later(sql: str, right: str, **values: exp.Expression) -> exp.Expression:
    """A moment, or an error where `right` does not hold: beyond its last date ClickHouse stays on it.

    Args:
        sql: What is made of the values; `f` is 0, or the error.
    """
    wrong = _template(f"NOT COALESCE({right}, TRUE)", **values)
    message = exp.Literal.string("no moment is known there before the year 1 or after 9999")
    return _template(sql, **values, f=_template(_FAILS, c=wrong, m=message))


def _case(node: exp.Expression) -> exp.Expression:
    """Errors that know when they are meant, and one for a list that would be missing, which none can be there."""
    default, ifs = node.args.get("default"), node.args["ifs"]
    if default is not None and _is_list(default):
        for each in ifs:
            if isinstance(each.args["true"], exp.Null):
                failing = _error(exp.Literal.string("a list can not be missing there"))
                each.set("true", exp.Array(expressions=[exp.Cast(this=failing, to=exp.DataType.build("TEXT"))]))
    for i, each in enumerate(ifs):
        for error in list(each.args["true"].find_all(exp.Cast)):
            if error.meta.get(_ERROR):
                error.replace(_meant(error.this, [other.this for other in ifs[:i]], each.this))
    return node


def _error(message: exp.Expression) -> exp.Expression:
    """An error that the branch it stands in makes complete."""
    error = exp.Cast(this=message, to=exp.DataType.build("Int64", dialect=_NAME))
    error.meta[_ERROR] = True
    return error


def _meant(message: exp.Expression, earlier: list[exp.Expression], condition: exp.Expression) -> exp.Expression:
    """The error of a branch: none where an earlier one is taken."""
    ifs = [exp.If(this=each.copy(), true=exp.Boolean(this=False)) for each in earlier]
    taken = condition.copy()
    if ifs:
        taken = exp.Case(ifs=[*ifs, exp.If(this=taken, true=exp.Boolean(this=True))], default=exp.Boolean(this=False))
    return _template(_FAILS, c=taken, m=message)


def _is_list(node: exp.Expression) -> bool:
    if isinstance(node, exp.Case):
        return any(_is_list(each.args["true"]) for each in node.args["ifs"])
    if isinstance(node, exp.Cast):
        return bool(node.to.is_type("array"))
    return isinstance(node, exp.Array) or node.name == "arrayConcat"


def _element(node: exp.Expression) -> exp.Expression:
    values, place = node.expressions
    return _template("arrayElementOrNull(v, toInt64(i))", v=exp.Array(expressions=values.expressions), i=place)


def _truncated(node: exp.Expression) -> exp.Expression:
    """By dates of 32 bits: those of the functions that round moments end in 2149."""
    return _template(_TRUNCATED[node.unit.name.upper()], x=node.this)


def _clickhouse() -> Dialect:
    whole = tuple(f"{sign}Int{size}" for sign in ("", "U") for size in (8, 16, 32, 64))
    moments = ("DateTime('UTC')", *(f"DateTime64({places}, 'UTC')" for places in range(7)))
    return Dialect(
        name=_NAME,
        title="ClickHouse",
        same=SYNTAX
        | {
            *(exp.Array, exp.Ceil, exp.DPipe, exp.Distinct, exp.Filter, exp.Floor, exp.Mod),
            *(exp.RowNumber, exp.Sqrt, exp.StartsWith),
        },
        rules={
            # the size of a signed number is unsigned there
            exp.Abs: written_as("abs(x) * CAST(1 AS Int64)", _NAME),
            exp.Add: _sum_of_two,
            exp.ArrayContains: lambda node: call("has", node.this, node.expression),
            exp.ArrayContainsAll: lambda node: call("hasAll", node.this, node.expression),
            exp.BitwiseAnd: lambda node: call("bitAnd", node.this, node.expression),
            exp.BitwiseOr: lambda node: call("bitOr", node.this, node.expression),
            exp.Case: _case,
            exp.Cast: _cast,
            exp.Count: _count,
            exp.DataType: types_as(_TYPES, _NAME),
            exp.Day: written_as("toDayOfMonth(x)", _NAME),
            exp.DayOfWeekIso: written_as("toDayOfWeek(x)", _NAME),
            exp.Div: typed_division,
            exp.EQ: is_nan("isNaN"),
            exp.Greatest: greatest,
            exp.IntDiv: lambda node: call("intDiv", node.this, node.expression),
            exp.Lead: lambda node: call("lead", call("toNullable", node.this)),
            exp.Least: least,
            exp.Length: written_as("lengthUTF8(x)", _NAME),
            exp.Max: _extreme(exp.Max),
            exp.Min: _extreme(exp.Min),
            exp.Month: written_as("toMonth(x)", _NAME),
            exp.Mul: product("Decimal(38, 0)", _NAME),
            exp.Sum: wide_sum(_TYPES["INT128"], _NAME),
            exp.TimestampTrunc: _truncated,
            exp.UnixToTime: _moment,
            exp.Window: _signed,
            exp.Year: written_as("toYear(x)", _NAME),
        },
        functions={
            # a text is any bytes there
            BINARY: written_as(f"CASE WHEN {_NO_TEXT} = 0 THEN x END", _NAME),
            ERROR: lambda node: _error(first(node)),
            "EPOCH_US": written_as(f"toUnixTimestamp64Micro(CAST(x AS {_TYPES['TIMESTAMP']}))", _NAME),
            "LIST_CONCAT": renamed("arrayConcat"),
            "QUANTILE_DISC": quantile(_QUANTILE, _NAME),
            "LIST_EXTRACT": _element,
            "LIST_PACK": keep,
            "RANK": keep,
            TYPE_NAME: written_as(_TYPE, _NAME),
            "TO_MONTHS": keep,
        },
        types={
            Kind.BOOLEAN: ("Bool",),
            Kind.EXACT: (*whole, "Decimal"),
            Kind.NUMBER: ("Float64", "Float32", *whole),
            Kind.TEXT: ("String",),
            Kind.LABEL: ("String",),
            Kind.DATE: ("Date", "Date32"),
            Kind.TIMESTAMP: moments,
            Kind.SET: ("Array(String)",),
        },
        # `a.b` is the part b of a, quoted or not
        renamed={".": ":"},
        ending=f"SETTINGS {', '.join(_SETTINGS)}",
        setting="SET max_query_size = 10000000, max_ast_elements = 1000000, max_expanded_ast_elements = 10000000",
        values=False,
        truths=False,
        joined=True,
        connected=by_rounds,
        double_keys=False,
        notice="the project's tests run statements like this one in ClickHouse 26.9",
    )


CLICKHOUSE = _clickhouse()
