"""Sharing an amount: published numbers, the laws of sharing, and SQL beside the plain meaning."""

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trustcommerce as tc
from trustcommerce.run.sharing import Claim, shares

DAY = dt.date(2023, 5, 18)
ALABAMA = [1500, 1500, 900, 500, 500, 200]
METHODS = ["largest_remainder", "webster"]
PACK = """pack: sharing
tables:
  claims:
    key: k
    columns:
      k: integer
      part: integer
      amount: {type: integer, range: [0, 1000000000000000]}
      weight: {type: integer, range: [0, 1000000000000000]}
      least: {type: integer, range: [0, 1000000000000000]}
      most: {type: integer, range: [0, 1000000000000000]}
"""
RULES = """ruleset: r
subject: {name: claim, table: claims, key: k}
pools:
"""
POOL = """  {name}_{bounds}:
    within: [part, amount]
    amount: amount
    method: proportional
    weight: weight
    rounding: {name}
"""
BOUNDS = {"free": "", "low": "    at_least: least\n", "high": "    at_most: most\n"}
BOUNDS["both"] = BOUNDS["low"] + BOUNDS["high"]


@pytest.mark.parametrize(
    ("amount", "claims", "method", "grants"),
    [
        (100, [(5, 0, 40), (3,), (2, 25)], "largest_remainder", [40, 35, 25]),
        (7, [(33,), (34,), (33,)], "largest_remainder", [2, 3, 2]),
        (10, [(1,)] * 3, "largest_remainder", [4, 3, 3]),
        (60_000_000_000, [(95,), (80,), (61,)], "largest_remainder", [24_152_542_373, 20_338_983_051, 15_508_474_576]),
        (100, [(1, 0, 20), (1, 0, 26), (1, 0, 40), (1, 0, 50)], "largest_remainder", [20, 26, 27, 27]),
        (25, [(each,) for each in ALABAMA], "largest_remainder", [7, 7, 4, 3, 3, 1]),
        (26, [(each,) for each in ALABAMA], "largest_remainder", [8, 8, 5, 2, 2, 1]),
        (25, [(each,) for each in ALABAMA], "webster", [8, 8, 4, 2, 2, 1]),
        (26, [(each,) for each in ALABAMA], "webster", [8, 8, 5, 2, 2, 1]),
        (10, [(1, 20), (9, 10)], "largest_remainder", [7, 3]),
        (5, [(0, 2), (0,)], "largest_remainder", [2, 0]),
        (100, [(1, 0, 3), (1, 0, 4)], "webster", [3, 4]),
        (9, [(1, 5, 3)], "largest_remainder", [3]),
        (0, [(1,)], "webster", [0]),
        (5, [], "largest_remainder", []),
        (2, [(5, 0, 1), (9, 0, 0), (7, 0, 1), (5, 0, 1)], "top", [1, 0, 1, 0]),
    ],
)
def test_examples(amount: int, claims: list[tuple[int, ...]], method: str, grants: list[int]) -> None:
    """The published ones, worked by hand, and the ends of the range."""
    assert shares(amount, [Claim(*each) for each in claims], method) == grants


small, large = st.integers(0, 12), st.integers(0, 10**15)


@st.composite
def claims_of(draw: Any, numbers: Any) -> list[Claim]:
    """Some claims, many of them alike."""
    found = []
    for _ in range(draw(st.integers(1, 8))):
        low = draw(numbers)
        found.append(Claim(draw(numbers), low, draw(st.none() | st.integers(low, 10**15))))
    return found


amounts = st.integers(0, 80) | st.integers(0, 10**15)


@settings(max_examples=300, deadline=None)
@given(claims_of(small) | claims_of(large), st.integers(0, 100) | st.integers(0, 10**16), st.sampled_from(METHODS))
def test_totals_and_bounds(claims: list[Claim], amount: int, method: str) -> None:
    """The whole amount is given unless all have their most; nobody gets less than the least or more than the most."""
    grants = shares(amount, claims, method)
    least = sum(each.low for each in claims)
    most = [each.low if not each.weight else each.high for each in claims]
    if amount < least:
        assert sum(grants) == amount
        assert all(grant <= each.low for grant, each in zip(grants, claims, strict=True))
        return
    assert all(each.low <= grant for grant, each in zip(grants, claims, strict=True))
    assert all(each.high is None or grant <= each.high for grant, each in zip(grants, claims, strict=True))
    ends = [each for each in most if each is not None]
    assert sum(grants) == (min(amount, sum(ends)) if len(ends) == len(most) else amount)


@settings(max_examples=300, deadline=None)
@given(claims_of(small), st.integers(0, 100), st.sampled_from(METHODS))
def test_more_weight_never_gets_less(claims: list[Claim], amount: int, method: str) -> None:
    """At equal bounds."""
    grants = shares(amount, claims, method)
    for one, got in zip(claims, grants, strict=True):
        for other, theirs in zip(claims, grants, strict=True):
            if (one.low, one.high) == (other.low, other.high) and one.weight > other.weight:
                assert got >= theirs or amount < sum(each.low for each in claims)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(0, 200))
def test_within_one_of_the_quota(weights: list[int], amount: int) -> None:
    """Largest remainder stays within one unit of what is due."""
    grants = shares(amount, [Claim(each) for each in weights])
    for weight, grant in zip(weights, grants, strict=True):
        assert abs(grant * sum(weights) - weight * amount) < sum(weights)


@settings(max_examples=200, deadline=None)
@given(claims_of(small), st.integers(0, 100))
def test_a_larger_amount_takes_nothing_from_anybody(claims: list[Claim], amount: int) -> None:
    """Webster has no Alabama paradox."""
    if amount < sum(each.low for each in claims):
        return
    less, more = (shares(each, claims, "webster") for each in (amount, amount + 1))
    assert all(before <= after for before, after in zip(less, more, strict=True))


@settings(max_examples=200, deadline=None)
@given(claims_of(small), st.integers(0, 60))
def test_webster_gives_the_cheapest_units(claims: list[Claim], amount: int) -> None:
    """One unit after the other, to the one with the largest weight for each unit it would have then."""
    if amount < sum(each.low for each in claims):
        return
    grants = [each.low for each in claims]
    for _ in range(amount - sum(grants)):
        able = [i for i, each in enumerate(claims) if each.weight and (each.high is None or grants[i] < each.high)]
        if not able:
            break
        best = able[0]
        for i in able[1:]:
            if claims[i].weight * (2 * grants[best] + 1) > claims[best].weight * (2 * grants[i] + 1):
                best = i
        grants[best] += 1
    assert shares(amount, claims, "webster") == grants


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> tc.Engine:
    """Every rounding with every kind of bounds."""
    folder = tmp_path_factory.mktemp("pack")
    (folder / "rulesets").mkdir()
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    pools = [POOL.format(name=name, bounds=bounds) + said for name in METHODS for bounds, said in BOUNDS.items()]
    (folder / "rulesets/r.yaml").write_text(RULES + "".join(pools), "utf-8")
    return tc.load(folder)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(amounts, claims_of(small) | claims_of(large)), min_size=1, max_size=6), st.randoms())
def test_tables(engine: tc.Engine, parts: list[tuple[int, list[Claim]]], random: Any) -> None:
    """Window sums give what the plain meaning gives, in any order of rows, however large the numbers are."""
    rows, wanted = [], {}
    for part, (amount, claims) in enumerate(parts):
        keys = range(len(rows), len(rows) + len(claims))
        for key, each in zip(keys, claims, strict=True):
            most = 10**15 if each.high is None else each.high
            rows.append(
                {"k": key, "part": part, "amount": amount, "weight": each.weight, "least": each.low, "most": most}
            )
        for name in METHODS:
            for bounds in BOUNDS:
                kept = [
                    Claim(
                        each["weight"],
                        each["least"] if bounds in ("low", "both") else 0,
                        each["most"] if bounds in ("high", "both") else None,
                    )
                    for each in rows[keys.start :]
                ]
                for key, grant in zip(keys, shares(amount, kept, name), strict=True):
                    wanted[key, f"{name}_{bounds}"] = grant
    random.shuffle(rows)
    found = engine.score_table("r", pa.Table.from_pylist(rows), DAY)
    for row in found.to_pylist():
        for pool in (f"{name}_{bounds}" for name in METHODS for bounds in BOUNDS):
            assert row[pool] == wanted[row["k"], pool], (row["k"], pool)
