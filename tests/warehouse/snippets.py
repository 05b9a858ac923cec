"""Expressions in DuckDB's terms, why their rules are what they are, and what the experimental dialects print."""

import json
from pathlib import Path

__all__ = ["SNIPPETS"]

_FILE = Path(__file__).with_name("snippets.json")
_DIALECTS = ("clickhouse", "trino", "bigquery", "snowflake")

SNIPPETS: tuple[tuple[str, str, tuple[str, ...]], ...] = tuple(
    (each["expression"], each["why"], tuple(each[name] for name in _DIALECTS))
    for each in json.loads(_FILE.read_text("utf-8"))
)
"""The expression; the reason; the text for ClickHouse, Trino, BigQuery and Snowflake."""
