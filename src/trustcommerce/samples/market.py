"""The marketplace while it is being written: open tables, and counts from which new numbers come."""

from attrs import define

from trustcommerce.samples.dice import Dice, Stream
from trustcommerce.samples.specials import creator_entertains
from trustcommerce.samples.tables import Tables

__all__ = ["Market", "creator_id", "store_id"]

_NEIGHBOURS = 40
_REGULARS = 400


def store_id(number: int) -> str:
    return f"s{number:04d}"


def creator_id(number: int) -> str:
    return f"c{number:04d}"


@define(kw_only=True)
class Market:
    """Everything that lasts longer than one operator; its size does not depend on the sample's.

    Args:
        seed: The sample's.
        tables: Where rows go.
        stores: How many stores are to be made.
        creators: How many creators have a number by now.
        buyers: How many buyers have one.
    """

    seed: int
    tables: Tables
    stores: int
    creators: int = 0
    buyers: int = 0

    def dice(self, stream: Stream, number: int) -> Dice:
        return Dice(self.seed, stream, number)

    def buyer(self, dice: Dice) -> str:
        """A new buyer, or now and then one of the last few hundred."""
        if self.buyers and dice.chance(0.25):
            number = self.buyers - dice.whole(0, min(self.buyers, _REGULARS) - 1)
        else:
            self.buyers += 1
            number = self.buyers
        return f"b{number:05d}"

    def seller(self, dice: Dice) -> int:
        """Number of a creator who sells for others: among the last few that have a number by now."""
        number = self.creators - dice.whole(0, min(self.creators, _NEIGHBOURS) - 1)
        return number - 1 if creator_entertains(number) else number
