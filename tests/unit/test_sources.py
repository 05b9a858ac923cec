"""Folders of facts: every format gives the same rows, moments come to the pack's zone, what is broken is named."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from tests.unit.orders import (
    NAMES,
    SCANS,
    SOURCE_NAMES,
    WANTED,
    WRITERS,
    typed,
    write_csv,
    write_duckdb,
    write_parquet,
)
from trustcommerce.builtin import core_registry
from trustcommerce.model import TableSpec
from trustcommerce.registry import Registry, Source
from trustcommerce.run.duck import connect
from trustcommerce.sources import Folder


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("zone", [None, "Asia/Shanghai", "Europe/Berlin"])
def test_every_format_gives_the_same_rows(
    orders: TableSpec, tmp_path: Path, write: Callable[[Path], Path], zone: str | None
) -> None:
    """The declared columns under their declared names; Parquet and DuckDB stay scans."""
    rows = Folder(write(tmp_path), core_registry(), zone).read(orders)
    assert rows.schema.names == NAMES
    assert (rows.scan is not None) == (write in SCANS or rows.what == "facts.duckdb/orders" or bool(rows.setup))
    found = rows.table()
    assert found.schema.equals(rows.schema)
    assert sorted(found.to_pylist(), key=lambda row: row["id"]) == WANTED
    assert rows.counts is None


def test_a_scan_is_registered_as_it_stands(orders: TableSpec, tmp_path: Path) -> None:
    """What stands after FROM works in any connection, also twice in the same one."""
    for name, folder in (("p", write_parquet), ("d", write_duckdb)):
        (tmp_path / name).mkdir()
        rows = Folder(folder(tmp_path / name), core_registry()).read(orders)
        with connect("test") as connection:
            for _ in range(2):
                source = rows.register(connection, "orders")
                assert connection.execute(f"SELECT count(*) FROM {source}").fetchall() == [(3,)]


def test_files_without_a_declaration(tmp_path: Path) -> None:
    """A file that no table declares gives all its columns."""
    folder = Folder(write_parquet(tmp_path), core_registry())
    assert folder.read_file(tmp_path / "orders.parquet", None).table().column_names == [*SOURCE_NAMES, "note"]
    write_csv(tmp_path)
    assert folder.read_file(tmp_path / "orders.csv", None).table().num_rows == 3


def test_a_registered_reader_is_enough(orders: TableSpec, tmp_path: Path) -> None:
    """A source of a plugin is a function from a path to an Arrow table, of types or of text."""

    def texts(path: Path) -> pa.Table:
        return pa.table(
            {
                name: [str(v).lower() if isinstance(v, bool) else v if v is None else str(v) for v in column]
                for name, column in typed().to_pydict().items()
            }
        )

    for read, is_typed in ((lambda path: typed(), True), (texts, False)):
        registry = Registry.of(
            [Source(suffix=".x", read=read, typed=is_typed, doc="Three rows.", example=lambda path: {})]
        )
        (tmp_path / "orders.x").write_text("", "utf-8")
        assert Folder(tmp_path, registry, "Asia/Shanghai").read(orders).table().to_pylist() == WANTED
