"""What a `Share` means, as plainly as can be: the claims of one partition -> whole units for each.

In: an amount and claims, in the order that decides ties. Out: as many grants. Numbers are exact, however large.
"""

import heapq
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from attrs import evolve, frozen

__all__ = ["Claim", "shares"]


@frozen
class Claim:
    """Who takes part: a weight, and the least and the most it may get; None for no end."""

    weight: Any
    low: int = 0
    high: int | None = None

    def at(self, level: Fraction) -> Fraction:
        """What is due at a level: so much for each unit of weight, within the bounds."""
        due: Fraction = max(level * self.weight, Fraction(self.low))
        return due if self.high is None else min(due, Fraction(self.high))


def shares(amount: int, claims: Sequence[Claim], method: str = "largest_remainder") -> list[int]:
    """Grants that add up to the amount, or to all that the claims may get at most.

    An amount below the sum of all `low` is shared in proportion to them.
    """
    if method == "top":
        return _best(amount, claims)
    claims = [each if each.high is None or each.low <= each.high else evolve(each, low=each.high) for each in claims]
    if amount < sum(each.low for each in claims):
        claims = [Claim(each.low) for each in claims]
    return _by_signposts(amount, claims) if method == "webster" else _by_remainders(amount, claims)


def _best(amount: int, claims: Sequence[Claim]) -> list[int]:
    """One unit for each of the largest weights, the first of equal ones first."""
    able = sorted((i for i, each in enumerate(claims) if each.high != 0), key=lambda i: claims[i].weight, reverse=True)
    best = {*able[:amount]}
    return [int(i in best) for i, _ in enumerate(claims)]


def _by_remainders(amount: int, claims: Sequence[Claim]) -> list[int]:
    """Hamilton's method over what is due: the largest fractions are rounded up, the first of equal ones first."""
    due = [each.at(_level(amount, claims)) for each in claims]
    grants = [int(each) for each in due]
    order = sorted(range(len(due)), key=lambda i: grants[i] - due[i])
    for i in order[: int(sum(due)) - sum(grants)]:
        grants[i] += 1
    return grants


def _level(amount: int, claims: Iterable[Claim]) -> Fraction:
    """The level at which the amount is given, or one at which nobody gets more."""
    able = [each for each in claims if each.weight]
    rest = amount - sum(each.low for each in claims if not each.weight)
    bounds = {Fraction(end, each.weight) for each in able for end in (each.low, each.high) if end is not None}
    level = Fraction(0)
    for bound in sorted(bounds):
        if sum(each.at(bound) for each in able) > rest:
            break
        level = bound
    rising = sum(each.weight for each in able if _rises(each, level))
    return level + (rest - sum(each.at(level) for each in able)) / rising if rising else level


def _rises(claim: Claim, level: Fraction) -> bool:
    due = level * claim.weight
    return due >= claim.low and (claim.high is None or due < claim.high)


def _by_signposts(amount: int, claims: Sequence[Claim]) -> list[int]:
    """Webster's method: the k-th unit of a claim costs (2 k - 1) / (2 weight); the cheapest are given.

    What is due rounded to the nearest unit is half a unit too much for each claim at most, so units that would
    be given if there were one less for each of them are given in any case.
    """
    less = max(amount - sum(each.weight > 0 for each in claims), sum(each.low for each in claims))
    level = _level(less, claims)
    grants = [int(each.at(level) + Fraction(1, 2)) if each.weight else each.low for each in claims]
    due = [(Fraction(2 * grants[i] + 1, 2 * each.weight), i) for i, each in enumerate(claims) if _may(each, grants[i])]
    heapq.heapify(due)
    for _ in range(amount - sum(grants)):
        if not due:
            break
        _, i = heapq.heappop(due)
        grants[i] += 1
        if _may(claims[i], grants[i]):
            heapq.heappush(due, (Fraction(2 * grants[i] + 1, 2 * claims[i].weight), i))
    return grants


def _may(claim: Claim, given: int) -> bool:
    """Whether a claim may get one more."""
    return claim.weight > 0 and (claim.high is None or given < claim.high)
