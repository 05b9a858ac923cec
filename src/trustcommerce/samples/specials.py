"""The stores, creators and operators whose fate is set by their number, so that tests and pages can name them.

Each fate comes back every so many numbers: a larger sample holds as large a share of it.
"""

from attrs import frozen

__all__ = [
    "APPEALED",
    "BRUSHER",
    "COUNTERFEITER",
    "Fate",
    "creator_entertains",
    "creator_is_new",
    "creator_promotes_counterfeits",
    "creator_sells_from_the_shelf",
    "fate",
    "hit_by_incident",
    "is_mixed_operator",
]

COUNTERFEITER, BRUSHER, APPEALED = 42, 65, 88
_EVERY = 1_000
_NEW_ORDERS = (0, 3, 0, 120, 18, 0, 7, 240, 0, 3, 25, 600)
_BIG_ORDERS = (2_600, 1_300, 1_900)


@frozen(kw_only=True)
class Fate:
    """What a store's number sets.

    Args:
        role: Number of the special store whose part it plays, below 1,000; 0 for others.
        new: Opened within 30 days.
        orders: How many it has, if that is set.
    """

    role: int
    new: bool
    orders: int | None


def fate(number: int) -> Fate:
    """The fate of store `number`."""
    role = number % _EVERY
    if role in (COUNTERFEITER, BRUSHER, APPEALED):
        return Fate(role=role, new=False, orders={COUNTERFEITER: 640, BRUSHER: 760, APPEALED: 320}[role])
    if number % 25 == 3:
        return Fate(role=0, new=True, orders=_NEW_ORDERS[number // 25 % len(_NEW_ORDERS)])
    if number % 60 == 11:
        return Fate(role=0, new=False, orders=3)
    if number % 100 == 17:
        return Fate(role=0, new=False, orders=_BIG_ORDERS[number // 100 % len(_BIG_ORDERS)])
    return Fate(role=0, new=False, orders=None)


def hit_by_incident(number: int) -> bool:
    """Whether store `number` ships with the carrier, and from the region, of the bad week."""
    return number % 30 == 7


def is_mixed_operator(number: int) -> bool:
    """Whether operator `number` has three stores: one excellent, one usual, one poor."""
    return number % 700 == 12


def creator_sells_from_the_shelf(number: int) -> bool:
    return number % 29 == 4


def creator_is_new(number: int) -> bool:
    return number % 31 == 9


def creator_entertains(number: int) -> bool:
    """Whether creator `number` has an audience and sells nothing."""
    return number % 23 == 6


def creator_promotes_counterfeits(number: int) -> bool:
    return number % 176 == 57
