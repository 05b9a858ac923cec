"""Stage `outputs`: Arrow tables -> files."""

from trustcommerce.outputs.writers import write_csv, write_jsonl, write_parquet

__all__ = ["write_csv", "write_jsonl", "write_parquet"]
