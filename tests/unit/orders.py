"""One table of orders in every form that facts come in."""

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
from trustcommerce.sources import Folder

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


def refused(folder: Path, spec: TableSpec, says: str, zone: str | None = None) -> tc.DataError:
    """Reading and materialising raises one DataError."""
    with pytest.raises(tc.DataError, match=says) as caught:
        Folder(folder, core_registry(), zone).read(spec).table()
    return caught.value


def parquet_with(folder: Path, name: str, values: pa.Array) -> Path:
    table = typed()
    parquet.write_table(table.set_column(table.column_names.index(name), name, values), folder / "orders.parquet")
    return folder
