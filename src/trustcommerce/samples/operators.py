"""One operator after the other, each with its stores and creators, until there are enough stores."""

from trustcommerce.samples.creators import write_creator
from trustcommerce.samples.dice import Stream
from trustcommerce.samples.market import Market, store_id
from trustcommerce.samples.prices import write_groups
from trustcommerce.samples.specials import is_mixed_operator
from trustcommerce.samples.stores import write_store

__all__ = ["write_operators"]

_FIRST = ("山里", "海边", "城南", "小镇", "云上", "老街", "北方", "江畔", "田野", "晨光")
_LAST = ("优选", "好物", "铺子", "良品", "工坊", "集市", "小店", "严选")
_STORES = {1: 0.72, 2: 0.20, 3: 0.08}
_CREATORS = {0: 0.37, 1: 0.43, 2: 0.20}
_MIXED = (1.9, 0.1, -2.1)


def write_operators(market: Market) -> None:
    """Every operator that the market's number of stores asks for; the last may get fewer than it wants."""
    operator = made = 0
    while made < market.stores:
        operator += 1
        made = _write_operator(market, operator, made)


def _write_operator(market: Market, number: int, made: int) -> int:
    """Operator `number`, when `made` stores have been made; how many there are then."""
    dice = market.dice(Stream.OPERATOR, number)
    operator = f"u{number:04d}"
    name = f"{_FIRST[number % len(_FIRST)]}{_LAST[number // len(_FIRST) % len(_LAST)]}{number:03d}号"
    market.tables.add("operators", operator, name)
    run = 0.2 + 0.85 * dice.normal()
    # Creators come before the stores that name them, and the first store needs one.
    stores, creators = dice.by_share(_STORES), max(dice.by_share(_CREATORS), 1 if number == 1 else 0)
    own = range(market.creators + 1, market.creators + creators + 1)
    everyone = creators + dice.chance(0.5)
    market.creators += everyone
    for i in range(everyone):
        mine = i < creators
        write_creator(market, own.start + i, operator if mine else "", store_id(made + 1) if mine else "", run)

    mixed = is_mixed_operator(number)
    goodness = [0.8 * run + 0.5 * dice.normal() for _ in range(stores)]
    for good in _MIXED if mixed else goodness:
        if made == market.stores:
            break
        made += 1
        write_groups(market, made)
        write_store(market, made, operator, good, own, at_least=240 if mixed else 0)
    return made
