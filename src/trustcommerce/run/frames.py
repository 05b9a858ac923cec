"""Anything with the Arrow PyCapsule interface -> an Arrow table, or one clear error; and back to its kind."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["is_spark", "to_arrow", "to_kind_of"]


def is_spark(given: Any) -> bool:
    """Whether something is a frame of Spark, classic or Connect; nothing is imported to know it."""
    return type(given).__module__.startswith("pyspark.sql.") and type(given).__name__ == "DataFrame"


def to_arrow(frame: Any, ruleset: str) -> "pa.Table":
    """`frame` as an Arrow table.

    Args:
        frame: A pyarrow table, a pandas or Polars frame, a DuckDB relation, or anything else with
            `__arrow_c_stream__`; or a lazy frame, which is computed.
        ruleset: For messages.
    """
    import pyarrow as pa

    if isinstance(frame, pa.Table):
        return _scannable(_unique(frame, ruleset))
    frame = _computed(frame, ruleset)
    _refuse_objects(frame, ruleset)
    if not hasattr(frame, "__arrow_c_stream__"):
        raise DataError(
            f"a {type(frame).__name__} is no table",
            ruleset=ruleset,
            hint="give a pyarrow, pandas, Polars or DuckDB table, or a path",
        )
    try:
        return _scannable(_unique(pa.RecordBatchReader.from_stream(frame).read_all(), ruleset))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(
            f"the frame can't be read: {error}", ruleset=ruleset, hint="an object column must hold values of one type"
        ) from None


def _computed(frame: Any, ruleset: str) -> Any:
    """A lazy frame as an Arrow table; anything else as it is."""
    if hasattr(frame, "__arrow_c_stream__") or not hasattr(frame, "collect"):
        return frame
    import narwhals as nw

    given = nw.from_native(frame, pass_through=True)
    if not isinstance(given, nw.LazyFrame):
        return frame
    try:
        return given.collect(backend="pyarrow").to_native()
    except Exception as error:  # whatever its library says
        said = str(error).splitlines()[0]
        raise DataError(f"the lazy frame can't be computed: {said}", ruleset=ruleset) from error


def to_kind_of(frame: Any, table: "pa.Table") -> Any:
    """`table` as a frame of the library that `frame` is of; as it is for what is no frame, such as a path.

    pandas gets Arrow's types: its own have no missing integers, no dates and no decimals.
    """
    import narwhals as nw

    given = nw.from_native(frame, pass_through=True)
    if isinstance(given, nw.LazyFrame):
        return nw.from_native(table).lazy(backend=given.implementation).to_native()
    if not isinstance(given, nw.DataFrame) or given.implementation.is_pyarrow():
        return table
    if given.implementation.is_pandas():
        import pandas as pd

        return table.to_pandas(types_mapper=pd.ArrowDtype)
    return nw.from_arrow(table, backend=given.implementation).to_native()


def _unique(table: "pa.Table", ruleset: str) -> "pa.Table":
    names = table.column_names
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"two columns are called `{twice}`", ruleset=ruleset, column=twice)
    return table


def _scannable(table: "pa.Table") -> "pa.Table":
    """Text as views, which Polars gives, is laid out plainly: a scan's filters can't be pushed into views."""
    import pyarrow as pa

    types: Any = pa.types
    for place, field in enumerate(table.schema):
        if types.is_string_view(field.type):
            plain = table.column(place).cast(pa.large_string())
            table = table.set_column(place, field.with_type(pa.large_string()), plain)
    return table


_PLAIN = (str, Decimal, dt.datetime, dt.date, bool, int)


def _refuse_objects(frame: Any, ruleset: str) -> None:
    """pandas' object columns may hold anything: those that are not of one plain class are refused by name."""
    if not hasattr(frame, "iloc") or not hasattr(frame, "columns"):
        return
    for name, dtype in frame.dtypes.items():
        if str(dtype) != "object":
            continue
        first: type | None = None
        for value in frame[name]:
            if value is None or value != value:
                continue
            if type(value) not in _PLAIN or (first is not None and type(value) is not first):
                raise DataError(
                    f"`{name}` is an object column that holds {type(value).__name__}"
                    + (f" beside {first.__name__}" if first else ""),
                    ruleset=ruleset,
                    column=str(name),
                    value=value,
                    hint=f"convert it: frame[{name!r}].astype(...)",
                )
            first = type(value)
