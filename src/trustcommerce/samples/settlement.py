"""What a settlement of commission asks for: tasks that stores did, refunds, orders found to be fake.

Each draws from a generator of its own, so that orders are what they would be without.
"""

import datetime as dt

from trustcommerce.samples.days import DAY, END, as_day, as_moment, day_number
from trustcommerce.samples.dice import Stream
from trustcommerce.samples.market import Market, store_id

__all__ = ["refunded", "write_finding", "write_tasks"]

_MONTHS = tuple(day_number(dt.date(2023, month, 1)) for month in range(1, 6))
_KEENNESS = {0.9: 0.5, 0.5: 0.3, 0.05: 0.2}
_FULL = 0.75
_FOUND = 0.8


def write_tasks(market: Market, store: int, opened: int) -> None:
    """The months in which store `store`, opened on day `opened`, did its tasks, and how far they lead."""
    dice = market.dice(Stream.TASKS, store)
    keen = dice.by_share(_KEENNESS)
    for month in _MONTHS:
        done, full = dice.chance(keen), dice.chance(_FULL)
        if done and month >= opened:
            market.tables.add("monthly_tasks", store_id(store), as_day(month), "full" if full else "ten_percent")


def refunded(market: Market, paid: int) -> int:
    """What the next after-sale pays back of `paid` fen when it is closed: mostly all, a part, or nothing."""
    dice = market.dice(Stream.REFUND, market.tables.next_number("aftersales"))
    share = dice.by_share({100: 0.78, 0: 0.12, 50: 0.04, 20: 0.06})
    return paid * share // 100


def write_finding(market: Market, order: int, paid: int) -> None:
    """Perhaps abnormal order `order`, paid at second `paid`, was found to be fake within four weeks."""
    dice = market.dice(Stream.FRAUD, order)
    found = paid + int((1.0 + 27.0 * dice.unit()) * DAY)
    if dice.chance(_FOUND) and found < END:
        name = f"f{market.tables.next_number('fraud_findings'):04d}"
        market.tables.add("fraud_findings", name, f"o{order:05d}", as_moment(found))
