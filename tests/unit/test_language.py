"""The expression core: functions and operations mean the same as formula, generated Python and SQL."""

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustcommerce.builtin import core_registry
from trustcommerce.diagnostics import Problems, SourceFile, Span
from trustcommerce.language.bind import Text, bind
from trustcommerce.language.expressions import Apply, Call, Case, Column, Expr, Literal, poison
from trustcommerce.language.functions import Function
from trustcommerce.language.macros import Macro
from trustcommerce.language.opening import Calendar
from trustcommerce.language.operations import Operations, constant
from trustcommerce.language.semantics import OPERATIONS, round_div, round_number
from trustcommerce.language.types import BOOLEAN, INTEGER, NUMBER, TEXT, TYPE_NAMES, Kind, parse_type
from trustcommerce.plan.boxes import Interval, subtract
from trustcommerce.read.tree import Scalar
from trustcommerce.run.python import Source
from trustcommerce.run.reference import evaluate
from trustcommerce.run.sql import to_sql

FUNCTIONS = {**core_registry().functions, **core_registry().macros}


class _Constants:
    """A scope without names, with the calendars of the examples."""

    def functions(self) -> Mapping[str, Function | Macro]:
        return FUNCTIONS

    def calendar(self, name: str, span: Span) -> Calendar | None:
        return next(each.calendars[name] for each in core_registry().macros.values() if name in each.calendars)

    def names(self) -> Iterable[str]:
        return ()

    def resolve(self, parts: tuple[str, ...], span: Span) -> Expr:
        return poison(span)


class _Unfolded(Operations):
    """Leaves calls standing, so that the engines have something to compute."""

    def call(self, function: Any, args: Any, type_: Any, span: Any) -> Expr:
        return Call(function, tuple(args), type_, span)


def _bound(text: str, ops: type[Operations] = Operations) -> tuple[Expr, Problems]:
    problems = Problems()
    file = SourceFile(path="x", text=text)
    return bind(Text.of(Scalar(text, text, Span(file, 0, len(text)))), _Constants(), ops(problems)), problems


def _by_python(expr: Expr) -> Any:
    source = Source({})
    return eval(source.value(expr), source.names)


def _by_sql(expr: Expr) -> Any:
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {to_sql(expr).sql(dialect='duckdb')}").fetchall()[0][0]


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda f: f.name)
def test_the_example_of_every_function_holds_everywhere(function: Function | Macro) -> None:
    """What a function's documentation shows is what reference, Python and SQL compute."""
    text, expected = function.example
    expr, problems = _bound(text, _Unfolded)
    assert list(problems) == []
    assert evaluate(expr, {}) == expected
    assert _by_python(expr) == expected
    assert _by_sql(expr) == expected
    assert function.doc.endswith(".")


@pytest.mark.parametrize("op", OPERATIONS, ids=str)
def test_every_operation_has_its_row_in_each_engine(op: str) -> None:
    """No operation of the semantics table is unknown to the Python or the SQL printer."""
    boolean = op in ("and", "or", "not", "is_true", "is_false")
    number = op in ("div", "round_number")
    value: Any = True if boolean else 8.0 if number else 8
    type_ = NUMBER if number else INTEGER
    names = ("a",) if op in ("neg", "not", "is_null", "is_true", "is_false") else ("a", "b")
    literals = [Literal(value, type_.within(1, 10) if not boolean else parse_type("boolean") or INTEGER) for _ in names]
    kind = parse_type("boolean") if op in ("eq", "ne", "lt", "le", "gt", "ge", "is_null") or boolean else type_
    assert kind is not None
    args: list[Expr] = [Column(name, each.type) for name, each in zip(names, literals, strict=True)]
    if op in ("to_number", "round_number"):  # the factor is always a constant
        literals[1] = Literal(8.0, NUMBER.within(8.0, 8.0))
        args[1] = literals[1]
    if op == "pick":  # of constants
        names, kind = ("a",), TEXT
        literals[1:] = [Literal(f"t{i}", TEXT) for i in range(9)]
        args[1:] = literals[1:]
    expr = Apply(op, tuple(args), kind)
    expected = OPERATIONS[op].evaluate(*(each.value for each in literals))
    source = Source({name: name for name in names})
    assert eval(source.value(expr), {**source.names, **dict.fromkeys(names, value)}) == expected
    columns = ", ".join(
        f"{to_sql(each).sql(dialect='duckdb')} AS {name}" for name, each in zip(names, literals, strict=False)
    )
    with duckdb.connect() as connection:
        sql = f"SELECT {to_sql(expr).sql(dialect='duckdb')} FROM (SELECT {columns})"
        assert connection.execute(sql).fetchall()[0][0] == expected


@given(st.integers(-(10**17), 10**17), st.integers(1, 10**9))
def test_half_up_division_rounds_halves_away_from_zero(a: int, b: int) -> None:
    """round_div is the nearest integer of the exact quotient, halves away from zero."""
    exact = abs(Fraction(a, b))
    nearest = math.floor(exact + Fraction(1, 2))
    assert round_div(a, b) == (nearest if a >= 0 else -nearest)


@given(st.integers(-(10**12), 10**12), st.sampled_from([1.0, 100.0, 10_000.0]))
def test_rounding_a_double_is_odd(x: int, factor: float) -> None:
    """Rounding -x gives minus what rounding x gives."""
    assert round_number(-x / 7, factor) == -round_number(x / 7, factor)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-(10**15), 10**15), st.integers(1, 10**6)), min_size=1, max_size=40))
def test_half_up_division_is_the_same_in_sql(pairs: list[tuple[int, int]]) -> None:
    """DuckDB truncates and Python floors; the printed form agrees with both."""
    wide = INTEGER
    with duckdb.connect() as connection:
        for a, b in pairs:
            expr = Apply("round_div", (Literal(a, wide), Literal(b, wide.within(1, 10**6))), wide)
            sql = to_sql(expr).sql(dialect="duckdb")
            assert connection.execute(f"SELECT {sql}").fetchall()[0][0] == round_div(a, b)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("-2 - -3", 1),
        ("not true or true", True),
        ("1 < 2 and 2 < 3", True),
        ("null is null", True),
        ("coalesce(null, 4)", 4),
        ("case when 1 > 2 then 'a' else 'b' end", "b"),
        ("'x' in ('a', 'x')", True),
        ("2 between 1 and 3", True),
        ("length('中文')", 2),
        ("least(3, 1, 2)", 1),
        ("case 3 when 1 then 10 when 3 then 30 else 0 end", 30),
        ("\"x\" = 'x'", True),
        ("1 <> 2", True),
        ("round(2.345, 2)", 235),
        ("round(-2.345, 2)", -235),
        ("true is not null", True),
        ("not false is true", True),
    ],
)
def test_constants_fold_to_their_value(text: str, value: object) -> None:
    """Constant expressions are computed while loading, by the semantics table."""
    expr, problems = _bound(text)
    assert list(problems) == []
    assert isinstance(expr, Literal)
    assert expr.value == value


@pytest.mark.parametrize("text", ["date '2023-05-09'", "timestamp '2023-05-09 08:00:00'", "'fresh'", "true", "1.5"])
def test_a_missing_result_has_the_type_of_the_others(text: str) -> None:
    """`case ... then null else x end` is printed with one type, which DuckDB asks for."""
    ops, flag = Operations(Problems()), Column("flag", BOOLEAN)
    value, _ = _bound(text)
    for expr in (ops.case([(flag, constant(None))], value), ops.case([(flag, value)], constant(None))):
        assert isinstance(expr, Case)
        assert expr.branches[0][1].type.kind == expr.otherwise.type.kind == value.type.kind
        with duckdb.connect() as connection:
            sql = f"SELECT {to_sql(expr).sql(dialect='duckdb')} FROM (SELECT true AS flag)"
            assert connection.execute(sql).fetchall()[0][0] == evaluate(expr, {"flag": True})


@pytest.mark.parametrize("name", TYPE_NAMES)
def test_every_listed_type_name_is_a_type(name: str) -> None:
    """The names that messages offer can be used."""
    found = parse_type(name)
    assert found is not None
    assert parse_type(f"{name}?") == found.null()


@given(
    st.lists(st.tuples(st.integers(-20, 20), st.booleans(), st.integers(-20, 20), st.booleans()), max_size=6),
    st.integers(-25, 25),
)
def test_subtracting_boxes_leaves_exactly_the_rest(cuts: list[tuple[int, bool, int, bool]], point: int) -> None:
    """A point is in what is left exactly when no cut holds it; counts know only whole values."""

    def holds(each: Interval, x: int) -> bool:
        above = x > each.low or (x == each.low and each.low_closed)
        return above and (x < each.high or (x == each.high and each.high_closed))

    boxes = [(Interval(-25, True, 25, True),)]
    intervals = [Interval(low, left, high, right) for low, left, high, right in cuts]
    for each in intervals:
        boxes = subtract(boxes, (each,), [True])
    inside = any(holds(box[0], point) for box in boxes)
    assert inside == (not any(holds(each, point) for each in intervals))


def test_kinds_have_a_run_time_shape() -> None:
    """The kinds of values are those that the border converts."""
    from trustcommerce.run.values import _CONVERTERS

    assert set(_CONVERTERS) == set(Kind) - {Kind.INTERVAL, Kind.MISSING, Kind.UNKNOWN}
