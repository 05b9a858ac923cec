"""The databases that statements run in; a test that takes `warehouse` runs once for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.warehouse.servers import Duck, Postgres, Warehouse, postgres_server


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path | None]:
    with postgres_server() as folder:
        yield folder


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request: pytest.FixtureRequest, postgres_folder: Path | None) -> Iterator[Warehouse]:
    """A real database without tables of these tests."""
    if request.param == "duckdb":
        yield Duck()
        return
    if postgres_folder is None:
        pytest.skip("no PostgreSQL server is installed; Debian's package is postgresql")
    found = Postgres(postgres_folder)
    yield found
    found.connection.close()
