"""Stage `sources`: files of a folder of facts -> Arrow tables with the declared types.

In: a folder and the tables that pack.yaml declares. Out: one Arrow table each.
"""

from trustcommerce.sources.folder import Folder
from trustcommerce.sources.readers import read_csv, read_jsonl, read_parquet

__all__ = ["Folder", "read_csv", "read_jsonl", "read_parquet"]
