"""Plan -> SQL on DuckDB: tables in; out a row for each subject judged, in memory or in a file.

A `Session` is one connection that several rule sets may share; what it checked once it does not
check again. Nothing is shared between sessions.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from trustcommerce.errors import DataError, PluginError, kept, together
from trustcommerce.language.names import and_others
from trustcommerce.language.relations import Field, Gather, Scan, Table
from trustcommerce.language.types import TEXT, Type
from trustcommerce.plan import RuleSetPlan, Version
from trustcommerce.registry import ARROW, Vectorised
from trustcommerce.run.audit import FactCounts, audit, counts_of
from trustcommerce.run.border import admit
from trustcommerce.run.duck import PARQUET, connect, first_row, quote, text
from trustcommerce.run.evidence import FactEvidence
from trustcommerce.run.freeze import freeze
from trustcommerce.run.layers import ORDER, SUBJECTS, Stage, reads_subjects_again, sources
from trustcommerce.run.query import WIDTH, Query, build_query
from trustcommerce.run.required import check_required
from trustcommerce.run.rows import Rows
from trustcommerce.run.snapshot import FrozenPeers, FrozenRank
from trustcommerce.run.sql import typed
from trustcommerce.run.stages import Stages
from trustcommerce.run.trace import trace
from trustcommerce.run.values import accept

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["Result", "Run", "Session", "session"]


@frozen(kw_only=True, eq=False)
class Result:
    """The result of one rule set, and what was counted on the way.

    Args:
        subjects: How many there are, None where they are those of `rows`.
    """

    rows: Rows
    subjects: int | None
    facts: dict[str, FactCounts] = field(factory=dict)

    @property
    def table(self) -> "pa.Table":
        """The rows in memory."""
        return self.rows.table()


@contextmanager
def session(
    what: str, threads: int | None = None, memory: str | None = None, spill: Path | None = None
) -> "Iterator[Session]":
    """A session that is closed at the end; `what` names the work in messages, `spill` where memory overflows to."""
    with connect(what, threads, memory, spill) as connection:
        opened = Session(connection)
        try:
            yield opened
        except Exception:
            if opened.failed:  # what DuckDB says holds the traceback of a plugin
                raise opened.failed[0] from opened.failed[0].__cause__
            raise


class Session:
    """Tables by name, and the rule sets that run over them."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection") -> None:
        self.connection = connection
        self.tables: dict[str, Rows] = {}
        self.checked: set[tuple[str, str]] = set()
        self._names: dict[str, str] = {}
        self._keys: dict[str, Sequence[str]] = {}
        self._functions: dict[str, Vectorised] = {}
        self.failed: list[PluginError] = []
        """What functions in Python raised."""

    def add(self, name: str, rows: Rows, key: Sequence[str]) -> None:
        """Make a table, or the result of a rule set, known under its name."""
        self.tables[name], self._keys[name] = rows, key
        self._names[name] = rows.register(self.connection, f"given_{len(self._names)}")

    def name(self, table: str) -> str:
        """What stands after FROM for a table."""
        return self._names[table]

    def key(self, table: str) -> Sequence[str]:
        return self._keys[table]

    def function(self, function: Vectorised) -> None:
        """Have a function in Python known in queries."""
        name, known = function.name, function.name in self._functions
        self._functions[name] = function
        if known:
            return

        def compute(*arrays: object) -> object:
            try:
                return self._functions[name].over(*arrays)
            except PluginError as error:
                self.failed.append(error)
                raise

        types = [typed(Type(each)) for each in function.kinds]
        takes = [Parameter(f"array_{i}", Parameter.POSITIONAL_ONLY) for i, _ in enumerate(types)]
        compute.__signature__ = Signature(takes)  # type: ignore[attr-defined]
        self.connection.create_function(
            f"{ARROW}{function.name}", compute, types, typed(function.result), type="arrow", null_handling="special"
        )

    def summary(self, table: str) -> dict[str, int]:
        """Rows of a table, and what its reader noticed."""
        rows = self.tables[table]
        if rows.arrow is not None:
            count = rows.arrow.num_rows
        else:
            count = (first_row(self.connection, f"SELECT count(*) FROM {self._names[table]}") or (0,))[0]
        return {"rows": count, **(rows.counts or {})}

    def run(
        self,
        plan: RuleSetPlan,
        version: Version,
        as_of: dt.date,
        known_as_of: dt.date | None = None,
        *,
        subjects: Rows | None = None,
        wanted: Sequence[str] | None = None,
        count: bool = False,
        keyed: bool = False,
        file: Path | None = None,
    ) -> Result:
        """Judge every subject.

        Args:
            subjects: The subjects' table, when it is not the declared one. What is measured of facts may
                stand in its columns instead of being computed.
            wanted: Columns of the result, all by default.
            count: Whether rows that are excluded or of no subject are counted.
            keyed: Whether rows are in the order of their key, and not in that of the subjects' table.
            file: A Parquet file for the rows, which never are in memory as a whole then. Where several queries
                give them there is none, and they are.
        """
        run = Run(self, plan, version, as_of, known_as_of or as_of, subjects)
        return run.result(None if wanted is None else tuple(wanted), count, keyed, file)

    def freeze(
        self, plan: RuleSetPlan, version: Version, as_of: dt.date, known_as_of: dt.date | None
    ) -> dict[str, FrozenPeers | FrozenRank]:
        """What single records need to be compared with all subjects."""
        return Run(self, plan, version, as_of, known_as_of or as_of, None).freeze()

    def evidence(
        self,
        plan: RuleSetPlan,
        version: Version,
        as_of: dt.date,
        known_as_of: dt.date | None,
        key: Sequence[object],
    ) -> list[FactEvidence]:
        """The rows behind what is measured of one subject.

        Args:
            key: Its key, as results hold it.
        """
        return Run(self, plan, version, as_of, known_as_of or as_of, None).evidence(key)


class Run(Stages):
    """One rule set over a session's tables."""

    def __init__(
        self,
        owner: Session,
        plan: RuleSetPlan,
        version: Version,
        as_of: dt.date,
        known_as_of: dt.date,
        subjects: Rows | None,
    ) -> None:
        super().__init__(owner.connection, plan, version, as_of, known_as_of)
        self.owner = owner
        self.framed = subjects is not None
        self.subjects = subjects if subjects is not None else owner.tables.get(plan.table)
        self.errors: list[DataError] = []
        """What is wrong with the tables."""

    def result(self, wanted: tuple[str, ...] | None, count: bool, keyed: bool, file: Path | None) -> Result:
        import duckdb

        try:
            given, carried = self._subjects()
            self._sources(given)
            query = build_query(
                self.version,
                self.as_of,
                self.known_as_of,
                given=given,
                wanted=wanted,
                extra=carried if wanted is None else (),
                by=tuple(self.plan.key) if keyed else (),
                width=WIDTH,
                counted=count,
            )
            counts = self._stages(query.stages, count)
            check_required(self, given, but=query.guarded)
            try:
                rows = self._answer(query, keyed, file)
            except duckdb.InvalidInputException:
                if query.guarded:
                    check_required(self, given)
                raise
            subjects = self.number(f"SELECT count(*) FROM {SUBJECTS}") if self.subjects is not None else None
            return Result(rows=rows, subjects=subjects, facts=counts)
        finally:
            self.drop()

    def _answer(self, query: Query, keyed: bool, file: Path | None) -> Rows:
        """What the queries of the rule set give."""
        from pyarrow import parquet

        what, pieces = f"result of `{self.plan.name}`", query.pieces
        if file is not None and len(pieces) == 1:
            self.connection.execute(f"COPY ({pieces[0]}) TO {text(str(file))} ({PARQUET})")
            return Rows(
                schema=parquet.read_schema(file), what=what, scan=f"read_parquet({text(str(file))})", judged=True
            )
        table = self._joined([self.connection.sql(each).to_arrow_table() for each in pieces], query.columns)
        if keyed and len(pieces) > 1:
            table = table.sort_by([(key, "ascending") for key in self.plan.key])
        return Rows(schema=table.schema, what=what, arrow=table, judged=True)

    @staticmethod
    def _joined(pieces: "Sequence[pa.Table]", columns: Sequence[str]) -> "pa.Table":
        """Columns of several tables with the same rows, beside each other."""
        if len(pieces) == 1:
            return pieces[0]
        import pyarrow as pa

        found = {name: piece.column(name) for piece in pieces for name in piece.column_names}
        return pa.table({name: found[name] for name in columns})

    def evidence(self, key: Sequence[object]) -> list[FactEvidence]:
        types = {each.name: each.type for each in self.version.inputs}
        values = [accept(value, types[name]) for name, value in zip(self.plan.key, key, strict=True)]
        try:
            given, _ = self._subjects()
            self._sources(given)
            return trace(self, values, given)
        finally:
            self.drop()

    def freeze(self) -> dict[str, FrozenPeers | FrozenRank]:
        """What the subjects are compared with."""
        try:
            given, _ = self._subjects()
            self._sources(given)
            kept, self.made = self.made, []
            found = freeze(self, self.version, given)
            self.made = kept
            return found
        finally:
            self.drop()

    # -- what comes in

    def _subjects(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """The subjects as a view; what stands in their columns already, and which other columns are carried."""
        if self.subjects is None:
            if self.version.from_fact:
                return frozenset(), ()
            raise DataError(f"table `{self.plan.table}` is needed and not given", ruleset=self.plan.name)
        names = set(self.subjects.schema.names)
        given = self._given(names) if self.framed else frozenset()
        base = sources(self.version)[0]
        fields: list[Field] = [*base.fields] if not self.version.from_fact else list(self.version.inputs)
        hidden = base.hidden if isinstance(base, Scan) and not self.version.from_fact else ()
        carried = [each for each in self.version.carried if each.name in names]
        plain = [each.name for each in (*fields, *carried)]
        measured = dict(pair for name in sorted(given) for pair in self.version.measured(name))
        fields += [*carried, *{each.name: each for each in measured.values()}.values()]
        source = self.owner.name(self.plan.table) if self.subjects is self.owner.tables.get(self.plan.table) else None
        if source is None:
            source = self.subjects.register(self.connection, "subjects_given")
        checked = None
        with kept(self.errors):
            checked = self._admit(self.subjects, source, fields, self.plan.key, hidden)
        columns = [*map(quote, plain), *(f"{quote(field.name)} AS {quote(name)}" for name, field in measured.items())]
        if checked is not None:
            query = f"SELECT row_number() OVER () AS {ORDER}, {', '.join(columns)} FROM ({checked})"
            self.make("VIEW", SUBJECTS, query)
        return given | {SUBJECTS}, tuple(each.name for each in carried)

    def _given(self, names: set[str]) -> frozenset[str]:
        """Facts and peers whose measures stand in the subjects' columns."""
        found = set()
        for group in self.version.groups:
            public = {field.name for _, field in self.version.measured(group)}
            if public <= names:
                found.add(group)
            elif public & names:
                some, absent = min(public & names), sorted(public - names)
                said = f"the subjects have `{some}` and no `{absent[0]}`{and_others(absent[1:])}"
                hint = f"of {group if ' ' in group else f'fact {group}'}, give all numbers or none"
                raise DataError(said, ruleset=self.plan.name, column=absent[0], hint=hint)
        return frozenset(found)

    def _sources(self, given: frozenset[str]) -> None:
        """A view in run-time shapes, or a table of a pack file, for everything else that rows come from.

        Raises:
            DataError: These tables, or the subjects, break what the rule set declares.
        """
        for function in self.version.functions:
            self.owner.function(function)
        again = self.version.from_fact or reads_subjects_again(self.version, given)
        for i, source in enumerate(sources(self.version, given)):
            if isinstance(source, Table):
                self._pack_file(f"source_{i}", source)
            elif i > 0 or again:
                with kept(self.errors):
                    self.make("VIEW", f"source_{i}", self._scan(source))
        together(self.errors)

    def _scan(self, scan: Scan) -> str:
        rows = self.owner.tables.get(scan.table)
        if rows is None:
            what = "the result of rule set" if scan.kind == "ruleset" else "table"
            raise DataError(f"{what} `{scan.table}` is needed and not given", ruleset=self.plan.name)
        key = self.owner.key(scan.table)
        known = {each.name for each in scan.fields}
        missing = [Field(name, TEXT) for name in key if name not in known]
        return self._admit(rows, self.owner.name(scan.table), scan.fields, key if not missing else (), scan.hidden)

    def _admit(
        self, rows: Rows, source: str, fields: Sequence[Field], key: Sequence[str], hidden: Sequence[str]
    ) -> str:
        return admit(self.connection, source, rows, fields, key, self.plan.name, hidden, self.as_of, self.owner.checked)

    def _pack_file(self, name: str, table: Table) -> None:
        columns = ", ".join(f"{quote(each.name)} {typed(each.type)}" for each in table.fields)
        self.connection.execute(f"CREATE TEMP TABLE {name} ({columns})")
        self.made.append(("TABLE", name))
        if table.rows:
            marks = ", ".join("?" for _ in table.fields)
            self.connection.executemany(f"INSERT INTO {name} VALUES ({marks})", [list(row) for row in table.rows])

    # -- stages

    def _stages(self, stages: Sequence[Stage], count: bool) -> dict[str, FactCounts]:
        counts: dict[str, FactCounts] = {}
        for stage in stages:
            self.stage(stage)
            self._check_sums(stage)
            if count and stage.held.gather is not None:
                counts[stage.held.gather.fact] = self._counted(stage, stage.held.gather)
        return counts

    def _counted(self, stage: Stage, gather: Gather) -> FactCounts:
        subjects = SUBJECTS if self.subjects is not None else None
        query = audit(gather, stage.name, stage.held.key, subjects).sql(dialect="duckdb", identify=True)
        return counts_of(gather, first_row(self.connection, query) or (0,))
