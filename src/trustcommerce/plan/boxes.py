"""Gaps, overlaps and masked rows of decision tables, by subtracting boxes from a box.

A row is a box: one interval for each input. What rows leave of the whole box is a gap, with a
point of it as the witness. One input is a table of one column.
"""

from collections.abc import Sequence
from typing import Any

from attrs import frozen

__all__ = ["ANY", "Box", "Interval", "domain", "subtract", "witness"]


@frozen
class Interval:
    """Values from `low` to `high`, each end closed or open; over numbers, ranks, or single texts."""

    low: Any
    low_closed: bool
    high: Any
    high_closed: bool

    def empty(self, whole: bool = False) -> bool:
        """Whether no value lies in it; over ranks and counts (`whole`) only whole values do."""
        if whole:
            return bool(self.first() > self.last())
        if self.low == self.high:
            return not (self.low_closed and self.high_closed)
        return bool(self.low > self.high)

    def first(self) -> Any:
        return self.low if self.low_closed else self.low + 1

    def last(self) -> Any:
        return self.high if self.high_closed else self.high - 1

    def meet(self, other: "Interval") -> "Interval":
        low, low_closed = max((self.low, not self.low_closed), (other.low, not other.low_closed))
        high, high_closed = min((self.high, self.high_closed), (other.high, other.high_closed))
        return Interval(low, not low_closed, high, high_closed)

    def minus(self, other: "Interval") -> list["Interval"]:
        below = self.meet(Interval(self.low, self.low_closed, other.low, not other.low_closed))
        above = self.meet(Interval(other.high, not other.high_closed, self.high, self.high_closed))
        return [below, above]


_INFINITE = float("inf")
ANY = Interval(-_INFINITE, False, _INFINITE, False)

Box = tuple[Interval, ...]


def domain(kind: str, labels: int, low: float | None, high: float | None) -> Interval:
    """The interval of all values of an input."""
    if kind == "label":
        return Interval(0, True, labels - 1, True)
    if kind == "boolean":
        return Interval(0, True, 1, True)
    if kind in ("exact", "number"):
        return Interval(
            -_INFINITE if low is None else low, low is not None, _INFINITE if high is None else high, high is not None
        )
    return ANY


def subtract(boxes: Sequence[Box], cut: Box, whole: Sequence[bool]) -> list[Box]:
    """What remains of `boxes` without `cut`; `whole` tells which inputs take whole values only."""
    remaining: list[Box] = []
    for box in boxes:
        inner = tuple(a.meet(b) for a, b in zip(box, cut, strict=True))
        if any(each.empty(w) for each, w in zip(inner, whole, strict=True)):
            remaining.append(box)
            continue
        for i, (side, part) in enumerate(zip(box, inner, strict=True)):
            for rest in side.minus(part):
                if not rest.empty(whole[i]):
                    remaining.append((*inner[:i], rest, *box[i + 1 :]))
    return remaining


def witness(interval: Interval, whole: bool) -> Any:
    """One value of an interval that is not empty."""
    if whole:
        return interval.first() if interval.first() > -_INFINITE else interval.last()
    if interval.low_closed:
        return interval.low
    if interval.high_closed:
        return interval.high
    if interval.low == -_INFINITE and interval.high == _INFINITE:
        return 0
    if interval.low == -_INFINITE:
        return interval.high - 1
    return interval.low + 1 if interval.high == _INFINITE else (interval.low + interval.high) / 2
