"""A small file of each format that is read, as its example: a text with a comma, and a missing number."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["csv", "database", "duckdb", "jsonl", "parquet", "sqlite"]

Columns = Mapping[str, Sequence[object]]
_TYPED: dict[str, list[Any]] = {"name": ["茶, 绿", "b"], "n": [12, None]}
_TEXTS: dict[str, list[Any]] = {"name": ["茶, 绿", "b"], "n": ["12", None]}
_CREATE = "CREATE TABLE things (name TEXT, n BIGINT); INSERT INTO things VALUES ('茶, 绿', 12), ('b', NULL)"


def csv(path: Path) -> Columns:
    path.write_text('name,n\n"茶, 绿",12\nb,\n', "utf-8")
    return _TEXTS


def jsonl(path: Path) -> Columns:
    lines = (dict(zip(_TYPED, row, strict=True)) for row in zip(*_TYPED.values(), strict=True))
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    return _TEXTS


def parquet(path: Path) -> Columns:
    import pyarrow as pa
    from pyarrow import parquet as files

    files.write_table(pa.table(_TYPED), path)
    return _TYPED


def duckdb(path: Path) -> Columns:
    import duckdb as engine

    with engine.connect(path) as connection:
        connection.execute(_CREATE)
    return _TYPED


def sqlite(path: Path) -> Columns:
    connection = sqlite3.connect(path)
    connection.executescript(_CREATE)
    connection.close()
    return _TEXTS


database: Callable[[Path], Columns] = sqlite
"""Of a file that is either."""
