"""File formats that are read and written."""

from trustcommerce.outputs import write_csv, write_jsonl, write_parquet
from trustcommerce.registry import Output, Source
from trustcommerce.sources import read_csv, read_jsonl, read_parquet

__all__ = ["FILES"]

FILES: tuple[Source | Output, ...] = (
    Source(suffix=".csv", read=read_csv, typed=False, doc="UTF-8 CSV with a header; an empty cell is missing."),
    Source(suffix=".parquet", read=read_parquet, typed=True, doc="Parquet with the declared types."),
    Source(suffix=".jsonl", read=read_jsonl, typed=False, doc="JSON lines, one object each."),
    Output(name="parquet", suffix=".parquet", write=write_parquet, doc="Parquet, zstd."),
    Output(name="csv", suffix=".csv", write=write_csv, doc="UTF-8 CSV; sets joined by `|`."),
    Output(name="jsonl", suffix=".jsonl", write=write_jsonl, doc="JSON lines."),
)
