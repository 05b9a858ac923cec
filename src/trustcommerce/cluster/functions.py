"""Functions in Python over Arrow arrays, in the statements of a Spark session."""

import sys
import warnings
from typing import TYPE_CHECKING, Any

from trustcommerce.language.types import Kind
from trustcommerce.registry import ARROW, Vectorised

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["register", "unregister"]


def register(session: "SparkSession", function: Vectorised) -> None:
    """Have the function known until `unregister`; plugins that are files go to the executors with it."""
    from pyspark import cloudpickle
    from pyspark.sql import functions

    module = sys.modules.get(getattr(function.compute, "__module__", ""))
    if module is not None and module.__name__.startswith("trustcommerce_plugin_"):
        cloudpickle.register_pickle_by_value(module)
    result = _TYPES[function.result.kind]
    made: Any
    if hasattr(functions, "arrow_udf"):  # from 4.1 on
        made = functions.arrow_udf(_over_arrays(function), result)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of Spark 3.5, about how it reads versions
            made = functions.pandas_udf(_over_series(function), result)
    session.udf.register(f"{ARROW}{function.name}", made)


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


def _over_series(function: Vectorised) -> Any:
    import pandas as pd
    import pyarrow as pa

    def compute(*series):  # type: ignore[no-untyped-def]
        types = map(function.arrow_type, function.kinds)
        arrays = [pa.array(each, type_, from_pandas=True) for each, type_ in zip(series, types, strict=True)]
        return pd.Series(function.over(*arrays).to_pylist(), dtype=object)

    compute.__annotations__ = {"series": pd.Series, "return": pd.Series}
    return compute
