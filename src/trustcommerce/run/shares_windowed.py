"""A `Share` by windows alone: rows are read once, and what else they hold goes along as one structure.

For a database that puts a layer into each query that reads it: what is joined to itself, as `shares_joined` does,
is there computed, and planned, once more for each join that stands above it.
"""

from collections.abc import Mapping, Sequence

from sqlglot import exp

from trustcommerce.language.relations import Share
from trustcommerce.run.layers import Layers, at
from trustcommerce.run.shares_joined import JoinedShares
from trustcommerce.run.sql import column

__all__ = ["WindowedShares"]

_ROW = "row"


class WindowedShares(JoinedShares):
    """What is summed up of a partition stands beside its rows.

    Args:
        kept: Columns of the rows that are read above.
    """

    def __init__(self, layers: Layers, relation: Share, kept: Sequence[str]) -> None:
        super().__init__(layers, relation)
        self.kept = kept
        self.own = [_ROW, *self.keys]

    def beside(self, staged: str) -> str:
        columns = [exp.alias_(at(_ROW, name), name, quoted=True) for name in self.kept]
        units = exp.alias_(column("units"), self.relation.name, quoted=True)
        return self.layers.write(exp.select(*columns, units).from_(self._granted(staged), copy=False))

    def _named_own(self) -> list[exp.Expression]:
        pairs = [part for name in self.kept for part in (exp.Literal.string(name), column(name))]
        row = exp.alias_(exp.Anonymous(this="NAMED_STRUCT", expressions=pairs), _ROW, quoted=True)
        return [row, *super()._named_own()]

    def _placed(self, staged: str, able: exp.Expression, order: list[exp.Ordered], amount: exp.Expression) -> str:
        """Every row, those that are able first."""
        place = self._place([exp.Ordered(this=able.copy(), desc=True), *order])
        columns = [*self._named_own(), amount, place, exp.alias_(able, "able", quoted=True)]
        return self.layers.write(exp.select(*columns).from_(staged, copy=False))

    def _totalled(self, claims: str, names: Sequence[str], sums: Mapping[str, str]) -> str:
        over = self._over("")
        listed = ", ".join(f"sum({value}) OVER {over} AS {name}" for name, value in sums.items())
        return self._write(f"SELECT {self._list(names)} {listed} FROM {claims}")

    def _reached(self, claims: str, names: Sequence[str], sums: Mapping[str, str]) -> str:
        """Places are claims with the sums; of two for one claim the first is kept."""
        over = self._over("")
        places = self._places(claims, names, "TRUE")
        listed = ", ".join(f"sum({value}) OVER {over} AS {name}" for name, value in sums.items())
        if len(self.bounds) < 2:
            return self._write(f"SELECT {self._list(names)} {listed} FROM {places}")
        summed = self._write(f"SELECT {self._list(names, ['side'])} {listed} FROM {places}")
        return self._write(f"SELECT {self._list(names)} {', '.join(sums)} FROM {summed} WHERE side = 1")
