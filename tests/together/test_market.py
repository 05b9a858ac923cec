"""One pack with every plugin: reference, records, tables in all ways, Spark and statements give the same bits."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import trustcommerce as tc
from tests.parity.compare import bits
from tests.parity.compare_facts import arrow_tables
from tests.together.rows import DAY, make_market
from tests.warehouse.servers import Duck, Postgres, Warehouse, postgres_server
from trustcommerce.language.relations import Scan
from trustcommerce.plugins.installed import installed
from trustcommerce.run.layers import sources
from trustcommerce.run.reference import run_reference
from trustcommerce.run.values import accept, show

FOLDER = Path(__file__).parents[2]
MARKET = Path(__file__).parent / "market"
PLUGINS = {each.name.removeprefix("trustcommerce-") for each in (FOLDER / "plugins").glob("trustcommerce-*")}
MISSING = sorted(PLUGINS - {each.name for each in installed()})
SEEDS = range(3)
PYTHON = {
    "price_reference": "function `pack_quantity`",
    "product": "function `pack_quantity`",
    "placed": "method `matching`",
}
"""Rule sets that need Python where they are computed, and what of them."""
Outputs = dict[tuple[Any, ...], dict[str, Any]]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: the plugins {', '.join(MISSING)}")


class Market:
    """The pack over the rows of a seed.

    Attributes:
        results: Of each rule set, as a run gives them.
    """

    def __init__(self, seed: int) -> None:
        self.engine = tc.load(MARKET)
        self.rows = make_market(seed)
        self.tables = arrow_tables(self.engine, self.rows)

    @cached_property
    def results(self) -> dict[str, pa.Table]:
        return self.run(self.tables, threads=1)

    def run(self, tables: Mapping[str, pa.Table], **options: Any) -> dict[str, pa.Table]:
        """Every rule set, over the results of those that it reads."""
        found: dict[str, pa.Table] = {}
        for name, plan in self.engine.plan.rulesets.items():
            given = {**tables, **{each: found[each] for each in plan.depends}}
            found[name] = self.engine.score_table(name, None, DAY, tables=given, **options)
        return found

    def outputs(self, name: str, rows: Iterable[Mapping[str, Any]]) -> Outputs:
        """Rows by key, each value to the bit."""
        plan = self.engine.plan.rulesets[name]
        version = plan.version(DAY)
        assert version is not None
        names = [each.name for each in version.outputs]
        return {
            tuple(row[key] for key in plan.key): {each: bits(row[each]) for each in names if each in row}
            for row in rows
        }

    def wanted(self, name: str) -> Outputs:
        return self.outputs(name, self.results[name].to_pylist())


@pytest.fixture(scope="module", params=SEEDS)
def market(request: pytest.FixtureRequest) -> Market:
    return Market(request.param)


def test_every_plugin_is_in_it() -> None:
    """And what it has is used: something is judged, granted, waived and credited."""
    market = Market(0)
    assert set(market.engine.plan.plugin_versions) == PLUGINS
    for name, column in {
        "diagnosis": "content",
        "led_orders": "led",
        "price_reference": "asked_p50",
        "product": "power",
        "card_orders": "waiver",
        "card_statement": "month_waived",
        "river": "traffic",
        "reward": "reward",
        "audience": "show_room",
        "placed": "shown",
    }.items():
        values = set(market.results[name].column(column).to_pylist())
        assert len(values - {None}) > 1, f"{name}.{column}"


def test_the_reference(market: Market) -> None:
    """The plain evaluator, over the results of rule sets that a rule set reads."""
    for name, plan in market.engine.plan.rulesets.items():
        version = plan.version(DAY)
        assert version is not None
        rows = {}
        for scan in (each for each in sources(version) if isinstance(each, Scan)):
            fields = {
                each.name: each.type
                for other in sources(version)
                if isinstance(other, Scan) and other.table == scan.table
                for each in other.fields
            }
            given = market.rows[scan.table] if scan.table in market.rows else market.results[scan.table].to_pylist()
            rows[scan.table] = [{field: accept(row[field], type_) for field, type_ in fields.items()} for row in given]
        names = {field.name: atom for atom, field in version.atoms.items()}
        found = []
        for values in run_reference(version, DAY, rows, None):
            full = {**{each: constant.value for each, constant in version.constants.items()}, **values}
            found.append(
                {
                    each.name: show(full[each.name if each.name in full else names[each.name]], each.type)
                    for each in version.outputs
                }
            )
        assert market.outputs(name, found) == market.wanted(name), name


def test_records(market: Market) -> None:
    """A row of results as a record gives what the row says; of pools the claims."""
    for name, result in market.results.items():
        for row in result.to_pylist():
            values = market.engine.score(name, row, DAY).values
            assert {each: bits(value) for each, value in values.items()} == {each: bits(row[each]) for each in values}


@pytest.mark.parametrize("options", [{"threads": 2}, {"memory": "100MB"}], ids=["2 threads", "100 MB"])
def test_tables(market: Market, options: dict[str, Any]) -> None:
    """Rows shuffled, on two threads, and with little memory."""
    shuffled = {}
    for name, table in market.tables.items():
        order = list(range(table.num_rows))
        random.Random(1).shuffle(order)
        shuffled[name] = table.take(order)
    for name, result in market.run(shuffled, **options).items():
        assert market.outputs(name, result.to_pylist()) == market.wanted(name), name


def test_a_run(market: Market, tmp_path: Path) -> None:
    """All rule sets in their order, as workbooks, whose reader finds the numbers again."""
    from python_calamine import CalamineWorkbook

    report = market.engine.run(market.tables, tmp_path / "out", DAY, format="excel")
    assert list(report.rulesets) == list(market.engine.rulesets)
    for name in report.rulesets:
        rows = CalamineWorkbook.from_path(str(tmp_path / f"out/{name}.xlsx")).get_sheet_by_name("scores").to_python()
        assert len(rows) >= market.results[name].num_rows


def test_spark(spark: Any) -> None:
    """Of one seed: each rule set takes seconds."""
    market = Market(0)
    frames = market.engine.run(market.tables, None, DAY, spark=spark).frames
    for name, frame in frames.items():
        assert market.outputs(name, [row.asDict() for row in frame.collect()]) == market.wanted(name), name


@contextmanager
def _postgres() -> Iterator[Warehouse]:
    with postgres_server() as folder:
        if folder is None:
            pytest.skip("no PostgreSQL server is installed")
        server = Postgres(folder)
        try:
            yield server
        finally:
            server.connection.close()


@pytest.mark.parametrize("database", [lambda: nullcontext(Duck()), _postgres], ids=["DuckDB", "PostgreSQL"])
def test_statements(market: Market, database: Callable[[], AbstractContextManager[Warehouse]]) -> None:
    """What databases can compute; the rest is refused by name."""
    with database() as warehouse:
        for name, table in {**market.tables, **market.results}.items():
            warehouse.create(name, table)
        for name in market.engine.rulesets:
            if name in PYTHON:
                with pytest.raises(tc.DataError, match=PYTHON[name]):
                    market.engine.sql(name, warehouse.dialect, DAY)
                continue
            rows = warehouse.query(market.engine.sql(name, warehouse.dialect, DAY))
            assert market.outputs(name, rows) == market.wanted(name), name
