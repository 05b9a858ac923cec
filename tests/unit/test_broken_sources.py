"""Folders of facts that are broken: where, and what is wrong, is named."""

import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

import trustcommerce as tc
from tests.unit.orders import (
    ROWS,
    lines,
    parquet_with,
    refused,
    typed,
    write_csv,
    write_duckdb,
    write_hive,
    write_parquet,
    write_parquet_files,
    write_sqlite,
)
from trustcommerce.builtin import core_registry
from trustcommerce.model import TableSpec
from trustcommerce.run.duck import connect
from trustcommerce.sources import Folder

# -- places


def test_where_a_table_may_stand(orders: TableSpec, tmp_path: Path) -> None:
    """One place alone; a near name is offered; what is no place says so."""
    (tmp_path / "order.csv").write_text(lines(), "utf-8")
    refused(tmp_path, orders, r"holds no file for table `orders`\nhint: did you mean `order`\?")
    write_duckdb(tmp_path)
    write_csv(tmp_path)
    refused(tmp_path, orders, "several files for table `orders`: orders.csv, facts.duckdb/orders")
    (tmp_path / "orders.csv").unlink()
    assert Folder(tmp_path, core_registry()).read(orders).what == "facts.duckdb/orders"
    with pytest.raises(tc.DataError, match=r"order.csv is one file; facts are a folder of files or a database"):
        Folder(tmp_path / "order.csv", core_registry())
    with pytest.raises(tc.DataError, match="no such folder of facts"):
        Folder(tmp_path / "nowhere", core_registry())


def test_a_database_without_the_table(orders: TableSpec, tmp_path: Path) -> None:
    """The tables that are there are named."""
    with duckdb.connect(str(tmp_path / "facts.duckdb")) as connection:
        connection.execute("CREATE TABLE shops AS SELECT 1 AS id")
    refused(tmp_path / "facts.duckdb", orders, r"facts.duckdb holds no table `orders`\nhint: it holds shops")
    refused(tmp_path, orders, "holds no file for table `orders`")


def test_folders_of_other_things(orders: TableSpec, tmp_path: Path) -> None:
    """A table's folder holds files of one kind, under the same keys."""
    folder = tmp_path / "orders"
    folder.mkdir()
    refused(tmp_path, orders, "orders/ is a folder without files")
    (folder / "a.csv").write_text(lines(), "utf-8")
    (folder / "b.xlsx").write_text("", "utf-8")
    refused(tmp_path, orders, "b.xlsx: no source reads `.xlsx` files")
    (folder / "b.xlsx").rename(folder / "b.jsonl")
    refused(tmp_path, orders, "orders/ holds b.jsonl beside a.csv")
    (folder / "b.jsonl").unlink()
    (folder / "day=2023-05-01").mkdir()
    (folder / "day=2023-05-01/b.csv").write_text(lines(), "utf-8")
    refused(tmp_path, orders, "orders/a.csv and orders/day=2023-05-01/b.csv lie under different keys")


def test_hive_keys(orders: TableSpec, tmp_path: Path) -> None:
    """A key is text until its declared type decides; what does not fit is named by its path."""
    facts = write_hive(tmp_path)
    (facts / "orders/day=2023-05-02").rename(facts / "orders/day=2023-02-30")
    refused(facts, orders, "orders/day=2023-02-30/open=true/part-0.parquet: `day` is `2023-02-30`, which is no date")
    (facts / "orders/day=2023-02-30").rename(facts / "orders/day=__HIVE_DEFAULT_PARTITION__")
    found = Folder(facts, core_registry()).read(orders).table()
    assert [row["day"] for row in sorted(found.to_pylist(), key=lambda row: row["id"])][2] is None


def test_a_key_above_the_folder(orders: TableSpec, tmp_path: Path) -> None:
    """A key in the path above a table's folder is no column, and can't take the place of one unseen."""
    above = tmp_path / "rate=0.1"
    above.mkdir()
    assert Folder(write_parquet_files(above), core_registry()).read(orders).table().num_rows == 3
    other = tmp_path / "paid=1"
    other.mkdir()
    refused(write_hive(other), orders, "`paid` is a column of the files, and `paid=1` in their path hides it")


# -- shape


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("0.5,9.90", "0.5,9.90,7,7", r"orders.csv:2: 10 cells under 8 columns"),
        (",true", "", r"orders.csv:2: 7 cells under 8 columns"),
        ("x,c", '"x,c', r"orders.csv:4: a quote is never closed"),
    ],
)
def test_broken_csv(orders: TableSpec, tmp_path: Path, old: str, new: str, says: str) -> None:
    """Rows of another length and open quotes are named with their line."""
    text = lines()
    (tmp_path / "orders.csv").write_text(text.replace(old, new), "utf-8")
    refused(tmp_path, orders, says)


@pytest.mark.parametrize(
    "rows",
    ['x,"1\ny,2\n', 'x,"1\ny,2\nz,"3\n', 'x,1\ny,"2'],
    ids=["to the end", "to another quote", "in the last line"],
)
def test_quotes_that_swallow_rows(orders: TableSpec, tmp_path: Path, rows: str) -> None:
    """An open quote in a last cell takes in what follows without breaking the form: it is still found."""
    from trustcommerce.sources import read_csv

    (tmp_path / "orders.csv").write_text(f"a,b\n{rows}", "utf-8")
    with pytest.raises(tc.DataError, match=r"orders.csv:[23]: (a quote is never closed|this is no CSV)"):
        read_csv(tmp_path / "orders.csv")
    (tmp_path / "orders.csv").write_text('a,b\nx,"1\n2"\ny,3" wide\n', "utf-8")
    assert read_csv(tmp_path / "orders.csv").to_pylist() == [{"a": "x", "b": "1\n2"}, {"a": "y", "b": '3" wide'}]


def test_a_line_of_another_encoding(orders: TableSpec, tmp_path: Path) -> None:
    """The line is named."""
    (tmp_path / "orders.csv").write_bytes(lines().replace("\nx,b", "\nx,店").encode("gb18030"))
    refused(tmp_path, orders, r"orders.csv:3: this line is not UTF-8")


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("paid", ["9.90", "1", "2"], "orders.parquet: `paid` is text, and money in CNY is expected"),
        ("day", [1, 2, 3], "orders.parquet: `day` is int64, and date is expected"),
        ("open", [1, 0, 1], "orders.parquet: `open` is int64, and boolean is expected"),
        ("id", [1, 2, 3], "orders.parquet: `id` is int64, and text is expected"),
        ("paid", pa.array([Decimal(1)] * 3, pa.decimal256(50, 2)), "`paid` is decimal256"),
        (
            "at",
            pa.array([1000, 2000, 2001], pa.timestamp("ns")),
            r"orders.parquet:3: `at` is .*no timestamp in whole micro",
        ),
        (
            "at",
            pa.array([1000, 2000, 2001], pa.timestamp("ns", "UTC")),
            "`at` carries a time zone and the pack says none",
        ),
    ],
)
def test_wrong_types(orders: TableSpec, tmp_path: Path, name: str, values: Any, says: str) -> None:
    """A column whose type can't hold what is declared is refused before any row is read."""
    refused(parquet_with(tmp_path, name, pa.array(values) if isinstance(values, list) else values), orders, says)


def test_wrong_cells_of_databases(orders: TableSpec, tmp_path: Path) -> None:
    """Cells of SQLite are named by row; columns of DuckDB by type."""
    facts = write_sqlite(tmp_path) / "facts.sqlite"
    for column, value, says in [
        ("paid", "12.345", r"facts.sqlite/orders:2: `paid` is `12.345`, which is no money in CNY"),
        ("at", 1683000000, r"facts.sqlite/orders:2: `at` is `1683000000`, which is no timestamp"),
        ("open", 2, r"facts.sqlite/orders:2: `open` is `2`, which is no boolean"),
        ("item_count", 1.5, r"facts.sqlite/orders:2: `item_count` is `1.5`, which is no integer"),
        ("day", b"\x00", r"facts.sqlite/orders:2: `day` is a blob"),
    ]:
        with sqlite3.connect(facts) as connection:
            (before,) = connection.execute(f"SELECT {column} FROM orders WHERE id = 'b'").fetchone()
            connection.execute(f"UPDATE orders SET {column} = ? WHERE id = 'b'", [value])
        refused(facts, orders, says)
        with sqlite3.connect(facts) as again:
            again.execute(f"UPDATE orders SET {column} = ? WHERE id = 'b'", [before])
        connection.close()
        again.close()
    write_duckdb(tmp_path)
    with duckdb.connect(str(tmp_path / "facts.duckdb")) as duck:
        duck.execute("ALTER TABLE orders ALTER day TYPE VARCHAR")
    refused(tmp_path / "facts.duckdb", orders, "facts.duckdb/orders: `day` is text, and date is expected")
    with duckdb.connect(str(tmp_path / "facts.duckdb")) as duck:
        duck.execute("ALTER TABLE orders ALTER day TYPE DATE")
        duck.execute("UPDATE orders SET \"at\" = 'infinity' WHERE id = 'b'")
    refused(tmp_path / "facts.duckdb", orders, "facts.duckdb/orders: `at` holds an infinite moment")
    with duckdb.connect(str(tmp_path / "facts.duckdb")) as duck:
        duck.execute('ALTER TABLE orders DROP "at"')
    refused(tmp_path / "facts.duckdb", orders, "facts.duckdb/orders has no column `at`")


def test_columns_that_are_not_in_every_file(orders: TableSpec, tmp_path: Path) -> None:
    """Older files may lack a column that may be missing, no other; types may widen."""
    facts = write_parquet_files(tmp_path)
    old = typed(ROWS[:1])
    parquet.write_table(old.drop_columns(["item_count"]), facts / "orders/0.parquet")
    found = Folder(facts, core_registry()).read(orders).table().to_pylist()
    assert [row["items"] for row in found] == [None, None, 1]
    parquet.write_table(old.drop_columns(["rate"]), facts / "orders/0.parquet")
    refused(facts, orders, r"0.parquet has no column `rate`\nhint: did you mean|0.parquet has no column `rate`")
    parquet.write_table(old.set_column(1, "item_count", pa.array([3], pa.int8())), facts / "orders/0.parquet")
    found = Folder(facts, core_registry()).read(orders).table().to_pylist()
    assert [row["items"] for row in found] == [3, None, 1]
    parquet.write_table(
        old.set_column(6, "at", pa.array([ROWS[0][6]], pa.timestamp("us", "UTC"))), facts / "orders/0.parquet"
    )
    refused(facts, orders, "`at` carries a time zone in 0.parquet and none in 1.parquet", "UTC")


# -- broken files


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty", "footer"])
def test_broken_parquet(orders: TableSpec, tmp_path: Path, damage: str) -> None:
    """A file cut short or overwritten is named, alone and among others."""
    for write, name in ((write_parquet, "orders.parquet"), (write_parquet_files, "orders/deeper/1.parquet")):
        folder = tmp_path / write.__name__
        folder.mkdir()
        path = write(folder) / name
        raw = path.read_bytes()
        size = len(raw)
        path.write_bytes(
            {
                "cut": raw[: size // 2],
                "garbage": b"x" * size,
                "empty": b"",
                "footer": raw[:-300] + b"\xff" * 250 + raw[-50:],
            }[damage]
        )
        refused(folder, orders, f"{path.name}: this is no readable Parquet file")


def test_pages_that_break_while_they_are_read(orders: TableSpec, tmp_path: Path) -> None:
    """A page that is broken shows only later: the file among many is still named."""
    facts = write_parquet_files(tmp_path)
    path = facts / "orders/deeper/1.parquet"
    meta = parquet.read_metadata(path).row_group(0).column(0)
    raw = bytearray(path.read_bytes())
    start = meta.dictionary_page_offset or meta.data_page_offset
    raw[start : start + meta.total_compressed_size] = b"\xff" * meta.total_compressed_size
    path.write_bytes(raw)
    rows = Folder(facts, core_registry()).read(orders)
    with pytest.raises(tc.DataError, match=r"orders/deeper/1.parquet can't be read|1.parquet"):
        rows.table()


@pytest.mark.parametrize("name", ["facts.duckdb", "facts.sqlite"])
@pytest.mark.parametrize("damage", ["garbage", "cut"])
def test_broken_databases(orders: TableSpec, tmp_path: Path, name: str, damage: str) -> None:
    """One error with the file's name."""
    path = (write_duckdb if name.endswith("duckdb") else write_sqlite)(tmp_path) / name
    raw = path.read_bytes()
    path.write_bytes(b"garbage" * 2000 if damage == "garbage" else raw[: len(raw) // 3])
    refused(tmp_path, orders, name)
    refused(path, orders, name)


def test_a_file_that_is_no_database(orders: TableSpec, tmp_path: Path) -> None:
    """Files of other programs may end in .db: they hold no tables."""
    (tmp_path / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" * 100)
    write_csv(tmp_path)
    assert Folder(tmp_path, core_registry()).read(orders).what == "orders.csv"
    refused(tmp_path / "Thumbs.db", orders, "Thumbs.db holds no table `orders`")


def test_a_database_that_another_connection_writes(orders: TableSpec, tmp_path: Path) -> None:
    """An open DuckDB file is refused in one sentence."""
    path = write_duckdb(tmp_path) / "facts.duckdb"
    with duckdb.connect(str(path)):
        refused(path, orders, "facts.duckdb")
    assert Folder(path, core_registry()).read(orders).table().num_rows == 3


def test_what_duckdb_raises_is_one_sentence() -> None:
    """A full disk ends the run, unreadable data is the user's to mend, a mistake in a query keeps its traceback."""
    for error, kind, says in [
        (
            duckdb.IOException("IO Error: Could not write file: No space left on device"),
            tc.RunError,
            "the disk is full",
        ),
        (duckdb.IOException("IO Error: Could not read file"), tc.DataError, "^work: Could not read file$"),
        (duckdb.ConversionException("Conversion Error: x\n\nLINE 1: y"), tc.DataError, "^work: x$"),
        (duckdb.BinderException("Binder Error: x"), duckdb.BinderException, "x"),
    ]:
        with pytest.raises(kind, match=says), connect("work"):
            raise error
