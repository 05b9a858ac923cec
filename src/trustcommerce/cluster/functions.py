"""Functions in Python over Arrow arrays, in the statements of a Spark session."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trustcommerce.language.types import Kind
from trustcommerce.registry import ARROW, Vectorised
from trustcommerce.run.allocated import Allocation

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["allocated", "register", "unregister"]


def register(session: "SparkSession", function: Vectorised) -> None:
    """Have the function known until `unregister`; plugins that are files go to the executors with it."""
    from pyspark.sql import functions

    _sent(function.compute)
    result = _TYPES[function.result.kind]
    made: Any
    if hasattr(functions, "arrow_udf"):  # from 4.1 on
        made = functions.arrow_udf(_over_arrays(function), result)
    else:
        with _quiet():
            made = functions.pandas_udf(_over_series(function), result)
    session.udf.register(f"{ARROW}{function.name}", made)


def _sent(function: Any) -> None:
    """Have executors get a plugin that is a file with its function."""
    from pyspark import cloudpickle

    module = sys.modules.get(getattr(function, "__module__", ""))
    if module is not None and module.__name__.startswith("trustcommerce_plugin_"):
        cloudpickle.register_pickle_by_value(module)


def allocated(claims: "DataFrame", allocation: Allocation) -> "DataFrame":
    """What a method in Python gives; each partition is one executor's."""
    from pyspark.sql.types import LongType, StructField, StructType

    _sent(allocation.allocator.allocate)
    schema = StructType([*(claims.schema[each] for each in allocation.keys), StructField("units", LongType())])
    grouped: Any = claims.groupBy(*allocation.parts)
    with _quiet():
        if hasattr(grouped, "applyInArrow"):  # from 4.0 on
            return grouped.applyInArrow(_over_table(allocation), schema)
        return grouped.applyInPandas(_over_frame(allocation), schema)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what Spark warns of itself: how 3.5 reads versions, and that 4 does not know the newest pandas."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        yield


def unregister(session: "SparkSession", name: str) -> None:
    session.sql(f"DROP TEMPORARY FUNCTION IF EXISTS {ARROW}{name}")


_TYPES = {
    Kind.BOOLEAN: "boolean",
    Kind.EXACT: "bigint",
    Kind.NUMBER: "double",
    Kind.TEXT: "string",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp_ntz",
}


def _over_arrays(function: Vectorised) -> Any:
    import pyarrow as pa

    def compute(*arrays):  # type: ignore[no-untyped-def]
        return function.over(*arrays)

    compute.__annotations__ = {"arrays": pa.Array, "return": pa.Array}
    return compute


def _over_table(allocation: Allocation) -> Any:
    import pyarrow as pa

    def over(claims):  # type: ignore[no-untyped-def]
        return allocation.over(claims)

    over.__annotations__ = {"claims": pa.Table, "return": pa.Table}
    return over


def _over_frame(allocation: Allocation) -> Any:
    def over(claims):  # type: ignore[no-untyped-def]
        import pyarrow as pa

        table = pa.Table.from_pandas(claims, preserve_index=False)
        texts = [each.with_type(pa.string()) if pa.types.is_large_string(each.type) else each for each in table.schema]
        return allocation.over(table.cast(pa.schema(texts))).to_pandas()

    return over


def _over_series(function: Vectorised) -> Any:
    import pandas as pd
    import pyarrow as pa

    def compute(*series):  # type: ignore[no-untyped-def]
        types = map(function.arrow_type, function.kinds)
        arrays = [pa.array(each, type_, from_pandas=True) for each, type_ in zip(series, types, strict=True)]
        return pd.Series(function.over(*arrays).to_pylist(), dtype=object)

    compute.__annotations__ = {"series": pd.Series, "return": pd.Series}
    return compute
