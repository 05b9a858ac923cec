"""Rows found by numbers: doubles beside exact numbers. `cases/valid/keys` has the other types."""

from decimal import Decimal

import pyarrow as pa
import pytest

from trustcommerce import codes
from trustcommerce.testing import Lab, lab

__all__ = ["lab"]

PACK = """pack: sizes
tables:
  things:
    key: k
    columns: {k: text, price: {type: decimal(2), range: [0, 9]}, size: {type: number, range: [0, 9]}, n: {type: integer, range: [0, 9]}}
files:
  references/sizes.csv: {key: size, columns: {size: {type: number, range: [0, 9]}, found: {type: integer, range: [0, 9]}}}
  references/prices.csv: {key: price, columns: {price: {type: decimal(2), range: [0, 9]}, found: {type: integer, range: [0, 9]}}}
"""
FILES = {
    "references/sizes.csv": "size,found\n5.25,1\n2,2\n",
    "references/prices.csv": "price,found\n5.25,1\n2.00,2\n",
}
RULES = """ruleset: r
subject: {{name: thing, table: things, key: k}}
references:
  it: {{file: references/{}.csv, match: {{{}: {!r}}}, else: missing}}
values: {{v: {{value: "coalesce(it.found, 0)"}}}}
"""
THINGS = pa.table(
    {"k": ["a", "b"], "price": [Decimal("5.25"), Decimal("2.00")], "size": [5.25, 2.0], "n": pa.array([2, 5])}
)


@pytest.mark.parametrize(
    ("match", "wanted"),
    [
        (("sizes", "size", "price"), [1, 2]),
        (("sizes", "size", "n"), [2, 0]),
        (("sizes", "size", "size"), [1, 2]),
        (("prices", "price", "n"), [2, 0]),
        (("prices", "price", "round(size, 2)"), [1, 2]),
    ],
    ids=lambda each: str(each),
)
def test_numbers(lab: Lab, match: tuple[str, str, str], wanted: list[int]) -> None:
    """A record finds what its row in a table finds, and what is equal is found."""
    engine = lab.engine(PACK, RULES.format(*match), files=FILES)
    rows = engine.score_table("r", THINGS, "2023-05-18")
    assert rows["v"].to_pylist() == wanted
    assert [engine.score("r", row, "2023-05-18")["v"] for row in THINGS.to_pylist()] == wanted


def test_a_number_for_a_decimal(lab: Lab) -> None:
    """Doubles hardly ever equal a decimal: the author says to how many places."""
    (problem,) = lab.problems(PACK, RULES.format("prices", "price", "size"), files=FILES)
    assert problem.code is codes.TYPE_MISMATCH
    assert problem.message == "this is number, which hardly ever equals decimal(2)"
    assert problem.hint == "round it: `round(..., 2)`"
