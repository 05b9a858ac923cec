"""`calendars` of pack.yaml -> opening hours by weekday, and the days that a file of holidays closes."""

import datetime as dt
import re
from collections.abc import Iterator
from collections.abc import Mapping as Table
from itertools import pairwise

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, Span
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.opening import Calendar
from trustcommerce.language.types import Kind
from trustcommerce.model.pack import FileTable, TableSpec
from trustcommerce.read import Mapping, Node, Scalar, Sequence

__all__ = ["read_calendars"]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([0-9]{2}):([0-5][0-9])\s*-\s*([0-9]{2}):([0-5][0-9])\Z")
_MIDNIGHT = 24 * 60
_FIRST_YEAR, _LAST_YEAR = 1900, 2999

Hours = tuple[tuple[int, int], ...]


def read_calendars(
    node: Node | None,
    broken: set[tuple[str, ...]],
    declared: Table[str, TableSpec],
    files: Table[str, FileTable],
    problems: Problems,
) -> tuple[dict[str, Calendar], frozenset[str]]:
    """The calendars that can be used, and names as `calendars.name` of those that are reported.

    Args:
        node: The block.
        broken: Paths in pack.yaml that can't be read.
        declared: The pack's files as they are declared.
        files: Those of them that were read.
        problems: Takes what is wrong.
    """
    found: dict[str, Calendar] = {}
    failed = {".".join(path) for path in broken if path[:1] == ("calendars",)}
    for entry in node if isinstance(node, Mapping) else ():
        if f"calendars.{entry.key.text}" in failed or not isinstance(entry.value, Mapping):
            continue
        week = _week(entry.value.get("hours"), problems)
        holidays = _holidays(entry.value.get("holidays"), declared, files, problems)
        if week is None or holidays is None:
            failed.add(f"calendars.{entry.key.text}")
        else:
            found[entry.key.text] = Calendar(name=entry.key.text, week=week, holidays=holidays)
    return found, frozenset(failed)


# -- hours


def _week(node: Node | None, problems: Problems) -> tuple[Hours, ...] | None:
    week: dict[str, Hours] = {}
    said: dict[str, str] = {}
    good = True
    for entry in node if isinstance(node, Mapping) else ():
        days, hours = _days(entry.key, problems), _hours(entry.value, problems)
        twice = next((day for day in days or () if day in said), None)
        if twice is not None:
            problems.add(
                codes.OVERLAP,
                f"`{entry.key.text}` says the hours of {twice} again, after `{said[twice]}`",
                entry.key.span,
                "a day has its hours from one entry; several intervals are a list",
            )
        good = good and days is not None and hours is not None and twice is None
        said.update(dict.fromkeys(days or (), entry.key.text))
        week.update(dict.fromkeys(days or (), hours or ()))
    return tuple(week.get(day, ()) for day in _DAYS) if good else None


def _days(key: Scalar, problems: Problems) -> tuple[str, ...] | None:
    """The days that a key of `hours` names."""
    first, dash, last = key.text.partition("-")
    if key.text == "every_day":
        return _DAYS
    if first in _DAYS and not dash:
        return (first,)
    if first in _DAYS and last in _DAYS:
        start, end = _DAYS.index(first), _DAYS.index(last)
        if start <= end:
            return _DAYS[start : end + 1]
        problems.add(
            codes.BAD_RANGE,
            f"`{key.text}` runs over the end of the week",
            key.span,
            f"the week is mon to sun: split it into `{_named(start, 6)}` and `{_named(0, end)}`",
        )
        return None
    problems.add(
        codes.UNKNOWN_KEY,
        f"`{key.text}` is no day",
        key.span,
        did_you_mean(key.text, ("every_day", *_DAYS)) or "write every_day, mon to sun, or a span as mon-fri",
    )
    return None


def _named(start: int, end: int) -> str:
    return _DAYS[start] if start == end else f"{_DAYS[start]}-{_DAYS[end]}"


def _hours(node: Node, problems: Problems) -> Hours | None:
    """The open intervals of a day in minutes, ascending."""
    items = [each for each in (node if isinstance(node, Sequence) else (node,)) if isinstance(each, Scalar)]
    found = [(each, _interval(each, problems)) for each in items]
    read = sorted(((hours, each) for each, hours in found if hours is not None), key=lambda pair: pair[0])
    good = len(read) == len(items)
    for (before, _), (after, each) in pairwise(read):
        if after[0] < before[1]:
            problems.add(codes.OVERLAP, f"`{each.text}` overlaps other hours of the day", each.span)
            good = False
    return tuple(hours for hours, _ in read) if good else None


def _interval(node: Scalar, problems: Problems) -> tuple[int, int] | None:
    match = _HOURS.match(node.text.strip())
    hour, minute, last_hour, last_minute = map(int, match.groups()) if match else (99, 0, 99, 0)
    start, end = hour * 60 + minute, last_hour * 60 + last_minute
    if start > _MIDNIGHT or end > _MIDNIGHT:
        closed = node.text.strip() in ("closed", "none", "", "-")
        hint = (
            "leave the day out: days that are not named are closed"
            if closed
            else "write `08:00-23:00`, to 24:00 at most"
        )
        problems.add(codes.BAD_LITERAL, f"`{node.text}` are no hours", node.span, hint)
    elif start == end:
        problems.add(codes.BAD_RANGE, f"`{node.text}` is no time at all", node.span, "a whole day is `00:00-24:00`")
    elif start > end:
        problems.add(
            codes.BAD_RANGE,
            f"`{node.text}` runs over midnight",
            node.span,
            f"hours belong to one day: split it into `{node.text.strip()[:5]}-24:00` and, on the next day, "
            f"`00:00-{node.text.strip()[-5:]}`"
            if end
            else f"midnight at the end of a day is 24:00: write `{node.text.strip()[:5]}-24:00`",
        )
    else:
        return start, end
    return None


# -- holidays


def _holidays(
    node: Node | None, declared: Table[str, TableSpec], files: Table[str, FileTable], problems: Problems
) -> tuple[dt.date, ...] | None:
    if not isinstance(node, Scalar):
        return ()
    if node.text not in declared:
        problems.add(
            codes.UNKNOWN_TABLE,
            f"no file `{node.text}`",
            node.span,
            did_you_mean(node.text, declared) or "declare it under `files` in pack.yaml",
        )
        return None
    column = _date_column(declared[node.text], node.span, problems)
    if column is None or node.text not in files:
        return None
    days = dict(_dates(files[node.text], column))
    strange = [day for day in days if not _FIRST_YEAR <= day.year <= _LAST_YEAR]
    for day in strange:
        problems.add(codes.OUT_OF_RANGE, f"{day} is no holiday of the years {_FIRST_YEAR} to {_LAST_YEAR}", days[day])
    return None if strange else tuple(sorted(days))


def _date_column(spec: TableSpec, span: Span, problems: Problems) -> str | None:
    """The column with the days: the key if it is a date, else the only date."""
    dates = [name for name, each in spec.columns.items() if each.type.kind is Kind.DATE]
    if len(spec.key) == 1 and spec.key[0] in dates:
        return spec.key[0]
    if len(dates) == 1:
        return dates[0]
    if not dates:
        if all(each.type.kind is not Kind.UNKNOWN for each in spec.columns.values()):
            problems.add(
                codes.UNKNOWN_COLUMN, f"`{spec.name}` has no column with dates", span, "declare one of type `date`"
            )
        return None
    problems.add(
        codes.MISSING_KEY,
        f"`{spec.name}` has several columns with dates: {', '.join(dates)}",
        span,
        f"say which holds the holidays: `key: {dates[0]}`",
    )
    return None


def _dates(file: FileTable, column: str) -> Iterator[tuple[dt.date, Span]]:
    place = list(file.spec.columns).index(column)
    for row, line in zip(file.rows, file.lines, strict=True):
        day = row[place]
        if isinstance(day, dt.date):
            yield day, line
