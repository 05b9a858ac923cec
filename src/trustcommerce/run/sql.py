"""Expression core -> sqlglot tree in DuckDB's terms. Every literal and cast carries its type."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlglot import exp, parse_one

from trustcommerce.language.expressions import Apply, Call, Case, Column, Expr, Literal
from trustcommerce.language.semantics import TINY
from trustcommerce.language.types import Kind, Type, power
from trustcommerce.run.cases import is_default, null_last, rounded_once

__all__ = ["column", "outward", "to_sql", "typed"]

_TYPES = {
    Kind.BOOLEAN: "BOOLEAN",
    Kind.EXACT: "BIGINT",
    Kind.NUMBER: "DOUBLE",
    Kind.TEXT: "VARCHAR",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.LABEL: "BIGINT",
    Kind.SET: "BIGINT",
    Kind.MISSING: "BIGINT",
}
_BINARY: dict[str, Any] = {
    "add": exp.Add,
    "sub": exp.Sub,
    "mul": exp.Mul,
    "eq": exp.EQ,
    "ne": exp.NEQ,
    "lt": exp.LT,
    "le": exp.LTE,
    "gt": exp.GT,
    "ge": exp.GTE,
    "quotient": exp.IntDiv,
    "remainder": exp.Mod,
    "bit_or": exp.BitwiseOr,
}


def column(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True))


def typed(type_: Type) -> str:
    """The SQL type of a run-time shape."""
    return _TYPES[type_.kind]


def _cast(node: exp.Expression, type_: str) -> exp.Cast:
    return exp.Cast(this=node, to=_data_type(type_))


@lru_cache(maxsize=64)
def _type_template(type_: str) -> exp.DataType:
    return exp.DataType.build(type_, dialect="duckdb")


def _data_type(type_: str) -> exp.DataType:
    return _type_template(type_).copy()


def to_sql(expr: Expr) -> exp.Expression:
    """The expression over columns named as in the core; missing is NULL."""
    if isinstance(expr, Column):
        return column(expr.name)
    if isinstance(expr, Literal):
        return literal(expr.value, expr.type)
    if isinstance(expr, Case):
        if is_default(expr):
            return exp.Coalesce(this=to_sql(expr.otherwise), expressions=[to_sql(expr.branches[0][1])])
        rounded = rounded_once(expr)
        if rounded is not None:
            return _round_number(rounded)
        expr = null_last(expr)
        return _case([(to_sql(when), to_sql(then)) for when, then in expr.branches], to_sql(expr.otherwise))
    if isinstance(expr, Call):
        return _call(expr)
    special = _SPECIAL.get(expr.op)
    if special is not None:
        return special(expr)
    left, right = (_wrapped(to_sql(arg)) for arg in expr.args)
    return _BINARY[expr.op](this=left, expression=right)


def literal(value: Any, type_: Type) -> exp.Expression:
    """A constant with its type said."""
    name = typed(type_)
    if value is None:
        return _cast(exp.Null(), name)
    if type_.kind is Kind.BOOLEAN:
        return exp.Boolean(this=bool(value))
    if type_.kind in (Kind.EXACT, Kind.LABEL, Kind.SET):
        number = exp.Literal.number(abs(value))
        return _cast(exp.Neg(this=number) if value < 0 else number, name)
    if type_.kind is Kind.TEXT:
        return exp.Literal.string(value)
    if type_.kind is Kind.NUMBER:
        return _cast(exp.Literal.string(repr(float(value))), name)
    return _cast(exp.Literal.string(str(value)), name)


def outward(expr: exp.Expression, type_: Type) -> exp.Expression:
    """A run-time shape as the outside sees it: money as DECIMAL, points as the nearest DOUBLE, labels as text."""
    if type_.kind is Kind.EXACT and type_.scale:
        if type_.unit == "points":
            return exp.Div(this=_cast(expr, "DOUBLE"), expression=literal(float(power(type_.scale)), Type(Kind.NUMBER)))
        factor = _cast(
            exp.Literal.string(f"{1 / power(type_.scale):.{type_.scale}f}"), f"DECIMAL({type_.scale + 1},{type_.scale})"
        )
        return _cast(exp.Mul(this=_cast(expr, "DECIMAL(18,0)"), expression=factor), f"DECIMAL(18,{type_.scale})")
    if type_.kind is Kind.LABEL:
        branches = [(_eq(expr.copy(), i), exp.Literal.string(name)) for i, name in enumerate(type_.labels)]
        return _case(branches, _cast(exp.Null(), "VARCHAR"))
    if type_.kind is Kind.SET:
        return _members(expr, type_)
    return expr


def _members(expr: exp.Expression, type_: Type) -> exp.Expression:
    """The list of members whose bit is set, one-member lists joined: no lambda, whose syntax differs."""
    empty = _cast(exp.Array(), "VARCHAR[]")
    found: exp.Expression = empty
    for i, name in enumerate(type_.labels):
        bit = exp.Paren(this=exp.BitwiseAnd(this=expr.copy(), expression=literal(1 << i, type_)))
        one = _case(
            [(exp.NEQ(this=bit, expression=literal(0, type_)), exp.Array(expressions=[exp.Literal.string(name)]))],
            empty.copy(),
        )
        found = one if i == 0 else exp.Anonymous(this="LIST_CONCAT", expressions=[found, one])
    return _case([(exp.Is(this=expr.copy(), expression=exp.Null()), exp.Null())], found)


def _eq(expr: exp.Expression, value: int) -> exp.Expression:
    return exp.EQ(this=expr, expression=literal(value, Type(Kind.LABEL)))


def _wrapped(node: exp.Expression) -> exp.Expression:
    return exp.Paren(this=node) if isinstance(node, exp.Binary | exp.Connector | exp.Not | exp.Neg) else node


def _case(branches: list[tuple[exp.Expression, exp.Expression]], otherwise: exp.Expression) -> exp.Expression:
    if not branches:
        return otherwise
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in branches], default=otherwise)


@lru_cache(maxsize=256)
def _template(sql: str, names: tuple[str, ...]) -> exp.Expression:
    return parse_one(sql.format(*names), dialect="duckdb")


def _call(expr: Call) -> exp.Expression:
    """The function's template with its arguments put in; units are part of its text."""
    function = expr.function
    names = tuple(
        f"'{arg.value}'" if kind == "unit" and isinstance(arg, Literal) else f'"${i}"'
        for i, (arg, kind) in enumerate(zip(expr.args, function.parameters, strict=True))
    )
    args = [_wrapped(to_sql(arg)) for arg in expr.args]

    def fill(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column) and node.name.startswith("$"):
            return args[int(node.name[1:])].copy()
        return node

    return _template(function.sql, names).copy().transform(fill, copy=False)


# -- operations with a shape of their own


def _null_of_args(expr: Apply, result: exp.Expression) -> exp.Expression:
    """NULL where an argument is missing: LEAST and GREATEST skip nulls in some dialects."""
    nullable = [arg for arg in expr.args if arg.type.nullable]
    if not nullable:
        return result
    tests = [exp.Is(this=_wrapped(to_sql(arg)), expression=exp.Null()) for arg in nullable]
    return _case([(exp.or_(*tests), literal(None, expr.type))], result)


def _extreme(kind: Any) -> Callable[[Apply], exp.Expression]:
    def build(expr: Apply) -> exp.Expression:
        first, *rest = [to_sql(arg) for arg in expr.args]
        return _null_of_args(expr, kind(this=first, expressions=rest, ignore_nulls=True))

    return build


def _div(expr: Apply) -> exp.Expression:
    top, bottom = (_wrapped(to_sql(arg)) for arg in expr.args)
    quotient = exp.Div(this=top, expression=bottom)
    low, high = expr.args[1].type.low, expr.args[1].type.high
    if low is not None and high is not None and (low >= TINY or high <= -TINY):
        return quotient
    small = exp.LT(this=exp.Abs(this=bottom.copy()), expression=literal(TINY, Type(Kind.NUMBER)))
    return _case([(small, _cast(exp.Null(), "DOUBLE"))], quotient)


def _to_number(expr: Apply) -> exp.Expression:
    value, factor = expr.args
    double = _cast(to_sql(value), "DOUBLE")
    if isinstance(factor, Literal) and factor.value == 1.0:
        return double
    return exp.Div(this=double, expression=to_sql(factor))


def _round_number(expr: Apply) -> exp.Expression:
    x, factor = expr.args
    half = literal(0.5, Type(Kind.NUMBER))
    scaled = exp.Mul(this=_wrapped(to_sql(x)), expression=to_sql(factor))
    up = _cast(exp.Floor(this=exp.Add(this=scaled, expression=half)), "BIGINT")
    if x.type.low is not None and x.type.low >= 0:
        return up
    down = exp.Neg(this=_cast(exp.Floor(this=exp.Sub(this=half.copy(), expression=scaled.copy())), "BIGINT"))
    zero = literal(0.0, Type(Kind.NUMBER))
    return _case([(exp.LT(this=_wrapped(to_sql(x)), expression=zero), down)], up)


def _round_div(expr: Apply) -> exp.Expression:
    """The divisor is proven positive where the result is used; engines may compute it elsewhere too."""
    a, b = expr.args
    two = literal(2, Type(Kind.EXACT))
    top, bottom = _wrapped(to_sql(a)), _wrapped(to_sql(b))
    divisor = bottom if isinstance(b, Literal) else exp.Nullif(this=bottom, expression=literal(0, Type(Kind.EXACT)))
    doubled = exp.Mul(this=two, expression=divisor)
    up = exp.IntDiv(
        this=exp.Paren(this=exp.Add(this=exp.Mul(this=two.copy(), expression=top), expression=bottom.copy())),
        expression=exp.Paren(this=doubled),
    )
    if a.type.low is not None and a.type.low >= 0:
        return up
    below = exp.Sub(this=bottom.copy(), expression=exp.Mul(this=two.copy(), expression=top.copy()))
    down = exp.Neg(
        this=exp.Paren(this=exp.IntDiv(this=exp.Paren(this=below), expression=exp.Paren(this=doubled.copy())))
    )
    zero = literal(0, Type(Kind.EXACT))
    return _case([(exp.LT(this=top.copy(), expression=zero), down)], up)


def _connected(kind: Any) -> Callable[[Apply], exp.Expression]:
    def build(expr: Apply) -> exp.Expression:
        first, *rest = [_wrapped(to_sql(arg)) for arg in expr.args]
        found = first
        for each in rest:
            found = kind(this=found, expression=each)
        return found

    return build


def _truth(value: bool) -> Callable[[Apply], exp.Expression]:
    return lambda expr: exp.Is(this=_wrapped(to_sql(expr.args[0])), expression=exp.Boolean(this=value))


def _pick(expr: Apply) -> exp.Expression:
    """Lists count from 1; no `Array`, for many a database has a way to choose and no lists."""
    place, *values = expr.args
    texts = exp.Anonymous(this="LIST_PACK", expressions=[to_sql(each) for each in values])
    at = exp.Add(this=_wrapped(to_sql(place)), expression=literal(1, Type(Kind.EXACT)))
    return exp.Anonymous(this="LIST_EXTRACT", expressions=[texts, at])


_SPECIAL: dict[str, Callable[[Apply], exp.Expression]] = {
    "neg": lambda expr: exp.Neg(this=_wrapped(to_sql(expr.args[0]))),
    "div": _div,
    "round_div": _round_div,
    "to_number": _to_number,
    "round_number": _round_number,
    "and": _connected(exp.And),
    "or": _connected(exp.Or),
    "not": lambda expr: exp.Not(this=exp.Paren(this=to_sql(expr.args[0]))),
    "is_null": lambda expr: exp.Is(this=_wrapped(to_sql(expr.args[0])), expression=exp.Null()),
    "is_true": _truth(True),
    "is_false": _truth(False),
    "pick": _pick,
    "coalesce": lambda expr: exp.Coalesce(this=to_sql(expr.args[0]), expressions=[to_sql(a) for a in expr.args[1:]]),
    "least": _extreme(exp.Least),
    "greatest": _extreme(exp.Greatest),
}
