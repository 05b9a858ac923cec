"""File formats that are read and written."""

from trustcommerce.builtin import file_examples as example
from trustcommerce.outputs import write_csv, write_jsonl, write_parquet
from trustcommerce.registry import Output, Source
from trustcommerce.sources import (
    csv_line,
    database_tables,
    duckdb_tables,
    jsonl_line,
    read_jsonl,
    scan_csv,
    scan_database,
    scan_duckdb,
    scan_parquet,
    scan_sqlite,
    sqlite_tables,
)

__all__ = ["FILES"]

FILES: tuple[Source | Output, ...] = (
    Source(
        suffix=".csv",
        scan=scan_csv,
        typed=False,
        line=csv_line,
        doc="UTF-8 CSV with a header; an empty cell is missing, but for `` in a column of text.",
        example=example.csv,
    ),
    Source(
        suffix=".parquet",
        scan=scan_parquet,
        doc="Parquet with the declared types, scanned in place.",
        example=example.parquet,
    ),
    Source(
        suffix=".jsonl",
        read=read_jsonl,
        typed=False,
        line=jsonl_line,
        doc="JSON lines, one object each.",
        example=example.jsonl,
    ),
    Source(
        suffix=".duckdb",
        scan=scan_duckdb,
        tables=duckdb_tables,
        doc="A DuckDB file: its tables and views by name.",
        example=example.duckdb,
    ),
    Source(
        suffix=".sqlite",
        scan=scan_sqlite,
        tables=sqlite_tables,
        typed=False,
        doc="An SQLite file: its tables and views by name, cells read as text.",
        example=example.sqlite,
    ),
    Source(
        suffix=".db",
        scan=scan_database,
        tables=database_tables,
        typed=False,
        doc="A DuckDB or SQLite file, told apart by its first bytes.",
        example=example.database,
    ),
    Output(name="parquet", suffix=".parquet", write=write_parquet, doc="Parquet, zstd."),
    Output(name="csv", suffix=".csv", write=write_csv, doc="UTF-8 CSV; sets joined by `|`."),
    Output(name="jsonl", suffix=".jsonl", write=write_jsonl, doc="JSON lines."),
)
