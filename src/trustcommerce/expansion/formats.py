"""Examples of formats, run: a file is read as the source that made it says, a table of every type is written."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from trustcommerce.registry import Output, Scan, Source
from trustcommerce.registry.vectorised import in_a_line

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["result_table", "try_format"]


def try_format(given: Source | Output) -> tuple[str, ...]:
    """What is wrong with the example of a format."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"example{given.suffix}"
        try:
            said = _read(given, path) if isinstance(given, Source) else _written(given, path)
        except Exception as error:  # whatever a plugin does
            said = f"fails: {in_a_line(error)}"
    return () if said is None else (f"the example of `{given.suffix}` {said}",)


def _read(source: Source, path: Path) -> str | None:
    wanted = {name: [*values] for name, values in source.example(path).items()}
    if source.scan is not None:
        read = source.scan([path], None, ())
    else:
        assert source.read is not None
        read = source.read(path)
    found = (_scanned(read) if isinstance(read, Scan) else read).to_pydict()
    return None if found == wanted else f"is read as {found}, and {wanted} is said"


def _scanned(scan: Scan) -> "pa.Table":
    import duckdb

    with duckdb.connect() as connection:
        for statement in scan.setup:
            connection.execute(statement)
        return connection.sql(f"SELECT * FROM {scan.source}").to_arrow_table()


def _written(output: Output, path: Path) -> str | None:
    for rows in (result_table(), result_table().slice(0, 0)):
        path.unlink(missing_ok=True)
        output.write(rows, path)
        if not path.is_file():
            return f"is not written: there is no file for {rows.num_rows} rows"
    return None


def result_table() -> "pa.Table":
    """Values of each type of results, missing ones among them."""
    import pyarrow as pa

    moment = dt.datetime(2023, 5, 18, 9, 30)
    return pa.table(
        {
            "text": ["中", None],
            "whole": pa.array([2**53 + 1, None], pa.int64()),
            "money": pa.array([1, None], pa.decimal128(18, 2)),
            "number": [0.1, None],
            "truth": [True, None],
            "day": [moment.date(), None],
            "moment": pa.array([moment, None], pa.timestamp("us")),
            "set": [["a", "b"], []],
        }
    )
