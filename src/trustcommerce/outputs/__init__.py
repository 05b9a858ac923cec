"""Stage `outputs`: Arrow tables, with what is known of their columns -> files."""

from trustcommerce.outputs.described import About, Described, about, described, with_descriptions
from trustcommerce.outputs.writers import write_csv, write_jsonl, write_parquet

__all__ = [
    "About",
    "Described",
    "about",
    "described",
    "with_descriptions",
    "write_csv",
    "write_jsonl",
    "write_parquet",
]
