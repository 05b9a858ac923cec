"""Tables that a rule set's run makes on the way, and asks questions of; dropped at its end."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError
from trustcommerce.language.relations import Measure
from trustcommerce.language.types import power
from trustcommerce.plan import RuleSetPlan, Version
from trustcommerce.run.components import components
from trustcommerce.run.duck import first_row, quote
from trustcommerce.run.layers import Stage
from trustcommerce.run.relations import overlapping

if TYPE_CHECKING:
    import duckdb

__all__ = ["Stages"]


class Stages:
    """What one rule set on one day makes in a connection."""

    def __init__(
        self,
        connection: "duckdb.DuckDBPyConnection",
        plan: RuleSetPlan,
        version: Version,
        as_of: dt.date,
        known_as_of: dt.date,
    ) -> None:
        self.connection, self.plan, self.version = connection, plan, version
        self.as_of, self.known_as_of = as_of, known_as_of
        self.made: list[tuple[str, str]] = []

    def drop(self) -> None:
        """Drop what was made, the last first."""
        for kind, name in reversed(self.made):
            self.connection.execute(f"DROP {kind} IF EXISTS {name}")
        self.made = []

    def stages(self, stages: Sequence[Stage]) -> None:
        """Make the tables of several stages, their sums checked."""
        for stage in stages:
            self.stage(stage)
            self._check_sums(stage)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.connection.execute(sql).fetchall()
        return found

    def names(self, table: str) -> list[str]:
        """The columns of a table."""
        return [row[0] for row in self.rows(f"DESCRIBE {table}")]

    def number(self, sql: str) -> int:
        row = first_row(self.connection, sql)
        return int(row[0] or 0) if row else 0

    def make(self, kind: str, name: str, sql: str) -> None:
        self.connection.execute(f"CREATE TEMP {kind} {name} AS {sql}")
        self.made.append((kind, name))

    def stage(self, stage: Stage) -> None:
        """Make the table of a stage."""
        allocation = stage.held.allocation
        if not stage.held.graph and allocation is None:
            self.make("TABLE", stage.name, stage.sql)
            key = self.rows(f"SELECT * FROM {stage.name}") if stage.held.periods is not None else []
            if stage.held.periods is not None and key:
                overlapping(stage.held.periods, key[0], self.plan.name)
            return
        made = f"{stage.name}_made"
        rows = self.connection.sql(stage.sql).to_arrow_table()
        self.connection.register(made, components(rows) if allocation is None else allocation.over(rows))
        self.make("TABLE", stage.name, f"SELECT * FROM {made}")
        self.connection.unregister(made)

    def _check_sums(self, stage: Stage) -> None:
        """Sums run wide; one that leaves its range is an error, never wrapped."""
        tests = {
            each: f"NOT ({quote(each.name)} BETWEEN {each.type.low} AND {each.type.high})"
            for each in stage.held.measures
            if each.function == "sum"
        }
        if not tests:
            return
        wrong = self.rows(f"SELECT {', '.join(f'bool_or({test})' for test in tests.values())} FROM {stage.name}")[0]
        for (measure, test), found in zip(tests.items(), wrong, strict=True):
            if found:
                self._beyond(stage, measure, test)

    def _beyond(self, stage: Stage, measure: Measure, test: str) -> None:
        """Refuse a sum, with the first row that has it."""
        keys = "".join(f", CAST({key} AS VARCHAR)" for key in stage.held.key)
        of = f"{quote(measure.name)}{keys} FROM {stage.name}"
        row = self.rows(f"SELECT {of} WHERE {test} ORDER BY ALL LIMIT 1")[0]
        raise DataError(
            f"the sum `{measure.atom}` is {int(row[0]) / power(measure.type.scale):.6g}, beyond what is exact",
            ruleset=self.plan.name,
            column=measure.atom,
            row=", ".join(map(str, row[1:])) or None,
        )
