"""Folders of facts: every format gives the same rows, moments come to the pack's zone, what is broken is named."""

import datetime as dt
import json
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

import trustcommerce as tc
from trustcommerce.builtin import core_registry
from trustcommerce.model import TableSpec
from trustcommerce.registry import Registry, Source
from trustcommerce.run.duck import connect
from trustcommerce.run.rows import Rows
from trustcommerce.sources import Folder
from trustcommerce.sources.zones import changes

PACK = """
pack: shop
version: 1
tables:
  orders:
    key: id
    columns:
      id: text
      items: {type: integer?, source: item_count}
      rate: number
      paid: CNY
      open: boolean
      day: date
      at: timestamp
"""
RULESET = """
ruleset: shop
subject: {name: order, table: orders, key: id}
values:
  total: coalesce(items, 0)
"""
ROWS = [
    ("a", 3, 0.5, Decimal("9.90"), True, dt.date(2023, 5, 1), dt.datetime(2023, 5, 1, 8)),
    ("b", None, 1.0, Decimal("12.00"), False, dt.date(2023, 5, 1), dt.datetime(2023, 5, 1, 9, 30, 0, 250_000)),
    ("c", 1, 0.25, Decimal("0.05"), True, dt.date(2023, 5, 2), dt.datetime(2023, 5, 2, 0)),
]
SOURCE_NAMES = ["id", "item_count", "rate", "paid", "open", "day", "at"]
NAMES = ["id", "items", "rate", "paid", "open", "day", "at"]
WANTED = [dict(zip(NAMES, row, strict=True)) for row in ROWS]


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> TableSpec:
    folder = tmp_path_factory.mktemp("pack")
    (folder / "rulesets").mkdir()
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "rulesets/shop.yaml").write_text(RULESET, "utf-8")
    return tc.load(folder).plan.pack.tables["orders"]


def typed(rows: list[tuple[Any, ...]] = ROWS) -> pa.Table:
    columns = dict(zip(SOURCE_NAMES, zip(*rows, strict=True), strict=True))
    return pa.table({**{name: list(values) for name, values in columns.items()}, "note": ["x"] * len(rows)})


def lines(rows: list[tuple[Any, ...]] = ROWS) -> str:
    cells = [["" if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in row] for row in rows]
    return "\n".join([",".join(["note", *SOURCE_NAMES]), *(",".join(["x", *row]) for row in cells)]) + "\n"


def write_csv(folder: Path) -> Path:
    (folder / "orders.csv").write_text(lines(), "utf-8")
    return folder


def write_marked_csv(folder: Path) -> Path:
    (folder / "orders.csv").write_text(lines().removeprefix("note,").replace("\nx,", "\n"), "utf-8-sig")
    return folder


def write_jsonl(folder: Path) -> Path:
    objects = [dict(zip(SOURCE_NAMES, row, strict=True)) for row in ROWS]
    for each in objects:
        each |= {"paid": float(each["paid"]), "day": str(each["day"]), "at": str(each["at"])}
    (folder / "orders.jsonl").write_text("".join(json.dumps(each) + "\n" for each in objects), "utf-8")
    return folder


def write_parquet(folder: Path) -> Path:
    parquet.write_table(typed(), folder / "orders.parquet")
    return folder


def write_nanoseconds(folder: Path) -> Path:
    table = typed()
    at = table.column_names.index("at")
    parquet.write_table(
        table.set_column(at, "at", table["at"].cast(pa.timestamp("ns"))), folder / "orders.parquet", version="2.6"
    )
    return folder


def write_parquet_files(folder: Path) -> Path:
    (folder / "orders/deeper").mkdir(parents=True)
    parquet.write_table(typed(ROWS[:1]), folder / "orders/0.parquet")
    parquet.write_table(typed(ROWS[1:]), folder / "orders/deeper/1.parquet")
    (folder / "orders/_SUCCESS").write_text("", "utf-8")
    return folder


def write_partitions(folder: Path, write: Callable[[list[tuple[Any, ...]], Path], None], suffix: str) -> Path:
    for day in (dt.date(2023, 5, 1), dt.date(2023, 5, 2)):
        for is_open in (True, False):
            rows = [row for row in ROWS if row[5] == day and row[4] == is_open]
            target = folder / f"orders/day={day}/open={str(is_open).lower()}"
            target.mkdir(parents=True)
            if rows:
                write(rows, target / f"part-0{suffix}")
    return folder


def write_hive(folder: Path) -> Path:
    return write_partitions(
        folder, lambda rows, path: parquet.write_table(typed(rows).drop_columns(["day", "open"]), path), ".parquet"
    )


def write_csv_hive(folder: Path) -> Path:
    def write(rows: list[tuple[Any, ...]], path: Path) -> None:
        cells = [line.split(",") for line in lines(rows).splitlines()]
        path.write_text("\n".join(",".join(each[:5] + each[7:]) for each in cells) + "\n", "utf-8")

    return write_partitions(folder, write, ".csv")


def write_csv_files(folder: Path) -> Path:
    (folder / "orders").mkdir()
    (folder / "orders/a.csv").write_text(lines(ROWS[:2]), "utf-8")
    (folder / "orders/b.csv").write_text(lines(ROWS[2:]), "utf-8")
    return folder


def write_duckdb(folder: Path, name: str = "facts.duckdb") -> Path:
    table = typed()
    with duckdb.connect(str(folder / name)) as connection:
        connection.register("given", table)
        connection.execute(
            "CREATE TABLE orders AS SELECT * REPLACE (CAST(item_count AS HUGEINT) AS item_count) FROM given"
        )
        connection.execute("CREATE TABLE stores AS SELECT 1 AS id")
    return folder


def write_sqlite(folder: Path, name: str = "facts.sqlite") -> Path:
    with sqlite3.connect(folder / name) as connection:
        connection.execute(
            "CREATE TABLE orders (note, id TEXT, item_count REAL, rate REAL, paid, open INTEGER, day TEXT, at TEXT)"
        )
        paid: list[Any] = [9.9, 12, "0.05"]
        rows = [("x", *row[:3], money, row[4], str(row[5]), str(row[6])) for row, money in zip(ROWS, paid, strict=True)]
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.close()
    return folder


WRITERS = [
    write_csv,
    write_marked_csv,
    write_jsonl,
    write_parquet,
    write_nanoseconds,
    write_parquet_files,
    write_hive,
    write_csv_hive,
    write_csv_files,
    write_duckdb,
    write_sqlite,
    lambda folder: write_duckdb(folder, "facts.db"),
    lambda folder: write_sqlite(folder, "facts.db"),
    lambda folder: write_duckdb(folder) / "facts.duckdb",
    lambda folder: write_sqlite(folder) / "facts.sqlite",
]
SCANS = {write_parquet, write_nanoseconds, write_parquet_files, write_hive, write_duckdb}


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
        registry = Registry.of([Source(suffix=".x", read=read, typed=is_typed, doc="Three rows.")])
        (tmp_path / "orders.x").write_text("", "utf-8")
        assert Folder(tmp_path, registry, "Asia/Shanghai").read(orders).table().to_pylist() == WANTED


def refused(folder: Path, spec: TableSpec, says: str, zone: str | None = None) -> tc.DataError:
    """Reading and materialising raises one DataError."""
    with pytest.raises(tc.DataError, match=says) as caught:
        Folder(folder, core_registry(), zone).read(spec).table()
    return caught.value


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


def parquet_with(folder: Path, name: str, values: pa.Array) -> Path:
    table = typed()
    parquet.write_table(table.set_column(table.column_names.index(name), name, values), folder / "orders.parquet")
    return folder


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


# -- moments


def moments(spec: TableSpec, folder: Path, values: list[str], zone: str | None) -> Rows:
    """The table with these texts as its moments, from CSV."""
    rows = [(f"o{i}", *ROWS[0][1:6], value) for i, value in enumerate(values)]
    (folder / "orders.csv").write_text(lines(rows), "utf-8")
    return Folder(folder, core_registry(), zone).read(spec)


def test_moments_with_offsets(orders: TableSpec, tmp_path: Path) -> None:
    """Texts with and without an offset come to the pack's zone, side by side."""
    texts = [
        "2023-05-01 08:00:00",
        "2023-05-01T08:00:00Z",
        "2023-05-01 08:00:00+09:00",
        "2023-05-01 08:00:00.123456000-0530",
        "2023-05-01 08:00:00 UTC",
        "2023-05-01 08:00:00 +01",
    ]
    found = moments(orders, tmp_path, texts, "Asia/Shanghai").table()["at"].to_pylist()
    day = dt.datetime(2023, 5, 1)
    assert [each - day for each in found] == [
        dt.timedelta(hours=8),
        dt.timedelta(hours=16),
        dt.timedelta(hours=7),
        dt.timedelta(hours=21, minutes=30, microseconds=123456),
        dt.timedelta(hours=16),
        dt.timedelta(hours=15),
    ]
    for text, says in [
        ("2023-05-01 08:00:00+09:00", "`at` carries a time zone .* and the pack says none\nhint: add `time_zone:`"),
        ("2023-05-01 08:00:00.1234567", "which is no timestamp.*\nhint: fractions of a second have at most six digits"),
        ("2023-05-01 08:00:00+99:00", "which is no timestamp"),
    ]:
        with pytest.raises(tc.DataError, match=rf"orders.csv:3: {says}|orders.csv:3: .*{says}"):
            moments(orders, tmp_path, [texts[0], text], None)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_columns_with_a_zone(orders: TableSpec, tmp_path: Path, unit: str) -> None:
    """Parquet and DuckDB columns with a zone come to the pack's."""
    instants = pa.array([dt.datetime(2023, 5, 1, h) for h in (0, 15, 16)], pa.timestamp("us")).cast(pa.timestamp(unit))
    facts = parquet_with(tmp_path, "at", instants.cast(pa.timestamp(unit, "America/New_York")))
    wanted = [dt.datetime(2023, 5, 1, 8), dt.datetime(2023, 5, 1, 23), dt.datetime(2023, 5, 2)]
    rows = Folder(facts, core_registry(), "Asia/Shanghai").read(orders)
    assert rows.schema.field("at").type == pa.timestamp("us")
    assert rows.table()["at"].to_pylist() == wanted
    with duckdb.connect(str(tmp_path / "facts.duckdb")) as duck:
        duck.execute(f"CREATE TABLE orders AS FROM read_parquet('{facts / 'orders.parquet'}')")
    assert (
        Folder(tmp_path / "facts.duckdb", core_registry(), "Asia/Shanghai").read(orders).table()["at"].to_pylist()
        == wanted
    )
    with pytest.raises(tc.DataError, match="carries a time zone and the pack says none"):
        Folder(tmp_path / "facts.duckdb", core_registry()).read(orders)


SAO_PAULO = [
    ("2018-02-17 22:59:59.999999", 0),
    ("2018-02-17 23:00:00", 1),
    ("2018-02-17 23:59:59.999999", 1),
    ("2018-02-18 00:00:00", 0),
    ("2017-10-15 00:30:00", 1),
    ("2018-02-18 00:59:59Z", 0),
    ("2018-02-18 01:00:00Z", 1),
    ("2018-02-18 02:59:59Z", 1),
    ("2018-02-18 03:00:00Z", 0),
    ("2017-10-15 03:30:00Z", 0),
]
BERLIN = [
    ("2023-10-29 01:59:59", 0),
    ("2023-10-29 02:00:00", 1),
    ("2023-10-29 03:00:00", 0),
    ("2023-03-26 02:30:00", 1),
    ("2023-03-26 03:00:00", 0),
    ("9999-12-31 00:00:00", 0),
    ("0001-01-01 00:00:00", 0),
]


@pytest.mark.parametrize(("zone", "cases"), [("America/Sao_Paulo", SAO_PAULO), ("Europe/Berlin", BERLIN)])
def test_local_times_that_are_repeated_or_skipped(
    orders: TableSpec, tmp_path: Path, zone: str, cases: list[tuple[str, int]]
) -> None:
    """They are kept and counted, each alone and all together, from text and from columns of both kinds."""
    for text, count in cases:
        rows = moments(orders, tmp_path, [text], zone)
        assert (rows.counts or {}).get("ambiguous times", 0) == count, text
    assert moments(orders, tmp_path, [text for text, _ in cases], zone).counts == {
        "ambiguous times": sum(count for _, count in cases)
    }
    assert moments(orders, tmp_path, [text for text, _ in cases], "Asia/Kolkata").counts is None
    (tmp_path / "orders.csv").unlink()
    for zoned in (False, True):
        chosen = [(text.rstrip("Z"), count) for text, count in cases if text.endswith("Z") == zoned]
        if not chosen:
            continue
        kind = pa.timestamp("us", "UTC" if zoned else None)
        values = pa.array([text + "Z" * zoned for text, _ in chosen]).cast(kind)
        table = typed([ROWS[0]] * len(chosen))
        parquet.write_table(table.set_column(6, "at", values), tmp_path / "orders.parquet")
        rows = Folder(tmp_path, core_registry(), zone).read(orders)
        assert rows.counts == {"ambiguous times": sum(count for _, count in chosen)}


def test_clock_changes() -> None:
    """Found by bisection to the second."""
    found = changes("America/Sao_Paulo", 2018)
    assert [each.at for each in found] == [dt.datetime(2018, 2, 18, 2), dt.datetime(2018, 11, 4, 3)]
    assert changes("Asia/Shanghai", 2023) == ()
    assert len(changes("Africa/Casablanca", 2023)) == 2


# -- amounts


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("¥12", r"amounts are plain numbers in CNY; this one carries `¥`"),
        ("12.30 USD", "amounts are plain numbers in CNY; this one is in USD"),
        ("USD12.30", "amounts are plain numbers in CNY; this one is in USD"),
        ("12.30元", r"this one carries `元` \(yuan\)"),
        ('"1,234.50"', "write numbers without separators of thousands"),
    ],
)
def test_amounts_with_a_currency(orders: TableSpec, tmp_path: Path, text: str, hint: str) -> None:
    """The message says what an amount is, and which currency this one shows."""
    (tmp_path / "orders.csv").write_text(lines().replace("12.00", text), "utf-8")
    refused(tmp_path, orders, rf"orders.csv:3: `paid` is .*which is no money in CNY\nhint: .*{hint}")
