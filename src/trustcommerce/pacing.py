"""Pacing: how much of a grant should be used by now, and how fast from here on.

Spending follows the traffic that is forecast, not the clock: an interval in which twice as many come gets twice as
much. What was spent too early or too late is made up for over all that is left, in proportion to what is forecast.
"""

from collections.abc import Sequence

from attrs import frozen

from trustcommerce.errors import DataError

__all__ = ["Pace", "pace"]


@frozen(kw_only=True)
class Pace:
    """Where spending stands at the beginning of an interval.

    Args:
        target: Units that should be spent by now.
        ahead: How many more are; below 0 how many fewer.
        left: Units that are not spent.
        units: Units that the interval should take.
        rate: Units for each opportunity that is forecast in the interval, which is the share of opportunities to
            take if each is one unit; 0 where none is forecast.
    """

    target: int
    ahead: int
    left: int
    units: int
    rate: float


def pace(amount: int, forecast: Sequence[int], spent: int, done: int, *, at_most: int | None = None) -> Pace:
    """What the next interval should take.

    Args:
        amount: Units for the whole period.
        forecast: Opportunities in each interval of the period, such as visits by hour.
        spent: Units that are spent.
        done: How many intervals are over.
        at_most: Units that one interval may take at most.

    Raises:
        DataError: A number is below 0, or the period is over.
    """
    numbers = [amount, spent, *forecast, *([] if at_most is None else [at_most])]
    if any(not isinstance(each, int) or each < 0 for each in numbers):
        raise DataError("pacing takes whole numbers from 0 on")
    if not 0 <= done < len(forecast):
        raise DataError(f"{done} of {len(forecast)} intervals are over, so there is no next one to pace")
    every, ahead = sum(forecast), sum(forecast[done:])
    target = amount * (every - ahead) // every if every else 0
    left = max(amount - spent, 0)
    # rounded up, so that nothing is left at the end; the last interval with a forecast takes the rest
    units = -(-left * forecast[done] // ahead) if ahead else 0
    units = min(units, left) if at_most is None else min(units, left, at_most)
    rate = units / forecast[done] if forecast[done] else 0.0
    return Pace(target=target, ahead=spent - target, left=left, units=units, rate=rate)
