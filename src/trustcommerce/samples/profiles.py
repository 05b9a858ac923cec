"""How a store works: the chances and durations from which its orders' events are drawn."""

from attrs import frozen

from trustcommerce.samples.catalog import INDUSTRIES, Industry
from trustcommerce.samples.days import NOW
from trustcommerce.samples.dice import Dice, power_of_e
from trustcommerce.samples.incidents import BAD_WEEK, CARRIERS, REGIONS
from trustcommerce.samples.specials import APPEALED, BRUSHER, COUNTERFEITER, Fate, hit_by_incident

__all__ = ["Profile", "make_profile"]

_MEDIAN_ORDERS, _SPREAD, _MOST_ORDERS = 60.0, 0.86, 4_000


@frozen(kw_only=True)
class Profile:
    """One store's habits. Chances are of one order each, hours are means.

    Args:
        goods: How good its goods are, about -2 to 2.
        service: How good its service is, on the same scale.
        opened: Day on which it opened.
        orders: How many orders it gets.
        regions: Where it ships from, first the usual place.
        carriers: Who carries, first the usual one.
        live: Share of orders from live rooms and short videos.
        late: Chance of a late shipment.
        unshipped: Chance that nothing is ever shipped.
        missed: Chance of an abnormal pickup.
        delivery: Hours from shipping to delivery.
        bad: Chance that a review has fewer than four stars.
        replies: Chance of a reply within three minutes.
        refund: Hours until an after-sale is closed.
        lost: Chance of a dispute in which the store is at fault.
        abnormal: Chance that an order is none.
        complaint: Chance of a complaint about content.
        insured: Whether it pays for freight insurance.
    """

    industry: str
    usual: Industry
    goods: float
    service: float
    opened: int
    orders: int
    regions: tuple[str, str]
    carriers: tuple[str, str]
    live: float
    late: float
    unshipped: float
    missed: float
    delivery: float
    bad: float
    replies: float
    refund: float
    lost: float
    abnormal: float
    complaint: float
    insured: bool


def make_profile(number: int, fate: Fate, good: float, dice: Dice) -> Profile:
    """Store `number`; `good` is how well it is run, about -2 to 2, on average."""
    industry = dice.by_share({name: each.share for name, each in INDUSTRIES.items()})
    usual = INDUSTRIES[industry]
    goods, shipping, service = (0.8 * good + 0.5 * dice.normal() for _ in range(3))
    if fate.role == COUNTERFEITER:
        goods = -1.8
    elif fate.role == APPEALED:
        goods = shipping = service = 1.2
    incident = hit_by_incident(number)
    drawn = int(dice.tailed(_MEDIAN_ORDERS * power_of_e(0.2 * good), _SPREAD))
    return Profile(
        industry=industry,
        usual=usual,
        goods=goods,
        service=service,
        opened=NOW - _age(fate, dice),
        orders=min(_MOST_ORDERS, max(drawn, 150 if incident else 0)) if fate.orders is None else fate.orders,
        regions=(BAD_WEEK.region if incident else dice.by_share(REGIONS), dice.by_share(REGIONS)),
        carriers=(BAD_WEEK.carrier if incident else dice.by_share(CARRIERS), dice.by_share(CARRIERS)),
        live=0.35 + 0.5 * dice.unit(),
        late=0.019 * power_of_e(-0.95 * shipping),
        unshipped=0.0015 * power_of_e(-0.8 * shipping),
        missed=0.012 * power_of_e(-0.7 * shipping),
        delivery=usual.delivery * power_of_e(-0.13 * shipping + 0.08 * dice.normal()),
        bad=min(0.32, 0.065 * power_of_e(-0.65 * goods)),
        replies=min(0.985, max(0.55, 0.86 + 0.075 * service)),
        refund=min(125.0, 33.0 * power_of_e(-0.6 * service + 0.2 * dice.normal())),
        lost=0.0012 * power_of_e(-0.9 * service),
        abnormal=0.85 if fate.role == BRUSHER else 0.006,
        complaint=0.003 * power_of_e(-0.6 * goods),
        insured=dice.chance(0.4 + 0.1 * good),
    )


def _age(fate: Fate, dice: Dice) -> int:
    """Days since the store opened; a new one that sells much took at least two weeks to come so far."""
    if not fate.new:
        return dice.whole(45, 1_500)
    return dice.whole(14 if fate.orders and fate.orders >= 100 else 1, 29)
