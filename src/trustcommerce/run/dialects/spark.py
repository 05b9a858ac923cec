"""Spark, 3.5 or later."""

from sqlglot import exp, parse_one

from trustcommerce.language.types import Kind
from trustcommerce.run.connected import in_arrays
from trustcommerce.run.dialects.core import BINARY, ERROR, SAID, SMALL, TYPE_NAME, Dialect
from trustcommerce.run.dialects.rules import filled, first, keep, written_as

__all__ = ["SPARK"]


_MICROSECONDS = "(x - CAST('1970-01-01' AS TIMESTAMP_NTZ)) DIV INTERVAL '0.000001' SECOND"
_since_1970 = written_as(_MICROSECONDS, "spark")
_BETWEEN = "(x - y) DIV INTERVAL '0.000001' SECOND"
_MOMENT_OF = "trustcommerce_moment_of"
_MOMENT = "CAST('1970-01-01' AS TIMESTAMP_NTZ) + INTERVAL '0.000001' SECOND * (x)"
_SPLIT_SUM = (
    "CAST(sum(shiftright(x, 20)) AS DECIMAL(38,0)) * CAST(1048576 AS DECIMAL(7,0)) + sum((x) & CAST(1048575 AS BIGINT))"
)


def _spark_type(node: exp.Expression) -> exp.Expression:
    """Moments have no zone; wide sums are decimals."""
    name = {"TIMESTAMP": "TIMESTAMP_NTZ", "INT128": "DECIMAL(38,0)"}.get(node.this.name)
    return node if name is None else exp.DataType.build(name, dialect="spark")


def _spark_sum(node: exp.Expression) -> exp.Expression:
    """Sums of whole numbers that can't overflow: those of BIGINT wrap round unless Spark is told otherwise.

    A sum of decimals takes five times as long as one of BIGINT, so a group's numbers are split into two parts,
    at the 20th bit: parts of numbers up to 10^15 overflow beyond 9 billion rows of one subject.
    """
    if node.meta.get(SMALL):
        return node
    wide = exp.DataType.build("DECIMAL(38,0)", dialect="spark")
    value = node.this
    if isinstance(node.parent, exp.Window) or any(each.to.is_type("decimal") for each in value.find_all(exp.Cast)):
        return exp.Sum(this=exp.Cast(this=value, to=wide))
    return exp.Paren(this=filled(parse_one(_SPLIT_SUM, dialect="spark"), {"x": value}))


def _spark_micros(node: exp.Expression) -> exp.Expression:
    """A moment as a number, which knows its moment."""
    made = _since_1970(node)
    made.unnest().meta[_MOMENT_OF] = node.expressions[0]
    return made


def _spark_sub(node: exp.Expression) -> exp.Expression:
    """Microseconds from one moment to another at once: to count both from 1970 takes Spark twice as long."""
    until, since = (each.unnest().meta.get(_MOMENT_OF) for each in (node.this, node.expression))
    if until is None or since is None:
        return node
    return exp.Paren(this=filled(parse_one(_BETWEEN, dialect="spark"), {"x": until, "y": since}))


def _spark_filter(node: exp.Expression) -> exp.Expression:
    """A condition on what a sum is made of."""
    if isinstance(node.this, exp.Sum | exp.Count | exp.Min | exp.Max):
        return node
    for each in list(node.this.find_all(exp.Sum)):
        each.replace(exp.Filter(this=each.copy(), expression=node.expression.copy()))
    return node.this


def _spark_window(node: exp.Expression) -> exp.Expression:
    """An aggregate that is several here has a window around each of them."""
    if isinstance(node.this, exp.AggFunc | exp.RowNumber | exp.Lead) or not node.this.find(exp.AggFunc):
        return node
    for each in [*node.this.find_all(exp.AggFunc, exp.Anonymous)]:
        if isinstance(each, exp.AggFunc) or each.name.upper() == "COLLECT_LIST":
            window = node.copy()
            window.set("this", each.copy())
            each.replace(window)
    return node.this


def _spark_quantile(node: exp.Expression) -> exp.Expression:
    """The value at its place among the sorted ones: PERCENTILE_DISC takes no moments, and gives doubles."""
    value, share = node.expressions
    text = "get(sort_array(collect_list(v)), CAST(greatest(ceil(count(v) * s), 1) - 1 AS INT))"
    return filled(parse_one(text, dialect="spark"), {"v": value, "s": share})


def _spark_get(node: exp.Expression) -> exp.Expression:
    """Arrays count from 0, by INT."""
    values, place = node.expressions
    array = exp.Array(expressions=values.expressions)
    return filled(parse_one("get(v, CAST(i - 1 AS INT))", dialect="spark"), {"v": array, "i": place})


def _spark_trunc(node: exp.Expression) -> exp.Expression:
    """The first moment of a day, week, month, quarter or year: by dates, for moments would take the session's zone."""
    day = exp.Cast(this=node.this, to=exp.DataType.build("DATE"))
    unit = node.unit.name.upper()
    if unit == "DAY":
        return day
    return exp.Anonymous(this="TRUNC", expressions=[day, exp.Literal.string(unit)])


def _spark_where(node: exp.Expression) -> exp.Expression:
    """A condition without parentheses around it, which Spark would take for names of the table's columns."""
    return exp.Where(this=node.this.unnest())


def _spark_contains_all(node: exp.Expression) -> exp.Expression:
    others = exp.Anonymous(this="ARRAY_EXCEPT", expressions=[node.expression, node.this])
    return exp.EQ(this=exp.Anonymous(this="SIZE", expressions=[others]), expression=exp.Literal.number(0))


def _spark() -> Dialect:
    whole = ("tinyint", "smallint", "int", "bigint", "decimal")
    return Dialect(
        name="spark",
        title="Spark",
        rules={
            **dict.fromkeys(
                [
                    exp.ArgMax,
                    exp.ArrayContains,
                    exp.Day,
                    exp.Explode,
                    exp.GenerateSeries,
                    exp.IntDiv,
                    exp.Union,
                    exp.Lambda,
                    exp.Month,
                    exp.Year,
                ],
                keep,
            ),
            exp.ArrayContainsAll: _spark_contains_all,
            exp.DataType: _spark_type,
            exp.DayOfWeekIso: written_as("weekday(x) + 1", "spark"),
            exp.Filter: _spark_filter,
            exp.Sub: _spark_sub,
            exp.Sum: _spark_sum,
            exp.TimestampTrunc: _spark_trunc,
            exp.UnixToTime: written_as(_MOMENT, "spark"),
            exp.Where: _spark_where,
            exp.Window: _spark_window,
        },
        functions={
            BINARY: first,
            ERROR: written_as(f"raise_error('{SAID}' || x)", "spark"),
            "EPOCH_US": _spark_micros,
            "LIST_CONCAT": lambda node: exp.Anonymous(this="CONCAT", expressions=node.expressions),
            "LIST_EXTRACT": _spark_get,
            "QUANTILE_DISC": _spark_quantile,
            TYPE_NAME: written_as("regexp_replace(typeof(x), '[(].*', '')", "spark"),
            "TO_MONTHS": written_as("make_ym_interval(0, x)", "spark"),
            **dict.fromkeys(["COLLECT_LIST", "EXISTS", "FILTER", "GET", "LIST_PACK", "NAMED_STRUCT"], keep),
            **dict.fromkeys(["RANK", "SORT_ARRAY", "TRANSFORM"], keep),
        },
        types={
            Kind.BOOLEAN: ("boolean",),
            Kind.EXACT: whole,
            Kind.NUMBER: ("double", "float", *whole),
            Kind.TEXT: ("string",),
            Kind.LABEL: ("string",),
            Kind.DATE: ("date",),
            Kind.TIMESTAMP: ("timestamp_ntz",),
            Kind.SET: ("array<string>",),
        },
        setting="SET spark.sql.analyzer.maxIterations = 1000",
        cluster=True,
        inlined=True,
        wide=True,
        connected=in_arrays,
    )


SPARK = _spark()
