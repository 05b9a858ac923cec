"""BigQuery: tried out, and run by no test of this project."""

from sqlglot import exp

from trustcommerce.language.types import Kind
from trustcommerce.run.dialects.core import BINARY, ERROR, SYNTAX, UNTRIED, Dialect, Rule, Untold
from trustcommerce.run.dialects.rules import (
    added,
    call,
    filtered,
    first,
    greatest,
    is_nan,
    keep,
    least,
    picked,
    quantile,
    typed_division,
    types_as,
    wide_sum,
    written_as,
)

__all__ = ["BIGQUERY"]

_NAME = "bigquery"
_TYPES = {
    "BIGINT": "INT64",
    "INT": "INT64",
    "INT128": "BIGNUMERIC",
    "DOUBLE": "FLOAT64",
    "BOOLEAN": "BOOL",
    "TEXT": "STRING",
    "DATE": "DATE",
    "TIMESTAMP": "DATETIME",
    "DECIMAL": "BIGNUMERIC",  # NUMERIC keeps nine places
}
_QUANTILE = "ARRAY_AGG(v IGNORE NULLS ORDER BY v)[SAFE_OFFSET(CAST(GREATEST(CEIL(COUNT(v) * s), 1) AS INT64) - 1)]"
_SHAPES = {
    Kind.BOOLEAN: ("SHAPE_BOOLEAN", "COALESCE(x, CAST(NULL AS BOOL))"),
    Kind.EXACT: ("SHAPE_EXACT", "MOD(x, 1)"),
    Kind.NUMBER: ("SHAPE_NUMBER", "COALESCE(x, CAST(NULL AS FLOAT64))"),
    Kind.TEXT: ("SHAPE_TEXT", "COALESCE(x, CAST(NULL AS STRING))"),
    Kind.LABEL: ("SHAPE_TEXT", "COALESCE(x, CAST(NULL AS STRING))"),
    Kind.DATE: ("SHAPE_DATE", "DATE_ADD(x, INTERVAL 0 DAY)"),
    Kind.TIMESTAMP: ("SHAPE_MOMENT", "COALESCE(x, CAST(NULL AS DATETIME))"),
}


def _compared(kind: type[exp.EQ] | type[exp.NEQ]) -> Rule:
    """A text beside a constant by its bytes, whatever the column is collated by; no NaN equals another."""
    nan = is_nan("IS_NAN")

    def build(node: exp.Expression) -> exp.Expression:
        if not node.expression.is_string:
            return nan(node) if kind is exp.EQ else node
        return kind(this=_bytes(node.this), expression=_bytes(node.expression))

    return build


def _bytes(text: exp.Expression) -> exp.Expression:
    return exp.Cast(this=text, to=exp.DataType.build("BYTES", dialect=_NAME))


def _ordered(node: exp.Expression) -> exp.Expression:
    """Where missing values stand is an order of its own: `NULLS LAST` may stand beside some windows only."""
    order = []
    for each in node.expressions:
        down, first_ = bool(each.args.get("desc")), each.args.get("nulls_first")
        if first_ is not None:
            missing = exp.Is(this=exp.Paren(this=each.this.copy()), expression=exp.Null())
            order.append(exp.Ordered(this=missing, desc=bool(first_), nulls_first=not first_))
        order.append(exp.Ordered(this=each.this, desc=down, nulls_first=not down))
    return exp.Order(expressions=order)


def _joined(node: exp.Expression) -> exp.Expression:
    """A left join needs an equality of both sides' columns; one with what is measured of all has one row to join."""
    on = node.args.get("on")
    if isinstance(on, exp.Boolean) and on.this:
        return exp.Join(this=node.this, kind="CROSS")
    tables = [{each.table for each in test.find_all(exp.Column)} for test in (on.find_all(exp.EQ) if on else ())]
    if not any(len(each) > 1 for each in tables):
        raise Untold("a join without equal columns")
    return node


def _bigquery() -> Dialect:
    days = added("DATE_ADD(x, INTERVAL n DAY)", _NAME)
    months = added("DATETIME_ADD(CAST(x AS DATETIME), INTERVAL n MONTH)", _NAME)
    units = {"WEEK": "ISOWEEK"}
    return Dialect(
        name=_NAME,
        title="BigQuery",
        same=SYNTAX
        | {
            *(exp.Abs, exp.BitwiseAnd, exp.BitwiseOr, exp.Ceil, exp.Count, exp.DPipe, exp.Distinct, exp.Floor),
            *(exp.Lead, exp.Length, exp.Max, exp.Min, exp.Mul, exp.RowNumber, exp.Sqrt, exp.StartsWith),
        },
        rules={
            exp.Add: months.of_sum,
            exp.Cast: days.of_cast,
            exp.DataType: types_as(_TYPES, _NAME),
            **{
                node: written_as(f"EXTRACT({part} FROM x)", _NAME)
                for node, part in ((exp.Year, "YEAR"), (exp.Month, "MONTH"), (exp.Day, "DAY"))
            },
            # Sunday is 1 there
            exp.DayOfWeekIso: written_as("MOD(EXTRACT(DAYOFWEEK FROM x) + 5, 7) + 1", _NAME),
            exp.Div: typed_division,
            exp.EQ: _compared(exp.EQ),
            exp.Filter: filtered,
            exp.Greatest: greatest,
            exp.IntDiv: lambda node: call("DIV", node.this, node.expression),
            exp.Join: _joined,
            exp.Least: least,
            exp.Mod: lambda node: call("MOD", node.this, node.expression),
            exp.NEQ: _compared(exp.NEQ),
            exp.Order: _ordered,
            exp.Sum: wide_sum(_TYPES["INT128"], _NAME),
            exp.TimestampTrunc: lambda node: call(
                "DATETIME_TRUNC", node.this, exp.Var(this=units.get(node.unit.name.upper(), node.unit.name.upper()))
            ),
            exp.UnixToTime: written_as("DATETIME(TIMESTAMP_MICROS(x), 'UTC')", _NAME),
        },
        functions={
            BINARY: lambda node: exp.Cast(
                this=_bytes(first(node)), to=exp.DataType.build(_TYPES["TEXT"], dialect=_NAME)
            ),
            ERROR: first,
            "EPOCH_US": written_as("UNIX_MICROS(TIMESTAMP(CAST(x AS DATETIME), 'UTC'))", _NAME),
            "QUANTILE_DISC": quantile(_QUANTILE, _NAME),
            "LIST_EXTRACT": picked,
            "LIST_PACK": keep,
            "RANK": keep,
            "TO_MONTHS": keep,
            **{name: written_as(sql, _NAME) for name, sql in _SHAPES.values()},
        },
        shapes={kind: name for kind, (name, _) in _SHAPES.items()},
        longest=300,
        renamed={".": ":", "~": "#"},
        renamed_outputs=True,
        folds=True,
        values=False,
        joined=True,
        connected=None,
        double_keys=False,
        notice=UNTRIED,
    )


BIGQUERY = _bigquery()
