"""Interval arithmetic: the proof that no operation leaves the range of its engine's types."""

from trustcommerce.language.types import Type

__all__ = ["Range", "add", "div", "mul", "neg", "of", "union"]

Range = tuple[float | int, float | int]

_INFINITE = float("inf")


def of(type_: Type) -> Range:
    """The range of a numeric type; infinite where it is unbounded."""
    return (
        -_INFINITE if type_.low is None else type_.low,
        _INFINITE if type_.high is None else type_.high,
    )


def add(a: Range, b: Range) -> Range:
    return a[0] + b[0], a[1] + b[1]


def neg(a: Range) -> Range:
    return -a[1], -a[0]


def mul(a: Range, b: Range) -> Range:
    products = [_times(x, y) for x in a for y in b]
    return min(products), max(products)


def _times(x: float | int, y: float | int) -> float | int:
    return 0 if x == 0 or y == 0 else x * y


def div(a: Range, b: Range, smallest: float) -> Range:
    """Range of a / b for |b| at least `smallest`."""
    ends = [end for end in (b[0], b[1]) if abs(end) >= smallest]
    if b[0] < smallest and b[1] >= smallest:
        ends.append(smallest)
    if b[1] > -smallest and b[0] <= -smallest:
        ends.append(-smallest)
    if not ends:
        return 0, 0
    quotients = [0 if x == 0 else x / y for x in a for y in ends]
    return min(quotients), max(quotients)


def union(*ranges: Range) -> Range:
    return min(r[0] for r in ranges), max(r[1] for r in ranges)
