"""Clock changes of a time zone, and how many local times of a table they repeat or skip.

A local time that is repeated or skipped when clocks change says less than it seems to: it is kept, and counted.
"""

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import frozen

from trustcommerce.errors import DataError
from trustcommerce.run.duck import first_row

if TYPE_CHECKING:
    import duckdb

__all__ = ["AMBIGUOUS", "Change", "Moments", "changes", "check_moments"]

AMBIGUOUS = "ambiguous times"

_YEARS = (1900, 2100)
_EPOCH = dt.datetime(1970, 1, 1)
_MARGIN = dt.timedelta(days=2)
_MANY = 24
"""Above so many changes it pays to ask which years occur: one far-off date must not cost tests for all between."""


@frozen
class Change:
    """Clocks change at `at` (UTC) from the offset `before` to `after`."""

    at: dt.datetime
    before: dt.timedelta
    after: dt.timedelta


@frozen(kw_only=True)
class Moments:
    """A column of moments: `sql` is local time without a zone, or an instant when `zoned`."""

    column: str
    sql: str
    zoned: bool


def check_moments(
    connection: "duckdb.DuckDBPyConnection", source: str, moments: Sequence[Moments], zone: str | None, what: str
) -> int:
    """How many moments fall into an hour that a clock change of `zone` repeats or skips; infinite ones are refused."""
    if not moments:
        return 0
    ends = ", ".join(
        f"isfinite(min({each.sql})) AND isfinite(max({each.sql})), epoch_us(min({each.sql})), epoch_us(max({each.sql}))"
        for each in moments
    )
    row = first_row(connection, f"SELECT {ends} FROM {source}") or ()
    counts = []
    for each, finite, low, high in zip(moments, row[::3], row[1::3], row[2::3], strict=True):
        if finite is False:
            raise DataError(f"{what}: `{each.column}` holds an infinite moment", column=each.column)
        if zone is None or low is None:
            continue
        found = _between(zone, _moment(low) - _MARGIN, _moment(high) + _MARGIN)
        if len(found) > _MANY:
            years = connection.execute(f"SELECT DISTINCT date_part('year', {each.sql}) FROM {source}").fetchall()
            near = {int(year) + i for (year,) in years if year is not None for i in (-1, 0, 1)}
            found = [change for change in found if change.at.year in near]
        tests = [test for change in found if (test := (_instants if each.zoned else _locals)(each.sql, change))]
        if tests:
            counts.append(f"(SELECT count(*) FROM {source} WHERE {' OR '.join(tests)})")
    (count,) = first_row(connection, f"SELECT {' + '.join(counts)}") or (0,) if counts else (0,)
    return int(count)


def _moment(microseconds: int) -> dt.datetime:
    """Within the years whose clock changes are known; before and after them nothing is counted."""
    low, high = (int((dt.datetime(year, 1, 1) - _EPOCH).total_seconds()) * 10**6 for year in _YEARS)
    return _EPOCH + dt.timedelta(microseconds=min(max(microseconds, low), high))


def _locals(sql: str, change: Change) -> str | None:
    """Local times that occur twice or never."""
    first, last = sorted((change.at + change.before, change.at + change.after))
    return f"({sql} >= TIMESTAMP '{first}' AND {sql} < TIMESTAMP '{last}')"


def _instants(sql: str, change: Change) -> str | None:
    """Instants whose local time occurs twice; a skipped time has no instant."""
    length = change.before - change.after
    if length <= dt.timedelta(0):
        return None
    first, last = change.at - length, change.at + length - dt.timedelta(microseconds=1)
    return f"{sql} BETWEEN TIMESTAMPTZ '{first}+00' AND TIMESTAMPTZ '{last}+00'"


def _between(zone: str, low: dt.datetime, high: dt.datetime) -> list[Change]:
    return [
        change for year in range(low.year, high.year + 1) for change in changes(zone, year) if low <= change.at <= high
    ]


@lru_cache(maxsize=1024)
def changes(zone: str, year: int) -> tuple[Change, ...]:
    """The clock changes of a year, by bisection between days on which the offsets differ."""
    info = zoneinfo.ZoneInfo(zone)

    def offset(at: dt.datetime) -> dt.timedelta:
        return info.utcoffset(at.replace(tzinfo=dt.UTC).astimezone(info)) or dt.timedelta(0)

    found = []
    start, end = dt.datetime(year, 1, 1), dt.datetime(year + 1, 1, 1)
    while start < end:
        step = min(start + dt.timedelta(days=7), end)
        low, high, before, after = start, step, offset(start), offset(step)
        if before != after:
            while high - low > dt.timedelta(seconds=1):
                middle = low + dt.timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (middle, high) if offset(middle) == before else (low, middle)
            found.append(Change(high, before, after))
        start = step
    return tuple(found)
