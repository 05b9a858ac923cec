"""Time in a sample: whole days and seconds from its first day, and how they are written.

The last days lie after the day of judgement: an engine that reads them has looked into the future.
"""

import datetime as dt

__all__ = ["AS_OF", "DAY", "END", "HOUR", "MINUTE", "NOW", "RECENT", "as_day", "as_moment", "day_number", "if_seen"]

AS_OF = dt.date(2023, 5, 18)
MINUTE, HOUR, DAY = 60, 3_600, 86_400

_FIRST, _LAST = dt.date(2023, 1, 20), dt.date(2023, 5, 21)
_BACK, _AHEAD = 400, 150


def day_number(day: dt.date) -> int:
    return (day - _FIRST).days


NOW = day_number(AS_OF)
RECENT = NOW - 45
END = (day_number(_LAST) + 1) * DAY
"""The second from which on nothing is recorded any more."""

# Tables of texts: building them for every cell would be most of the work.
_DAYS = tuple((_FIRST + dt.timedelta(days=n)).isoformat() for n in range(-_BACK, _AHEAD))
_MINUTES = tuple(f" {n // 60:02d}:{n % 60:02d}" for n in range(24 * 60))
_SECONDS = tuple(f":{n:02d}" for n in range(60))


def as_day(number: int) -> str:
    """Day `number` as 2023-05-18."""
    if -_BACK <= number < _AHEAD:
        return _DAYS[number + _BACK]
    return (_FIRST + dt.timedelta(days=number)).isoformat()


def as_moment(time: int) -> str:
    """Second `time` as 2023-05-18 09:30:00."""
    day, second = divmod(time, DAY)
    return _DAYS[day + _BACK] + _MINUTES[second // 60] + _SECONDS[second % 60]


def if_seen(time: int | None) -> str:
    """Second `time`, or an empty cell if it never came or comes after the last day."""
    return "" if time is None or time >= END else as_moment(time)
