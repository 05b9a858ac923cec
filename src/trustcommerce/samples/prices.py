"""Groups of comparable goods, and the market's offers for them."""

from attrs import frozen

from trustcommerce.samples.catalog import CATEGORIES, GROUP_CYCLE
from trustcommerce.samples.days import DAY, END, NOW, as_moment
from trustcommerce.samples.dice import Dice, Stream
from trustcommerce.samples.market import Market
from trustcommerce.samples.tables import money, yes_no

__all__ = ["Group", "pick_group", "write_groups"]

_STORES_A_CYCLE = 50
_SLOTS = {name: [i for i, each in enumerate(GROUP_CYCLE) if each == name] for name in CATEGORIES}


@frozen(kw_only=True)
class Group:
    """A group of comparable goods: its id, and its median price in fen."""

    group_id: str
    median: int


def _group(number: int, dice: Dice) -> Group:
    """Group `number`, made anew whenever it is needed instead of being remembered."""
    category = CATEGORIES[GROUP_CYCLE[(number - 1) % len(GROUP_CYCLE)]]
    return Group(group_id=f"g{number:03d}", median=int(dice.tailed(category.price, 0.5)))


def pick_group(market: Market, store: int, category: str, dice: Dice) -> Group:
    """One of the category's groups that have been written by the turn of store `store`."""
    cycle = dice.whole(0, (store - 1) // _STORES_A_CYCLE)
    number = cycle * len(GROUP_CYCLE) + dice.one_of(_SLOTS[category]) + 1
    return _group(number, market.dice(Stream.GROUP, number))


def write_groups(market: Market, store: int) -> None:
    """Before every fiftieth store, the offers of the groups that it and the next ones may sell in."""
    cycle, rest = divmod(store - 1, _STORES_A_CYCLE)
    if rest:
        return
    for number in range(cycle * len(GROUP_CYCLE) + 1, (cycle + 1) * len(GROUP_CYCLE) + 1):
        dice = market.dice(Stream.GROUP, number)
        _write_offers(market, _group(number, dice), dice)


def _write_offers(market: Market, group: Group, dice: Dice) -> None:
    tables = market.tables
    spread = 0.10 + 0.25 * dice.unit()
    for _ in range(0 if dice.chance(0.05) else min(40, int(dice.tailed(17.0, 0.7)))):
        span = END - NOW * DAY + (7 if dice.chance(0.65) else 20) * DAY
        tables.add(
            "market_offers",
            f"m{tables.next_number('market_offers'):04d}",
            group.group_id,
            money(max(100, int(dice.tailed(group.median, spread)))),
            as_moment(END - 1 - int(dice.unit() * span)),
            yes_no(dice.chance(0.9)),
        )
