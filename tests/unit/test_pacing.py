"""Pacing by forecast."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trustcommerce as tc

HOURS = [10, 20, 40, 20, 10]


def test_follows_the_forecast() -> None:
    """By hand: 100 units over 100 visits, hour by hour."""
    assert tc.pace(100, HOURS, 0, 0) == tc.Pace(target=0, ahead=0, left=100, units=10, rate=1.0)
    assert tc.pace(50, HOURS, 15, 2) == tc.Pace(target=15, ahead=0, left=35, units=20, rate=0.5)


def test_makes_up_for_what_was_missed() -> None:
    """70 visits are to come, and 90 units are left: the third hour gets 40 / 70 of them."""
    found = tc.pace(100, HOURS, 10, 2)
    assert (found.target, found.ahead, found.units) == (30, -20, 52)
    assert tc.pace(100, HOURS, 10, 2, at_most=45).units == 45
    assert tc.pace(100, HOURS, 130, 2) == tc.Pace(target=30, ahead=100, left=0, units=0, rate=0.0)


@given(st.integers(0, 10**18), st.lists(st.integers(0, 10**9), min_size=1, max_size=24))
def test_all_is_spent_and_no_more(amount: int, forecast: list[int]) -> None:
    """Whoever takes what is recommended spends the amount exactly, if anybody comes at all."""
    spent = 0
    for done in range(len(forecast)):
        found = tc.pace(amount, forecast, spent, done)
        assert 0 <= found.units <= found.left == amount - spent
        spent += found.units
    assert spent == (amount if any(forecast) else 0)


@pytest.mark.parametrize(
    ("amount", "forecast", "spent", "done"),
    [(-1, [1], 0, 0), (1, [-1], 0, 0), (1, [1], -1, 0), (1, [1], 0, 1), (1, [], 0, 0)],
)
def test_refusals(amount: int, forecast: list[int], spent: int, done: int) -> None:
    with pytest.raises(tc.DataError):
        tc.pace(amount, forecast, spent, done)
