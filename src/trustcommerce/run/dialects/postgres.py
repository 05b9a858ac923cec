"""PostgreSQL, 14 or later."""

from sqlglot import exp

from trustcommerce.language.types import Kind
from trustcommerce.run.dialects.core import BINARY, ERROR, TYPE_NAME, WIDE, Dialect
from trustcommerce.run.dialects.rules import first, keep, typed_division, written_as

__all__ = ["POSTGRES"]


def _collated(node: exp.Expression) -> exp.Expression:
    """A text by code points, where it may be compared: not what a cast reads, or a message says."""
    if not node.is_string or isinstance(node.parent, exp.Cast | exp.DataTypeParam | exp.DPipe):
        return node
    return exp.Collate(this=node, expression=exp.to_identifier("C", quoted=True))


def _subscript(node: exp.Expression) -> exp.Expression:
    values, place = node.expressions
    return exp.Bracket(this=exp.Paren(this=exp.Array(expressions=values.expressions)), expressions=[place], offset=1)


def _quantile(node: exp.Expression) -> exp.Expression:
    value, share = node.expressions
    order = exp.Order(expressions=[exp.Ordered(this=value)])
    return exp.WithinGroup(this=exp.PercentileDisc(this=share), expression=order)


def _postgres() -> Dialect:
    wide = exp.DataType.build("NUMERIC(38,0)", dialect="postgres")
    whole = ("smallint", "integer", "bigint", "numeric")
    moment = (
        "(CAST('1970-01-01' AS TIMESTAMP) + (x / 86400000000) * INTERVAL '1 day'"
        " + (x % 86400000000) * INTERVAL '1 microsecond')"
    )
    return Dialect(
        name="postgres",
        title="PostgreSQL",
        rules={
            exp.ArrayContains: lambda node: exp.EQ(
                this=node.expression, expression=exp.Any(this=exp.Paren(this=node.this))
            ),
            exp.ArrayContainsAll: keep,
            exp.DataType: lambda node: wide.copy() if node.is_type("INT128") else node,
            **{
                node: written_as(f"EXTRACT({part} FROM x)", "postgres")
                for node, part in (
                    (exp.Year, "YEAR"),
                    (exp.Month, "MONTH"),
                    (exp.Day, "DAY"),
                    (exp.DayOfWeekIso, "ISODOW"),
                )
            },
            exp.Div: typed_division,
            exp.Explode: lambda node: node.this,  # a series gives rows by itself
            exp.GenerateSeries: keep,
            exp.Union: keep,
            exp.IntDiv: lambda node: node if node.meta.get(WIDE) else typed_division(node),
            exp.Literal: _collated,
            exp.UnixToTime: written_as(moment, "postgres"),
        },
        functions={
            BINARY: lambda node: exp.Collate(this=first(node), expression=exp.to_identifier("C", quoted=True)),
            # what casts a text that is no value of its type fails with that text
            ERROR: first,
            "EPOCH_US": written_as("CAST(EXTRACT(EPOCH FROM x) * 1000000 AS BIGINT)", "postgres"),
            "LIST_CONCAT": lambda node: exp.Anonymous(this="ARRAY_CAT", expressions=node.expressions),
            "LIST_EXTRACT": _subscript,
            "LIST_PACK": keep,
            "QUANTILE_DISC": _quantile,
            "RANK": keep,
            TYPE_NAME: written_as("CAST(pg_typeof(x) AS TEXT)", "postgres"),
            "TO_MONTHS": written_as("make_interval(months => x)", "postgres"),
        },
        types={
            Kind.BOOLEAN: ("boolean",),
            Kind.EXACT: whole,
            Kind.NUMBER: ("double precision", "real", *whole),
            Kind.TEXT: ("text", "character varying"),
            Kind.LABEL: ("text", "character varying"),
            Kind.DATE: ("date",),
            Kind.TIMESTAMP: ("timestamp without time zone",),
            Kind.SET: ("text[]",),
        },
        longest=63,
        wide=True,
        setting="SET jit = off",
        layer="AS MATERIALIZED",
    )


POSTGRES = _postgres()
