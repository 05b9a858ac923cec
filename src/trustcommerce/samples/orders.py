"""One order, from its payment to its signature, and the parcel that carries it."""

from attrs import frozen

from trustcommerce.samples.buyers import write_aftermath, write_chat
from trustcommerce.samples.conduct import write_violation
from trustcommerce.samples.days import DAY, END, HOUR, as_moment, if_seen
from trustcommerce.samples.dice import Dice
from trustcommerce.samples.incidents import BAD_WEEK, SLOW_DAYS
from trustcommerce.samples.market import Market
from trustcommerce.samples.products import Product
from trustcommerce.samples.profiles import Profile
from trustcommerce.samples.settlement import write_finding
from trustcommerce.samples.tables import money, yes_no

__all__ = ["Shop", "write_order"]

_SHELF = {
    "store": 0.25,
    "search": 0.23,
    "guess_you_like": 0.20,
    "mall_channel": 0.20,
    "bottom_recommendation": 0.12,
}
_QUANTITY = {1: 0.88, 2: 0.09, 3: 0.03}


@frozen(kw_only=True)
class Shop:
    """What the orders of one store have in common; `sellers` are ids of the creators who sell for it."""

    store: str
    profile: Profile
    products: tuple[Product, ...]
    sellers: tuple[str, ...]


@frozen(kw_only=True)
class _Way:
    """When an order's parcel got where; `None` for what has not happened."""

    shipped: int | None = None
    collected: int = 0
    delivered: int | None = None
    signed: int | None = None
    missed: bool = False


def write_order(market: Market, shop: Shop, paid: int, dice: Dice) -> None:
    """An order paid at second `paid`, and everything that follows from it before the last day ends."""
    profile = shop.profile
    number = market.tables.next_number("orders")
    order = f"o{number:05d}"
    product = shop.products[int(dice.unit() * dice.unit() * dice.unit() * len(shop.products))]
    buyer = market.buyer(dice)
    scene, creator = _scene(shop, dice)
    gift = dice.chance(0.012)
    region = profile.regions[0 if dice.chance(0.85) else 1]
    carrier = profile.carriers[0 if dice.chance(0.85) else 1]
    due = paid + profile.usual.promise * HOUR
    way = _travel(profile, paid, due, region, carrier, dice)
    price = 0 if gift else product.price * dice.by_share(_QUANTITY)
    abnormal = dice.chance(profile.abnormal)
    market.tables.add(
        "orders",
        order,
        shop.store,
        product.product_id,
        creator,
        buyer,
        scene,
        money(price),
        as_moment(paid),
        as_moment(due),
        if_seen(way.shipped),
        if_seen(way.delivered),
        if_seen(way.signed),
        region,
        yes_no(abnormal),
        yes_no(gift),
    )
    if way.shipped is not None:
        _write_shipment(market, order, shop.store, carrier, way)
    if dice.chance(0.27):
        write_chat(market, shop.store, profile, buyer, paid, dice)
    arrived = way.signed if way.signed is not None else way.delivered
    if arrived is not None:
        late = way.shipped is not None and way.shipped > due
        write_aftermath(market, order, shop.store, product, profile, price, arrived, late=late, dice=dice)
    if abnormal:
        write_finding(market, number, paid)
    if creator and dice.chance(profile.complaint) and paid + DAY < END:
        write_violation(market, "store", shop.store, "content_complaint", paid + int(dice.unit() * DAY))


def _scene(shop: Shop, dice: Dice) -> tuple[str, str]:
    """Where an order was placed, and through whom."""
    if not dice.chance(shop.profile.live):
        return dice.by_share(_SHELF), ""
    scene = "live" if dice.chance(0.68) else "short_video"
    seller = shop.sellers[int(dice.unit() * dice.unit() * len(shop.sellers))]
    return scene, seller if dice.chance(0.93) else ""


def _travel(profile: Profile, paid: int, due: int, region: str, carrier: str, dice: Dice) -> _Way:
    """The parcel's way: what comes after the last day has not happened."""
    caught = BAD_WEEK.catches(region, carrier, paid)
    if dice.chance(profile.unshipped):
        return _Way()
    if dice.chance(0.7 if caught else profile.late):
        shipped = due + int(dice.tailed(9.0, 0.8) * HOUR)
    else:
        shipped = paid + int((0.04 + 0.9 * dice.unit() * dice.unit()) * (due - paid))
    missed = dice.chance(profile.missed)
    collected = shipped + int((26.0 + 30.0 * dice.unit() if missed else 0.3 + 5.0 * dice.unit()) * HOUR)
    if collected >= END:
        return _Way()
    hours = dice.tailed(profile.delivery, 0.2) + (45.0 if SLOW_DAYS.catches(region, carrier, paid) else 0.0)
    delivered = max(shipped + int(hours * HOUR), collected + 2 * HOUR)
    if delivered >= END:
        return _Way(shipped=shipped, collected=collected, missed=missed)
    signed = delivered + int((0.1 + 30.0 * dice.unit() * dice.unit()) * HOUR)
    if signed >= END or dice.chance(0.05):
        return _Way(shipped=shipped, collected=collected, delivered=delivered, missed=missed)
    return _Way(shipped=shipped, collected=collected, delivered=delivered, signed=signed, missed=missed)


def _write_shipment(market: Market, order: str, store: str, carrier: str, way: _Way) -> None:
    tables = market.tables
    name = f"w{tables.next_number('shipments'):05d}"
    collected, delivered = as_moment(way.collected), if_seen(way.delivered)
    tables.add("shipments", name, order, store, carrier, collected, delivered, yes_no(way.missed))
