"""Snowflake: tried out, and run by no test of this project."""

from sqlglot import exp

from trustcommerce.language.types import Kind
from trustcommerce.run.dialects.core import BINARY, ERROR, SYNTAX, TYPE_NAME, UNTRIED, Dialect, Rule
from trustcommerce.run.dialects.rules import (
    added,
    call,
    filled,
    filtered,
    first,
    greatest,
    is_truth,
    keep,
    least,
    parsed,
    picked,
    typed_division,
    types_as,
    wide_sum,
    written_as,
)

__all__ = ["SNOWFLAKE"]

_NAME = "snowflake"
_TYPES = {
    "BIGINT": "BIGINT",
    "INT": "INT",
    "INT128": "DECIMAL(38, 0)",
    "DOUBLE": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "TEXT": "VARCHAR",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMPNTZ(6)",
    "DECIMAL": "DECIMAL({})",
}
_QUOTIENT = "CAST((a - MOD(a, b)) / b AS DECIMAL(38, 0))"
"""Quotients are rounded to six places there, and may become the next whole number: so only what goes in is divided."""


def _quotient(node: exp.Expression) -> exp.Expression:
    return filled(parsed(_QUOTIENT, _NAME), {"a": node.this, "b": node.expression})


def _compared(kind: type[exp.EQ] | type[exp.NEQ]) -> Rule:
    """A text beside a constant by its code points, whatever the column is collated by."""

    def build(node: exp.Expression) -> exp.Expression:
        if not node.expression.is_string:
            return node
        return kind(this=node.this, expression=_binary(node.expression))

    return build


def _binary(text: exp.Expression) -> exp.Expression:
    return call("COLLATE", text, exp.Literal.string("utf8"))


def _microseconds(node: exp.Expression) -> exp.Expression:
    """By a text: sqlglot takes the part's name for one of its own, and some of its versions for seconds."""
    moment = exp.Cast(this=first(node), to=exp.DataType.build(_TYPES["TIMESTAMP"], dialect=_NAME))
    return call("DATE_PART", exp.Literal.string("EPOCH_MICROSECOND"), moment)


def _truncated(node: exp.Expression) -> exp.Expression:
    """Weeks by the ISO day: which day DATE_TRUNC begins them on, a session says."""
    unit = node.unit.name.upper()
    if unit == "WEEK":
        sql = "DATEADD(DAY, 1 - DAYOFWEEKISO(x), DATE_TRUNC('DAY', x))"
        return filled(parsed(sql, _NAME), {"x": node.this})
    return call("DATE_TRUNC", exp.Literal.string(unit), node.this)


def _snowflake() -> Dialect:
    days, months = added("DATEADD(DAY, n, x)", _NAME), added("DATEADD(MONTH, n, x)", _NAME)
    return Dialect(
        name=_NAME,
        title="Snowflake",
        same=SYNTAX
        | {
            *(exp.Abs, exp.Ceil, exp.Count, exp.DPipe, exp.Distinct, exp.Floor, exp.Lead, exp.Length, exp.Max),
            *(exp.Min, exp.Mod, exp.Mul, exp.RowNumber, exp.Sqrt),
        },
        rules={
            exp.Add: months.of_sum,
            exp.BitwiseAnd: lambda node: call("BITAND", node.this, node.expression),
            exp.BitwiseOr: lambda node: call("BITOR", node.this, node.expression),
            exp.Cast: days.of_cast,
            exp.DataType: types_as(_TYPES, _NAME),
            exp.Day: written_as("DAYOFMONTH(x)", _NAME),
            exp.DayOfWeekIso: written_as("DAYOFWEEKISO(x)", _NAME),
            exp.Div: typed_division,
            exp.EQ: _compared(exp.EQ),
            exp.Filter: filtered,
            exp.Greatest: greatest,
            exp.IntDiv: _quotient,
            exp.Is: is_truth,
            exp.Least: least,
            exp.Month: written_as("MONTH(x)", _NAME),
            exp.NEQ: _compared(exp.NEQ),
            exp.StartsWith: lambda node: call("STARTSWITH", node.this, node.expression),
            exp.Sum: wide_sum(_TYPES["INT128"], _NAME),
            exp.TimestampTrunc: _truncated,
            exp.UnixToTime: written_as("DATEADD(MICROSECOND, x, CAST('1970-01-01' AS TIMESTAMPNTZ(6)))", _NAME),
            exp.Year: written_as("YEAR(x)", _NAME),
        },
        functions={
            BINARY: lambda node: _binary(first(node)),
            ERROR: first,
            "EPOCH_US": _microseconds,
            "LIST_EXTRACT": picked,
            "LIST_PACK": keep,
            "RANK": keep,
            TYPE_NAME: written_as("REGEXP_SUBSTR(SYSTEM$TYPEOF(x), '^TIMESTAMP_NTZ[(][0-9][)]|^[A-Z_]+')", _NAME),
            "TO_MONTHS": keep,
        },
        types={
            Kind.BOOLEAN: ("BOOLEAN",),
            Kind.EXACT: ("NUMBER",),
            Kind.NUMBER: ("FLOAT",),
            Kind.TEXT: ("VARCHAR",),
            Kind.LABEL: ("VARCHAR",),
            Kind.DATE: ("DATE",),
            Kind.TIMESTAMP: tuple(f"TIMESTAMP_NTZ({places})" for places in range(7)),
        },
        longest=255,
        quoted=True,
        values=False,
        joined=True,
        connected=None,
        double_keys=False,
        notice=UNTRIED,
    )


SNOWFLAKE = _snowflake()
