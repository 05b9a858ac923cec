"""Three ways to judge the subjects of a table, and what their explanations must satisfy."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest

import trustcommerce as tc
from tests.parity.compare import bits
from trustcommerce.language.relations import Field, Match
from trustcommerce.language.types import Kind, Type
from trustcommerce.plan import Version
from trustcommerce.run.reference import evaluate, run_reference
from trustcommerce.run.values import accept, show

__all__ = ["Judge", "arrow", "check_explanation"]

Row = dict[str, Any]
Outputs = dict[tuple[Any, ...], dict[str, Any]]

_ARROW = {
    Kind.NUMBER: pa.float64(),
    Kind.TEXT: pa.string(),
    Kind.LABEL: pa.string(),
    Kind.DATE: pa.date32(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.TIMESTAMP: pa.timestamp("us"),
    Kind.SET: pa.list_(pa.string()),
}


def arrow(fields: Sequence[Field], rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as an Arrow table with the types that are declared."""
    return pa.table(
        {each.name: pa.array([_plain(row[each.name], each.type) for row in rows], _type(each.type)) for each in fields}
    )


def _type(type_: Type) -> pa.DataType:
    if type_.kind is Kind.EXACT:
        return pa.decimal128(38, type_.scale) if type_.scale else pa.int64()
    return _ARROW[type_.kind]


def _plain(value: Any, type_: Type) -> Any:
    found = show(accept(value, type_), type_)
    if type_.kind is Kind.EXACT and type_.scale and found is not None:
        return pa.scalar(str(found)).cast(_type(type_)).as_py()
    return found


class Judge:
    """The subjects of one rule set on one day, with the tables and results that its references read."""

    def __init__(
        self, engine: tc.Engine, ruleset: str, day: dt.date, frame: pa.Table, tables: Mapping[str, pa.Table]
    ) -> None:
        self.engine, self.ruleset, self.day, self.frame, self.tables = engine, ruleset, day, frame, dict(tables)
        self.plan = engine.plan.rulesets[ruleset]
        version = self.plan.version(day)
        assert version is not None
        self.version: Version = version
        self._rows = {match.name: self._indexed(match) for match in self.version.matches if match.table is None}

    def _indexed(self, match: Match) -> dict[tuple[Any, ...], Row]:
        rows = self.tables[match.input or ""].to_pylist()
        return {tuple(accept(row[each.name], each.type) for each in match.on_fields): row for row in rows}

    def _matched(self, match: Match, values: Row) -> Row | None:
        for candidate in match.candidates:
            found = self._rows[match.name].get(tuple(evaluate(each, values) for each in candidate))
            if found is not None:
                return found
        return None

    def subjects(self) -> Iterator[tuple[tuple[Any, ...], Row, Row | None]]:
        """Each row's key, its record, and every value by the reference (None when it is no subject)."""
        for row in self.frame.to_pylist():
            record = {each.name: row[each.name] for each in self.version.inputs}

            def find(match: Match, values: Row, record: Row = record) -> Row | None:
                found = record[match.name.split("[")[0]] = self._matched(match, values)
                return (
                    None if found is None else {each.name: accept(found[each.name], each.type) for each in match.fields}
                )

            inputs = {each.name: accept(row[each.name], each.type) for each in self.version.inputs}
            yield (
                tuple(row[name] for name in self.plan.key),
                record,
                run_reference(self.version, inputs, self.day, find),
            )

    def by_reference_and_record(self) -> tuple[Outputs, Outputs]:
        """Every output of every subject, by the reference and by single records."""
        reference: Outputs = {}
        single: Outputs = {}
        for key, record, values in self.subjects():
            if values is None:
                self._check_refused(record)
                continue
            known = {**{name: each.value for name, each in self.version.constants.items()}, **values}
            reference[key] = {each.name: bits(show(known[each.name], each.type)) for each in self.version.outputs}
            decision = self.engine.score(self.ruleset, record, self.day)
            single[key] = {name: bits(value) for name, value in decision.values.items()}
            check_explanation(decision)
        return reference, single

    def _check_refused(self, record: Row) -> None:
        for match in self.version.matches:
            record.setdefault(match.name.split("[")[0], None) if match.table is None else None
        with pytest.raises(tc.DataError, match="is not judged"):
            self.engine.score(self.ruleset, record, self.day)

    def by_table(self) -> Outputs:
        """Every output of every subject, by the table."""
        return self.keyed(self.engine.score_table(self.ruleset, self.frame, self.day, tables=self.tables))

    def keyed(self, result: pa.Table) -> Outputs:
        """The rows of a result by the subject's key, in their order."""
        return {
            tuple(row[name] for name in self.plan.key): {name: bits(value) for name, value in row.items()}
            for row in result.to_pylist()
        }


def check_explanation(decision: tc.Decision) -> None:
    """At every node the children's contributions and the node's own lines are its points; the root has the score's."""
    for name, score in decision.scores.items():
        root = decision.contributions(name).root
        assert root.points == score.points
        stack = [root]
        while stack:
            node = stack.pop()
            stack += node.children
            if node.points is None:
                continue
            decided = any(line.kind in ("exception", "default") for line in node.lines)
            children = 0 if decided else sum(child.contribution or 0 for child in node.children)
            assert children + sum(line.points or 0 for line in node.lines) == node.points, node.path
            assert sum(line.kind == "rounding" for line in node.lines) <= 1, node.path
