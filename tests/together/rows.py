"""Random rows for the market."""

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

__all__ = ["DAY", "make_market"]

DAY = dt.date(2023, 5, 18)
_SAID = ("绿茶 250g*2袋", "Juice 1L", "500ml", "12 pieces", "礼盒", None)
_SCENES = ("mall_channel", "bottom_recommendation", "guess_you_like", "search", "live")
_STORES = [f"s{i}" for i in range(8)]
_CREATORS = [f"c{i}" for i in range(6)]
_BUYERS = [f"b{i}" for i in range(12)]
_PRODUCTS = [f"p{i}" for i in range(16)]
_GROUPS = ("tea", "juice", "gift")


class _Dice(random.Random):
    def money(self, low: int, high: int) -> Decimal:
        return Decimal(self.randint(low, high)) / 100

    def moment(self, days: int) -> dt.datetime:
        """In the days before the day of judgement, and the two after."""
        seconds = self.randint(-days * 86_400, 2 * 86_400)
        return dt.datetime.combine(DAY, dt.time()) + dt.timedelta(seconds=seconds)

    def maybe(self, value: Any, often: float = 0.8) -> Any:
        return value if self.random() < often else None


def make_market(seed: int) -> dict[str, list[dict[str, Any]]]:
    """Rows by table."""
    dice = _Dice(seed)
    return {
        "stores": [{"store_id": each, "owner": dice.random() < 0.8} for each in _STORES],
        "creators": [{"creator_id": each, "category": dice.choice(("beauty", "food"))} for each in _CREATORS],
        "products": [
            {
                "product_id": each,
                "store_id": dice.choice(_STORES),
                "comparison_group": dice.choice(_GROUPS),
                "price": dice.money(100, 20_000),
                "said": dice.choice(_SAID),
                "returned": dice.randint(0, 12) / 100,
            }
            for each in _PRODUCTS
        ],
        "market_offers": [
            {
                "offer_id": i,
                "comparison_group": dice.choice(_GROUPS),
                "price": dice.money(100, 20_000),
                "said": dice.choice(_SAID),
                "seen_at": dice.moment(20),
            }
            for i in range(60)
        ],
        "orders": list(_orders(dice, 240)),
        "monthly_tasks": [
            {"store_id": store, "month": dt.date(2023, month, 1), "kind": dice.choice(("full", "ten_percent", "other"))}
            for store in _STORES
            for month in (3, 4, 5)
            if dice.random() < 0.7
        ],
        "frauds": [{"finding_id": i, "order_id": dice.randint(0, 260), "found_at": dice.moment(10)} for i in range(15)],
        "lives": [{"live_id": i, "store_id": dice.choice(_STORES), "started_at": dice.moment(40)} for i in range(50)],
        "views": list(_views(dice, 300)),
        "placements": [
            {
                "pair_id": f"{creator}-{product}",
                "creator_id": creator,
                "product_id": product,
                "day": dt.date(2023, 5, dice.randint(18, 19)),
                "worth": dice.randint(0, 50),
                "slots": 2,
                "stock": dice.randint(0, 3),
            }
            for creator in _CREATORS
            for product in _PRODUCTS
            if dice.random() < 0.5
        ],
    }


def _orders(dice: _Dice, count: int) -> Iterator[dict[str, Any]]:
    for i in range(count):
        paid, at = dice.money(0, 40_000), dice.moment(60)
        yield {
            "order_id": i,
            "store_id": dice.choice(_STORES),
            "product_id": dice.choice(_PRODUCTS),
            "creator_id": dice.choice(_CREATORS),
            "buyer_id": dice.choice(_BUYERS),
            "category_1": dice.choice(("a1", "a2", "a3")),
            "category_2": dice.choice(("b1", "b2")),
            "entry_scene": dice.choice(_SCENES),
            "gift": dice.random() < 0.1,
            "cross_border": dice.random() < 0.1,
            "paid": paid,
            "refunded": dice.choice((Decimal(0), paid, (paid / 2).quantize(Decimal("0.01")))),
            "paid_at": at,
            "settled_at": at + dt.timedelta(days=dice.randint(1, 10)),
        }


def _views(dice: _Dice, count: int) -> Iterator[dict[str, Any]]:
    for i in range(count):
        length = dice.randint(5, 90)
        yield {
            "view_id": i,
            "video_id": f"v{dice.randint(0, 20)}",
            "creator_id": dice.choice(_CREATORS),
            "buyer_id": dice.choice(_BUYERS),
            "viewed_at": dice.moment(40),
            "opened": dice.maybe(dice.random() < 0.5),
            "liked": dice.maybe(dice.random() < 0.3),
            "watched_seconds": dice.maybe(Decimal(dice.randint(0, 10 * length)) / 10),
            "length_seconds": float(length),
        }
