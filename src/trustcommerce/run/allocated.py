"""Pools whose method Python computes: the claims of all partitions -> the key and the units of each."""

from typing import TYPE_CHECKING, Any

from attrs import frozen

from trustcommerce.language.expressions import Expr
from trustcommerce.language.relations import Share
from trustcommerce.registry import Allocator

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Allocation", "claims_of"]


def claims_of(share: Share) -> dict[str, Expr]:
    """What an allocator knows of a claim, by column, beside its key and partition."""
    most = share.amount if share.high is None else share.high
    return {"amount": share.amount, "weight": share.weight, "most": most, **dict(share.inputs)}


@frozen(kw_only=True)
class Allocation:
    """A share as Python computes it.

    Args:
        inputs: Columns that the allocator is given of each claim.
    """

    allocator: Allocator
    keys: tuple[str, ...]
    parts: tuple[str, ...]
    inputs: tuple[str, ...]

    @classmethod
    def of(cls, share: Share) -> "Allocation":
        assert isinstance(share.allocator, Allocator)
        return cls(
            allocator=share.allocator,
            keys=tuple(f"key_{i}" for i, _ in enumerate(share.key)),
            parts=tuple(f"part_{i}" for i, _ in enumerate(share.within)),
            inputs=("weight", "most", *(name for name, _ in share.inputs)),
        )

    def over(self, claims: "pa.Table") -> "pa.Table":
        """What every claim gets, partition by partition.

        Args:
            claims: With columns of the key and of the partition, `amount`, and `inputs`, in any order.

        Returns:
            The columns of the key, and `units`.
        """
        import pyarrow as pa

        ordered = claims.sort_by([(each, "ascending") for each in (*self.parts, *self.keys)])
        units: list[int] = []
        for length in self._partitions(ordered):
            part = ordered.slice(len(units), length)
            units += self.granted(part.column("amount")[0].as_py(), part)
        return ordered.select(list(self.keys)).append_column("units", pa.array(units, pa.int64()))

    def granted(self, amount: int, claims: "pa.Table") -> list[int]:
        """What the claims of one partition get, which are in the order of their key."""
        return self.allocator.grants(amount, claims.select(list(self.inputs)))

    def _partitions(self, ordered: "pa.Table") -> list[int]:
        """How many rows each partition of ordered rows has."""
        if not self.parts or not ordered.num_rows:
            return [ordered.num_rows] if ordered.num_rows else []
        groups: Any = ordered.group_by(list(self.parts), use_threads=False)
        found: list[int] = groups.aggregate([([], "count_all")]).column("count_all").to_pylist()
        return found
