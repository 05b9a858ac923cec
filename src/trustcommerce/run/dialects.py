"""How the nodes that queries are built of are written for each database.

Queries are trees in DuckDB's terms. For another database every node is kept as it is, rewritten by
a rule that stands here, or refused by name: what a database is told is never a guess.
"""

from collections.abc import Callable, Mapping

from attrs import field, frozen
from sqlglot import exp, parse_one

from trustcommerce.errors import DataError
from trustcommerce.language.types import Kind

__all__ = ["BINARY", "DIALECTS", "ERROR", "SAID", "TYPE_NAME", "Dialect"]

BINARY, ERROR, TYPE_NAME = "BINARY_TEXT", "ERROR", "TYPE_NAME"
"""Functions of queries that no database has under this name: a text compared by its code points, an error
with the given text once it is evaluated, the name of a column's type without its parameters.
"""

SAID = "trustcommerce: "
"""What our own errors begin with where a database says much around them."""

Rule = Callable[[exp.Expression], exp.Expression]

_EVERYWHERE: frozenset[type] = frozenset(
    [
        *(exp.Abs, exp.Add, exp.Alias, exp.And, exp.Array, exp.Between, exp.BitwiseAnd),
        *(exp.BitwiseOr, exp.Boolean, exp.Case, exp.Cast, exp.Ceil, exp.Coalesce, exp.Column, exp.Count, exp.DPipe),
        *(exp.DataType, exp.DataTypeParam, exp.Distinct, exp.Div, exp.EQ, exp.Exists, exp.Filter, exp.Floor),
        *(exp.From, exp.GT, exp.GTE, exp.Greatest, exp.Group, exp.Having, exp.If, exp.In, exp.Is, exp.Join, exp.LT),
        *(exp.LTE, exp.Lead, exp.Least, exp.Length, exp.Limit, exp.Literal, exp.Max, exp.Min, exp.Mod),
        *(exp.Mul, exp.NEQ, exp.Neg, exp.Not, exp.Null, exp.Nullif, exp.Or, exp.Order, exp.Ordered, exp.Paren),
        *(exp.RowNumber, exp.Select, exp.Sqrt, exp.Star, exp.StartsWith, exp.Sub, exp.Subquery, exp.Sum, exp.Table),
        *(exp.TableAlias, exp.TimestampTrunc, exp.Tuple, exp.Var, exp.Where, exp.Window, exp.WindowSpec),
    ]
)
"""Nodes that mean the same wherever their operands are guarded and typed, and that sqlglot writes as they are."""


@frozen(kw_only=True, eq=False)
class Dialect:
    """A database's way of writing a query.

    Args:
        title: What people call it.
        rules: Rewritings by node class; a class with neither a rule nor a place in `_EVERYWHERE` is refused.
        functions: Rewritings of functions that sqlglot does not know, by their name in capitals.
        types: The names of types that a column of a kind may have, as `TYPE_NAME` gives them.
        longest: Bytes that a name may have.
        layer: What stands between a layer's name and its query; some databases put layers into each other
            unless told not to, and so write their expressions out many times over.
        setting: What is to be said before a long statement.
        cluster: Whether rows are spread over machines: they have no order, and a sub-query sees the row
            outside by equal keys only.
    """

    name: str
    title: str
    rules: Mapping[type, Rule] = field(factory=dict)
    functions: Mapping[str, Rule]
    types: Mapping[Kind, tuple[str, ...]]
    longest: int | None = None
    layer: str = "AS"
    setting: str | None = None
    cluster: bool = False

    def print(self, tree: exp.Expression) -> str:
        """The text of a tree in DuckDB's terms, which is used up.

        Raises:
            DataError: There is no rule for something in it.
        """
        return str(self._written(tree).sql(dialect=self.name, identify=True, pretty=True, copy=False))

    def _written(self, node: exp.Expression) -> exp.Expression:
        """The node, from the leaves up, as this database has it."""
        for key, value in list(node.args.items()):
            if isinstance(value, exp.Expression):
                node.set(key, self._written(value))
            elif isinstance(value, list):
                node.set(key, [self._written(each) if isinstance(each, exp.Expression) else each for each in value])
        if isinstance(node, exp.Anonymous):
            rule = self.functions.get(node.name.upper())
            if rule is None:
                raise self._refusal(f"the function {node.name.upper()}")
            return rule(node)
        if isinstance(node, exp.Identifier):
            size = len(node.name.encode())
            if self.longest is not None and size > self.longest:
                raise self._refusal(
                    f"the name `{node.name}` of {size} bytes", f"a name there has at most {self.longest}"
                )
            return node
        rule = self.rules.get(type(node))
        if rule is not None:
            return rule(node)
        if type(node) not in _EVERYWHERE:
            raise self._refusal(f"a node {type(node).__name__}")
        return node

    def _refusal(self, what: str, hint: str | None = None) -> DataError:
        return DataError(f"{self.title} can't be given {what}", hint=hint)


def _keep(node: exp.Expression) -> exp.Expression:
    return node


def _first(node: exp.Expression) -> exp.Expression:
    found: exp.Expression = node.expressions[0]
    return found


def _written_as(sql: str, grammar: str) -> Rule:
    """A rule that gives `sql` with the node's argument in place of the column `x`."""
    parsed = parse_one(sql, dialect=grammar)

    def build(node: exp.Expression) -> exp.Expression:
        argument = node.expressions[0] if isinstance(node, exp.Anonymous) else node.this
        made = _filled(parsed.copy(), {"x": argument})
        return exp.Paren(this=made) if isinstance(made, exp.Binary) else made

    return build


def _filled(tree: exp.Expression, values: Mapping[str, exp.Expression]) -> exp.Expression:
    """The tree with values in place of columns."""

    def fill(each: exp.Expression) -> exp.Expression:
        value = values.get(each.name) if isinstance(each, exp.Column) else None
        return each if value is None else exp.Paren(this=value.copy())

    return tree.transform(fill, copy=False)


def _duckdb() -> Dialect:
    wide = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
    return Dialect(
        name="duckdb",
        title="DuckDB",
        rules=dict.fromkeys(
            [
                *(exp.ArrayContains, exp.ArrayContainsAll, exp.Day, exp.DayOfWeekIso, exp.IntDiv, exp.Month),
                *(exp.UnixToTime, exp.Year),
            ],
            _keep,
        ),
        functions={
            BINARY: _first,
            ERROR: _keep,
            TYPE_NAME: _written_as("regexp_replace(typeof(x), '[(].*', '')", "duckdb"),
            **dict.fromkeys(["EPOCH_US", "LIST_CONCAT", "LIST_EXTRACT", "QUANTILE_DISC", "RANK", "TO_MONTHS"], _keep),
        },
        types={
            Kind.BOOLEAN: ("BOOLEAN",),
            Kind.EXACT: (*wide, "DECIMAL"),
            Kind.NUMBER: ("DOUBLE", "FLOAT", *wide, "DECIMAL"),
            Kind.TEXT: ("VARCHAR",),
            Kind.LABEL: ("VARCHAR",),
            Kind.DATE: ("DATE",),
            Kind.TIMESTAMP: ("TIMESTAMP",),
            Kind.SET: ("VARCHAR[]",),
        },
    )


# -- PostgreSQL


def _typed_division(node: exp.Expression) -> exp.Expression:
    """Operands have their types already: whole numbers are cut, doubles divided."""
    return exp.Div(this=node.this, expression=node.expression, typed=True)


def _collated(node: exp.Expression) -> exp.Expression:
    """A text by code points, where it may be compared: not what a cast reads, or a message says."""
    if not node.is_string or isinstance(node.parent, exp.Cast | exp.DataTypeParam | exp.DPipe):
        return node
    return exp.Collate(this=node, expression=exp.to_identifier("C", quoted=True))


def _subscript(node: exp.Expression) -> exp.Expression:
    values, place = node.expressions
    return exp.Bracket(this=exp.Paren(this=values), expressions=[place], offset=1)


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
            exp.ArrayContainsAll: _keep,
            exp.DataType: lambda node: wide.copy() if node.is_type("INT128") else node,
            **{
                node: _written_as(f"EXTRACT({part} FROM x)", "postgres")
                for node, part in (
                    (exp.Year, "YEAR"),
                    (exp.Month, "MONTH"),
                    (exp.Day, "DAY"),
                    (exp.DayOfWeekIso, "ISODOW"),
                )
            },
            exp.Div: _typed_division,
            exp.IntDiv: _typed_division,
            exp.Literal: _collated,
            exp.UnixToTime: _written_as(moment, "postgres"),
        },
        functions={
            BINARY: lambda node: exp.Collate(this=_first(node), expression=exp.to_identifier("C", quoted=True)),
            # what casts a text that is no value of its type fails with that text
            ERROR: _first,
            "EPOCH_US": _written_as("CAST(EXTRACT(EPOCH FROM x) * 1000000 AS BIGINT)", "postgres"),
            "LIST_CONCAT": lambda node: exp.Anonymous(this="ARRAY_CAT", expressions=node.expressions),
            "LIST_EXTRACT": _subscript,
            "QUANTILE_DISC": _quantile,
            "RANK": _keep,
            TYPE_NAME: _written_as("CAST(pg_typeof(x) AS TEXT)", "postgres"),
            "TO_MONTHS": _written_as("make_interval(months => x)", "postgres"),
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
        setting="SET jit = off",
        layer="AS MATERIALIZED",
    )


# -- Spark

_MICROSECONDS = "(x - CAST('1970-01-01' AS TIMESTAMP_NTZ)) DIV INTERVAL '0.000001' SECOND"
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
    wide = exp.DataType.build("DECIMAL(38,0)", dialect="spark")
    value = node.this
    if isinstance(node.parent, exp.Window) or any(each.to.is_type("decimal") for each in value.find_all(exp.Cast)):
        return exp.Sum(this=exp.Cast(this=value, to=wide))
    return exp.Paren(this=_filled(parse_one(_SPLIT_SUM, dialect="spark"), {"x": value}))


def _spark_filter(node: exp.Expression) -> exp.Expression:
    """A condition on what a sum is made of."""
    if isinstance(node.this, exp.Sum | exp.Count | exp.Min | exp.Max):
        return node
    for each in list(node.this.find_all(exp.Sum)):
        each.replace(exp.Filter(this=each.copy(), expression=node.expression.copy()))
    return node.this


def _spark_quantile(node: exp.Expression) -> exp.Expression:
    """The value at its place among the sorted ones: PERCENTILE_DISC takes no moments, and gives doubles."""
    value, share = node.expressions
    text = "get(sort_array(collect_list(v)), CAST(greatest(ceil(count(v) * s), 1) - 1 AS INT))"
    return _filled(parse_one(text, dialect="spark"), {"v": value, "s": share})


def _spark_get(node: exp.Expression) -> exp.Expression:
    """Arrays count from 0, by INT."""
    values, place = node.expressions
    return _filled(parse_one("get(v, CAST(i - 1 AS INT))", dialect="spark"), {"v": values, "i": place})


def _spark_trunc(node: exp.Expression) -> exp.Expression:
    """The first moment of a day, week, month, quarter or year: by dates, for moments would take the session's zone."""
    day = exp.Cast(this=node.this, to=exp.DataType.build("DATE"))
    unit = node.unit.name.upper()
    if unit == "DAY":
        return day
    return exp.Anonymous(this="TRUNC", expressions=[day, exp.Literal.string(unit)])


def _spark_contains_all(node: exp.Expression) -> exp.Expression:
    others = exp.Anonymous(this="ARRAY_EXCEPT", expressions=[node.expression, node.this])
    return exp.EQ(this=exp.Anonymous(this="SIZE", expressions=[others]), expression=exp.Literal.number(0))


def _spark() -> Dialect:
    whole = ("tinyint", "smallint", "int", "bigint", "decimal")
    return Dialect(
        name="spark",
        title="Spark",
        rules={
            **dict.fromkeys([exp.ArrayContains, exp.Day, exp.IntDiv, exp.Lambda, exp.Month, exp.Year], _keep),
            exp.ArrayContainsAll: _spark_contains_all,
            exp.DataType: _spark_type,
            exp.DayOfWeekIso: _written_as("weekday(x) + 1", "spark"),
            exp.Filter: _spark_filter,
            exp.Sum: _spark_sum,
            exp.TimestampTrunc: _spark_trunc,
            exp.UnixToTime: _written_as(_MOMENT, "spark"),
        },
        functions={
            BINARY: _first,
            ERROR: _written_as(f"raise_error('{SAID}' || x)", "spark"),
            "EPOCH_US": _written_as(_MICROSECONDS, "spark"),
            "LIST_CONCAT": lambda node: exp.Anonymous(this="CONCAT", expressions=node.expressions),
            "LIST_EXTRACT": _spark_get,
            "QUANTILE_DISC": _spark_quantile,
            TYPE_NAME: _written_as("regexp_replace(typeof(x), '[(].*', '')", "spark"),
            "TO_MONTHS": _written_as("make_ym_interval(0, x)", "spark"),
            **dict.fromkeys(["COLLECT_LIST", "EXISTS", "FILTER", "GET", "NAMED_STRUCT", "RANK", "SORT_ARRAY"], _keep),
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
    )


DIALECTS: dict[str, Dialect] = {each.name: each for each in (_duckdb(), _postgres(), _spark())}
