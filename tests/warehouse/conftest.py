"""The databases that statements run in; a test that takes `warehouse` runs once for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.spark import spark_session
from tests.warehouse.servers import ClickHouse, Duck, Postgres, Spark, Warehouse, postgres_server


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path | None]:
    with postgres_server() as folder:
        yield folder


@pytest.fixture(params=["duckdb", "postgres", "spark", "clickhouse"])
def warehouse(
    request: pytest.FixtureRequest, postgres_folder: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """A real database without tables of these tests."""
    if request.param == "duckdb":
        yield Duck()
        return
    if request.param == "spark":
        # strict for some tests and lenient for the others, always the same for each
        strict = len(request.node.name) % 2 == 0
        spark = Spark(spark_session(), tmp_path_factory.mktemp("spark"), strict)
        yield spark
        spark.close()
        return
    if request.param == "clickhouse":
        pytest.importorskip("chdb", reason="no ClickHouse is installed; the package is chdb")
        clickhouse = ClickHouse()
        yield clickhouse
        clickhouse.close()
        return
    if postgres_folder is None:
        pytest.skip("no PostgreSQL server is installed; Debian's package is postgresql")
    found = Postgres(postgres_folder)
    yield found
    found.connection.close()
