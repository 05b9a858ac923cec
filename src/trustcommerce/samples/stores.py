"""One store: its row, its products, what it did wrong, and its orders."""

from collections.abc import Sequence

from attrs import evolve

from trustcommerce.samples.catalog import SHOP_TYPES
from trustcommerce.samples.conduct import write_appeal, write_violation, write_violations
from trustcommerce.samples.days import DAY, END, NOW, as_day
from trustcommerce.samples.dice import Dice, Stream
from trustcommerce.samples.market import Market, creator_id, store_id
from trustcommerce.samples.orders import Shop, write_order
from trustcommerce.samples.products import write_products
from trustcommerce.samples.profiles import Profile, make_profile
from trustcommerce.samples.settlement import write_tasks
from trustcommerce.samples.specials import APPEALED, BRUSHER, COUNTERFEITER, Fate, fate
from trustcommerce.samples.tables import yes_no
from trustcommerce.samples.times import paid_times

__all__ = ["write_store"]


def write_store(
    market: Market, number: int, operator: str, good: float, own_creators: Sequence[int], *, at_least: int = 0
) -> None:
    """Store `number` and all that belongs to it.

    Args:
        market: Where it is written.
        number: From 1.
        operator: Id of who runs it.
        good: How well it is run, about -2 to 2.
        own_creators: Numbers of the operator's creators, who sell for it first.
        at_least: Orders that it gets at least, if its number sets none.
    """
    dice = market.dice(Stream.STORE, number)
    lot = fate(number)
    profile = make_profile(number, lot, good, dice)
    if lot.orders is None:
        profile = evolve(profile, orders=max(profile.orders, at_least))
    store = store_id(number)
    market.tables.add(
        "stores",
        store,
        operator,
        profile.industry,
        dice.by_share(SHOP_TYPES),
        as_day(profile.opened),
        yes_no(profile.insured),
    )
    write_tasks(market, number, profile.opened)
    helpers = [market.seller(dice) for _ in range(dice.whole(1, 3))]
    products = write_products(market, number, operator, profile, new=lot.new, dice=dice)
    _write_conduct(market, store, products[0].product_id, lot, profile, dice)
    shop = Shop(
        store=store,
        profile=profile,
        products=products,
        sellers=tuple(creator_id(each) for each in dict.fromkeys([*own_creators, *helpers])),
    )
    for time in paid_times(profile.orders, profile.opened, dice):
        write_order(market, shop, time, dice)


def _write_conduct(market: Market, store: str, product: str, lot: Fate, profile: Profile, dice: Dice) -> None:
    rude = dice.whole(1, 4) if dice.chance(0.05 - 0.02 * profile.service) else 0
    write_violations(market, "store", store, "rude_service", dice, times=rude, since=profile.opened * DAY)
    if lot.role == COUNTERFEITER:
        for days_ago in (61, 12):
            write_violation(market, "store", store, "counterfeit", _days_ago(days_ago, dice))
        write_violation(market, "product", product, "counterfeit", _days_ago(12, dice))
    elif lot.role == BRUSHER:
        write_violation(market, "store", store, "brushing_suspected", _days_ago(9, dice))
    elif lot.role == APPEALED:
        violation = write_violation(market, "store", store, "counterfeit", _days_ago(28, dice))
        write_appeal(market, violation, _days_ago(25, dice), _days_ago(11, dice), "granted")


def _days_ago(days: int, dice: Dice) -> int:
    """A moment in office hours of the day that many days before the day of judgement."""
    return min(END - 1, (NOW - days) * DAY + 9 * 3_600 + int(dice.unit() * 9 * 3_600))
