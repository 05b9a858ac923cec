"""When a store's orders are paid: most of them lately, and in the evening."""

from trustcommerce.samples.days import DAY, END, NOW, RECENT
from trustcommerce.samples.dice import Dice

__all__ = ["paid_times"]

_RECENT_SHARE = 0.88
_HANDFUL = 3


def paid_times(count: int, opened: int, dice: Dice) -> list[int]:
    """Seconds of `count` payments in order, none before day `opened`; a handful all fall into the last 30 days."""
    if count <= _HANDFUL:
        return sorted(_moment(max(NOW - 30, opened), NOW, dice) for _ in range(count))
    split = max(RECENT, opened)
    return sorted(
        _moment(split, END // DAY, dice)
        if opened >= RECENT or dice.chance(_RECENT_SHARE)
        else _moment(max(0, opened), split, dice)
        for _ in range(count)
    )


def _moment(first: int, end: int, dice: Dice) -> int:
    """A second from day `first` until day `end` begins, seldom in the morning."""
    day = first + int(dice.unit() * (end - first))
    return day * DAY + int(max(dice.unit(), dice.unit()) * DAY)
