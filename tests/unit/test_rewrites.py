"""What is written otherwise for speed means what it meant before."""

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from trustcommerce.diagnostics import Problems
from trustcommerce.language.expressions import Column, Expr, Literal, columns
from trustcommerce.language.operations import Operations, constant, null_of
from trustcommerce.language.relations import Item
from trustcommerce.language.types import NUMBER, Kind, Type
from trustcommerce.run.cases import rounded_once
from trustcommerce.run.inlining import inlined
from trustcommerce.run.python import compiled
from trustcommerce.run.reference import evaluate
from trustcommerce.run.sql import to_sql

X = Column("x", NUMBER.within(0.0, 10.0).null())
EXACT = Type(Kind.EXACT, 4, low=0, high=10**7)
N = Column("n", Type(Kind.EXACT, low=-1000, high=1000))
OPS = Operations(Problems())


def _steps(knots: list[float], values: list[float]) -> Expr:
    """Points that rise and fall over knots, missing where x is."""
    tests = [OPS.compare("lt", X, _number(knot)) for knot in knots]
    sloped = [OPS.sum("add", _number(value), OPS.mul(X, _number(0.7)), None) for value in values]
    points = [OPS.round_to(each, 4) for each in sloped[:-1]]
    last = Literal(round(values[-1] * 10_000), EXACT)
    steps = OPS.case(list(zip(tests, points, strict=True)), last)
    return OPS.case([(OPS.is_null(X), null_of(EXACT))], steps)


def _number(value: float) -> Literal:
    return Literal(value, NUMBER.within(value, value))


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 10), min_size=1, max_size=4, unique=True).map(sorted),
    st.lists(st.floats(0, 100).map(lambda x: round(x, 4)), min_size=5, max_size=5),
    st.lists(st.none() | st.floats(0, 10), min_size=1, max_size=20),
)
def test_branches_rounded_once(knots: list[float], values: list[float], xs: list[float | None]) -> None:
    """Rounding around a case gives what rounding in each of its branches gives, to the bit, in each engine."""
    expr = _steps(knots, [*values[: len(knots)], values[-1]])
    once = rounded_once(expr)
    assert once is not None and once.op == "round_number"
    table = pa.table({"x": pa.array(xs, pa.float64())})
    sql = to_sql(expr).sql(dialect="duckdb", identify=True)
    with duckdb.connect() as connection:
        connection.register("given", table)
        found = [row[0] for row in connection.sql(f"SELECT {sql} FROM given").fetchall()]
    expected = [evaluate(expr, {"x": x}) for x in xs]
    assert found == expected == [evaluate(once, {"x": x}) for x in xs] == [compiled(expr)({"x": x}) for x in xs]


def test_cases_that_are_not_rounded_once() -> None:
    """Numbers below 0 are rounded the other way, and a constant may be no rounded double."""
    below = OPS.round_to(OPS.sum("sub", X, _number(5.0), None), 4)
    assert rounded_once(OPS.case([(OPS.compare("lt", X, _number(3.0)), below)], constant(1))) is None
    assert rounded_once(OPS.case([(OPS.compare("lt", X, _number(3.0)), N)], constant(1))) is None


def _item(name: str, expr: Expr) -> Item:
    return Item(name=name, expr=expr)


def test_items_that_are_read_once() -> None:
    """They are put where they are read, unless they are asked for, read in a branch, or read twice."""
    first = OPS.sum("add", N, constant(1), None)
    a, b, c, d = (Column(name, first.type) for name in "abcd")
    held = OPS.compare("gt", N, constant(0))
    items = [
        _item("a", first),
        _item("b", first),
        _item("c", first),
        _item("d", OPS.mul(a, constant(2))),
        _item("other", c),
        _item("e", OPS.sum("add", d, OPS.sum("add", c, Column("other", c.type), None), None)),
        _item("f", OPS.case([(held, b)], constant(0))),
    ]
    found = {each.name: each.expr for each in inlined(items, {"e", "f"})}
    assert list(found) == ["b", "c", "e", "f"]
    assert columns(found["e"]) == {"n", "c"} and columns(found["f"]) == {"n", "b"}
    assert "a" in {each.name for each in inlined(items, {"a", "e", "f"})}
    for n in (-3, 0, 7):
        row = {"n": n, "b": n + 1, "c": n + 1}
        assert evaluate(found["e"], row) == 2 * (n + 1) + 2 * (n + 1)
