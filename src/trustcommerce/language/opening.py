"""Opening hours: a week of open intervals, and the stretches of time that holidays close.

Everything here is computed once, when a pack is loaded; what runs per moment is made of it by the clocks.
"""

import datetime as dt
from functools import cached_property
from itertools import pairwise

from attrs import frozen

from trustcommerce.language.calendar import DAY, EPOCH, micros_between

__all__ = ["MINUTE", "WEEK", "Calendar", "Closure"]

MINUTE = 60_000_000
WEEK = 7 * DAY

Interval = tuple[int, int]


@frozen(kw_only=True)
class Closure:
    """A stretch of time that is closed from end to end, holidays among it.

    Args:
        start: The moment at which it closes for the last time before.
        end: The moment at which it opens again.
        opened: Microseconds open from the epoch to `start`.
        lost: Microseconds that the week alone would be open, in this stretch and all before it.
    """

    start: dt.datetime
    end: dt.datetime
    opened: int
    lost: int


@frozen(kw_only=True, slots=False)
class Calendar:
    """When something is open.

    Args:
        name: How expressions name it.
        week: For each day, Monday first, its open intervals in minutes of the day: ascending, apart, end exclusive.
        holidays: Days that are closed, ascending.
    """

    name: str
    week: tuple[tuple[Interval, ...], ...]
    holidays: tuple[dt.date, ...] = ()

    @cached_property
    def period(self) -> int:
        """Microseconds after which the hours repeat: a day where all days are alike, else a week."""
        return DAY if len(set(self.week)) == 1 else WEEK

    @cached_property
    def intervals(self) -> tuple[Interval, ...]:
        """Open intervals of one period in microseconds from its start, those that touch joined."""
        found: list[Interval] = []
        for day, hours in enumerate(self.week[: self.period // DAY]):
            for start, end in ((day * DAY + a * MINUTE, day * DAY + b * MINUTE) for a, b in hours):
                if found and found[-1][1] == start:
                    start = found.pop()[0]
                found.append((start, end))
        return tuple(found)

    @cached_property
    def open_per_period(self) -> int:
        return sum(end - start for start, end in self.intervals)

    @cached_property
    def always(self) -> bool:
        """Whether the week alone has no closed moment."""
        return self.intervals == ((0, self.period),)

    def opened(self, moment: dt.datetime) -> int:
        """Microseconds that the week alone is open from the epoch to `moment`."""
        periods, rest = divmod(micros_between(EPOCH, moment), self.period)
        return periods * self.open_per_period + sum(
            min(rest, end) - start for start, end in self.intervals if start < rest
        )

    @cached_property
    def closures(self) -> tuple[Closure, ...]:
        """The closed stretches that holidays make, ascending and apart."""
        closed = {day for day in self.holidays if self.week[day.weekday()]}
        stretches = sorted({(self._last_end(day, closed), self._next_start(day, closed)) for day in closed})
        assert all(a[1] < b[0] for a, b in pairwise(stretches))
        found, lost = [], 0
        for start, end in stretches:
            before = self.opened(start)
            opened = before - lost
            lost += self.opened(end) - before
            found.append(Closure(start=start, end=end, opened=opened, lost=lost))
        return tuple(found)

    def _last_end(self, day: dt.date, closed: set[dt.date]) -> dt.datetime:
        while day in closed or not self.week[day.weekday()]:
            day -= dt.timedelta(days=1)
        return _at(day, self.week[day.weekday()][-1][1])

    def _next_start(self, day: dt.date, closed: set[dt.date]) -> dt.datetime:
        while day in closed or not self.week[day.weekday()]:
            day += dt.timedelta(days=1)
        return _at(day, self.week[day.weekday()][0][0])


def _at(day: dt.date, minute: int) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day) + dt.timedelta(minutes=minute)
