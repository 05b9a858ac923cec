"""Write the sample tables of the pack policies/kuaishou, the same bytes on every run.

    python seeds/make_kuaishou.py [--out DIR]

Invented data: no row describes a real store, creator, product or operator. Counts are those of the
30 days before 2023-05-18. Among the stores are new ones without orders, ones with three orders, a
counterfeiter, a brusher, and a few hit by a carrier's bad week.
"""

import argparse
import csv
import datetime as dt
import math
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

AS_OF = dt.date(2023, 5, 18)
COUNTERFEITER, BRUSHER = 42, 65
STORES, CREATORS, GROUPS, PRODUCTS, OPERATORS = 300, 400, 120, 900, 250

# industry: share of stores, quality returns, delivery hours
INDUSTRIES = {
    "apparel": (0.30, 0.0090, 52),
    "food": (0.16, 0.0050, 40),
    "fresh": (0.10, 0.0180, 26),
    "beauty": (0.14, 0.0045, 44),
    "home": (0.14, 0.0080, 60),
    "digital": (0.08, 0.0120, 38),
    "jewelry": (0.08, 0.0100, 70),
}
SHOP_TYPES = {"ordinary": 0.45, "flagship": 0.20, "franchise": 0.15, "individual": 0.20}

# category: parent, share of groups, median price in fen, quality returns
CATEGORIES = {
    "apparel.women": ("apparel", 0.20, 8900, 0.0080),
    "apparel.men": ("apparel", 0.10, 9900, 0.0090),
    "food.snacks": ("food", 0.14, 2990, 0.0050),
    "food.fruit": ("food", 0.10, 3990, 0.0210),
    "beauty.skin": ("beauty", 0.14, 12900, 0.0045),
    "home.kitchen": ("home", 0.14, 5990, 0.0130),
    "digital.audio": ("digital", 0.08, 15900, 0.0120),
    "jewelry.jade": ("jewelry", 0.06, 39900, 0.0100),
    "pets.food": ("pets", 0.04, 6990, 0.0250),
}
# main category: share of creators, then rates of opens, completions, interactions, and seconds watched
CONTENT = {
    "apparel": (0.32, 0.125, 0.185, 0.062, 44),
    "food": (0.24, 0.115, 0.225, 0.052, 38),
    "beauty": (0.18, 0.135, 0.245, 0.072, 50),
    "home": (0.12, 0.105, 0.205, 0.050, 32),
    "digital": (0.08, 0.085, 0.165, 0.032, 55),
    "jewelry": (0.06, 0.095, 0.155, 0.082, 66),
}
FIRST = ("山里", "海边", "城南", "小镇", "云上", "老街", "北方", "江畔", "田野", "晨光")
LAST = ("优选", "好物", "铺子", "良品", "工坊", "集市", "小店", "严选")


class Dice:
    """Draws from one seeded generator; only `random()` is used, whose values never change."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def chance(self, p: float) -> bool:
        return self._random() < p

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, shares: dict[str, float]) -> str:
        at = self._random() * sum(shares.values())
        for name, share in shares.items():
            at -= share
            if at < 0:
                return name
        return name

    def normal(self) -> float:
        return sum(self._random() for _ in range(12)) - 6.0

    def tailed(self, median: float, spread: float) -> float:
        """A log-normal draw: many small, few very large."""
        return median * math.exp(spread * self.normal())

    def count(self, n: int, p: float) -> int:
        """How many of `n` things happen, each with chance `p`."""
        p = min(max(p, 0.0), 1.0)
        if n <= 60:
            return sum(self._random() < p for _ in range(n))
        found = n * p + math.sqrt(n * p * (1.0 - p)) * self.normal()
        return min(n, max(0, int(found + 0.5)))


Row = dict[str, object]


def money(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def make_store(number: int, good: float, dice: Dice) -> Row:
    """One store; `good` is how well it is run, about -2 to 2."""
    industry = dice.pick({name: row[0] for name, row in INDUSTRIES.items()})
    _, returns, hours = INDUSTRIES[industry]
    opened = AS_OF - dt.timedelta(days=dice.whole(45, 1500))
    paid = int(dice.tailed(420.0 * math.exp(0.3 * good), 1.5))
    if number % 25 == 3:  # new: without orders, with a few, or already selling
        opened = AS_OF - dt.timedelta(days=dice.whole(1, 29))
        paid = (0, 3, 0, 120, 18, 0, 7, 640, 0, 3, 25, 2100)[number // 25]
    elif number % 60 == 11:
        paid = 3
    elif number in (COUNTERFEITER, BRUSHER):
        paid = 2400 if number == COUNTERFEITER else 310
    signed = dice.count(paid, 0.9)
    reviews = dice.count(signed, 0.35)
    due = dice.count(paid, 0.97)
    late = dice.count(due, 0.022 * math.exp(-0.9 * good))
    incident_due = incident_late = 0
    if number % 15 == 7:  # the carrier's bad week: a quarter of the orders, most of them late
        incident_due = dice.count(due, 0.25)
        incident_late = dice.count(incident_due, 0.7)
        late = min(due, late - dice.count(late, 0.25) + incident_late)
        hours += 18
    delivered = dice.count(signed, 0.98)
    per_order = hours * math.exp(-0.12 * good + 0.1 * dice.normal())
    chats = dice.count(paid, 0.3)
    refunds = dice.count(paid, 0.08 * math.exp(-0.2 * good))
    return {
        "store_id": f"s{number:04d}",
        "industry": industry,
        "shop_type": dice.pick(SHOP_TYPES),
        "opened_on": opened.isoformat(),
        "paid_orders": paid,
        "abnormal_orders": dice.count(paid, 0.006),
        "signed_orders": signed,
        "quality_returns": dice.count(signed, returns * math.exp(-0.7 * good)),
        "reviews": reviews,
        "bad_reviews": dice.count(reviews, 0.03 * math.exp(-0.5 * good)),
        "due_orders": due,
        "late_orders": late,
        "incident_due_orders": incident_due,
        "incident_late_orders": incident_late,
        "missed_pickups": dice.count(due, 0.012 * math.exp(-0.6 * good)),
        "delivered_orders": delivered,
        "delivery_hours_total": int(delivered * per_order),
        "chats": chats,
        "chats_answered_3min": dice.count(chats, 0.86 + 0.06 * good),
        "refunds": refunds,
        "refund_hours_total": int(refunds * dice.tailed(30.0 * math.exp(-0.25 * good), 0.3)),
        "disputes_lost": dice.count(paid, 0.0012 * math.exp(-0.9 * good)),
        "content_complaints": dice.count(paid, 0.004 * math.exp(-0.6 * good)),
        "rude_service_cases": dice.whole(1, 4) if dice.chance(0.04 - 0.015 * good) else 0,
        "counterfeits": 0,
        "freight_insurance": "true" if dice.chance(0.4 + 0.1 * good) else "false",
    }


def make_stores(goodness: Sequence[float], dice: Dice) -> list[Row]:
    stores = [make_store(i + 1, good, dice) for i, good in enumerate(goodness)]
    stores[COUNTERFEITER - 1].update(counterfeits=2)
    stores[BRUSHER - 1].update(abnormal_orders=5200)
    stores[187].update(counterfeits=1)
    return stores


def make_creator(number: int, good: float, dice: Dice) -> Row:
    category = dice.pick({name: row[0] for name, row in CONTENT.items()})
    _, opening, completing, interacting, watching = CONTENT[category]
    followers = int(dice.tailed(9000.0, 2.0))
    impressions = int(dice.tailed(2.0 + followers * 6.0, 0.8))
    sold = int(dice.tailed(impressions * 0.002, 0.9))
    if number % 29 == 4:  # sells from the shelf alone
        impressions = dice.whole(0, 800)
    elif number % 31 == 9:  # has hardly begun
        followers, impressions, sold = dice.whole(0, 40), dice.whole(0, 700), dice.whole(0, 6)
    elif number % 23 == 6:  # entertains, sells nothing
        sold = 0

    def rate(mean: float) -> float:
        return mean * math.exp(0.22 * good + 0.18 * dice.normal())

    opens = dice.count(impressions, rate(opening))
    signed = dice.count(sold, 0.88)
    reviews = dice.count(signed, 0.3)
    return {
        "creator_id": f"c{number:04d}",
        "main_category": category,
        "followers": followers,
        "impressions": impressions,
        "opens": opens,
        "completions": dice.count(opens, rate(completing)),
        "interactions": dice.count(opens, rate(interacting)),
        "watch_seconds_total": int(opens * rate(watching)),
        "orders_sold": sold,
        "signed_orders": signed,
        "quality_returns": dice.count(signed, 0.0065 * math.exp(-0.7 * good)),
        "reviews": reviews,
        "good_reviews": dice.count(reviews, 0.94 + 0.02 * good),
        "late_orders": dice.count(sold, 0.02 * math.exp(-0.8 * good)),
        "disputes_lost": dice.count(sold, 0.001 * math.exp(-0.8 * good)),
        "misleading_cases": dice.whole(1, 6) if dice.chance(0.06 - 0.02 * good) else 0,
        "counterfeit_cases": 1 if number in (57, 233) else 0,
    }


def make_groups(dice: Dice) -> list[tuple[str, Row, int]]:
    """Groups of comparable goods: category, row, median price in fen."""
    found = []
    for number in range(1, GROUPS + 1):
        category = dice.pick({name: row[1] for name, row in CATEGORIES.items()})
        p50 = int(dice.tailed(CATEGORIES[category][2], 0.5))
        row: Row = {
            "comparison_group": f"g{number:03d}",
            "offers": max(2, int(dice.tailed(28.0, 1.1))),
            "p10": money(p50 * dice.whole(68, 86) // 100),
            "p50": money(p50),
            "p90": money(p50 * dice.whole(128, 190) // 100),
        }
        found.append((category, row, p50))
    return found


def make_product(number: int, good: float, groups: Sequence[tuple[str, Row, int]], dice: Dice) -> Row:
    category, group, p50 = groups[dice.whole(0, len(groups) - 1)]
    parent, _, _, returns = CATEGORIES[category]
    price = max(100, int(p50 * math.exp(0.02 - 0.06 * good + 0.2 * dice.normal())) // 10 * 10)
    coupon = price * dice.whole(3, 15) // 100 // 100 * 100 if dice.chance(0.4) else 0
    signed = int(dice.tailed(600.0 if number <= OPERATORS else 90.0, 1.6))  # operators push what sells
    if number == COUNTERFEITER:
        signed = 1800
    elif number % 20 == 8:
        signed = dice.whole(0, 4)
    reviews = dice.count(signed, 0.5)
    comparable = str(group["comparison_group"])
    if dice.chance(0.07):
        comparable = ""
    elif dice.chance(0.03):
        comparable = f"x{number:03d}"  # a group whose prices were not collected
    return {
        "product_id": f"p{number:04d}",
        "category": category,
        "parent_category": parent,
        "comparison_group": comparable,
        "on_sale": "false" if dice.chance(0.07) and number != COUNTERFEITER else "true",
        "list_price": money(price),
        "coupon": money(coupon),
        "signed_orders": signed,
        "quality_returns": dice.count(signed, 0.75 * returns * math.exp(-0.8 * good)),
        "reviews": reviews,
        "good_reviews": dice.count(reviews, 0.935 + 0.025 * good),
        "counterfeit_confirmed": "true" if number in (COUNTERFEITER, 388, 701) else "false",
    }


def make_operator(number: int, good: float, dice: Dice) -> Row:
    inspected = int(dice.tailed(24.0, 1.0))
    return {
        "operator_id": f"o{number:04d}",
        "operator_name": f"{FIRST[number % len(FIRST)]}{LAST[number // len(FIRST) % len(LAST)]}{number:03d}号",
        "main_store_id": "" if number % 9 == 5 else f"s{number:04d}",
        "main_creator_id": "" if number % 7 == 3 else f"c{number:04d}",
        "main_product_id": "" if number % 16 == 2 else f"p{number:04d}",
        "products_inspected": inspected,
        "products_failed": dice.count(inspected, 0.05 * math.exp(-0.7 * good)),
    }


def make_tables(seed: int = 20230518) -> dict[str, list[Row]]:
    """Every declared table; store, creator and product number n belong to operator n, where there is one."""
    dice = Dice(seed)
    run = [0.25 + 0.9 * dice.normal() for _ in range(PRODUCTS)]

    def goodness(n: int) -> list[float]:
        return [0.8 * run[i] + 0.5 * dice.normal() for i in range(n)]

    groups = make_groups(dice)
    return {
        "stores": make_stores(goodness(STORES), dice),
        "creators": [make_creator(i + 1, good, dice) for i, good in enumerate(goodness(CREATORS))],
        "products": [make_product(i + 1, good, groups, dice) for i, good in enumerate(goodness(PRODUCTS))],
        "price_references": [row for _, row, _ in groups],
        "operators": [make_operator(i + 1, run[i], dice) for i in range(OPERATORS)],
    }


def write_table(path: Path, rows: Iterable[Row]) -> None:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the sample tables of the pack policies/kuaishou.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "kuaishou", help="folder to write to")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in make_tables().items():
        write_table(out / f"{name}.csv", rows)


if __name__ == "__main__":
    main()
