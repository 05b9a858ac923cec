"""All ways to come to a rule set's results over the same rows, by name."""

import datetime as dt
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa

import trustcommerce as tc
from tests.parity.compare import Outputs, bits
from tests.parity.compare_facts import Tables, arrow_tables, by_numbers, by_reference, by_rows, by_table
from tests.parity.facts import make_fact_pack
from tests.parity.generate import make_pack
from tests.parity.rows import make_rows, make_tables
from tests.spark import spark_session
from tests.warehouse.servers import Duck, Postgres, Warehouse, postgres_server
from trustcommerce.run import table

__all__ = ["DAY", "Case", "Way", "column_case", "fact_case", "load_text", "reference", "ways"]

DAY = dt.date(2023, 5, 18)
_RULESET = "random"


class Case:
    """A random pack, and rows for its tables.

    Args:
        text: The rule set of the pack that `engine` has loaded.
    """

    def __init__(self, engine: tc.Engine, text: str, tables: Tables) -> None:
        self.engine, self.text, self.tables = engine, text, tables

    @cached_property
    def frames(self) -> dict[str, pa.Table]:
        return arrow_tables(self.engine, self.tables)

    @cached_property
    def result(self) -> pa.Table:
        return self.engine.score_table(_RULESET, None, DAY, tables=self.frames)


Way = Callable[[Case], Outputs]


def load_text(make: Callable[[Path, int], str], seed: int, text: str | None = None) -> tuple[tc.Engine, str]:
    """The random pack of a seed, with another text for its rule set if one is given."""
    with tempfile.TemporaryDirectory() as folder:
        pack = Path(folder) / "pack"
        made = make(pack, seed)
        if text is not None:
            (pack / "rulesets" / f"{_RULESET}.yaml").write_text(text, "utf-8")
        return tc.load(pack), text or made


def fact_case(seed: int, rows: int) -> Case:
    """A rule set over events, with one subject for 20 of them."""
    return Case(*load_text(make_fact_pack, seed), make_tables(seed, max(2, rows // 20), rows))


def column_case(seed: int, rows: int) -> Case:
    """A rule set over columns of its subjects."""
    return Case(*load_text(make_pack, seed), {"things": make_rows(seed, rows)})


def reference(case: Case) -> Outputs:
    """The plain evaluator, which the others are compared with."""
    return by_reference(case.engine, _RULESET, case.tables, DAY)


def _outputs(case: Case, rows: list[dict[str, Any]]) -> Outputs:
    version = case.engine.plan.rulesets[_RULESET].version(DAY)
    assert version is not None
    names = [each.name for each in version.outputs]
    return {row["k"]: {name: bits(row[name]) for name in names} for row in rows}


def _records(case: Case) -> Outputs:
    return by_rows(case.engine, _RULESET, case.tables, DAY, _outputs(case, case.result.to_pylist()))


def _numbers(case: Case) -> Outputs:
    return by_numbers(case.engine, _RULESET, case.result, DAY)


def _table(**options: Any) -> Way:
    return lambda case: by_table(case.engine, _RULESET, case.frames, DAY, **options)


def _narrow(case: Case) -> Outputs:
    """As if a handful of items were too many for one query."""
    with patch.object(table, "WIDTH", 3):
        return by_table(case.engine, _RULESET, case.frames, DAY)


def _shuffled(case: Case) -> Outputs:
    frames = {}
    for name, rows in case.frames.items():
        order = list(range(rows.num_rows))
        random.Random(rows.num_rows).shuffle(order)
        frames[name] = rows.take(order)
    return by_table(case.engine, _RULESET, frames, DAY, threads=2)


def _statement(warehouse: Warehouse) -> Way:
    def judge(case: Case) -> Outputs:
        for name, rows in case.frames.items():
            warehouse.create(name, rows)
        return _outputs(case, warehouse.query(case.engine.sql(_RULESET, warehouse.dialect, DAY)))

    return judge


_SPARK_TYPES = {"int64": "bigint", "bool": "boolean", "date32[day]": "date", "timestamp[us]": "timestamp_ntz"}


def _in_spark(type_: pa.DataType) -> str:
    """What Spark calls a type of Arrow's."""
    if pa.types.is_decimal(type_):
        return f"decimal({type_.precision},{type_.scale})"
    if pa.types.is_list(type_):
        return f"array<{_in_spark(type_.value_type)}>"
    return _SPARK_TYPES.get(str(type_), str(type_))


def _cluster(session: Any) -> Way:
    def judge(case: Case) -> Outputs:
        frame = case.engine.run(case.frames, None, DAY, spark=session).frames[_RULESET]
        found = dict(frame.dtypes)
        wanted = {each.name: _in_spark(each.type) for each in case.result.schema}
        wrong = {name: (found[name], type_) for name, type_ in wanted.items() if found[name] != type_}
        assert not wrong, f"columns of another type: {wrong}"
        try:
            return _outputs(case, [row.asDict() for row in frame.collect()])
        finally:
            frame.unpersist()

    return judge


@contextmanager
def ways(memory: str, spark: bool = True) -> Iterator[Mapping[str, Way]]:
    """Every way but the reference; a statement in PostgreSQL where a server is installed, Spark where pyspark is.

    Args:
        memory: The limit of a table's run with little memory.
        spark: Whether Spark is one of them; it takes seconds for each rule set.
    """
    found: dict[str, Way] = {
        "records of rows": _records,
        "records of numbers": _numbers,
        "table, 1 thread": _table(threads=1),
        "table, 2 threads, rows shuffled": _shuffled,
        f"table, {memory}": _table(memory=memory),
        "table, 3 items a query": _narrow,
        "statement in DuckDB": _statement(Duck()),
    }
    with postgres_server() as folder:
        server = None if folder is None else Postgres(folder)
        if server is not None:
            found["statement in PostgreSQL"] = _statement(server)
        if spark and find_spec("pyspark") is not None:
            found["Spark"] = _cluster(spark_session())
        try:
            yield found
        finally:
            if server is not None:
                server.connection.close()
