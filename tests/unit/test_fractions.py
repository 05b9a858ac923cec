"""Numbers as exact fractions: what a numerator over its denominator is worth is what the number is, exactly."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trustcommerce.builtin.spans import SPANS
from trustcommerce.diagnostics import Problems, SourceFile, Span
from trustcommerce.language.calendar import micros_between
from trustcommerce.language.expressions import Apply, Call, Case, Column, Expr, Literal
from trustcommerce.language.fractions import as_fraction
from trustcommerce.language.macros import Place
from trustcommerce.language.operations import Operations, constant
from trustcommerce.language.types import BOOLEAN, NUMBER, TIMESTAMP, Kind, Type
from trustcommerce.run.reference import evaluate

_SPAN = Span(SourceFile(path="x", text="x"), 0, 1)
_PLACE = Place(calendars={}, share=lambda expr: expr, span=_SPAN)
_MOMENTS = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2026, 1, 1))
ROWS = st.fixed_dictionaries(
    {
        "count": st.integers(-1000, 1000),
        "money": st.none() | st.integers(-(10**6), 10**6),
        "start": _MOMENTS,
        "end": st.none() | _MOMENTS,
        "flag": st.none() | st.booleans(),
    }
)
COLUMNS: dict[str, Expr] = {
    "count": Column("count", Type(Kind.EXACT, low=-1000, high=1000)),
    "money": Column("money", Type(Kind.EXACT, 2, nullable=True, low=-(10**6), high=10**6)),
    "start": Column("start", TIMESTAMP),
    "end": Column("end", TIMESTAMP.null()),
    "flag": Column("flag", BOOLEAN.null()),
}


class _Grower:
    """Random numbers out of what fractions are made of."""

    def __init__(self, draw: Any) -> None:
        self.draw, self.problems, self.items = draw, Problems(), dict[str, Expr]()
        self.ops = Operations(self.problems)

    def number(self, depth: int) -> Expr:
        kind = self.draw(st.integers(0, 4 if depth == 0 else 12))
        if kind == 0:
            return COLUMNS["count"]
        if kind == 1:
            return COLUMNS["money"]
        if kind == 2:
            return self.constant()
        if kind <= 4:
            macro = self.draw(st.sampled_from(SPANS))
            found = macro.lower(self.ops, (COLUMNS["start"], COLUMNS["end"]), _PLACE)
            return self._plain(found)
        a = self.number(depth - 1)
        if kind == 5:
            return self.ops.neg(a, None)
        if kind == 6:
            return self._plain(self.ops.div(a, self.constant()))
        if kind == 7:
            return self._plain(self.ops.mul(a, self.constant()))
        if kind == 8:
            return self.item(a)
        b = self.number(depth - 1)
        if kind == 9:
            return self.ops.sum(self.draw(st.sampled_from(["add", "sub"])), a, b, None)
        if kind == 10:
            return self.ops.coalesce([a, b])
        if kind == 11:
            return self.ops.extreme(self.draw(st.sampled_from(["least", "greatest"])), [a, b])
        return self.ops.case([(COLUMNS["flag"], a)], self.draw(st.sampled_from([b, constant(None)])))

    def constant(self) -> Literal:
        value = self.draw(st.integers(-100, 100) | st.decimals(-10, 10, places=2))
        assume(value)
        return constant(value)

    def item(self, expr: Expr) -> Expr:
        if isinstance(expr, Literal):
            return expr
        name = f"item{len(self.items)}"
        self.items[name] = expr
        return Column(name, expr.type)

    def inline(self, expr: Expr) -> Expr:
        return self.items.get(expr.name, expr) if isinstance(expr, Column) else expr

    @staticmethod
    def _plain(expr: Expr) -> Expr:
        from trustcommerce.language.operations import retype

        return retype(expr, expr.type.with_unit(None))


def worth(expr: Expr, row: dict[str, Any], items: dict[str, Expr]) -> Fraction | None:
    """The number that `expr` means, without a single rounding."""
    if isinstance(expr, Literal):
        if expr.value is None:
            return None
        scale = 10**expr.type.scale
        return Fraction(Decimal(repr(expr.value))) / scale if expr.type.numeric else None
    if isinstance(expr, Column):
        if expr.name in items:
            return worth(items[expr.name], row, items)
        value = row[expr.name]
        return None if value is None else Fraction(value, 10**expr.type.scale)
    if isinstance(expr, Case):
        for when, then in expr.branches:
            if evaluate(when, row) is True:
                return worth(then, row, items)
        return worth(expr.otherwise, row, items)
    if isinstance(expr, Call):
        return None if row["end"] is None else Fraction(micros_between(row["start"], row["end"]))
    args = [worth(arg, row, items) for arg in expr.args]
    if expr.op == "coalesce":
        return next((arg for arg in args if arg is not None), None)
    known = [arg for arg in args if arg is not None]
    if len(known) < len(args):
        return None
    return _OPERATIONS[expr.op](*known, expr)


def _mul(a: Fraction, b: Fraction, expr: Apply) -> Fraction:
    """A product; that of a rescaled number changes its digits and not its worth."""
    rescaled = expr.type.kind is Kind.EXACT and expr.type.scale != sum(arg.type.scale for arg in expr.args)
    return a if rescaled else a * b


_OPERATIONS: dict[str, Any] = {
    "add": lambda a, b, _: a + b,
    "sub": lambda a, b, _: a - b,
    "mul": _mul,
    "neg": lambda a, _: -a,
    "div": lambda a, b, _: a / b,
    "least": lambda a, b, _: min(a, b),
    "greatest": lambda a, b, _: max(a, b),
    "to_number": lambda a, _factor, _: a,
}


@settings(max_examples=300, deadline=None)
@given(st.data(), ROWS)
def test_a_fraction_is_worth_its_number(data: st.DataObject, row: dict[str, Any]) -> None:
    """Numerator over denominator is the number exactly, and missing where it is."""
    grower = _Grower(data.draw)
    expr = grower.number(data.draw(st.integers(0, 4)))
    assume(not list(grower.problems) and expr.type.numeric)
    found = as_fraction(expr, grower.inline)
    assume(found is not None)
    assert found is not None
    n, d = found
    filled = dict(row)
    for name, item in grower.items.items():
        filled[name] = evaluate(item, filled)
    value = evaluate(n, filled)
    assert d > 0
    assert n.type.kind is Kind.EXACT and n.type.scale == 0 and n.type.unit is None
    expected = worth(expr, filled, grower.items)
    assert (value is None) == (expected is None)
    if value is not None:
        assert Fraction(value, d) == expected
        assert n.type.low <= value <= n.type.high
    assert value is not None or n.type.nullable


def _minutes() -> Expr:
    return SPANS[2].lower(Operations(Problems()), (COLUMNS["start"], COLUMNS["end"]), _PLACE)


def test_minutes_with_a_plain_answer_for_what_is_missing() -> None:
    """`case when end is null then 10 else minutes_between(start, end) end` sums microseconds."""
    ops = Operations(Problems())
    expr = ops.case([(ops.is_null(COLUMNS["end"]), constant(10))], _minutes())
    found = as_fraction(expr, lambda each: each)
    assert found is not None
    n, d = found
    assert d == 60_000_000
    row = {"start": dt.datetime(2023, 5, 9, 8), "end": dt.datetime(2023, 5, 9, 8, 0, 0, 1)}
    assert evaluate(n, row) == 1
    assert evaluate(n, {**row, "end": None}) == 600_000_000


@pytest.mark.parametrize(
    "expr",
    [
        Column("x", NUMBER),
        Apply("add", (Column("x", NUMBER), Literal(1.0, NUMBER)), NUMBER),
        Apply("div", (_minutes(), Column("x", NUMBER)), NUMBER),
        Literal(1 / 3, NUMBER),
        Apply("mul", (_minutes(), Apply("mul", (_minutes(), _minutes()), NUMBER)), NUMBER),
    ],
    ids=["double column", "sum with one", "divided by one", "endless constant", "beyond 64 bits"],
)
def test_no_fraction(expr: Expr) -> None:
    """What rests on a double, or does not fit, is none."""
    assert as_fraction(expr, lambda each: each) is None


def test_items_that_double_each_other_are_no_fraction() -> None:
    """Written out they would grow without end."""
    items: dict[str, Expr] = {"v0": _minutes()}
    ops = Operations(Problems())
    for i in range(1, 40):
        before = Column(f"v{i - 1}", items[f"v{i - 1}"].type)
        items[f"v{i}"] = ops.sum("add", before, before, None)

    def inline(expr: Expr) -> Expr:
        return items.get(expr.name, expr) if isinstance(expr, Column) else expr

    assert as_fraction(Column("v39", items["v39"].type), inline) is None
