"""What a warehouse's tables hold -> run-time shapes, each value tested where it is read.

The same conversions as at the border of runs, written into the statement itself: a value that is
missing, of a strange type or beyond its range is an error of the database, never another result.
"""

from collections.abc import Collection
from decimal import Decimal
from functools import reduce

from sqlglot import exp

from trustcommerce.language.relations import Field
from trustcommerce.language.types import Kind, Type, power
from trustcommerce.run.dialects import BINARY, ERROR
from trustcommerce.run.sql import column, literal, typed
from trustcommerce.run.values import describe

__all__ = ["broken", "converted", "failing", "said", "shaped"]

_NUMBER = Type(Kind.NUMBER)
_TEXT = Type(Kind.TEXT)


def said(value: exp.Expression) -> exp.Expression:
    """A value as part of a message."""
    return exp.Coalesce(this=_cast(value.copy(), "VARCHAR"), expressions=[exp.Literal.string("nothing")])


def failing(parts: list[exp.Expression | str], type_: str) -> exp.Expression:
    """An error that says the parts one after the other, in place of a value of the type.

    One part at least is an expression over rows: a constant one some databases would compute beforehand.
    """
    pieces: list[exp.Expression] = []
    for part in parts:
        if isinstance(part, str) and pieces and isinstance(pieces[-1], exp.Literal):
            pieces[-1] = exp.Literal.string(pieces[-1].name + part)
        else:
            pieces.append(exp.Literal.string(part) if isinstance(part, str) else part)
    message = reduce(lambda left, right: exp.DPipe(this=left, expression=right), pieces)
    error = exp.Anonymous(this=ERROR, expressions=[exp.Paren(this=message)])
    return _cast(error, type_)


def converted(each: Field, source: str, table: str, key: Collection[str], doubled: bool) -> exp.Expression:
    """A column's value in its run-time shape, or an error that names table, column, value and key.

    Args:
        source: The column's name in the table.
        key: The table's own names of the columns that tell its rows apart.
        doubled: Whether it is a column of doubles, each the nearest to an exact number.
    """
    raw, type_ = column(source), each.type
    value, tests = _shape(raw, type_, doubled)
    place = f"{table}.{source}: "
    keyed: list[exp.Expression | str] = [" in the row "]
    for i, name in enumerate(key):
        keyed += [", "] * (i > 0) + [said(column(name))]
    keyed = keyed if key else []
    shape = typed(type_)
    wrong = failing([place, said(raw), f" is not {_expected(type_)}", *keyed], _raised(shape))
    missing: exp.Expression = literal(None, type_)
    if not type_.nullable:
        missing = _in_shape(
            failing([place, said(raw), f", and {type_} may not be missing", *keyed], _raised(shape)), shape
        )
    ifs = [exp.If(this=_empty(raw), true=missing), *_absent(value, type_)]
    if tests:
        ifs.append(exp.If(this=exp.Not(this=_held(tests)), true=_in_shape(wrong, shape)))
    return exp.Case(ifs=ifs, default=value)


def shaped(each: Field, source: str, doubled: bool) -> exp.Expression:
    """A column's value in its run-time shape, of a table in which nothing is `broken`."""
    raw, type_ = column(source), each.type
    value, _ = _shape(raw, type_, doubled)
    ifs = _absent(value, type_)
    if type_.nullable and type_.kind is Kind.SET:
        ifs.append(exp.If(this=_empty(raw), true=literal(None, type_)))
    return exp.Case(ifs=ifs, default=value) if ifs else value


def broken(each: Field, source: str, doubled: bool, digits: int | None = None) -> exp.Expression:
    """Whether a column's value is one for which `converted` is an error.

    Args:
        digits: How many digits after the point the column's own type has, where it is a type of exact numbers.
    """
    raw, type_ = column(source), each.type
    value, tests = _shape(raw, type_, doubled)
    if type_.kind is Kind.EXACT and digits is not None and digits <= type_.scale:
        tests = _within(raw, type_)
    if not tests:
        return exp.false() if type_.nullable else _empty(raw)
    wrong: exp.Expression = exp.Not(this=_held(tests))
    if not type_.nullable:
        return wrong
    ifs = [exp.If(this=_empty(raw), true=exp.false())]
    ifs += [exp.If(this=each.this, true=exp.false()) for each in _absent(value, type_)]
    return exp.Case(ifs=ifs, default=wrong)


def _empty(raw: exp.Expression) -> exp.Expression:
    return exp.Is(this=raw.copy(), expression=exp.Null())


def _absent(value: exp.Expression, type_: Type) -> list[exp.If]:
    """What is no number is a number that is missing."""
    if type_.kind is not Kind.NUMBER or not type_.nullable:
        return []
    nan = exp.EQ(this=value.copy(), expression=_cast(exp.Literal.string("NaN"), "DOUBLE"))
    return [exp.If(this=nan, true=literal(None, type_))]


def _held(tests: list[exp.Expression]) -> exp.Expression:
    """Whether tests hold; what has no answer, as a product that is too large has in some databases, does not."""
    return exp.Coalesce(this=exp.and_(*tests), expressions=[exp.Boolean(this=False)])


def _expected(type_: Type) -> str:
    """What a value should be, in words."""
    if type_.kind is Kind.LABEL:
        return f"one of {', '.join(type_.labels)}"
    return f"a list of {', '.join(type_.labels)}" if type_.kind is Kind.SET else describe(type_)


def _raised(shape: str) -> str:
    """The type that an error is cast to: any text is a text, so texts take a way round."""
    return "BIGINT" if shape == "VARCHAR" else shape


def _in_shape(error: exp.Expression, shape: str) -> exp.Expression:
    return _cast(error, shape) if shape == "VARCHAR" else error


def _shape(raw: exp.Expression, type_: Type, doubled: bool) -> tuple[exp.Expression, list[exp.Expression]]:
    if type_.kind is Kind.EXACT:
        return _exact(raw, type_, doubled)
    if type_.kind is Kind.NUMBER:
        double = _cast(raw.copy(), "DOUBLE")
        return double, _between(double, type_, _NUMBER)
    if type_.kind is Kind.LABEL:
        names = [exp.If(this=_equal(raw, label), true=literal(i, type_)) for i, label in enumerate(type_.labels)]
        known = exp.or_(*[_equal(raw, label) for label in type_.labels])
        return exp.Case(ifs=names, default=literal(None, type_)), [exp.Paren(this=known)]
    if type_.kind is Kind.SET:
        return _members(raw, type_)
    if type_.kind is Kind.TEXT:
        return exp.Anonymous(this=BINARY, expressions=[_cast(raw.copy(), "VARCHAR")]), []
    if type_.kind in (Kind.DATE, Kind.TIMESTAMP):
        shape, end = typed(type_), "9999-12-31" + (" 23:59:59.999999" if type_.kind is Kind.TIMESTAMP else "")
        low, high = (_cast(exp.Literal.string(day), shape) for day in ("0001-01-01", end))
        moment = _cast(raw.copy(), shape)
        return moment, [exp.Between(this=moment.copy(), low=low, high=high)]
    return raw.copy(), []


def _exact(raw: exp.Expression, type_: Type, doubled: bool) -> tuple[exp.Expression, list[exp.Expression]]:
    factor = power(type_.scale)
    if doubled:
        scaled = exp.Mul(this=_cast(raw.copy(), "DOUBLE"), expression=literal(float(factor), _NUMBER))
        whole = exp.Floor(this=exp.Add(this=scaled, expression=literal(0.5, _NUMBER)))
        again = exp.Div(this=whole.copy(), expression=literal(float(factor), _NUMBER))
        same = exp.EQ(this=again, expression=_cast(raw.copy(), "DOUBLE"))
        return _cast(whole, "BIGINT"), [*_between(whole, type_, _NUMBER), same]
    scaled = raw.copy()
    if factor > 1:
        scaled = exp.Mul(this=scaled, expression=exp.Literal.number(factor))
    tests = _between(scaled, type_, Type(Kind.EXACT))
    return _cast(exp.Paren(this=scaled.copy()), "BIGINT"), [
        *tests,
        exp.EQ(this=exp.Floor(this=scaled.copy()), expression=scaled.copy()),
    ]


def _members(raw: exp.Expression, type_: Type) -> tuple[exp.Expression, list[exp.Expression]]:
    """The bits of a list's members; the list holds no others."""
    bits: exp.Expression = literal(0, type_)
    for i, name in enumerate(type_.labels):
        holds = exp.ArrayContains(this=raw.copy(), expression=exp.Literal.string(name))
        bit = exp.Case(ifs=[exp.If(this=holds, true=literal(1 << i, type_))], default=literal(0, type_))
        bits = exp.BitwiseOr(this=bits, expression=bit) if i else bit
    known = exp.Array(expressions=[exp.Literal.string(name) for name in type_.labels])
    listed = _cast(known, "VARCHAR[]")
    return exp.Paren(this=bits), [exp.ArrayContainsAll(this=listed, expression=raw.copy())]


def _between(value: exp.Expression, type_: Type, shape: Type) -> list[exp.Expression]:
    if type_.low is None or type_.high is None:
        return []
    low, high = (
        literal(float(end) if shape.kind is Kind.NUMBER else int(end), shape) for end in (type_.low, type_.high)
    )
    return [exp.Between(this=exp.Paren(this=value.copy()), low=low, high=high)]


def _within(raw: exp.Expression, type_: Type) -> list[exp.Expression]:
    """The range in the column's own numbers, where each of them has few enough digits."""
    if type_.low is None or type_.high is None:
        return []
    ends = (Decimal(int(end)).scaleb(-type_.scale) for end in (type_.low, type_.high))
    low, high = (exp.Literal.number(f"{end:f}") for end in ends)
    return [exp.Between(this=raw.copy(), low=low, high=high)]


def _equal(raw: exp.Expression, text: str) -> exp.Expression:
    return exp.EQ(this=raw.copy(), expression=literal(text, _TEXT))


def _cast(value: exp.Expression, shape: str) -> exp.Expression:
    return exp.Cast(this=value, to=exp.DataType.build(shape, dialect="duckdb"))
