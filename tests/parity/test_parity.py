"""One meaning: reference, record and table give the same bits, whatever the threads and the order of rows."""

import datetime as dt
import random
import shutil
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trustcommerce as tc
from tests.parity.compare import arrow_table, by_record, by_reference, by_table
from tests.parity.generate import make_pack
from tests.parity.rows import make_rows
from trustcommerce.language import ranges
from trustcommerce.run.reference import run_reference
from trustcommerce.run.values import accept

DAY = dt.date(2023, 5, 18)
UNLUCKY = {"masked-row", "label-never-given", "out-of-range", "overflow", "knots-out-of-order", "bad-literal"}
"""What random bounds and constants may run into."""


def _load(seed: int) -> tc.Engine | None:
    """The random pack of a seed; None where its random bounds make an entry unreachable."""
    folder = Path(tempfile.mkdtemp())
    try:
        make_pack(folder / "pack", seed)
        return tc.load(folder / "pack")
    except tc.PolicyError as error:
        refused = {each.code.slug for each in error.diagnostics if each.severity == "error"}
        if not refused <= UNLUCKY:
            raise
        return None
    finally:
        shutil.rmtree(folder)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6))
def test_reference_record_and_table_agree(seed: int) -> None:
    """Random rule sets over random rows with nulls, ties and extremes: every output, every bit."""
    engine = _load(seed)
    if engine is None:
        return
    rows = make_rows(seed, 40)
    expected = by_reference(engine, "random", rows, DAY)
    assert by_record(engine, "random", rows, DAY) == expected
    assert by_table(engine, "random", arrow_table(engine, "random", rows), DAY) == expected


def test_nearly_all_random_rule_sets_load() -> None:
    """The generator is worth its name: what it writes is accepted, and so compared."""
    loaded = [_load(seed) is not None for seed in range(30)]
    assert sum(loaded) >= 24


@pytest.mark.parametrize("seed", [3, 8, 11])
def test_threads_order_and_splits_change_nothing(seed: int) -> None:
    """1 or 2 threads, rows shuffled, the frame in pieces or in chunks: the same bits for each key."""
    engine = _load(seed)
    assert engine is not None
    rows = make_rows(seed, 3_000)
    table = arrow_table(engine, "random", rows)
    expected = by_table(engine, "random", table, DAY, threads=1)
    order = list(range(len(rows)))
    random.Random(seed).shuffle(order)
    assert by_table(engine, "random", table, DAY, threads=2) == expected
    assert by_table(engine, "random", table.take(order), DAY, threads=2) == expected
    pieces = pa.concat_tables([table.slice(i, 700) for i in range(0, 3_000, 700)])
    assert by_table(engine, "random", pieces, DAY) == expected
    halves = {
        **by_table(engine, "random", table.slice(0, 1_500), DAY),
        **by_table(engine, "random", table.slice(1_500), DAY),
    }
    assert halves == expected


def test_results_come_in_the_order_of_the_frame() -> None:
    """Row i of the result is row i of the frame."""
    engine = _load(3)
    assert engine is not None
    table = arrow_table(engine, "random", make_rows(3, 5_000))
    order = list(range(5_000))
    random.Random(1).shuffle(order)
    shuffled = table.take(order)
    assert engine.score_table("random", shuffled, DAY).column("k").equals(shuffled.column("k"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6))
def test_explanations_add_up_exactly(seed: int) -> None:
    """At every node the children's contributions and the node's own lines are its points."""
    engine = _load(seed)
    if engine is None:
        return
    for row in make_rows(seed + 1, 25):
        decision = engine.score("random", row, DAY)
        root = decision.contributions().root
        stack = [root]
        while stack:
            node = stack.pop()
            stack += node.children
            for line in node.lines:
                assert line.kind not in ("deduction", "limit") or (line.points or 0) < 0  # they only ever take
                assert line.kind != "bonus" or (line.points or 0) > 0
            if node.points is None:
                continue
            lines = sum(line.points for line in node.lines)
            decided = any(line.kind in ("exception", "default") for line in node.lines)
            children = 0 if decided else sum(child.contribution or 0 for child in node.children)
            assert children + lines == node.points, (node.path, node)
            assert sum(line.kind == "rounding" for line in node.lines) <= 1
        score = decision.scores["total"]
        if score.points is not None:
            assert score.points == root.points


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6))
def test_scores_keep_their_range_limits_and_statuses(seed: int) -> None:
    """A scored score lies in its range and on its step; one that is not given says why."""
    engine = _load(seed)
    if engine is None:
        return
    for row in make_rows(seed + 2, 25):
        decision = engine.score("random", row, DAY)
        score = decision.scores["total"]
        if score.points is None:
            assert score.status in ("insufficient", "exempt", "masked")
        else:
            assert score.status in ("scored", "default")
            assert 0 <= score.points <= 1_000_000
        lost = [reason.lost for reason in decision.reasons() if reason.lost is not None]
        assert all(each > 0 for each in lost) or score.status != "scored"
        assert lost == sorted(lost, reverse=True) or score.status != "scored"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6))
def test_every_value_lies_where_the_plan_proved_it(seed: int) -> None:
    """Nothing leaves its inferred range, and nothing is missing that can't be: the proof against overflow holds."""
    engine = _load(seed)
    if engine is None:
        return
    version = engine.plan.rulesets["random"].version(DAY)
    assert version is not None
    rows = [{f.name: accept(row[f.name], f.type) for f in version.inputs} for row in make_rows(seed + 3, 30)]
    for values in run_reference(version, DAY, {"things": rows}):
        for item in version.items:
            value, type_ = values[item.name], item.expr.type
            if value is None:
                assert type_.nullable, item.name
            elif type_.numeric:
                low, high = ranges.of(type_)
                slack = 1e-6 * max(1.0, abs(value)) if isinstance(value, float) else 0
                assert low - slack <= value <= high + slack, (item.name, value, type_)
