"""Suites to inherit: what holds of whatever a plugin gives."""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from trustcommerce.builtin import core_registry
from trustcommerce.engine import Engine
from trustcommerce.errors import DataError
from trustcommerce.expansion.examples import try_example
from trustcommerce.expansion.formats import result_table
from trustcommerce.planning import registry_with
from trustcommerce.plugins.doctor import examined
from trustcommerce.sources import Folder
from trustcommerce.testing.lab import Lab

__all__ = ["KindSuite", "OutputSuite", "SourceSuite"]


class KindSuite:
    """Of what rules use: it is documented, its examples hold, and rules with it are like any other rule.

    That is kinds, functions and methods of pools. A subclass says a pack that uses them, and tables for it.

    Attributes:
        plugin: Name of the plugin, or the path of its file.
        header: pack.yaml.
        rulesets: The rule sets, in any order.
        files: Further files of the pack by path.
        tables: Tables by name: Arrow tables, or lists of rows.
        as_of: The day of judgement.
        python: Rule sets that databases can't be told, for a function or a method in Python computes a part of them.
    """

    plugin: ClassVar[str]
    header: ClassVar[str]
    rulesets: ClassVar[tuple[str, ...]]
    python: ClassVar[Collection[str]] = ()
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
        """There is a statement for each promised one, where Python computes nothing."""
        engine = self.engine(lab)
        for name in engine.rulesets:
            for dialect in ("duckdb", "postgres", "spark"):
                if name in self.python:
                    with pytest.raises(DataError, match="which is Python"):
                        engine.sql(name, dialect, self.as_of)
                else:
                    assert engine.sql(name, dialect, self.as_of)


class SourceSuite:
    """Of formats of files that are read: they are documented, and a table of every type comes out as it went in.

    A subclass says how a file of the format is made.

    Attributes:
        plugin: Name of the plugin, or the path of its file.
        suffix: The suffix of the format.
    """

    plugin: ClassVar[str]
    suffix: ClassVar[str]

    def make(self, table: pa.Table, path: Path) -> None:
        """Write the table as a file of the format; missing values are whatever the format has for them."""
        raise NotImplementedError

    def test_the_plugin_is_fine(self) -> None:
        """It loads alone, and everything in it is documented."""
        report = examined(self.plugin, core_registry(), try_example)
        assert report.fine, report.text()

    def test_a_file_becomes_a_table(self, tmp_path: Path, lab: Lab) -> None:
        """Values of each declared type, missing ones among them, and a table without rows."""
        engine = lab.engine(_HEADER, _RULES, plugins=[self.plugin])
        spec = engine.plan.pack.tables["things"]
        for name, rows in (("some", _TYPED), ("none", _TYPED.slice(0, 0))):
            folder = tmp_path / name
            folder.mkdir()
            self.make(rows, folder / f"things{self.suffix}")
            found = Folder(folder, engine.registry, engine.plan.pack.time_zone).read(spec).table()
            assert found.to_pylist() == rows.to_pylist()

    def test_a_broken_file(self, tmp_path: Path, lab: Lab) -> None:
        """What is no file of the format is an error of the data that names it."""
        engine = lab.engine(_HEADER, _RULES, plugins=[self.plugin])
        path = tmp_path / f"things{self.suffix}"
        path.write_bytes(b"\xff\xfe\x00 no file of this format")
        with pytest.raises(DataError, match=re.escape(path.name)):
            Folder(tmp_path, engine.registry).read(engine.plan.pack.tables["things"])


_HEADER = """pack: things
tables:
  things:
    key: name
    columns:
      name: text
      whole: integer?
      money: CNY?
      number: number?
      truth: boolean?
      day: date?
      moment: timestamp?
"""
_RULES = "ruleset: thing\nsubject: {name: thing, table: things, key: name}\nvalues: {is_open: {value: truth}}\n"
_TYPED = pa.table(
    {
        "name": ["中", "b"],
        "whole": pa.array([123_456, None], pa.int64()),
        "money": pa.array([Decimal("-0.05"), None], pa.decimal128(18, 2)),
        "number": [0.125, None],
        "truth": [True, None],
        "day": [dt.date(2023, 5, 18), None],
        "moment": pa.array([dt.datetime(2023, 5, 18, 9, 30), None], pa.timestamp("us")),
    }
)


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
        output, table = registry_with([self.plugin]).outputs[self.format], result_table()
        for name, rows in (("some", table), ("none", table.slice(0, 0))):
            path = tmp_path / f"{name}{output.suffix}"
            output.write(rows, path)
            assert path.is_file()
