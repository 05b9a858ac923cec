"""Methods of sharing that Python computes: the claims of one partition -> whole units for each.

Records have the claims, tables and Spark the grants; statements for warehouses refuse such a pool by name.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from trustcommerce.errors import PluginError, TrustCommerceError
from trustcommerce.registry.vectorised import found_in, in_a_line

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CLAIM_COLUMNS", "POOL_KEYS", "Allocator"]

CLAIM_COLUMNS = ("group", "units")
"""What further columns of claims may hold."""
POOL_KEYS = frozenset(
    [
        *("title", "about", "amount", "budget", "unit", "among", "missing", "method", "weight", "at_least", "at_most"),
        *("within", "reserve", "rounding", "left_over", "effective"),
    ]
)
"""What any pool may say."""
_NAME = re.compile(r"(?!key_|part_|within_)[a-z][a-z0-9_]*")
_TAKEN = POOL_KEYS | {"most", "carried", "given", "rest", "before", "reserved", "units"}


@frozen(kw_only=True)
class Allocator:
    """A method of pools, `method: NAME`.

    Args:
        columns: Further keys of such a pool, all of which it says: a `group` is whatever claims have in common, `units`
            a whole number of what is shared. Neither is ever missing.
        allocate: `(amount, claims) -> Arrow array` of a whole number for each claim, from 0 to its `most`, which add up
            to the amount at most; pure. Claims are an Arrow table in the order of the subjects' key, with `weight` and
            `most` (whole numbers, `int64`) and `columns`; those without a weight are left out beforehand. All units are
            the smallest of the pool's: fen, not CNY.
        doc: One sentence.
        example: An amount, claims by column, and what they get, which tests run.
        by: The plugin and its version, which whoever loads it fills in.
        place: Where a pool names it, filled in by its plan.
    """

    name: str
    columns: Mapping[str, str] = field(factory=dict)
    allocate: "Callable[[int, pa.Table], pa.Array]" = field(eq=False)
    doc: str
    example: tuple[int, Mapping[str, Sequence[object]], Sequence[int]]
    by: str = ""
    place: str = field(default="", eq=False)

    def misnamed(self) -> str | None:
        """A column that has the name of something else, or none."""
        return next((each for each in self.columns if each in _TAKEN or not _NAME.fullmatch(each)), None)

    def grants(self, amount: int, claims: "pa.Table") -> list[int]:
        """What each claim of one partition gets; where there is nothing to give, nobody is asked.

        Raises:
            PluginError: It raises, or gives something else than what is asked for.
        """
        if not amount:
            return [0] * claims.num_rows
        try:
            found = self.allocate(amount, claims)
        except (KeyboardInterrupt, TrustCommerceError):
            raise
        except BaseException as error:  # whatever a plugin does, an exit included
            raise self._wrong(f"fails: {in_a_line(error)}") from error
        return self._checked(found, amount, claims)

    def _checked(self, found: Any, amount: int, claims: "pa.Table") -> list[int]:
        import pyarrow as pa

        if not isinstance(found, pa.Array | pa.ChunkedArray):
            raise self._wrong(f"gives {type(found).__name__}, and an Arrow array is expected")
        if len(found) != claims.num_rows:
            raise self._wrong(f"gives {len(found)} grants for {claims.num_rows} claims")
        if not pa.types.is_integer(found.type) or found.null_count:
            what = "a missing grant" if found.null_count else f"an array of {found.type}"
            raise self._wrong(f"gives {what}, and whole numbers are expected")
        grants: list[int] = found.to_pylist()
        for grant, most in zip(grants, claims.column("most").to_pylist(), strict=True):
            if not 0 <= grant <= most:
                raise self._wrong(f"gives {grant:,} to a claim of at most {most:,}")
        if sum(grants) > amount:
            raise self._wrong(f"gives {sum(grants):,} of an amount of {amount:,}")
        return grants

    def _wrong(self, what: str) -> PluginError:
        return PluginError(f"{found_in(self.place, self.by)}the method `{self.name}` {what}")
