"""Trino: tried out, and run by no test of this project."""

from sqlglot import exp

from trustcommerce.language.types import Kind
from trustcommerce.run.dialects.core import BINARY, ERROR, SYNTAX, TYPE_NAME, UNTRIED, Dialect
from trustcommerce.run.dialects.rules import (
    added,
    call,
    first,
    greatest,
    is_nan,
    is_truth,
    keep,
    least,
    picked,
    product,
    quantile,
    renamed,
    typed_division,
    types_as,
    wide_sum,
    written_as,
)

__all__ = ["TRINO"]

_NAME = "trino"
_TYPES = {
    "BIGINT": "BIGINT",
    "INT": "INTEGER",
    "INT128": "DECIMAL(38, 0)",
    "DOUBLE": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "TEXT": "VARCHAR",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP(6)",
    "DECIMAL": "DECIMAL({})",
    "ARRAY": "ARRAY(VARCHAR)",
}
_SECONDS = "date_diff('second', CAST('1970-01-01' AS TIMESTAMP(6)), date_trunc('second', CAST(x AS TIMESTAMP(6))))"
_MICROSECONDS = (
    f"{_SECONDS} * CAST(1000000 AS BIGINT)"
    " + CAST(split_part(CAST(CAST(x AS TIMESTAMP(6)) AS VARCHAR), '.', 2) AS BIGINT)"
)
"""Differences are of milliseconds at the finest, so microseconds are read off the text, which always has six places."""
_FRACTION = "((x % CAST(1000000 AS BIGINT) + CAST(1000000 AS BIGINT)) % CAST(1000000 AS BIGINT))"
_WHOLE = f"date_add('second', (x - {_FRACTION}) / CAST(1000000 AS BIGINT), CAST('1970-01-01' AS TIMESTAMP(0)))"
_MOMENT = f"CAST(CAST({_WHOLE} AS VARCHAR) || '.' || lpad(CAST({_FRACTION} AS VARCHAR), 6, '0') AS TIMESTAMP(6))"
_QUANTILE = (
    "element_at(array_sort(array_agg(v) FILTER (WHERE NOT v IS NULL)), CAST(greatest(ceil(count(v) * s), 1) AS BIGINT))"
)


def _array(node: exp.Expression) -> exp.Expression:
    """A list of texts, each of any length: a literal's type has its own."""
    return exp.Cast(this=node, to=exp.DataType.build(_TYPES["ARRAY"], dialect=_NAME))


def _truncated(node: exp.Expression) -> exp.Expression:
    return call("date_trunc", exp.Literal.string(node.unit.name.lower()), node.this)


def _trino() -> Dialect:
    whole = ("tinyint", "smallint", "integer", "bigint")
    days, months = added("date_add('day', n, x)", _NAME), added("date_add('month', n, x)", _NAME)
    return Dialect(
        name=_NAME,
        title="Trino",
        same=SYNTAX
        | {
            *(exp.Abs, exp.Ceil, exp.Count, exp.DPipe, exp.Distinct, exp.Filter, exp.Floor, exp.Lead, exp.Length),
            *(exp.Max, exp.Min, exp.Mod, exp.RowNumber, exp.Sqrt, exp.StartsWith),
        },
        rules={
            exp.Add: months.of_sum,
            exp.Array: _array,
            exp.BitwiseAnd: lambda node: call("bitwise_and", node.this, node.expression),
            exp.BitwiseOr: lambda node: call("bitwise_or", node.this, node.expression),
            exp.Cast: days.of_cast,
            exp.DataType: types_as(_TYPES, _NAME),
            exp.Day: written_as("day(x)", _NAME),
            exp.DayOfWeekIso: written_as("day_of_week(x)", _NAME),
            exp.Div: typed_division,
            exp.EQ: is_nan("is_nan"),
            exp.Greatest: greatest,
            exp.IntDiv: typed_division,
            exp.Is: is_truth,
            exp.Least: least,
            exp.Month: written_as("month(x)", _NAME),
            exp.Mul: product(_TYPES["INT128"], _NAME),
            exp.Sum: wide_sum(_TYPES["INT128"], _NAME),
            exp.TimestampTrunc: _truncated,
            exp.UnixToTime: written_as(_MOMENT, _NAME),
            exp.Year: written_as("year(x)", _NAME),
        },
        functions={
            BINARY: first,
            ERROR: first,
            "EPOCH_US": written_as(_MICROSECONDS, _NAME),
            "LIST_CONCAT": renamed("concat"),
            "QUANTILE_DISC": quantile(_QUANTILE, _NAME),
            "LIST_EXTRACT": picked,
            "LIST_PACK": keep,
            "RANK": keep,
            TYPE_NAME: written_as("regexp_replace(typeof(x), '^(decimal|varchar)[(].*', '$1')", _NAME),
            "TO_MONTHS": keep,
        },
        types={
            Kind.BOOLEAN: ("boolean",),
            Kind.EXACT: (*whole, "decimal"),
            Kind.NUMBER: ("double", "real", *whole),
            Kind.TEXT: ("varchar",),
            Kind.LABEL: ("varchar",),
            Kind.DATE: ("date",),
            Kind.TIMESTAMP: tuple(f"timestamp({places})" for places in range(7)),
            Kind.SET: ("array(varchar)",),
        },
        folds=True,
        joined=True,
        connected=None,
        double_keys=False,
        notice=UNTRIED,
    )


TRINO = _trino()
