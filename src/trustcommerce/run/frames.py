"""Anything with the Arrow PyCapsule interface -> an Arrow table, or one clear error; and back to its kind."""

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError
from trustcommerce.run.values import own

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["is_spark", "to_arrow", "to_kind_of"]


def is_spark(given: Any) -> bool:
    """Whether something is a frame of Spark, classic or Connect; nothing is imported to know it."""
    return type(given).__module__.startswith("pyspark.sql.") and type(given).__name__ == "DataFrame"


def to_arrow(frame: Any, read: Collection[str], what: str, ruleset: str) -> "tuple[pa.Table, list[str]]":
    """The columns of `frame` that are in `read`, as an Arrow table; and the names of its other columns.

    What nobody reads is left alone: it may be of any type, and be called like a column that is read but for
    case, which Arrow and pandas tell apart and DuckDB does not.

    Args:
        frame: A pyarrow table, a pandas or Polars frame, a DuckDB relation, or anything else with Arrow's
            PyCapsule interface; or a lazy frame, which is computed.
        what: What it is, for messages, as `ruleset`.
    """
    import pyarrow as pa

    try:
        table, names = _read(frame, read, ruleset)
    except DataError:
        raise
    except Exception as error:  # whatever its library says, a traceback in a reader's message included
        said = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        line = said[-1] if said[0].startswith("Traceback") else said[0]
        raise DataError(f"the {what} can't be read: {line}", ruleset=ruleset) from error
    if table is None:
        raise DataError(
            f"a {type(frame).__name__} is no table",
            ruleset=ruleset,
            hint="give a pyarrow, pandas, Polars or DuckDB table, or a path",
        )
    places = [place for place, name in enumerate(table.column_names) if name in read]
    names = names or table.column_names
    found = table.select(places)
    twice = next((name for name in found.column_names if found.column_names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"two columns are called `{twice}`", ruleset=ruleset, column=twice)
    if not places:
        raise DataError(
            f"the {what} has none of the columns that are declared",
            ruleset=ruleset,
            hint=f"it has {', '.join(map(str, names))}" if names else None,
        )
    plain = [_plain(found.column(place), field, what, ruleset) for place, field in enumerate(found.schema)]
    return pa.table(plain, names=found.column_names), [name for name in map(str, names) if name not in read]


def _read(frame: Any, read: Collection[str], ruleset: str) -> "tuple[pa.Table | None, list[str]]":
    """A table with the columns of `read`, and maybe others, and the names of all; None of what is none."""
    import pyarrow as pa

    if isinstance(frame, pa.Table):
        return frame, frame.column_names
    import narwhals as nw

    names: list[str] = []
    if hasattr(frame, "iloc") and hasattr(frame, "columns"):  # pandas may call columns alike, which narwhals refuses
        names = list(frame.columns)
        frame = frame.loc[:, [name in read for name in names]]
        _refuse_objects(frame, ruleset)
    else:
        given = nw.from_native(frame, pass_through=True)
        if isinstance(given, nw.DataFrame | nw.LazyFrame):
            names = given.collect_schema().names()
            chosen = given.select([name for name in names if name in read]) if set(names) & set(read) else given
            frame = chosen.to_native()
            if isinstance(chosen, nw.LazyFrame) and not hasattr(frame, "__arrow_c_stream__"):
                frame = chosen.collect(backend="pyarrow").to_native()
    if not hasattr(frame, "__arrow_c_stream__") and not hasattr(frame, "__arrow_c_array__"):
        return None, names
    return pa.table(frame), names


def to_kind_of(frame: Any, table: "pa.Table") -> Any:
    """`table` as a frame of the library that `frame` is of; as it is for what is no frame, such as a path.

    pandas gets Arrow's types: its own have no missing integers, no dates and no decimals.
    """
    import narwhals as nw

    given = nw.from_native(frame, pass_through=True)
    if isinstance(given, nw.LazyFrame) and given.implementation.is_duckdb():
        return _relation(frame, table)
    if isinstance(given, nw.LazyFrame):
        return nw.from_native(table).lazy(backend=given.implementation).to_native()
    if not isinstance(given, nw.DataFrame) or given.implementation.is_pyarrow():
        return table
    if given.implementation.is_pandas():
        import pandas as pd

        return table.to_pandas(types_mapper=pd.ArrowDtype)
    return nw.from_arrow(table, backend=given.implementation).to_native()


def _relation(frame: Any, found: "pa.Table") -> Any:
    """`found` as a relation of the connection that `frame` is of, which can be joined to its other relations."""
    import duckdb

    view = "trustcommerce_frame"
    try:
        made = frame.query(view, "SELECT * FROM found")
        frame.query(view, f"DROP VIEW IF EXISTS {view}")  # which some versions leave
    except duckdb.CatalogException:
        raise DataError(
            "the relation's connection does not read what is in memory",
            hint="SET python_enable_replacements = true, or take the Arrow table: native=False",
        ) from None
    return made


def _plain(column: "pa.ChunkedArray", field: "pa.Field", what: str, ruleset: str) -> "pa.ChunkedArray":
    """Types that DuckDB does not read, or not as well, as those of the same values that it does."""
    import pyarrow as pa

    types: Any = pa.types
    type_: Any = field.type
    plain: pa.DataType | None = None
    if types.is_string_view(type_):  # which Polars gives: a scan's filters can't be pushed into views
        plain = pa.large_string()
    elif types.is_float16(type_):
        plain = pa.float32()
    elif types.is_decimal(type_) and (type_.scale < 0 or type_.precision > _DIGITS):
        plain = pa.decimal128(_DIGITS, min(max(type_.scale, 0), _DIGITS))
    elif types.is_timestamp(type_) and type_.unit in ("s", "ms"):
        plain = pa.timestamp("us", type_.tz)
    if plain is None:
        return column
    try:
        return column.cast(plain)
    except pa.ArrowException:
        holds = (
            f"numbers of more than {_DIGITS} digits"
            if types.is_decimal(type_)
            else "moments outside the years 1 to 9999"
        )
        raise DataError(
            f"`{field.name}` of the {what} is {type_}, and holds {holds}", ruleset=ruleset, column=field.name
        ) from None


_DIGITS = 38
_PLAIN = (str, Decimal, dt.datetime, dt.date, bool, int)


def _refuse_objects(frame: Any, ruleset: str) -> None:
    """pandas' object columns may hold anything: those that are not of one plain class are refused by name."""
    for name, dtype in frame.dtypes.items():
        if str(dtype) != "object":
            continue
        first: str | None = None
        for value in frame[name]:
            plain = type(value) in _PLAIN
            if (not plain and own(value) is None) or value != value:
                continue
            kind = type(value).__name__ + (" with a time zone" if getattr(value, "tzinfo", None) else "")
            if not plain or (first is not None and kind != first):
                raise DataError(
                    f"`{name}` is an object column that holds {kind}" + (f" beside {first}" if first else ""),
                    ruleset=ruleset,
                    column=str(name),
                    value=value,
                    hint=f"convert it: frame[{name!r}].astype(...)",
                )
            first = kind
