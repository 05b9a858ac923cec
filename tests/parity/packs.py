"""A pack over a folder of tables, run once and judged four ways: run, reference, records of events, records of numbers."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pyarrow import parquet

import trustcommerce as tc
from tests.parity.compare import bits
from trustcommerce.language.expressions import Column
from trustcommerce.language.relations import Exists, Gather, Match, Relation, Scan, Table, base
from trustcommerce.language.types import Type
from trustcommerce.plan import RuleSetPlan, Version, links
from trustcommerce.run.atoms import Atoms
from trustcommerce.run.reference import run_reference
from trustcommerce.run.values import accept, show
from trustcommerce.sources import Folder

__all__ = ["PackRun"]

Row = dict[str, Any]
Key = tuple[Any, ...]
Outputs = dict[Key, dict[str, Any]]


class PackRun:
    """The results of a run, and what is needed to come to them in other ways.

    Args:
        pack: The pack's folder.
        facts: The folder of tables.
        out: Where the run writes.
        day: The day of judgement.
    """

    def __init__(self, pack: Path, facts: Path, out: Path, day: dt.date) -> None:
        self.engine, self.facts, self.day = tc.load(pack), facts, day
        self.report = self.engine.run(facts, out, day)
        self.results: dict[str, list[Row]] = {
            name: parquet.read_table(out / each["file"]).to_pylist() for name, each in self.report.rulesets.items()
        }

    @cached_property
    def tables(self) -> dict[str, list[Row]]:
        """Declared columns of every table of the folder, as the outside sees them."""
        folder = Folder(self.facts, self.engine.registry, self.engine.plan.pack.time_zone)
        found = {}
        for name, spec in self.engine.plan.pack.tables.items():
            found[name] = folder.read(spec).table().select(list(spec.columns)).to_pylist()
        return found

    def plan(self, name: str) -> tuple[RuleSetPlan, Version]:
        plan = self.engine.plan.rulesets[name]
        version = plan.version(self.day)
        assert version is not None
        return plan, version

    def types(self, name: str) -> dict[str, Type]:
        """Types of the columns of a table or result."""
        table = self.engine.plan.pack.tables.get(name)
        if table is not None:
            return {column.name: column.type for column in table.columns.values()}
        _, version = self.plan(name)
        columns = {each.name: each.type for each in version.outputs}
        return columns | {each.name: each.type for each in version.carried}

    def rows(self, name: str) -> list[Row]:
        """Rows of a table or result, as the outside sees them."""
        return self.tables[name] if name in self.tables else self.results[name]

    @cached_property
    def accepted(self) -> dict[str, list[Row]]:
        """Rows of every table and result in run-time shapes."""
        found = {}
        for name in (*self.tables, *self.results):
            types = self.types(name)
            found[name] = [{each: accept(row[each], type_) for each, type_ in types.items()} for row in self.rows(name)]
        return found

    # -- four ways

    def by_run(self, name: str) -> Outputs:
        """Outputs as the run wrote them."""
        plan, version = self.plan(name)
        names = [each.name for each in version.outputs]
        return {_key(plan, row): {each: bits(row[each]) for each in names} for row in self.results[name]}

    def by_reference(self, name: str) -> Outputs:
        """Outputs of the plain evaluator."""
        plan, version = self.plan(name)
        constants = {each: literal.value for each, literal in version.constants.items()}
        atoms = {field.name: atom for atom, field in version.atoms.items()}
        found = {}
        for row in run_reference(version, self.day, self.accepted):
            full = {**constants, **row}
            found[_key(plan, row)] = {
                each.name: bits(show(full[each.name if each.name in full else atoms[each.name]], each.type))
                for each in version.outputs
            }
        return found

    def by_numbers(self, name: str) -> Outputs:
        """Outputs of records that are rows of the results."""
        plan, _ = self.plan(name)
        return {_key(plan, row): self._scored(name, row) for row in self.results[name]}

    def by_events(self, name: str) -> Outputs:
        """Outputs of records that hold each subject's own rows, and the rows that go with them."""
        plan, _ = self.plan(name)
        return {_key(plan, row): self._scored(name, record) for row, record in self.records(name)}

    def _scored(self, name: str, record: Row) -> dict[str, Any]:
        return {each: bits(value) for each, value in self.engine.score(name, record, self.day).values.items()}

    # -- records of events

    def records(self, name: str) -> Iterator[tuple[Row, Row]]:
        """For each row of the results the record of its subject; what is measured of peers is given as numbers."""
        plan, version = self.plan(name)
        assert Atoms(plan, version).rows.keys() == {each for gather in version.gathers for each in _lists(gather)}
        own = {gather.fact: self._by(base(gather.rows).table, gather.key) for gather in version.gathers}
        peers = {
            field.name for group in version.groups if group.startswith("peers ") for _, field in version.measured(group)
        }
        for row in self.results[name]:
            record = {each.name: row[each.name] for each in version.inputs} | {each: row[each] for each in peers}
            for match in version.matches:
                if match.table is None:
                    found = {each.name: row[f"{match.name}.{each.name}"] for each in match.fields}
                    record[match.name.split("[")[0]] = found if row[f"{match.name}.matched"] else None
            for gather in version.gathers:
                mine = own[gather.fact].get(tuple(row[each.name] for each in gather.on), [])
                record[gather.fact] = mine
                for each in _others(gather.rows):
                    known = record.setdefault(_alias(each), [])
                    known += [other for other in self._near(each, mine) if other not in known]
            yield row, record

    def _near(self, relation: Match | Exists, mine: list[Row]) -> Iterable[Row]:
        """Rows that may go with a subject's own: by a plain column where they are matched on one, else all."""
        assert not isinstance(relation.rows, Table)
        table = base(relation.rows).table
        for theirs, ours in _pairs(relation):
            if all(ours in row for row in mine) and mine:
                index = self._by(table, (theirs,))
                return [
                    other for value in dict.fromkeys(row[ours] for row in mine) for other in index.get((value,), [])
                ]
        return self.rows(table) if mine else []

    def _by(self, table: str, columns: tuple[str, ...]) -> Mapping[Key, list[Row]]:
        if (table, columns) not in self._indexes:
            index: dict[Key, list[Row]] = defaultdict(list)
            for row in self.rows(table):
                index[tuple(row[each] for each in columns)].append(row)
            self._indexes[table, columns] = index
        return self._indexes[table, columns]

    @cached_property
    def _indexes(self) -> dict[tuple[str, tuple[str, ...]], dict[Key, list[Row]]]:
        return {}


def _key(plan: RuleSetPlan, row: Row) -> Key:
    return tuple(row[each] for each in plan.key)


def _others(relation: Relation) -> Iterator[Match | Exists]:
    """What the rows of a fact are compared with, and what those are compared with."""
    for each in links(relation):
        if isinstance(each, Exists | Match) and not isinstance(each.rows, Table):
            assert isinstance(base(each.rows), Scan)
            assert not list(_others(each.rows)), "rows beside those of a fact stand alone in these packs"
            yield each


def _alias(relation: Match | Exists) -> str:
    return relation.alias if isinstance(relation, Exists) else relation.name.split("[")[0]


def _lists(gather: Gather) -> list[str]:
    return [gather.fact, *map(_alias, _others(gather.rows))]


def _pairs(relation: Match | Exists) -> list[tuple[str, str]]:
    """Columns matched on, theirs and ours, where ours is a plain column."""
    if isinstance(relation, Exists):
        return [(theirs, ours.name) for theirs, ours in relation.on if isinstance(ours, Column)]
    if len(relation.candidates) != 1:
        return []
    return [
        (each.name, ours.name)
        for each, ours in zip(relation.on, relation.candidates[0], strict=True)
        if isinstance(ours, Column)
    ]
