"""Writers of one file each. CSV and JSON lines write sets as lists joined by `|` and as arrays."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from trustcommerce.run.duck import PARQUET, connect, text

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["json_value", "write_csv", "write_jsonl", "write_parquet"]


def write_parquet(table: "pa.Table", path: Path) -> None:
    """Parquet, zstd; by DuckDB, which takes every core to compress, where pyarrow takes one."""
    with connect(path.name) as connection:
        connection.register("result", table)
        connection.execute(f"COPY (FROM result) TO {text(str(path))} ({PARQUET})")


def write_csv(table: "pa.Table", path: Path) -> None:
    """UTF-8 CSV with a header; missing is an empty cell, a set its members joined by `|`."""
    import pyarrow as pa
    from pyarrow import compute, csv

    for i, each in enumerate(table.schema):
        if pa.types.is_list(each.type):
            table = table.set_column(i, each.name, compute.binary_join(table.column(i), "|"))
    csv.write_csv(table, path, csv.WriteOptions(quoting_style="needed"))


def json_value(value: object) -> object:
    """A value as JSON has it: decimals as numbers with their places, dates as text."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def write_jsonl(table: "pa.Table", path: Path) -> None:
    """One JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        for batch in table.to_batches(max_chunksize=10_000):
            for row in batch.to_pylist():
                file.write(json.dumps({k: json_value(v) for k, v in row.items()}, ensure_ascii=False) + "\n")
