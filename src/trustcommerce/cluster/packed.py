"""Columns of a wide table as few: each lot of them is one structure, of which those that are read are taken out."""

from collections.abc import Collection, Iterable, Sequence

from sqlglot import exp

from trustcommerce.run.sql import column

__all__ = ["Packed"]


class Packed:
    """Which structure holds each column.

    Args:
        plain: Columns that stay outside.
    """

    def __init__(self, plain: Sequence[str]) -> None:
        self.plain = [*plain]
        self.place: dict[str, str] = {}
        self.lots: list[str] = []

    def pack(self, names: Iterable[str], source: str) -> exp.Select:
        """The rows of `source` with some of its columns in a structure of their own, beside the earlier ones."""
        lot, held = f"~lot_{len(self.lots)}", [*self.lots]
        fresh = [name for name in names if name not in self.plain]
        made = []
        if fresh:
            pairs = [part for name in fresh for part in (exp.Literal.string(name), column(name))]
            structure = exp.Anonymous(this="NAMED_STRUCT", expressions=pairs)
            made = [exp.alias_(structure, lot, quoted=True)]
            self.lots.append(lot)
            self.place |= dict.fromkeys(fresh, lot)
        return exp.select(*map(column, (*self.plain, *held)), *made).from_(source, copy=False)

    def opened(self, names: Collection[str], source: str, whole: bool = False) -> exp.Select:
        """The rows with some columns taken out.

        Args:
            whole: Whether nothing else will be read.
        """
        kept = [*self.plain] if whole else [*self.plain, *self.lots]
        taken = [exp.alias_(self._inside(name), name, quoted=True) for name in self.place if name in names]
        return exp.select(*map(column, kept), *taken).from_(source, copy=False)

    def _inside(self, name: str) -> exp.Column:
        place = exp.to_identifier(self.place[name], quoted=True)
        return exp.column(exp.to_identifier(name, quoted=True), table=place)
