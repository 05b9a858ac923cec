"""The two scorecards that are measured: their packs, their random records, and the same rules written in Python."""

import random
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import floor
from pathlib import Path
from typing import Any

from trustcommerce.engine import Engine, load

__all__ = [
    "BANDS",
    "CHARACTERISTICS",
    "DAY",
    "GROUPS",
    "KNOTS",
    "LABELS",
    "METRICS",
    "VETOES",
    "WEIGHTS",
    "WEIGHTS30",
    "band_points",
    "card10_engine",
    "card10_python",
    "card10_records",
    "card30_engine",
    "card30_python",
    "card30_records",
]

DAY = "2026-11-01"
Record = dict[str, Any]

# -- 10 numeric characteristics of 5 bands each; points add up to at most 100

CHARACTERISTICS = tuple(f"c{i}" for i in range(10))
WEIGHTS = (5, 5, 5, 10, 10, 10, 10, 15, 15, 15)
BANDS = tuple(tuple(float((8 + i) * k) for k in (1, 2, 4, 6)) for i in range(10))
_SHARES = (100, 80, 60, 20, 0)


def band_points(i: int) -> tuple[int, ...]:
    """What each band of characteristic i adds to the total."""
    return tuple(WEIGHTS[i] * share // 100 for share in _SHARES)


def card10_engine() -> Engine:
    """The card as a pack; a part's weight and its band's share multiply to the points of `band_points`."""
    columns = {"store_id": "text"} | dict.fromkeys(CHARACTERISTICS, "{type: number, range: [0, 1000]}")
    parts = []
    for name, weight, bands in zip(CHARACTERISTICS, WEIGHTS, BANDS, strict=True):
        steps = ", ".join(f'"<= {bound:g}": {share}' for bound, share in zip(bands, _SHARES, strict=False))
        parts.append(f"      p_{name}: {{weight: {weight}, of: {name}, steps: {{{steps}, else: {_SHARES[-1]}}}}}")
    return _load(columns, ["scores:", "  card:", "    range: [0, 100]", "    parts:", *parts])


def card10_records(count: int = 1000, seed: int = 10) -> list[Record]:
    """Values of two decimals, none of them a bound: some peers compare with a tolerance."""
    rng = random.Random(seed)
    return [
        {"store_id": f"s{n}"} | {name: rng.randrange(100) + rng.randrange(1, 100) / 100 for name in CHARACTERISTICS}
        for n in range(count)
    ]


def card10_python() -> Callable[[Record], int]:
    """What one would write by hand for this card alone: no check of the record, the total and nothing else."""
    lines = ["def card(record):", "    total = 0"]
    for i, name in enumerate(CHARACTERISTICS):
        lines.append(f"    x = record[{name!r}]")
        for k, (bound, points) in enumerate(zip(BANDS[i], band_points(i), strict=False)):
            lines.append(f"    {'elif' if k else 'if'} x <= {bound}: total += {points}")
        if band_points(i)[-1]:
            lines.append(f"    else: total += {band_points(i)[-1]}")
    lines.append("    return total")
    return _function(lines, "card")


# -- 30 metrics with curves of 5 knots, 2 % of them missing, 3 groups, 4 vetoes, a level


METRICS = tuple(f"m{i:02d}" for i in range(30))
WEIGHTS30 = tuple(1 + i % 5 for i in range(30))
KNOTS = tuple(
    tuple((round(k * (0.15 + 0.01 * i), 2), y) for k, y in enumerate((100, 85.5, 60, 22.5, 0))) for i in range(30)
)
GROUPS = {"logistics": (40, METRICS[:10]), "goods": (35, METRICS[10:20]), "service": (25, METRICS[20:])}
VETOES = {"counterfeits": 20, "fake_orders": 40, "leaks": 50, "refusals": 60}
LABELS = (("excellent", 85), ("good", 70), ("fair", 50))


def card30_engine() -> Engine:
    columns = {"store_id": "text"} | dict.fromkeys(METRICS, '{type: "number?", range: [0, 10]}')
    columns |= dict.fromkeys(VETOES, "{type: integer, range: [0, 1000]}")
    lines = ["scores:", "  card:", "    range: [0, 100]", "    round: 0.01", "    missing: insufficient", "    parts:"]
    for group, (weight, names) in GROUPS.items():
        lines += [f"      {group}:", f"        weight: {weight}", "        missing: leave_out", "        parts:"]
        for name in names:
            i = METRICS.index(name)
            knots = ", ".join(f"[{x}, {y}]" for x, y in KNOTS[i])
            lines.append(
                f"          p_{name}: {{weight: {WEIGHTS30[i]}, of: {name}, curve: [{knots}], missing: leave_out}}"
            )
    lines.append("    limits:")
    lines += [f"      {name}: {{when: {name} > 0, at_most: {cap}}}" for name, cap in VETOES.items()]
    steps = ", ".join(f'">= {bound}": {label}' for label, bound in LABELS)
    lines += [
        "levels:",
        "  grade:",
        f"    labels: [none, poor, {', '.join(each for each, _ in LABELS[::-1])}]",
        "    of: card",
        f"    steps: {{{steps}, else: poor}}",
        "    missing: none",
    ]
    return _load(columns, lines)


def card30_records(count: int = 1000, seed: int = 30) -> list[Record]:
    rng = random.Random(seed)
    return [
        {"store_id": f"s{n}"}
        | {name: None if rng.random() < 0.02 else rng.random() for name in METRICS}
        | {name: int(rng.random() < 0.03) for name in VETOES}
        for n in range(count)
    ]


def card30_python() -> Callable[[Record], tuple[int | None, str]]:
    """By hand: score in ten-thousandths of a point, and level; the record is not checked, no part is kept."""
    lines = ["def card(record):"]
    for group, (_, names) in GROUPS.items():
        lines.append(f"    {group} = weights = 0")
        for name in names:
            i = METRICS.index(name)
            lines += [
                f"    x = record[{name!r}]",
                "    if x is not None:",
                f"        weights += {WEIGHTS30[i]}",
                *_curve(KNOTS[i]),
                f"        {group} += floor(y * 10000.0 + 0.5) * {WEIGHTS30[i]}",
            ]
        lines.append(f"    {group} = (2 * {group} + weights) // (2 * weights) if weights else None")
    lines.append("    total = weights = 0")
    for group, (weight, _) in GROUPS.items():
        lines.append(f"    if {group} is not None: weights += {weight}; total += {group} * {weight}")
    lines += ["    if not weights: return None, 'none'", "    total = (2 * total + weights) // (2 * weights)"]
    lines += [
        f"    if record[{name!r}] > 0 and total > {cap * 10_000}: total = {cap * 10_000}"
        for name, cap in VETOES.items()
    ]
    lines.append("    total = (total + 50) // 100 * 100")
    lines += [f"    if total >= {bound * 10_000}: return total, {label!r}" for label, bound in LABELS]
    lines.append("    return total, 'poor'")
    return _function(lines, "card")


def _curve(knots: Sequence[tuple[float, float]]) -> list[str]:
    (first, top), (_, bottom) = knots[0], knots[-1]
    lines = [f"        if x <= {first}: y = {float(top)}"]
    for (x0, y0), (x1, y1) in pairwise(knots):
        lines.append(f"        elif x < {x1}: y = {float(y0)} + (x - {x0}) * {(y1 - y0) / (x1 - x0)}")
    return [*lines, f"        else: y = {float(bottom)}"]


# -- both


def _load(columns: dict[str, str], body: list[str]) -> Engine:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pack = [
            "pack: card",
            "version: 1",
            "time_zone: UTC",
            "currency: EUR",
            "tables:",
            "  stores:",
            "    key: store_id",
            "    columns:",
            *(f"      {column}: {type_}" for column, type_ in columns.items()),
        ]
        (folder / "pack.yaml").write_text("\n".join(pack) + "\n", "utf-8")
        (folder / "rulesets").mkdir()
        ruleset = ["ruleset: card", "subject: {name: store, table: stores, key: store_id}", *body]
        (folder / "rulesets" / "card.yaml").write_text("\n".join(ruleset) + "\n", "utf-8")
        return load(folder)


def _function(lines: list[str], name: str) -> Callable[[Record], Any]:
    scope: dict[str, Any] = {"floor": floor}
    exec("\n".join(lines), scope)
    found: Callable[[Record], Any] = scope[name]
    return found
