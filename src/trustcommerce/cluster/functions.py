"""What Python computes of frames, by `mapInArrow`: functions over arrays, and methods of pools."""

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from trustcommerce.errors import RunError
from trustcommerce.language.types import Kind
from trustcommerce.registry import Vectorised
from trustcommerce.run.allocated import Allocation

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType, StructType

__all__ = ["Called", "allocated", "mapped"]

_TYPES = {
    Kind.BOOLEAN: "BooleanType",
    Kind.EXACT: "LongType",
    Kind.NUMBER: "DoubleType",
    Kind.TEXT: "StringType",
    Kind.DATE: "DateType",
    Kind.TIMESTAMP: "TimestampNTZType",
}
"""Classes of `pyspark.sql.types`."""


@frozen
class Called:
    """A function, the columns that hold its arguments, and the one that it becomes.

    Args:
        listed: Whether they hold lists, and the function is called for each of their elements.
    """

    name: str
    function: Vectorised
    arguments: tuple[str, ...]
    listed: bool

    @property
    def type(self) -> "DataType":
        """Of the column."""
        from pyspark.sql import types

        found: DataType = getattr(types, _TYPES[self.function.result.kind])()
        return types.ArrayType(found) if self.listed else found

    def over(self, rows: "pa.Table") -> "pa.Array":
        """The column."""
        given = [rows.column(name).combine_chunks() for name in self.arguments]
        return _each(self.function, given) if self.listed else self.function.over(*given)


def _each(function: Vectorised, lists: Sequence[Any]) -> "pa.Array":
    """The function of each element; where a list is missing, none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.fill_null(pc.list_value_length(lists[0]), 0)
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths)])
    return pa.ListArray.from_arrays(offsets, function.over(*(each.flatten() for each in lists)))


def mapped(frame: "DataFrame", calls: Sequence[Called]) -> "DataFrame":
    """The frame with a column for each call, in place of those that hold arguments."""
    from pyspark.sql.types import StructField, StructType

    for each in calls:
        _sent(each.function.compute)
    arguments = {name for each in calls for name in each.arguments}
    kept = [each for each in frame.schema if each.name not in arguments]
    names = [each.name for each in kept]
    schema = StructType([*kept, *(StructField(each.name, each.type) for each in calls)])

    def over(rows: "pa.Table") -> "pa.Table":
        import pyarrow as pa

        columns = [*map(rows.column, names), *(each.over(rows) for each in calls)]
        return pa.Table.from_arrays(columns, names=schema.names)

    return _mapped(frame, over, schema)


def allocated(claims: "DataFrame", allocation: Allocation) -> "DataFrame":
    """What a method in Python gives; the claims of a partition are on one executor, and computed with at once."""
    from pyspark.sql.types import LongType, StructField, StructType

    _sent(allocation.allocator.allocate)
    schema = StructType([*(claims.schema[each] for each in allocation.keys), StructField("units", LongType())])
    together = claims.repartition(*allocation.parts) if allocation.parts else claims.repartition(1)
    return _mapped(together, allocation.over, schema, whole=True)


def _mapped(
    frame: "DataFrame", over: Callable[["pa.Table"], "pa.Table"], schema: "StructType", whole: bool = False
) -> "DataFrame":
    """What a function makes of the rows of a frame, batch by batch.

    Args:
        whole: Whether it takes what is on an executor at once.
    """
    names = frame.columns

    def each(batches: Iterator["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        import pyarrow as pa

        for group in [[*batches]] if whole else ([batch] for batch in batches):
            if group:
                yield from over(pa.Table.from_batches(group).rename_columns(names)).to_batches()

    with warnings.catch_warnings():  # of how 3.5 reads versions, and that 4 does not know the newest pandas
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        plain = frame.toDF(*(f"c{i}" for i, _ in enumerate(names)))  # it reads a point in a name as "field of"
        try:
            return plain.mapInArrow(each, schema)
        except ImportError:
            raise RunError("Spark hands rows to Python only where pandas is installed: pip install pandas") from None


def _sent(function: Any) -> None:
    """Have executors get a plugin that is a file with its function."""
    from pyspark import cloudpickle

    module = sys.modules.get(getattr(function, "__module__", ""))
    if module is not None and module.__name__.startswith("trustcommerce_plugin_"):
        cloudpickle.register_pickle_by_value(module)
