"""One creator: its row, its contents' daily figures, its live sessions, and what it did wrong."""

from trustcommerce.samples.catalog import CONTENT
from trustcommerce.samples.conduct import write_violations
from trustcommerce.samples.days import DAY, END, HOUR, RECENT, as_day, as_moment
from trustcommerce.samples.dice import Dice, Stream, power_of_e
from trustcommerce.samples.market import Market, creator_id
from trustcommerce.samples.specials import creator_is_new, creator_promotes_counterfeits, creator_sells_from_the_shelf

__all__ = ["write_creator"]

_LAST_DAY = END // DAY - 1


def write_creator(market: Market, number: int, operator: str, store: str, run: float) -> None:
    """Creator `number` of `operator`, or of nobody; `run` is how well the operator works, about -2 to 2.

    Its live room is that of `store`, if one is named.
    """
    dice = market.dice(Stream.CREATOR, number)
    creator, good = creator_id(number), 0.7 * run + 0.6 * dice.normal()
    category = dice.by_share({name: each.share for name, each in CONTENT.items()})
    new, shelf = creator_is_new(number), creator_sells_from_the_shelf(number)
    followers = dice.whole(0, 40) if new else int(dice.tailed(9_000.0, 2.0))
    market.tables.add("creators", creator, operator, category, followers)
    if new or shelf:
        _write_contents(market, creator, category, 30.0, good, dice.whole(0, 2), dice)
    else:
        _write_contents(market, creator, category, 40.0 + 0.5 * followers, good, dice.whole(4, 8), dice)
        _write_sessions(market, creator, store, followers, steady=bool(operator) and dice.chance(0.4), dice=dice)
    _write_conduct(market, creator, good, number, dice)


def _write_contents(
    market: Market, creator: str, category: str, reach: float, good: float, contents: int, dice: Dice
) -> None:
    """Figures of `contents` contents on each of their first days; `reach` is the impressions of a usual day."""
    usual = CONTENT[category]

    def rate(mean: float) -> float:
        return mean * power_of_e(0.22 * good + 0.15 * dice.normal())

    opening, completing, interacting = rate(usual.opens), rate(usual.completions), rate(usual.interactions)
    watching = rate(usual.seconds)
    for _ in range(contents):
        # Numbered by the row it begins with: unique, and nothing else to count.
        content = f"t{market.tables.next_number('content_stats'):05d}"
        first = dice.whole(RECENT, _LAST_DAY)
        for day in range(first, min(first + dice.whole(1, 4), _LAST_DAY) + 1):
            impressions = int(dice.tailed(reach, 0.7))
            opens = dice.count(impressions, opening)
            market.tables.add(
                "content_stats",
                creator,
                content,
                as_day(day),
                impressions,
                opens,
                dice.count(opens, completing),
                dice.count(opens, interacting),
                int(opens * watching * (0.9 + 0.2 * dice.unit())),
            )


def _write_sessions(market: Market, creator: str, store: str, followers: int, *, steady: bool, dice: Dice) -> None:
    tables = market.tables
    days = {dice.whole(RECENT, _LAST_DAY) for _ in range(dice.whole(18, 30) if steady else dice.whole(0, 6))}
    for day in sorted(days):
        name = f"l{tables.next_number('live_sessions'):04d}"
        minutes = 20 + int(dice.tailed(90.0, 0.5))
        started = min(day * DAY + int((9.0 + 12.0 * dice.unit()) * HOUR), END - 1)
        viewers = int(dice.tailed(5.0 + 0.06 * followers, 0.6))
        tables.add("live_sessions", name, creator, store, as_moment(started), minutes, viewers)


def _write_conduct(market: Market, creator: str, good: float, number: int, dice: Dice) -> None:
    for scene, chance, most in (("misleading_content", 0.09, 5), ("content_complaint", 0.10, 3)):
        times = dice.whole(1, most) if dice.chance(chance * power_of_e(-0.4 * good)) else 0
        write_violations(market, "creator", creator, scene, dice, times=times)
    promoted = 1 if creator_promotes_counterfeits(number) else 0
    write_violations(market, "creator", creator, "counterfeit_promotion", dice, times=promoted)
