"""Stage `sources`: files of a folder of facts -> `Rows` with the declared columns.

In: a folder or database file, and the tables that pack.yaml declares. Out: Arrow tables of the declared types, or
scans that DuckDB does itself; moments local to the pack's zone.
"""

from trustcommerce.sources.databases import (
    database_tables,
    duckdb_tables,
    scan_database,
    scan_duckdb,
    scan_sqlite,
    sqlite_tables,
)
from trustcommerce.sources.delimited import csv_line, read_csv, scan_csv
from trustcommerce.sources.folder import Folder
from trustcommerce.sources.jsonlines import jsonl_line, read_jsonl
from trustcommerce.sources.parquet import scan_parquet

__all__ = [
    "Folder",
    "csv_line",
    "database_tables",
    "duckdb_tables",
    "jsonl_line",
    "read_csv",
    "read_jsonl",
    "scan_csv",
    "scan_database",
    "scan_duckdb",
    "scan_parquet",
    "scan_sqlite",
    "sqlite_tables",
]
