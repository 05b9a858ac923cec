"""Matching: the best there is, by trying everything; within every cap; as a method of pools."""

import itertools
from typing import Any, ClassVar

import pyarrow as pa
import pytest
import trustcommerce_matching as plugin
from hypothesis import given, settings
from hypothesis import strategies as st

import trustcommerce as tc
from trustcommerce.testing import KindSuite, Lab

(MATCHING,) = plugin.trustcommerce_allocators()
PACK = """pack: placements
plugins: [matching]
tables:
  pairs:
    key: pair_id
    columns:
      pair_id: text
      creator: text
      product: integer
      expected: {type: integer, range: [0, 1000000]}
      slots: {type: integer, range: [0, 100]}
      stock: {type: integer, range: [0, 100]}
"""
RULES = """ruleset: placements
subject: {name: pair, table: pairs, key: pair_id}
pools:
  shown:
    title: {zh: 推荐位, en: Placements}
    method: matching
    amount: 3
    unit: slots
    among: expected > 0
    weight: expected
    at_most: 1
    left: creator
    left_at_most: slots
    right: product
    right_at_most: stock
"""
PAIRS = [
    {"pair_id": f"{c}{p}", "creator": c, "product": p, "expected": worth, "slots": slots, "stock": 1}
    for c, p, worth, slots in (("a", 1, 10, 1), ("a", 2, 9, 1), ("b", 1, 9, 2), ("b", 3, 0, 2), ("c", 3, 1, 0))
]


class TestMatching(KindSuite):
    """In tables, and the claims in records."""

    plugin: ClassVar[str] = "matching"
    header: ClassVar[str] = PACK
    rulesets: ClassVar[tuple[str, ...]] = (RULES,)
    tables: ClassVar[dict[str, Any]] = {"pairs": PAIRS}
    as_of: ClassVar[str] = "2023-05-18"
    python: ClassVar[tuple[str, ...]] = ("placements",)


def test_the_heaviest_pair_is_not_all(lab: Lab) -> None:
    """Creator a with product 1 would leave b nothing: 10 in place of 18."""
    engine = lab.engine(PACK, RULES)
    rows = engine.score_table("placements", pa.Table.from_pylist(PAIRS), "2023-05-18").to_pylist()
    assert {row["pair_id"] for row in rows if row["shown"]} == {"a2", "b1"}


def _claims(rows: list[tuple[int, int, str, str]], left: dict[str, int], right: dict[str, int]) -> pa.Table:
    return pa.table(
        {
            "weight": pa.array([row[0] for row in rows], pa.int64()),
            "most": pa.array([row[1] for row in rows], pa.int64()),
            "left": [row[2] for row in rows],
            "left_at_most": pa.array([left[row[2]] for row in rows], pa.int64()),
            "right": [row[3] for row in rows],
            "right_at_most": pa.array([right[row[3]] for row in rows], pa.int64()),
        }
    )


def _fits(grants: tuple[int, ...], amount: int, rows: list[Any], left: dict[str, int], right: dict[str, int]) -> bool:
    sums: dict[str, int] = {}
    for grant, row in zip(grants, rows, strict=True):
        for side in row[2:]:
            sums[side] = sums.get(side, 0) + grant
    return sum(grants) <= amount and all(each <= {**left, **right}[side] for side, each in sums.items())


_ROW = st.tuples(
    st.one_of(st.integers(1, 5), st.integers(10**11, 10**12)),
    st.integers(0, 2),
    st.sampled_from("ab"),
    st.sampled_from("xyz"),
)
_CAP = st.integers(0, 3)


@given(
    rows=st.lists(_ROW, min_size=1, max_size=6),
    left=st.fixed_dictionaries({"a": _CAP, "b": _CAP}),
    right=st.fixed_dictionaries({"x": _CAP, "y": _CAP, "z": _CAP}),
    amount=st.integers(0, 6),
)
@settings(max_examples=150, deadline=None)
def test_nothing_is_better(rows: list[Any], left: dict[str, int], right: dict[str, int], amount: int) -> None:
    """Of all grants within the caps none have a larger sum of units times weights."""
    found = tuple(MATCHING.grants(amount, _claims(rows, left, right)))
    assert _fits(found, amount, rows, left, right)
    every = itertools.product(*(range(row[1] + 1) for row in rows))
    worth = [
        sum(grant * row[0] for grant, row in zip(grants, rows, strict=True))
        for grants in every
        if _fits(grants, amount, rows, left, right)
    ]
    assert sum(grant * row[0] for grant, row in zip(found, rows, strict=True)) == max(worth)


def test_weights_that_are_too_large() -> None:
    """One sentence, and what helps."""
    sides = [str(i) for i in range(20_000)]
    rows = [(10**15 - i, 1, each, each) for i, each in enumerate(sides)]
    claims = _claims(rows, dict.fromkeys(sides, 1), dict.fromkeys(sides, 1))
    with pytest.raises(tc.DataError, match="round weights") as found:
        MATCHING.grants(10**12, claims)
    assert "`method: matching` does not sum up 20,000 units of weights up to" in str(found.value)


def test_the_least_of_several_caps() -> None:
    claims = _claims([(3, 5, "a", "x"), (2, 5, "a", "y")], {"a": 4}, {"x": 9, "y": 9})
    claims = claims.set_column(3, "left_at_most", pa.array([4, 3]))
    assert MATCHING.grants(100, claims) == [3, 0]
