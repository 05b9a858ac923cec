"""A store's products: prices near those of comparable goods, and what inspections found."""

from attrs import frozen

from trustcommerce.samples.catalog import CATEGORIES
from trustcommerce.samples.conduct import write_violations
from trustcommerce.samples.days import DAY
from trustcommerce.samples.dice import Dice, power_of_e
from trustcommerce.samples.market import Market, store_id
from trustcommerce.samples.prices import pick_group
from trustcommerce.samples.profiles import Profile
from trustcommerce.samples.tables import money, yes_no

__all__ = ["Product", "write_products"]


@frozen(kw_only=True)
class Product:
    """What orders need to know of a product.

    Args:
        product_id: Its id.
        price: What a buyer pays for one, in fen.
        quality_returns: Share of signed orders that come back for quality.
    """

    product_id: str
    price: int
    quality_returns: float


def write_products(
    market: Market, store: int, operator: str, profile: Profile, *, new: bool, dice: Dice
) -> tuple[Product, ...]:
    """A handful of products of store `store`, best sellers first."""
    many = dice.whole(1, 4) if new else dice.whole(2, 8)
    return tuple(_write_product(market, store, operator, profile, i == 0, dice) for i in range(many))


def _write_product(market: Market, store: int, operator: str, profile: Profile, best: bool, dice: Dice) -> Product:
    tables = market.tables
    name = f"p{tables.next_number('products'):04d}"
    category = dice.by_share(profile.usual.categories)
    good = 0.85 * profile.goods + 0.45 * dice.normal()
    group = pick_group(market, store, category, dice)
    price = max(100, int(group.median * power_of_e(0.02 - 0.06 * good + 0.2 * dice.normal())) // 10 * 10)
    coupon = price * dice.whole(3, 15) // 100 // 100 * 100 if dice.chance(0.4) else 0
    tables.add(
        "products",
        name,
        store_id(store),
        operator,
        category,
        CATEGORIES[category].parent,
        "" if dice.chance(0.07) else group.group_id,
        yes_no(best or not dice.chance(0.08)),
        money(price),
        money(coupon),
    )
    for scene, chance in (("inspection_failed", 0.018), ("false_advertising", 0.008)):
        times = 1 if dice.chance(chance * power_of_e(-0.7 * good)) else 0
        write_violations(market, "product", name, scene, dice, times=times, since=profile.opened * DAY)
    return Product(
        product_id=name,
        price=price - coupon,
        quality_returns=CATEGORIES[category].quality_returns * power_of_e(-0.75 * good),
    )
