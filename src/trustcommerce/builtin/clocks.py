"""Clocks over calendars: whether it is open, when it opens next, how long it was open.

Each is written out as a chain of comparisons over the moment's place in its day or week, and, where
holidays close something, over the moment itself. Everything is whole microseconds.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from attrs import frozen

from trustcommerce.builtin.spans import micros, quotient_of
from trustcommerce.language.calendar import ADD_MICROSECONDS, EPOCH, SPAN
from trustcommerce.language.expressions import Column, Expr, Literal
from trustcommerce.language.macros import Macro, Place
from trustcommerce.language.opening import MINUTE, WEEK, Calendar
from trustcommerce.language.operations import Operations, constant, null_of, retype
from trustcommerce.language.types import BOOLEAN, INTEGER, TIMESTAMP

__all__ = ["CLOCKS"]

_FLAT = 4
"""Bounds up to which a chain is read from its beginning; longer ones are halved."""
_SETTLED = dt.datetime.max - dt.timedelta(microseconds=WEEK)
"""From here on the next opening could lie beyond the last year; such moments mean `never`."""


@frozen
class _Moment:
    """A moment and its places: microseconds since the epoch, and since the hours last repeated."""

    at: Expr
    since: Expr
    place: Expr


class _Clock:
    """One calendar, lowered over moments."""

    def __init__(self, ops: Operations, calendar: Calendar, place: Place) -> None:
        self.ops, self.calendar, self.call = ops, calendar, place

    def _moment(self, at: Expr) -> _Moment:
        share = self.call.share
        since = micros(self.ops, Literal(EPOCH, TIMESTAMP), at, self.call)
        since = share(since if isinstance(since, Literal) else retype(since, since.type.within(0, SPAN)))
        if self.calendar.always:
            return _Moment(at, since, since)
        return _Moment(at, since, share(self._split("remainder", since, self.calendar.period - 1)))

    def is_open(self, expr: Expr) -> Expr:
        def build(moment: _Moment) -> Expr:
            open_ = self._over_period(moment, lambda start, before: _truth(True), lambda end, before: _truth(False))
            closed = self._over_closures(moment, lambda i: _truth(True), lambda i: _truth(False))
            return self.ops.logic("and", [self.ops.negate(closed), open_])

        return self._guarded(expr, build)

    def next_open(self, expr: Expr) -> Expr:
        def build(moment: _Moment) -> Expr:
            weekly = moment.at
            if not self.calendar.always:
                wait = self.ops.case(
                    [(self.ops.compare("ge", moment.at, Literal(_SETTLED, TIMESTAMP)), _count(0))],
                    self._over_period(
                        moment,
                        lambda start, before: _count(0),
                        lambda end, before: self.ops.sum("sub", _count(end), moment.place, self.call.span),
                    ),
                )
                weekly = self.ops.call(ADD_MICROSECONDS, (moment.at, wait), TIMESTAMP, self.call.span)
            if not self.calendar.closures:
                return weekly
            ends = self._over_closures(
                moment,
                lambda i: Literal(self.calendar.closures[i].end, TIMESTAMP),
                lambda i: null_of(TIMESTAMP),
            )
            return self.ops.coalesce([ends, weekly])

        return self._guarded(expr, build)

    def opened(self, expr: Expr) -> Expr:
        """Microseconds open from the epoch to a moment."""

        def build(moment: _Moment) -> Expr:
            weekly = self._opened_by_week(moment)
            if not self.calendar.closures:
                return weekly
            closed = self._over_closures(moment, lambda i: _truth(True), lambda i: _truth(False))
            counted = self._over_closures(
                moment,
                lambda i: _count(self.calendar.closures[i].opened),
                lambda i: _count(-self.calendar.closures[i - 1].lost if i else 0),
            )
            return self.ops.sum("add", self.ops.case([(closed, _count(0))], weekly), counted, self.call.span)

        found = self._guarded(expr, build)
        return self.call.share(found if isinstance(found, Literal) else retype(found, found.type.within(0, SPAN)))

    def _opened_by_week(self, moment: _Moment) -> Expr:
        calendar = self.calendar
        if calendar.always:
            return moment.since
        rest = self._over_period(
            moment,
            lambda start, before: self._less(moment.place, start - before),
            lambda end, before: _count(before),
        )
        periods = self._split("quotient", moment.since, SPAN // calendar.period)
        whole = self.ops.mul(periods, _count(calendar.open_per_period), self.call.span)
        return self.ops.sum("add", whole, rest, self.call.span)

    # -- pieces

    def _split(self, op: str, since: Expr, high: int) -> Expr:
        """Which period it is, or the place in it."""
        type_ = INTEGER.within(0, high).null(since.type.nullable)
        return self.ops.apply(op, (since, _count(self.calendar.period)), type_, self.call.span)

    def _less(self, expr: Expr, micros: int) -> Expr:
        return self.ops.sum("sub", expr, _count(micros), self.call.span) if micros else expr

    def _guarded(self, expr: Expr, build: Callable[[_Moment], Expr]) -> Expr:
        """What `build` makes of the moment; missing where the moment is."""
        at = self.call.share(expr)
        if not at.type.nullable:
            return build(self._moment(at))
        moment = self._moment(at)
        if isinstance(moment.place, Column):  # an item, computed for every row, also without a moment
            known = _Moment(*(retype(each, each.type.null(False)) for each in (at, moment.since, moment.place)))
        else:
            known = self._moment(retype(at, at.type.null(False)))
        if isinstance(at, Literal):
            return null_of(build(known).type)
        return self.ops.case([(self.ops.is_null(at), constant(None))], build(known))

    def _over_period(
        self, moment: _Moment, open_: Callable[[int, int], Expr], closed: Callable[[int, int], Expr]
    ) -> Expr:
        """What holds at a place of the day or week.

        Args:
            moment: The moment.
            open_: From the start of an open interval and the microseconds open before it in the period.
            closed: From the end of a closed one, past the end of the period for the last, and the same.
        """
        bounds: list[int] = []
        pieces: list[Expr] = []
        for end, piece in self._pieces(open_, closed):
            bounds.append(end)
            pieces.append(piece)
        return self._chain(moment.place, [_count(each) for each in bounds[:-1]], pieces)

    def _pieces(
        self, open_: Callable[[int, int], Expr], closed: Callable[[int, int], Expr]
    ) -> Iterator[tuple[int, Expr]]:
        """Ends of the pieces of a period with what holds in them."""
        calendar = self.calendar
        at = before = 0
        for start, end in calendar.intervals:
            if at < start:
                yield start, closed(start, before)
            yield end, open_(start, before)
            at, before = end, before + end - start
        if at < calendar.period:
            yield calendar.period, closed(calendar.period + calendar.intervals[0][0], before)

    def _over_closures(self, moment: _Moment, within: Callable[[int], Expr], before: Callable[[int], Expr]) -> Expr:
        """What holds at a moment: `within(i)` in the closure of that number, `before(i)` ahead of it."""
        bounds, pieces = [], [before(0)]
        for i, closure in enumerate(self.calendar.closures):
            bounds += [Literal(closure.start, TIMESTAMP), Literal(closure.end, TIMESTAMP)]
            pieces += [within(i), before(i + 1)]
        return self._chain(moment.at, bounds, pieces)

    def _chain(self, x: Expr, bounds: Sequence[Literal], pieces: Sequence[Expr]) -> Expr:
        """The piece that holds `x`: the first whose bound is above it, else the last."""
        if len(bounds) > _FLAT:
            half = len(bounds) // 2
            left = self._chain(x, bounds[:half], pieces[: half + 1])
            right = self._chain(x, bounds[half + 1 :], pieces[half + 1 :])
            return self.ops.case([(self.ops.compare("lt", x, bounds[half]), left)], right)
        branches = [(self.ops.compare("lt", x, bound), piece) for bound, piece in zip(bounds, pieces, strict=False)]
        return self.ops.case(branches, pieces[-1])


def _count(micros: int) -> Literal:
    return Literal(micros, INTEGER.within(micros, micros))


def _truth(value: bool) -> Literal:
    return Literal(value, BOOLEAN)


# -- the macros


def _clock(ops: Operations, args: Sequence[Expr], place: Place) -> _Clock:
    name = args[-1]
    assert isinstance(name, Literal)
    return _Clock(ops, place.calendars[str(name.value)], place)


def _is_open(ops: Operations, args: Sequence[Expr], place: Place) -> Expr:
    return _clock(ops, args, place).is_open(args[0])


def _next_open(ops: Operations, args: Sequence[Expr], place: Place) -> Expr:
    return _clock(ops, args, place).next_open(args[0])


def _open(unit: str, size: int) -> Macro:
    def lower(ops: Operations, args: Sequence[Expr], place: Place) -> Expr:
        clock = _clock(ops, args, place)
        start, end = clock.opened(args[0]), clock.opened(args[1])
        found = ops.sum("sub", end, start, place.span)
        bounded = found if isinstance(found, Literal) else retype(found, found.type.within(-SPAN, SPAN))
        return quotient_of(ops, bounded, unit, size, place)

    return Macro(
        name=f"open_{unit}",
        parameters=("timestamp", "timestamp", "calendar"),
        lower=lower,
        doc=f"{unit.capitalize()} from the first moment to the second in which a calendar is open, as a double.",
        example=(
            f"open_{unit}(timestamp '2023-05-12 17:30:00', timestamp '2023-05-13 11:00:00', 'office')",
            5_400_000_000 / size,
        ),
        calendars=_EXAMPLE,
    )


_LONG = ((9 * 60, 18 * 60),)
_EXAMPLE = {"office": Calendar(name="office", week=(_LONG,) * 5 + (((10 * 60, 12 * 60),), ()))}
CLOCKS: tuple[Macro, ...] = (
    Macro(
        name="is_open",
        parameters=("timestamp", "calendar"),
        lower=_is_open,
        doc="Whether a calendar is open at a moment; the end of an interval is closed.",
        example=("is_open(timestamp '2023-05-13 11:59:59', 'office')", True),
        calendars=_EXAMPLE,
    ),
    Macro(
        name="next_open",
        parameters=("timestamp", "calendar"),
        lower=_next_open,
        doc="The moment itself where a calendar is open, else the next moment at which it opens.",
        example=("next_open(timestamp '2023-05-13 12:00:00', 'office')", dt.datetime(2023, 5, 15, 9)),
        calendars=_EXAMPLE,
    ),
    _open("minutes", MINUTE),
    _open("hours", 60 * MINUTE),
)
