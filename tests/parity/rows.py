"""Random rows, as records hold them, for the packs of the generators: one seed gives the same rows."""

import datetime as dt
import random
from decimal import Decimal
from typing import Any

from tests.parity.generate import TEXTS

__all__ = ["make_rows", "make_tables"]

Rows = list[dict[str, Any]]
DAY = dt.date(2023, 5, 18)


def make_rows(seed: int, count: int) -> list[dict[str, Any]]:
    """Rows as records hold them: extremes of every range, ties, missing values."""
    r = random.Random(seed)
    day, moment = dt.date(2023, 5, 18), dt.datetime(2023, 5, 18)

    def maybe(value: Any) -> Any:
        return None if r.random() < 0.25 else value

    def number(low: float, high: float) -> float:
        pick = r.random()
        return (
            low
            if pick < 0.1
            else high
            if pick < 0.2
            else float(round(r.uniform(low, high)))
            if pick < 0.4
            else (r.uniform(low, high))
        )

    return [
        {
            "k": f"s{i}",
            "i1": r.choice([0, 1000, 30, r.randint(0, 1000)]),
            "i2": r.choice([-50, 50, 0, r.randint(-50, 50)]),
            "i3": maybe(r.choice([0, 200, r.randint(0, 200)])),
            "n1": number(-10, 1000),
            "n2": maybe(number(0, 1)),
            "m1": Decimal(r.choice([0, 10_000_000, r.randint(0, 10_000_000)])).scaleb(-2),
            "m2": maybe(Decimal(r.randint(-50_000, 50_000)).scaleb(-2)),
            "c1": Decimal(r.randint(-10_000, 10_000)).scaleb(-3),
            "p1": maybe(Decimal(r.choice([0, 1_000_000, r.randint(0, 1_000_000)])).scaleb(-4)),
            "b1": r.random() < 0.5,
            "b2": maybe(r.random() < 0.5),
            "s1": r.choice(TEXTS),
            "s2": maybe(r.choice(TEXTS)),
            "d1": day - dt.timedelta(days=r.randint(-5, 200)),
            "d2": maybe(day - dt.timedelta(days=r.randint(-30, 400))),
            "t1": moment - dt.timedelta(microseconds=r.randint(-(10**12), 10**13)),
        }
        for i in range(count)
    ]


def make_tables(seed: int, shops: int, events: int) -> dict[str, Rows]:
    """Rows of every table as records hold them: ties, missing values, the future, unknown shops."""
    r = random.Random(seed)

    def maybe(value: Any, share: float = 0.3) -> Any:
        return None if r.random() < share else value

    def moment(past: int, future: int) -> dt.datetime:
        start = dt.datetime(2023, 5, 18) - dt.timedelta(days=past)
        grain = r.choice([3600, 3600, 86_400, 1])
        steps = (past + future) * 86_400 // grain
        return start + dt.timedelta(seconds=grain * r.randint(0, steps))

    names = [f"k{i}" for i in range(shops)]
    return {
        "shops": [
            {
                "k": name,
                "kind": r.choice(TEXTS),
                "opened": DAY - dt.timedelta(days=r.choice([1, 29, 30, r.randint(1, 900)])),
                "size": r.choice([0, 1000, 500, r.randint(0, 1000)]),
                "closed": maybe(DAY + dt.timedelta(days=r.randint(-30, 30)), 0.6),
            }
            for name in names
        ],
        "events": [
            {
                "e": i,
                "k": r.choice([*names, *names, *names, "nobody"]),
                "s": r.choice(TEXTS),
                "t": (t := moment(120, 4)),
                "u": maybe(t + dt.timedelta(minutes=r.randint(0, 9000))),
                "day": t.date() - dt.timedelta(days=r.choice([0, 0, 1])),
                "n": r.choice([-20, 20, 0, r.randint(-20, 20)]),
                "q": maybe(r.randint(0, 50)),
                "m": Decimal(r.choice([0, 5550, r.randint(0, 1_000_000)])).scaleb(-2),
                "x": r.choice([0.0, -0.0, 0.5, r.uniform(-5, 5)]),
                "y": maybe(r.choice([0.0, 0.25, r.random()])),
                "p": maybe(Decimal(r.randint(0, 1_000_000)).scaleb(-4)),
                "b": r.random() < 0.5,
                "c": maybe(r.random() < 0.5),
            }
            for i in range(events)
        ],
        "bans": [
            {
                "i": i,
                "s": r.choice(TEXTS),
                "since": (since := moment(100, 2)),
                "until": maybe(since + dt.timedelta(days=r.randint(0, 40))),
                "known": maybe(moment(20, 5)),
                "metric": r.choice(["*", "seen", "m0", "m1", "m2"]),
            }
            for i in range(6)
        ],
        "marks": [
            {
                "i": i,
                "s": r.choice(TEXTS[:3]),
                "k": r.choice(names),
                "at": moment(90, 6),
                "v": r.randint(0, 9),
                "w": maybe(Decimal(r.randint(0, 10_000)).scaleb(-2)),
            }
            for i in range(30)
        ],
        "spans": [
            {"s": s, "since": since, "until": until, "rate": Decimal(r.randint(0, 2000)).scaleb(-3)}
            for s in TEXTS[:3]
            for since, until in (
                (dt.date(2023, 1, 1), dt.date(2023, 4, 10)),
                (dt.date(2023, 4, 10), dt.date(2023, 5, 10)),
                (dt.date(2023, 5, 10), None),
            )
        ],
        "edges": [{"a": a, "z": z} for a, z in {(r.choice(names), r.choice(names)) for _ in range(shops // 2)}],
    }
