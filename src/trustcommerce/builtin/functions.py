"""Functions of the expression language, each exact on every engine.

`pow`, `exp` and `ln` are absent on purpose: engines differ in 5 to 10 % of their values.
"""

import datetime as dt
import math
import operator

from attrs import evolve

from trustcommerce.language import ranges
from trustcommerce.language.calendar import MICROS_BETWEEN, truncate
from trustcommerce.language.functions import Function
from trustcommerce.language.semantics import TINY
from trustcommerce.language.types import BOOLEAN, INTEGER, MAX_INT, TIMESTAMP, Kind, Type

__all__ = ["FUNCTIONS"]


def _whole(x: Type) -> Type:
    low, high = x.low or 0, x.high or 0
    bound = MAX_INT // 2
    return evolve(
        x,
        kind=Kind.EXACT,
        scale=0,
        nullable=False,
        low=max(math.floor(max(low, -bound)), -bound),
        high=min(math.ceil(min(high, bound)), bound),
        literal=False,
    )


def _size(x: Type) -> Type:
    low, high = x.low or 0, x.high or 0
    return x.within(0 if low <= 0 <= high else min(abs(low), abs(high)), max(abs(low), abs(high)))


def _root(x: Type) -> Type:
    return Type(Kind.NUMBER, 0, None, (x.low or 0) < 0, 0.0, math.sqrt(max(x.high or 0.0, 0.0)))


def _part(name: str, doc: str, python: str, sql: str, high: int, value: int) -> Function:
    """A calendar field of a date, by the name that both `datetime.date` and DuckDB have for it."""
    get = operator.methodcaller("isoweekday") if name == "weekday" else operator.attrgetter(name)
    return Function(
        name=name,
        parameters=("date",),
        result=lambda day: INTEGER.within(1, high),
        evaluate=get,
        python=python,
        sql=f"CAST({sql} AS BIGINT)",
        doc=doc,
        example=(f"{name}(date '2023-05-09')", value),
    )


def _wilson(k: float, n: float, z: float) -> float | None:
    if n <= 0 or k < 0 or k > n:
        return None
    p = k / n
    return (p + z * z / (2.0 * n) - z * math.sqrt((p * (1.0 - p) + z * z / (4.0 * n)) / n)) / (1.0 + z * z / n)


def _shrunk(k: float, n: float, prior: float, m: float) -> float | None:
    return None if n + m < TINY else (k + prior * m) / (n + m)


def _shrunk_type(k: Type, n: Type, prior: Type, m: Type) -> Type:
    above = ranges.add(ranges.of(k), ranges.mul(ranges.of(prior), ranges.of(m)))
    below = ranges.add(ranges.of(n), ranges.of(m))
    low, high = ranges.div(above, below, below[0] if below[0] > 0 else TINY)
    return Type(Kind.NUMBER, 0, "ratio", below[0] <= 0, low, high)


_WILSON_SQL = (
    "CASE WHEN {1} <= 0 OR {0} < 0 OR {0} > {1} THEN NULL ELSE ({0} / {1} + {2} * {2} / (CAST('2' AS DOUBLE) * {1})"
    " - {2} * SQRT(({0} / {1} * (CAST('1' AS DOUBLE) - {0} / {1}) + {2} * {2} / (CAST('4' AS DOUBLE) * {1})) / {1}))"
    " / (CAST('1' AS DOUBLE) + {2} * {2} / {1}) END"
)

FUNCTIONS: tuple[Function, ...] = (
    Function(
        name="floor",
        parameters=("number",),
        result=_whole,
        evaluate=math.floor,
        python="_floor({0})",
        sql="CAST(FLOOR({0}) AS BIGINT)",
        names={"_floor": math.floor},
        doc="The largest integer not above the number.",
        example=("floor(-2.5)", -3),
    ),
    Function(
        name="ceil",
        parameters=("number",),
        result=_whole,
        evaluate=math.ceil,
        python="_ceil({0})",
        sql="CAST(CEIL({0}) AS BIGINT)",
        names={"_ceil": math.ceil},
        doc="The smallest integer not below the number.",
        example=("ceil(-2.5)", -2),
    ),
    Function(
        name="abs",
        parameters=("numeric",),
        result=_size,
        evaluate=abs,
        python="abs({0})",
        sql="ABS({0})",
        doc="The size of a number.",
        example=("abs(-3)", 3),
    ),
    Function(
        name="sqrt",
        parameters=("number",),
        result=_root,
        evaluate=lambda x: None if x < 0 else math.sqrt(x),
        python="_sqrt({0})",
        sql="CASE WHEN {0} < 0 THEN NULL ELSE SQRT({0}) END",
        names={"_sqrt": lambda x: None if x < 0 else math.sqrt(x)},
        doc="The square root; missing below 0.",
        example=("sqrt(2.25)", 1.5),
    ),
    Function(
        name="wilson_lower",
        parameters=("number", "number", "number"),
        result=lambda k, n, z: Type(Kind.NUMBER, 0, "ratio", True, -1.0, 1.0),
        evaluate=_wilson,
        python="_wilson({0}, {1}, {2})",
        names={"_wilson": _wilson},
        sql=_WILSON_SQL,
        doc="Lower bound of the Wilson score interval (E. B. Wilson, 1927) of k in n at z; missing for n = 0.",
        example=("round(wilson_lower(95, 100, 1.96), 4)", 8882),
    ),
    Function(
        name="shrunk_ratio",
        parameters=("number", "number", "number", "number"),
        result=_shrunk_type,
        evaluate=_shrunk,
        python="_shrunk({0}, {1}, {2}, {3})",
        names={"_shrunk": _shrunk},
        sql=f"CASE WHEN {{1}} + {{3}} < CAST('{TINY}' AS DOUBLE) THEN NULL "
        "ELSE ({0} + {2} * {3}) / ({1} + {3}) END",
        doc="k in n drawn towards `prior` as if m more had been seen: (k + prior m) / (n + m).",
        example=("round(shrunk_ratio(15, 3, 4.6, 20), 5)", 465217),
    ),
    Function(
        name="length",
        parameters=("text",),
        result=lambda text: INTEGER.within(0, 10**9),
        evaluate=len,
        python="len({0})",
        sql="CAST(LENGTH({0}) AS BIGINT)",
        doc="Characters of a text, by code point.",
        example=("length('快手')", 2),
    ),
    Function(
        name="starts_with",
        parameters=("text", "text"),
        result=lambda text, start: BOOLEAN,
        evaluate=lambda text, start: text.startswith(start),
        python="{0}.startswith({1})",
        sql="STARTS_WITH({0}, {1})",
        doc="Whether a text begins with another.",
        example=("starts_with('fresh.fruit', 'fresh')", True),
    ),
    Function(
        name="date_trunc",
        parameters=("unit", "timestamp"),
        result=lambda unit, moment: TIMESTAMP,
        evaluate=truncate,
        python="_truncate({0}, {1})",
        names={"_truncate": truncate},
        sql="CAST(DATE_TRUNC({0}, {1}) AS TIMESTAMP)",
        doc="The start of the day, week (Monday), month, quarter or year that holds the moment.",
        example=("date_trunc('month', timestamp '2023-05-09 08:00:00')", dt.datetime(2023, 5, 1)),
    ),
    _part("year", "Year of a date.", "{0}.year", "YEAR({0})", 9999, 2023),
    _part("month", "Month of a date, 1 to 12.", "{0}.month", "MONTH({0})", 12, 5),
    _part("day", "Day of the month, 1 to 31.", "{0}.day", "DAY({0})", 31, 9),
    _part("weekday", "Day of the week, Monday 1 to Sunday 7.", "{0}.isoweekday()", "ISODOW({0})", 7, 2),
    MICROS_BETWEEN,
)
