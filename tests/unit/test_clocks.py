"""Clocks over calendars and exact spans: every engine gives what a walk minute by minute gives."""

import datetime as dt
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustcommerce.builtin import core_registry
from trustcommerce.diagnostics import Problems, SourceFile, Span
from trustcommerce.language.bind import Text, bind
from trustcommerce.language.calendar import micros_between
from trustcommerce.language.expressions import Column, Expr, Literal, walk
from trustcommerce.language.functions import Function
from trustcommerce.language.macros import Macro
from trustcommerce.language.opening import Calendar
from trustcommerce.language.operations import Operations
from trustcommerce.language.types import TIMESTAMP, Type
from trustcommerce.read.tree import Scalar
from trustcommerce.run.python import Source
from trustcommerce.run.reference import evaluate
from trustcommerce.run.sql import to_sql

MINUTE = dt.timedelta(minutes=1)
MICRO = dt.timedelta(microseconds=1)
FIRST = dt.date(2023, 4, 24)
CONNECTION = duckdb.connect()
COLUMNS = {"t": TIMESTAMP, "a": TIMESTAMP.null(), "b": TIMESTAMP.null()}


class _Scope:
    """Columns `t`, `a` and `b`, and a calendar `c`."""

    def __init__(self, calendar: Calendar | None = None, columns: Mapping[str, Type] = COLUMNS) -> None:
        self.made, self.columns, self.items = calendar, columns, dict[str, Expr]()

    def functions(self) -> Mapping[str, Function | Macro]:
        return {**core_registry().functions, **core_registry().macros}

    def calendar(self, name: str, span: Span) -> Calendar | None:
        return self.made

    def names(self) -> Iterable[str]:
        return self.columns

    def resolve(self, parts: tuple[str, ...], span: Span) -> Expr:
        return Column(parts[0], self.columns[parts[0]], span)


class _SharingScope(_Scope):
    """The same where helpers get names, as in a rule set."""

    def share(self, expr: Expr) -> Expr:
        if isinstance(expr, Literal | Column):
            return expr
        name = next((name for name, each in self.items.items() if each == expr), f"item{len(self.items)}")
        self.items[name] = expr
        return Column(name, expr.type)


def bound(text: str, scope: _Scope) -> Expr:
    problems = Problems()
    file = SourceFile(path="x", text=text)
    expr = bind(Text.of(Scalar(text, text, Span(file, 0, len(text)))), scope, Operations(problems))
    assert list(problems) == []
    return expr


def by_reference(expr: Expr, items: Mapping[str, Expr], row: Mapping[str, Any]) -> Any:
    filled = dict(row)
    for name, item in items.items():
        filled[name] = evaluate(item, filled)
    return evaluate(expr, filled)


def by_python(expr: Expr, items: Mapping[str, Expr], row: Mapping[str, Any]) -> Any:
    source = Source({name: name for name in (*row, *items)})
    lines = [f"    {name} = {source.value(item)}" for name, item in items.items()]
    text = "\n".join([f"def f({', '.join(row)}):", *lines, f"    return {source.value(expr)}"])
    scope: dict[str, Any] = dict(source.names)
    exec(text, {**scope, **source.names}, scope)
    return scope["f"](**row)


def by_sql(expr: Expr, items: Mapping[str, Expr], rows: list[dict[str, Any]], columns: Mapping[str, Type]) -> list[Any]:
    values = ", ".join(f"({i}, {', '.join('?' for _ in columns)})" for i, _ in enumerate(rows))
    relation = f"(SELECT * FROM (VALUES {values}) AS v(place, {', '.join(columns)}))"
    for name, item in items.items():
        relation = f'(SELECT *, {to_sql(item).sql(dialect="duckdb")} AS "{name}" FROM {relation})'
    casts = ", ".join(f"CAST({name} AS TIMESTAMP) AS {name}" for name in columns)
    relation = relation.replace("(SELECT * FROM (VALUES", f"(SELECT place, {casts} FROM (VALUES")
    found = CONNECTION.execute(
        f"SELECT {to_sql(expr).sql(dialect='duckdb')} FROM {relation} ORDER BY place",
        [row[name] for row in rows for name in columns],
    ).fetchall()
    return [value for (value,) in found]


def everywhere(text: str, calendar: Calendar | None, rows: list[dict[str, Any]]) -> list[Any]:
    """The values over `rows`, which all engines and both kinds of scope agree on."""
    results = []
    for scope in (_Scope(calendar), _SharingScope(calendar)):
        expr = bound(text, scope)
        results.append([by_reference(expr, scope.items, row) for row in rows])
        results.append([by_python(expr, scope.items, row) for row in rows])
        results.append(by_sql(expr, scope.items, rows, COLUMNS))
        for value in results[-1]:
            assert value is not None or expr.type.nullable
            if isinstance(value, float):
                assert expr.type.low is not None and expr.type.high is not None
                assert expr.type.low <= value <= expr.type.high
    assert all(each == results[0] for each in results)
    return results[0]


# -- the walk


def is_open(calendar: Calendar, moment: dt.datetime) -> bool:
    minute = moment.hour * 60 + moment.minute
    hours = calendar.week[moment.weekday()]
    return moment.date() not in calendar.holidays and any(start <= minute < end for start, end in hours)


def next_open(calendar: Calendar, moment: dt.datetime) -> dt.datetime:
    if is_open(calendar, moment):
        return moment
    minute = moment.replace(second=0, microsecond=0)
    while not is_open(calendar, minute):
        minute += MINUTE
    return minute


def open_micros(calendar: Calendar, start: dt.datetime, end: dt.datetime) -> int:
    if end < start:
        return -open_micros(calendar, end, start)
    total, at = 0, start
    while at < end:
        step = min(at.replace(second=0, microsecond=0) + MINUTE, end)
        total += micros_between(at, step) if is_open(calendar, at) else 0
        at = step
    return total


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    def hours() -> tuple[tuple[int, int], ...]:
        cuts = draw(st.sets(st.integers(0, 48).map(lambda half: half * 30) | st.integers(0, 1440), max_size=6))
        ends = sorted(cuts)[: len(cuts) // 2 * 2]
        apart = draw(st.booleans())
        return tuple(zip(ends[::2], ends[1::2], strict=True)) if apart else tuple(pairwise(ends))

    week = (hours(),) * 7 if draw(st.booleans()) else tuple(hours() for _ in range(7))
    if not any(week):
        week = (*week[:6], ((0, 1440),))
    days = draw(st.sets(st.integers(-3, 13), max_size=8))
    return Calendar(name="c", week=week, holidays=tuple(FIRST + dt.timedelta(days=day) for day in sorted(days)))


@st.composite
def moments(draw: st.DrawFn, calendar: Calendar) -> dt.datetime:
    """Any moment, often one beside which it opens or closes."""
    day = dt.datetime(FIRST.year, FIRST.month, FIRST.day) + dt.timedelta(days=draw(st.integers(0, 9)))
    edges = [minute for pair in calendar.week[day.weekday()] for minute in pair]
    if edges and draw(st.booleans()):
        return day + MINUTE * draw(st.sampled_from(edges)) + MICRO * draw(st.integers(-1, 1))
    return day + MICRO * draw(st.integers(0, 86_400_000_000 - 1))


@st.composite
def situations(draw: st.DrawFn) -> tuple[Calendar, list[dict[str, Any]]]:
    calendar = draw(calendars())
    moment = moments(calendar)
    row = st.fixed_dictionaries({"t": moment, "a": moment | st.none(), "b": moment | st.none()})
    return calendar, draw(st.lists(row, min_size=4, max_size=4))


@settings(max_examples=40, deadline=None)
@given(situations())
def test_open_is_what_the_minutes_say(situation: tuple[Calendar, list[dict[str, Any]]]) -> None:
    """`is_open` is true in the minutes that the week opens and no holiday closes."""
    calendar, rows = situation
    assert everywhere("is_open(t, 'c')", calendar, rows) == [is_open(calendar, row["t"]) for row in rows]
    expected = [None if row["a"] is None else is_open(calendar, row["a"]) for row in rows]
    assert everywhere("is_open(a, 'c')", calendar, rows) == expected


@settings(max_examples=40, deadline=None)
@given(situations())
def test_the_next_opening_is_what_a_walk_finds(situation: tuple[Calendar, list[dict[str, Any]]]) -> None:
    """`next_open` is the moment itself when open, else the first minute that is."""
    calendar, rows = situation
    assert everywhere("next_open(t, 'c')", calendar, rows) == [next_open(calendar, row["t"]) for row in rows]
    expected = [None if row["a"] is None else next_open(calendar, row["a"]) for row in rows]
    assert everywhere("next_open(a, 'c')", calendar, rows) == expected


@settings(max_examples=25, deadline=None)
@given(situations())
def test_open_time_is_the_sum_of_open_minutes(situation: tuple[Calendar, list[dict[str, Any]]]) -> None:
    """`open_minutes` and `open_hours` add what is open, negative backwards, and round once."""
    calendar, rows = situation
    exact = [None if row["a"] is None else open_micros(calendar, row["t"], row["a"]) for row in rows]
    minutes = [None if each is None else each / 60e6 for each in exact]
    assert everywhere("open_minutes(t, a, 'c')", calendar, rows) == minutes
    exact = [None if None in row.values() else open_micros(calendar, row["a"], row["b"]) for row in rows]
    assert everywhere("open_hours(a, b, 'c')", calendar, rows) == [
        None if each is None else each / 3.6e9 for each in exact
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.datetimes(), st.datetimes()), min_size=1, max_size=5))
def test_spans_are_one_division(pairs: list[tuple[dt.datetime, dt.datetime]]) -> None:
    """Over all moments there are, a span is its exact microseconds divided once."""
    rows = [{"t": t, "a": a, "b": None} for t, a in pairs]
    for unit, size in (("days", 86.4e9), ("hours", 3.6e9), ("minutes", 60e6), ("seconds", 1e6)):
        assert everywhere(f"{unit}_between(t, a)", None, rows) == [micros_between(t, a) / size for t, a in pairs]
    assert everywhere("micros_between(t, a)", None, rows) == [micros_between(t, a) for t, a in pairs]


def test_spans_keep_their_unit() -> None:
    """Hours compare with hours and constants, not with minutes."""
    scope = _Scope()
    assert bound("hours_between(t, a)", scope).type.unit == "hours"
    assert bound("hours_between(t, a) * 2 <= 24", scope).type.nullable
    assert str(bound("round(hours_between(t, a), 2)", scope).type) == "decimal(2) in hours?"
    problems = Problems()
    text = "hours_between(t, a) <= minutes_between(t, a)"
    file = SourceFile(path="x", text=text)
    bind(Text.of(Scalar(text, text, Span(file, 0, len(text)))), scope, Operations(problems))
    assert [each.code.slug for each in problems] == ["unit-mismatch"]


@pytest.mark.parametrize("places", range(8))
@pytest.mark.parametrize("unit", ["days", "hours", "minutes", "seconds"])
def test_spans_are_rounded_exactly(unit: str, places: int) -> None:
    """Rounding uses the microseconds: half a unit of the last place goes up, whatever the double is."""
    start = dt.datetime(2023, 5, 9)
    size = {"days": 86_400_000_000, "hours": 3_600_000_000, "minutes": 60_000_000, "seconds": 1_000_000}[unit]
    rows = [{"t": start, "a": start + MICRO * (size * k // (2 * 10**places)), "b": None} for k in (1, 3, 1001, 200_001)]
    exact = [micros_between(row["t"], row["a"]) for row in rows]
    assert everywhere(f"round({unit}_between(t, a), {places})", None, rows) == [
        (2 * each * 10**places + size) // (2 * size) for each in exact
    ]


def test_a_span_times_a_large_count_is_a_double() -> None:
    """There is no room for the exact product; the unit stays."""
    scope = _Scope(columns={**COLUMNS, "n": Type(COLUMNS["t"].kind.EXACT, low=0, high=10**15)})
    assert str(bound("hours_between(t, t) * n", scope).type) == "number in hours"


OFFICE = Calendar(
    name="c",
    week=(((540, 1080),),) * 5 + (((600, 720),), ()),
    holidays=(dt.date(2023, 4, 29), dt.date(2023, 5, 1), dt.date(2023, 5, 2), dt.date(2023, 5, 14)),
)


@pytest.mark.parametrize(
    ("t", "expected"),
    [
        ("2023-04-28 17:59:59.999999", "2023-04-28 17:59:59.999999"),
        ("2023-04-28 18:00:00", "2023-05-03 09:00:00"),
        ("2023-05-01 10:00:00", "2023-05-03 09:00:00"),
        ("2023-05-06 12:00:00", "2023-05-08 09:00:00"),
        ("2023-05-13 12:00:00", "2023-05-15 09:00:00"),
        ("1999-12-31 08:00:00", "1999-12-31 09:00:00"),
        ("9999-12-23 20:00:00", "9999-12-24 09:00:00"),
        ("9999-12-31 23:59:59", "9999-12-31 23:59:59"),
        ("0001-01-01 00:00:00", "0001-01-01 09:00:00"),
    ],
)
def test_an_office_opens(t: str, expected: str) -> None:
    """Holidays that touch closed days close one long stretch; the last week of year 9999 means never."""
    row = {"t": dt.datetime.fromisoformat(t), "a": None, "b": None}
    assert everywhere("next_open(t, 'c')", OFFICE, [row]) == [dt.datetime.fromisoformat(expected)]


def test_what_is_always_open() -> None:
    """A calendar without a closed moment measures plain time, and is missing where the moment is."""
    always = Calendar(name="c", week=(((0, 1440),),) * 7)
    rows: list[dict[str, Any]] = [
        {"t": dt.datetime(2023, 5, 9, 1), "a": dt.datetime(2023, 5, 9, 3), "b": None},
        {"t": dt.datetime(2023, 5, 9, 1), "a": None, "b": None},
    ]
    assert everywhere("is_open(a, 'c')", always, rows) == [True, None]
    assert everywhere("next_open(a, 'c')", always, rows) == [rows[0]["a"], None]
    assert everywhere("open_hours(t, a, 'c')", always, rows) == [2.0, None]
    assert everywhere("is_open(t, 'c')", always, rows) == [True, True]


def test_expressions_stay_small() -> None:
    """The usual hours cost two helpers and a few comparisons a moment; many holidays cost their logarithm in depth."""
    service = Calendar(name="c", week=(((480, 1380),),) * 7)
    scope = _SharingScope(service)
    open_, first = bound("is_open(t, 'c')", scope), len(scope.items)
    bound("next_open(t, 'c')", scope)
    bound("open_minutes(t, t, 'c')", scope)
    assert (first, len(scope.items)) == (2, 3)
    assert len(list(walk(open_))) <= 10
    holidays = tuple(dt.date(2000, 1, 3) + dt.timedelta(days=14 * i) for i in range(512))
    many = bound("is_open(t, 'c')", _SharingScope(Calendar(name="c", week=service.week, holidays=holidays)))
    assert _depth(many) <= 20


def _depth(expr: Expr) -> int:
    from trustcommerce.language.expressions import children

    return 1 + max(map(_depth, children(expr)), default=0)
