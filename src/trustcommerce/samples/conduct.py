"""Violations of stores, creators and products, and the appeals against them."""

from trustcommerce.samples.days import DAY, END, NOW, as_moment, if_seen
from trustcommerce.samples.dice import Dice
from trustcommerce.samples.market import Market

__all__ = ["YEAR_AGO", "write_appeal", "write_violation", "write_violations"]

YEAR_AGO = (NOW - 365) * DAY
_SEVERITY = {
    "rude_service": "medium",
    "counterfeit": "high",
    "misleading_content": "medium",
    "content_complaint": "low",
    "brushing_suspected": "high",
    "counterfeit_promotion": "high",
    "false_advertising": "medium",
    "inspection_failed": "low",
}


def write_violation(market: Market, kind: str, subject: str, scene: str, decided: int, severity: str = "") -> str:
    """One violation; its id is returned."""
    tables = market.tables
    violation = f"v{tables.next_number('violations'):04d}"
    tables.add("violations", violation, kind, subject, scene, severity or _SEVERITY[scene], as_moment(decided))
    return violation


def write_appeal(market: Market, violation: str, filed: int, decided: int | None, outcome: str) -> None:
    """One appeal; while it is undecided it has neither a time nor an outcome."""
    seen = if_seen(decided)
    tables = market.tables
    appeal = f"e{tables.next_number('appeals'):04d}"
    tables.add("appeals", appeal, violation, as_moment(filed), seen, outcome if seen else "")


def write_violations(
    market: Market, kind: str, subject: str, scene: str, dice: Dice, *, times: int, since: int = YEAR_AGO
) -> None:
    """`times` violations between `since` and the last day, more of them lately; some are appealed against."""
    for _ in range(times):
        back = dice.unit()
        decided = END - 1 - int(back * back * (END - 1 - max(since, YEAR_AGO)))
        worse = "high" if dice.chance(0.1) else ""
        violation = write_violation(market, kind, subject, scene, decided, worse)
        filed = decided + int((0.2 + 5.0 * dice.unit()) * DAY)
        if dice.chance(0.2) and filed < END:
            answered = filed + int((1.0 + 6.0 * dice.unit()) * DAY)
            write_appeal(
                market,
                violation,
                filed,
                None if dice.chance(0.1) else answered,
                "granted" if dice.chance(0.35) else "rejected",
            )
