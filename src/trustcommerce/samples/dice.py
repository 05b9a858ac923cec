"""Draws that give the same bits on every machine and in every version of Python."""

import math
import random
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TypeVar

__all__ = ["Dice", "Stream", "power_of_e"]

_T = TypeVar("_T")


class Stream(IntEnum):
    """What a generator is for, so that a store and a creator of one number draw apart."""

    OPERATOR = 1
    STORE = 2
    CREATOR = 3
    GROUP = 4
    TASKS = 5
    REFUND = 6
    FRAUD = 7


def power_of_e(x: float) -> float:
    """e to the power of `x`, nearly: additions and products alone, since `exp` differs between C libraries."""
    found = 1.0 + x / 1024.0
    for _ in range(10):
        found *= found
    return found


class Dice:
    """A generator of its own for one thing; only `random()` is drawn from, whose values never change.

    Args:
        seed: The sample's.
        stream: Kind of the thing.
        number: Its number.
    """

    __slots__ = ("unit",)

    def __init__(self, seed: int, stream: Stream, number: int) -> None:
        self.unit = random.Random(seed << 72 | stream << 64 | number).random

    def chance(self, p: float) -> bool:
        return self.unit() < p

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.unit() * (high - low + 1))

    def one_of(self, choices: Sequence[_T]) -> _T:
        return choices[int(self.unit() * len(choices))]

    def by_share(self, shares: Mapping[_T, float]) -> _T:
        """One of the keys; their shares add up to 1."""
        at = self.unit()
        for name, share in shares.items():
            at -= share
            if at < 0.0:
                return name
        return name

    def normal(self) -> float:
        """Nearly normal, with mean 0 and deviation 1, never beyond 3.5."""
        unit = self.unit
        return (unit() + unit() + unit() + unit() - 2.0) * 1.7320508075688772

    def tailed(self, median: float, spread: float) -> float:
        """Nearly log-normal: many small, few very large."""
        return median * power_of_e(spread * self.normal())

    def count(self, n: int, p: float) -> int:
        """How many of `n` things happen, each with chance `p`."""
        p = min(max(p, 0.0), 1.0)
        if n <= 30:
            found = 0
            for _ in range(n):
                found += self.unit() < p
            return found
        return min(n, max(0, int(n * p + math.sqrt(n * p * (1.0 - p)) * self.normal() + 0.5)))
