"""Suites to inherit: what holds of whatever a plugin gives."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from trustcommerce.builtin import core_registry
from trustcommerce.engine import Engine
from trustcommerce.expansion.examples import try_example
from trustcommerce.planning import registry_with
from trustcommerce.plugins.doctor import examined
from trustcommerce.testing.lab import Lab

__all__ = ["KindSuite", "OutputSuite"]


class KindSuite:
    """Of kinds: they are documented, their examples stand for something, and what they make is like any other rule.

    A subclass says a pack that uses them, and tables for it.

    Attributes:
        plugin: Name of the plugin, or the path of its file.
        header: pack.yaml.
        rulesets: The rule sets, in any order.
        files: Further files of the pack by path.
        tables: Tables by name: Arrow tables, or lists of rows.
        as_of: The day of judgement.
    """

    plugin: ClassVar[str]
    header: ClassVar[str]
    rulesets: ClassVar[tuple[str, ...]]
    files: ClassVar[Mapping[str, str]] = {}
    tables: ClassVar[Mapping[str, Any]]
    as_of: ClassVar[str | dt.date]

    def engine(self, lab: Lab) -> Engine:
        return lab.engine(self.header, *self.rulesets, files=self.files, plugins=[self.plugin])

    def given(self) -> dict[str, pa.Table]:
        """The tables as Arrow."""
        return {
            name: each if isinstance(each, pa.Table) else pa.Table.from_pylist(each)
            for name, each in self.tables.items()
        }

    def test_the_plugin_is_fine(self) -> None:
        """It loads alone, everything in it is documented, and its examples are expanded."""
        report = examined(self.plugin, core_registry(), try_example)
        assert report.fine, report.text()

    def test_the_pack_has_no_problem(self, lab: Lab) -> None:
        """What kinds make adds no name that is unknown, and nothing else that a check finds."""
        problems = lab.problems(self.header, *self.rulesets, files=self.files, plugins=[self.plugin])
        assert not problems, "\n\n".join(map(str, problems))

    def test_a_record_is_its_row(self, lab: Lab) -> None:
        """One record gives what its row in a table gives."""
        engine = self.engine(lab)
        for name in engine.rulesets:
            rows = engine.score_table(name, None, self.as_of, tables=self.given()).to_pylist()
            assert rows, f"no subject of `{name}` is judged"
            for row in rows:
                values = engine.score(name, row, self.as_of).values
                assert values == {each: row[each] for each in values}

    def test_the_order_of_rows_is_nothing(self, lab: Lab) -> None:
        """Tables with their rows the other way round give the same result for each subject."""
        engine = self.engine(lab)
        there = self.given()
        back = {name: each.take(list(range(each.num_rows))[::-1]) for name, each in there.items()}
        for name in engine.rulesets:
            key = engine.plan.rulesets[name].key
            first, second = (
                {tuple(row[each] for each in key): row for row in result.to_pylist()}
                for result in (engine.score_table(name, None, self.as_of, tables=given) for given in (there, back))
            )
            assert first == second

    def test_every_database_can_be_told(self, lab: Lab) -> None:
        """There is a statement for each promised one."""
        engine = self.engine(lab)
        for name in engine.rulesets:
            for dialect in ("duckdb", "postgres", "spark"):
                assert engine.sql(name, dialect, self.as_of)


class OutputSuite:
    """Of formats: they are documented, and a table of every type becomes a file.

    Attributes:
        plugin: Name of the plugin, or the path of its file.
        format: The name of the format.
    """

    plugin: ClassVar[str]
    format: ClassVar[str]

    def test_the_plugin_is_fine(self) -> None:
        """It loads alone, and everything in it is documented."""
        report = examined(self.plugin, core_registry(), try_example)
        assert report.fine, report.text()

    def test_a_table_becomes_a_file(self, tmp_path: Path) -> None:
        """Values of each type of results, missing ones among them, and a table without rows."""
        output = registry_with([self.plugin]).outputs[self.format]
        moment = dt.datetime(2023, 5, 18, 9, 30)
        table = pa.table(
            {
                "text": ["中", None],
                "whole": pa.array([2**53 + 1, None], pa.int64()),
                "money": pa.array([1, None], pa.decimal128(18, 2)),
                "number": [0.1, None],
                "truth": [True, None],
                "day": [moment.date(), None],
                "moment": pa.array([moment, None], pa.timestamp("us")),
                "set": [["a", "b"], []],
            }
        )
        for name, rows in (("some", table), ("none", table.slice(0, 0))):
            path = tmp_path / f"{name}{output.suffix}"
            output.write(rows, path)
            assert path.is_file()
