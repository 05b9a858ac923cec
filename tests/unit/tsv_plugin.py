"""Tables as tab-separated text: a plugin for the tests."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from trustcommerce.plugin import Output, hookimpl

__version__ = "1.0"


def write(table: pa.Table, path: Path) -> None:
    """Names of the columns, then the rows."""
    rows = [table.column_names, *(row.values() for row in table.to_pylist())]
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows), "utf-8")


@hookimpl
def trustcommerce_outputs() -> Iterable[Output]:
    """One format."""
    return [Output(name="tsv", suffix=".tsv", write=write, doc="Tab-separated text.")]
