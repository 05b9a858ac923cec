"""What stands behind the numbers of one subject: how many rows passed each condition, and which."""

from typing import Any

from attrs import frozen

__all__ = ["SHOWN", "FactEvidence", "MeasureEvidence", "RowList"]

SHOWN = 20
"""How many rows are listed."""

RowList = tuple[dict[str, Any], ...]


@frozen(kw_only=True)
class MeasureEvidence:
    """One measure: the conditions in order, each with the rows that are left, and the first that count."""

    name: str
    steps: tuple[tuple[str, int], ...]
    rows: RowList

    @property
    def count(self) -> int:
        """How many rows count."""
        return self.steps[-1][1] if self.steps else 0


@frozen(kw_only=True)
class FactEvidence:
    """One fact: its rows, and those that are excluded, by reason with the first of them.

    Args:
        seen: Rows before the fact's own condition, which is `where`.
        rows: Rows that the condition left.
        titles: What the fact and its exclusions are called, by language.
    """

    fact: str
    id: tuple[str, ...]
    seen: int
    where: str
    rows: int
    excluded: tuple[tuple[str, int, RowList], ...]
    measures: tuple[MeasureEvidence, ...]
    titles: dict[str, dict[str, str]]
