"""What buyers do beside paying: ask, send back, quarrel and rate."""

from trustcommerce.samples.days import DAY, END, HOUR, MINUTE, as_moment, if_seen
from trustcommerce.samples.dice import Dice
from trustcommerce.samples.market import Market
from trustcommerce.samples.products import Product
from trustcommerce.samples.profiles import Profile
from trustcommerce.samples.settlement import refunded
from trustcommerce.samples.tables import money

__all__ = ["write_aftermath", "write_chat"]


def write_chat(market: Market, store: str, profile: Profile, buyer: str, paid: int, dice: Dice) -> None:
    """A question around an order; the slowest replies never come."""
    before = int(dice.unit() * 3 * HOUR)
    asked = max(0, paid - before) if dice.chance(0.6) else paid + int(dice.unit() * 5 * DAY)
    if asked >= END:
        return
    replied: int | None
    if dice.chance(profile.replies):
        replied = asked + 5 + int(dice.unit() * dice.unit() * 170)
    elif dice.chance(0.15):
        replied = None
    else:
        replied = asked + int(dice.tailed(9.0, 0.8) * MINUTE) + 3 * MINUTE
    tables = market.tables
    name = f"h{tables.next_number('chats'):05d}"
    tables.add("chats", name, store, buyer, as_moment(asked), if_seen(replied))


def write_aftermath(
    market: Market,
    order: str,
    store: str,
    product: Product,
    profile: Profile,
    paid: int,
    arrived: int,
    *,
    late: bool,
    dice: Dice,
) -> None:
    """What follows the arrival of a parcel for which `paid` fen were paid."""
    reason = _reason(product, profile, late, dice)
    if reason:
        opened = arrived + int((0.05 + 6.0 * dice.unit() * dice.unit()) * DAY)
        closed = _write_aftersale(market, order, store, product, profile, reason, opened, refunded(market, paid), dice)
        if dice.chance(0.03):  # opened once more, often for another reason: only the first one counts in most metrics
            again = dice.one_of(("quality", "other"))
            _write_aftersale(market, order, store, product, profile, again, closed + DAY // 2, 0, dice)
    _write_dispute(market, order, store, profile, arrived, dice)
    if dice.chance(0.40):
        _write_review(market, order, store, product, profile, arrived, reason == "quality", dice)


def _reason(product: Product, profile: Profile, late: bool, dice: Dice) -> str:
    """Why an order comes back, mostly not at all."""
    at = dice.unit()
    for reason, chance in (
        ("quality", product.quality_returns),
        ("logistics", 0.02 if late else 0.004),
        ("changed_mind", profile.usual.regret * (1.3 if profile.insured else 1.0)),
        ("other", 0.006),
    ):
        at -= chance
        if at < 0.0:
            return reason
    return ""


def _write_aftersale(
    market: Market,
    order: str,
    store: str,
    product: Product,
    profile: Profile,
    reason: str,
    opened: int,
    back: int,
    dice: Dice,
) -> int:
    """An after-sale opened at second `opened`, if that is not too late; the second at which it is closed.

    `back` fen are paid back then.
    """
    closed = opened + int(dice.tailed(profile.refund * 0.9, 0.4) * HOUR)
    if opened < END:
        tables = market.tables
        name = f"a{tables.next_number('aftersales'):05d}"
        seen = if_seen(closed)
        tables.add("aftersales", name, order, store, product.product_id, reason, as_moment(opened), seen, money(back))
    return closed


def _write_dispute(market: Market, order: str, store: str, profile: Profile, arrived: int, dice: Dice) -> None:
    at = dice.unit()
    for fault, chance in (("store", profile.lost), ("buyer", 0.0008), ("platform", 0.0005)):
        at -= chance
        if at < 0.0:
            decided = arrived + int((2.0 + 9.0 * dice.unit()) * DAY)
            if decided < END:
                tables = market.tables
                name = f"d{tables.next_number('disputes'):04d}"
                tables.add("disputes", name, order, store, fault, as_moment(decided))
            return


def _write_review(
    market: Market, order: str, store: str, product: Product, profile: Profile, arrived: int, angry: bool, dice: Dice
) -> None:
    rated = arrived + int((0.02 + 6.0 * dice.unit() * dice.unit()) * DAY)
    if rated >= END:
        return
    if dice.chance(0.75 if angry else profile.bad):
        stars = dice.by_share({1: 0.42, 2: 0.20, 3: 0.38})
    else:
        stars = dice.by_share({5: 0.78, 4: 0.22})
    tables = market.tables
    name = f"r{tables.next_number('reviews'):05d}"
    tables.add("reviews", name, order, store, product.product_id, stars, as_moment(rated))
