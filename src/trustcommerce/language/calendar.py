"""Arithmetic of dates and timestamps, as functions that every engine computes alike."""

import datetime as dt
import re

from attrs import frozen

from trustcommerce.language.functions import Function
from trustcommerce.language.types import DATE, INTEGER, TIMESTAMP, Kind

__all__ = [
    "ADD_MICROSECONDS",
    "AT_MIDNIGHT",
    "DATE_AT",
    "DAY",
    "EPOCH",
    "MICROS_BETWEEN",
    "SPAN",
    "Interval",
    "lies_within",
    "micros_between",
    "truncate",
]

DAY = 86_400_000_000
_UNITS = {
    "microsecond": 1,
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
    "day": DAY,
    "week": 7 * DAY,
}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
EPOCH = dt.datetime.min
"""The first moment there is; a Monday, so that weeks and days are counted from it."""
Moment = dt.date | dt.datetime | None
_INTERVAL = re.compile(r"\s*([0-9]{1,6})\s+([a-z]+?)s?\s*\Z")
_MAX_MONTHS, _MAX_MICROS = 1200, 36_525 * DAY


def micros_between(start: dt.datetime, end: dt.datetime) -> int:
    """Microseconds from `start` to `end`, exact."""
    return (end - start) // dt.timedelta(microseconds=1)


SPAN = micros_between(EPOCH, dt.datetime.max)
"""The longest time between two moments, in microseconds."""


def _add_months(day: dt.date, months: int) -> dt.date:
    """The same day of another month, or its last day; works on timestamps too."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    last = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)).day
    return day.replace(year=year, month=month, day=min(day.day, last))


def truncate(unit: str, moment: dt.datetime) -> dt.datetime:
    """The first moment of the unit that holds `moment`; weeks begin on Monday."""
    day = dt.datetime(moment.year, moment.month, moment.day)
    if unit == "week":
        return day - dt.timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def lies_within(at: Moment, since: Moment, until: Moment) -> bool:
    """Whether `at` is in [since, until); a missing bound is open, a date beside a timestamp its 00:00."""
    if at is None:
        return False
    moment = _timestamp(at)
    return (since is None or _timestamp(since) <= moment) and (until is None or moment < _timestamp(until))


def _timestamp(value: dt.date | dt.datetime) -> dt.datetime:
    return value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day)


AT_MIDNIGHT = Function(
    name="at_midnight",
    parameters=("date",),
    result=lambda day: TIMESTAMP,
    evaluate=lambda day: dt.datetime(day.year, day.month, day.day),
    python="_datetime({0}.year, {0}.month, {0}.day)",
    sql="CAST({0} AS TIMESTAMP)",
    names={"_datetime": dt.datetime},
    doc="The start of a day; a date beside a timestamp becomes it by itself.",
    example=("at_midnight(date '2023-05-09')", dt.datetime(2023, 5, 9)),
)
DATE_AT = Function(
    name="date_at",
    parameters=("timestamp",),
    result=lambda moment: DATE.null(True),
    evaluate=lambda moment: moment.date() if moment.time() == dt.time() else None,
    python="({0}.date() if {0}.time() == _midnight else None)",
    sql="CASE WHEN CAST(CAST({0} AS DATE) AS TIMESTAMP) = {0} THEN CAST({0} AS DATE) END",
    names={"_midnight": dt.time()},
    doc="The day that begins at a moment, missing where none does.",
    example=("date_at(timestamp '2023-05-09 00:00:00')", dt.date(2023, 5, 9)),
)
# Only months are added as intervals: DuckDB takes `INTERVAL 30 DAYS` and `INTERVAL 1 MONTH` for one expression, and
# computes it once.
_ADD_DAYS = Function(
    name="add_days",
    parameters=("date", "integer"),
    result=lambda day, days: DATE,
    evaluate=lambda day, days: day + dt.timedelta(days=days),
    python="{0} + _timedelta({1})",
    sql="CAST({0} + CAST({1} AS INTEGER) AS DATE)",
    names={"_timedelta": dt.timedelta},
    doc="A date some days later.",
    example=("add_days(date '2023-05-09', 1)", dt.date(2023, 5, 10)),
)
_ADD_MONTHS = Function(
    name="add_months",
    parameters=("date", "integer"),
    result=lambda day, months: DATE,
    evaluate=_add_months,
    python="_add_months({0}, {1})",
    sql="CAST({0} + TO_MONTHS(CAST({1} AS INTEGER)) AS DATE)",
    names={"_add_months": _add_months},
    doc="The same day some months later, or that month's last day.",
    example=("add_months(date '2023-01-31', 1)", dt.date(2023, 2, 28)),
)
ADD_MICROSECONDS = Function(
    name="add_microseconds",
    parameters=("timestamp", "integer"),
    result=lambda moment, micros: TIMESTAMP,
    evaluate=lambda moment, micros: moment + dt.timedelta(microseconds=micros),
    python="{0} + _timedelta(microseconds={1})",
    sql="MAKE_TIMESTAMP(EPOCH_US({0}) + {1})",
    names={"_timedelta": dt.timedelta},
    doc="A timestamp some microseconds later.",
    example=("add_microseconds(timestamp '2023-05-09 00:00:00', 1000000)", dt.datetime(2023, 5, 9, 0, 0, 1)),
)
MICROS_BETWEEN = Function(
    name="micros_between",
    parameters=("timestamp", "timestamp"),
    result=lambda start, end: INTEGER.within(-SPAN, SPAN),
    evaluate=micros_between,
    python="_micros({0}, {1})",
    sql="EPOCH_US({1}) - EPOCH_US({0})",
    names={"_micros": micros_between},
    doc="Whole microseconds from the first moment to the second.",
    example=("micros_between(timestamp '2023-05-09 08:00:00', timestamp '2023-05-09 20:30:00')", 45_000_000_000),
)
_SHIFT_MONTHS = Function(
    name="shift_months",
    parameters=("timestamp", "integer"),
    result=lambda moment, months: TIMESTAMP,
    evaluate=_add_months,
    python="_add_months({0}, {1})",
    sql="{0} + TO_MONTHS(CAST({1} AS INTEGER))",
    names={"_add_months": _add_months},
    doc="The same moment some months later, or on that month's last day.",
    example=("shift_months(timestamp '2023-01-31 12:00:00', 1)", dt.datetime(2023, 2, 28, 12)),
)


@frozen
class Interval:
    """A span of whole months or of microseconds, never both."""

    months: int
    micros: int

    @classmethod
    def parse(cls, text: str) -> "Interval | None":
        """`30 days`, `6 months`, `2 hours`; None when it is none or longer than a century."""
        match = _INTERVAL.match(text.lower())
        if not match:
            return None
        count, unit = int(match.group(1)), match.group(2)
        months, micros = count * _MONTHS.get(unit, 0), count * _UNITS.get(unit, 0)
        known = unit in _MONTHS or unit in _UNITS
        return cls(months, micros) if known and months <= _MAX_MONTHS and micros <= _MAX_MICROS else None

    def shift(self, kind: Kind, sign: int) -> tuple[Function, int]:
        """The function and amount that move a value of `kind` by this interval."""
        if kind is Kind.DATE:
            return (_ADD_MONTHS, sign * self.months) if self.months else (_ADD_DAYS, sign * self.micros // DAY)
        return (_SHIFT_MONTHS, sign * self.months) if self.months else (ADD_MICROSECONDS, sign * self.micros)
