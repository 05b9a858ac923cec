"""One meaning over events: rows in records, numbers in records, tables and the reference give the same bits."""

import datetime as dt
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

import trustcommerce as tc
from tests.parity.compare_facts import arrow_tables, by_numbers, by_reference, by_rows, by_table
from tests.parity.facts import make_fact_pack
from tests.parity.rows import make_tables

DAY = dt.date(2023, 5, 18)
UNLUCKY = {"overflow", "out-of-range", "knots-out-of-order"}
TIMES = {"events": "t", "marks": "at"}
"""The column that says when a row came to be."""


def _load(seed: int) -> tc.Engine | None:
    """The random pack of a seed; None where its constants do not fit."""
    folder = Path(tempfile.mkdtemp())
    try:
        make_fact_pack(folder / "pack", seed)
        return tc.load(folder / "pack")
    except tc.PolicyError as error:
        if not {each.code.slug for each in error.diagnostics if each.severity == "error"} <= UNLUCKY:
            raise
        return None
    finally:
        shutil.rmtree(folder)


def test_nearly_all_random_rule_sets_load() -> None:
    """What the generator writes is accepted, and so compared."""
    assert sum(_load(seed) is not None for seed in range(25)) >= 22


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.sampled_from([None, DAY + dt.timedelta(days=3)]))
def test_reference_records_and_table_agree(seed: int, known: dt.date | None) -> None:
    """Facts, references, windows, exclusions, peers: every output, every bit, from events or from numbers."""
    engine = _load(seed)
    if engine is None:
        return
    tables = make_tables(seed, 12, 200)
    frames = arrow_tables(engine, tables)
    expected = by_reference(engine, "random", tables, DAY, known)
    found = by_table(engine, "random", frames, DAY, known_as_of=known)
    assert found == expected
    assert by_rows(engine, "random", tables, DAY, found, known) == expected
    result = engine.score_table("random", None, DAY, tables=frames, known_as_of=known)
    assert by_numbers(engine, "random", result, DAY) == expected
    again = engine.score_table("random", result, DAY)
    assert again.select(result.column_names).equals(result)


@pytest.mark.parametrize("seed", [2, 5, 9])
def test_threads_order_and_splits_change_nothing(seed: int, tmp_path: Path) -> None:
    """1 or 2 threads, little memory, rows shuffled, files in pieces or by day: the same bits for each key."""
    engine = _load(seed)
    assert engine is not None
    frames = arrow_tables(engine, make_tables(seed, 60, 6_000))
    expected = by_table(engine, "random", frames, DAY, threads=1)
    shuffled = {name: _shuffled(table, seed) for name, table in frames.items()}
    assert by_table(engine, "random", shuffled, DAY, threads=2) == expected
    assert by_table(engine, "random", shuffled, DAY, memory="300MB") == expected
    for name, table in shuffled.items():
        (tmp_path / name).mkdir()
        for i, start in enumerate(range(0, table.num_rows, 1_700)):
            parquet.write_table(table.slice(start, 1_700), tmp_path / name / f"part{i}.parquet")
    whole = engine.score_table("random", None, DAY, tables=tmp_path).to_pylist()
    assert {row["k"]: row["total"] for row in whole} == {
        k: None if row["total"] is None else _double(row["total"]) for k, row in expected.items()
    }


def _double(value: Any) -> float:
    import struct

    found: float = struct.unpack(">d", value[1])[0]
    return found


def _shuffled(table: pa.Table, seed: int) -> pa.Table:
    order = list(range(table.num_rows))
    random.Random(seed).shuffle(order)
    return table.take(order)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_the_past_replays(seed: int, days: int) -> None:
    """An earlier day on later data gives what that day gave: rows cut at their time, what may not have happened unsaid."""
    engine = _load(seed)
    if engine is None:
        return
    day = DAY - dt.timedelta(days=days)
    tables = make_tables(seed, 12, 200)
    cut = {name: [_as_seen(engine, name, row, day) for row in _cut(name, rows, day)] for name, rows in tables.items()}
    now = by_table(engine, "random", arrow_tables(engine, tables), day)
    then = by_table(engine, "random", arrow_tables(engine, cut), day)
    assert now == then


def _cut(name: str, rows: list[dict[str, Any]], day: dt.date) -> list[dict[str, Any]]:
    """Rows that were there before the day began."""
    time = TIMES.get(name)
    return [row for row in rows if time is None or row[time] < dt.datetime(day.year, day.month, day.day)]


def _as_seen(engine: tc.Engine, name: str, row: dict[str, Any], day: dt.date) -> dict[str, Any]:
    """The row as it stood: of moments that may not have been yet, those from the day on are missing."""
    columns = engine.plan.pack.tables[name].columns
    start = dt.datetime(day.year, day.month, day.day)

    def seen(value: Any, optional: bool) -> Any:
        if not optional or not isinstance(value, dt.date):
            return value
        later = value >= start if isinstance(value, dt.datetime) else value >= day
        return None if later else value

    return {column: seen(value, columns[column].type.nullable) for column, value in row.items()}
