"""What must hold of a table, asked in one pass over it before anything is computed.

Statements that only a warehouse sees test each value where it is read. Spark would repeat such a test
wherever the value is used, and what it compiles for a row would get too long to be fast; so a run asks
first, and then computes over values that are known to be right.
"""

from collections.abc import Callable, Collection
from typing import Self

from attrs import define, evolve, field
from sqlglot import exp

from trustcommerce.run.sql import column

__all__ = ["TableCheck"]

_BITS = (
    "shiftright(CAST({key} AS BIGINT), 6)",
    "coalesce(bit_count(bit_or("
    "shiftleft(CAST(1 AS BIGINT), CAST(CAST({key} AS BIGINT) & CAST(63 AS BIGINT) AS INT)))), 1)",
)
"""A group of 64 whole numbers, and how many of them are there.

Numbers that lie close to each other, as ids that are counted up do, share a group, which is one number
with a bit for each; so few go from machine to machine. Keys that are missing are a group without bits.
"""


@define
class TableCheck:
    """Questions about one table.

    Args:
        view: Its name in the session.
        table: Its name for people.
        whole: Whether the key is one whole number.
        key: Columns that tell its rows apart; None where that is known, or nothing does.
        values: By column, whether its value breaks what is declared, and the value or an error.
    """

    view: str
    table: str
    whole: bool = False
    key: list[str] | None = None
    values: dict[str, tuple[exp.Expression, exp.Expression]] = field(factory=dict)

    def of(self, read: Collection[str] | None) -> Self | None:
        """The questions about the key and the columns that are read, all by default; None if there are none."""
        names = self.values if read is None else {*read, *(self.key or [])}
        values = {name: pair for name, pair in self.values.items() if name in names and pair[0] != exp.false()}
        return None if not values and self.key is None else evolve(self, values=values)

    def question(self, write: Callable[[exp.Expression], str]) -> str:
        """A statement with one row: whether a key is there `twice`, and whether a value is `wrong`."""
        wrong = write(self._wrong())
        if self.key is None:
            return f"SELECT false AS twice, coalesce(bool_or({wrong}), false) AS wrong FROM {self.view}"
        groups, different = _BITS if self.whole else ("{key}", "1")
        key = ", ".join(write(column(each)) for each in self.key)
        rows = (
            f"SELECT count(*) AS n, {different.format(key=key)} AS different, bool_or({wrong}) AS wrong"
            f" FROM {self.view} GROUP BY {groups.format(key=key)}"
        )
        answers = "coalesce(bool_or(n > different), false) AS twice, coalesce(bool_or(wrong), false) AS wrong"
        return f"SELECT {answers} FROM ({rows})"

    def which(self, write: Callable[[exp.Expression], str]) -> str:
        """A statement with one row: for each column whether one of its values is wrong."""
        tests = (f"coalesce(bool_or({write(test)}), false) AS v{i}" for i, (test, _) in enumerate(self.values.values()))
        return f"SELECT {', '.join(tests)} FROM {self.view}"

    def first(self, name: str, write: Callable[[exp.Expression], str]) -> str:
        """A statement that fails with what is wrong with a column in the first row in which it is."""
        test, value = (write(each) for each in self.values[name])
        ordered = f" ORDER BY {', '.join(write(column(each)) for each in self.key)}" if self.key else ""
        return f"SELECT {value} AS value FROM (SELECT * FROM {self.view} WHERE {test}{ordered} LIMIT 1)"

    def _wrong(self) -> exp.Expression:
        return exp.or_(*(test.copy() for test, _ in self.values.values())) if self.values else exp.false()
