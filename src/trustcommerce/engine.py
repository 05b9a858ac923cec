"""The conductor: a pack folder in, decisions and tables out.

load      text -> tree          schema, model, plan    tree -> plan
record    plan -> decision      table                  plan -> Arrow table
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from trustcommerce.basis import Bases, Basis
from trustcommerce.decision import Decision, State
from trustcommerce.diagnostics import Diagnostic, Problems
from trustcommerce.errors import DataError, NotJudged, PolicyError, joined
from trustcommerce.language.names import did_you_mean
from trustcommerce.plan import PackPlan, RuleSetPlan, Version
from trustcommerce.planning import asked_for, plan_files
from trustcommerce.plugins.requests import Request
from trustcommerce.read import PackFiles, day_of, read_pack
from trustcommerce.registry import Registry
from trustcommerce.run.frames import is_spark, to_kind_of
from trustcommerce.run.inputs import inputs_of
from trustcommerce.run.values import joined_key

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from trustcommerce.report import RunReport
    from trustcommerce.run.evidence import FactEvidence
    from trustcommerce.run.record import RecordProgram
    from trustcommerce.run.snapshot import Snapshot
    from trustcommerce.supply import FactTables

__all__ = ["Engine", "check", "load"]

_MAX_BASES = 4096


def load(folder: str | Path, *, plugins: Sequence[str] = ()) -> "Engine":
    """Load, check and compile the pack in `folder`.

    Args:
        plugins: Plugins beside those that the pack names: names, files that end in .py, `no:NAME` for none.

    Raises:
        PolicyError: Something in it is wrong; holds every diagnostic, sorted by place.
    """
    problems = Problems()
    files = read_pack(folder, problems)
    if files is None:
        raise PolicyError(problems)
    return _planned(files, asked_for(files, plugins), problems)


def check(folder: str | Path, *, plugins: Sequence[str] = ()) -> tuple[Diagnostic, ...]:
    """Every problem of the pack in `folder`, errors and warnings, sorted by place."""
    problems = Problems()
    if (files := read_pack(folder, problems)) is not None:
        plan_files(files, asked_for(files, plugins), problems)
    return tuple(problems)


class Engine:
    """A loaded pack: immutable, thread-safe, picklable. Make one with `load`."""

    def __init__(self, files: PackFiles, asked: tuple[Request, ...], plan: PackPlan) -> None:
        self._files, self._asked, self.plan = files, asked, plan
        self._bases: dict[tuple[str, dt.date | str], Basis] = {}
        self._made = Bases(plan)

    def __reduce__(self) -> tuple[object, ...]:
        return _planned, (self._files, self._asked)

    def __repr__(self) -> str:
        return f"Engine({self.plan.pack.name} {self.plan.pack.version}, {len(self.rulesets)} rule sets)"

    # -- what is in it

    @property
    def registry(self) -> Registry:
        """Everything that is registered: functions, forms, sources, outputs."""
        return self.plan.registry

    @property
    def rulesets(self) -> tuple[str, ...]:
        """Names of the rule sets, each after those it reads."""
        return tuple(self.plan.rulesets)

    @property
    def digests(self) -> dict[str, str]:
        """`meaning` of the rules, `source` of the bytes."""
        return {"meaning": self.plan.meaning, "source": self.plan.source}

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return self.plan.warnings

    def inputs(self, ruleset: str, as_of: dt.date | str | None = None) -> list[dict[str, Any]]:
        """What a record of the rule set holds: names, types, units, where from, in place of what.

        A number whose `of` names a fact may be left out when the rows of that fact are given.

        Args:
            ruleset: Its name.
            as_of: The day whose version is meant; by default the last version.
        """
        plan = self._plan(ruleset)
        version = plan.versions[-1] if as_of is None else self._version(plan, day_of(as_of))
        return inputs_of(plan, version)

    # -- running it

    def score(
        self,
        ruleset: str,
        record: Mapping[str, Any],
        as_of: dt.date | str,
        previous: State | None = None,
        *,
        known_as_of: dt.date | str | None = None,
        snapshot: "Snapshot | str | Path | None" = None,
    ) -> Decision:
        """Judge one subject.

        Args:
            ruleset: Name of the rule set.
            record: Columns of the subject's table; for references to tables and rule sets the matched
                row, or None, under the reference's name; for each metric the rows of its fact under the
                fact's name, or the numbers that it is made of. `inputs` lists them.
            as_of: The day of judgement, a date or `2023-05-18`.
            previous: `state` of the decision of the period before.
            known_as_of: Rows of facts recorded from this day on are not known; by default `as_of`.
            snapshot: The peers that the subject is compared with, as `freeze` stored them.

        Raises:
            DataError: A key is missing or unknown, a value of another type or out of range, the rule
                set is not in force, or `previous` is of another pack, rule set or subject.
        """
        try:
            basis = self._bases[ruleset, as_of]
        except (KeyError, TypeError):
            basis = self._basis(ruleset, as_of)
        basis = basis if basis.claims is None else basis.for_record(record)
        known = peers = None
        if known_as_of is not None or snapshot is not None:
            from trustcommerce.run.snapshot import frozen_peers

            known = _day(known_as_of) or basis.as_of
            peers = None if snapshot is None else frozen_peers(snapshot, ruleset, self.plan.meaning)
        try:
            if known is not None:
                record = basis.program.atoms.plain(record, basis.as_of, known, peers)
            values = basis.program.score(record, basis.as_of)
        except DataError as error:
            raise self._whole(error, basis.program, ruleset, record) from error.__cause__
        decision = Decision(basis, values)
        if previous is not None:
            decision.state.check_previous(previous)
        return decision

    def score_table(
        self,
        ruleset: str,
        frame: Any,
        as_of: dt.date | str,
        *,
        tables: "FactTables | None" = None,
        known_as_of: dt.date | str | None = None,
        threads: int | None = None,
        memory: str | None = None,
        columns: Sequence[str] | str | None = None,
        native: bool = False,
    ) -> Any:
        """Judge every row of a table, in its order.

        Args:
            ruleset: Name of the rule set.
            frame: The subject's table: anything with the Arrow PyCapsule interface, a lazy frame, a frame of
                Spark, or a path.
                What is measured of facts may stand in its columns, as a run wrote it. None takes the table from
                `tables`.
            as_of: The day of judgement.
            tables: Tables and results of rule sets that facts and references read, by name, or the folder
                that holds them. Results of rule sets whose own table is given here are computed first.
            known_as_of: What was recorded from this day on is not known; by default `as_of`.
            threads: Threads to use, all cores by default.
            memory: Memory limit such as `4GB`; beyond it work spills to disk.
            columns: Columns of the result, in their order; all by default.
            native: Whether the result is of the kind of `frame`: of pandas, Polars, DuckDB.

        Returns:
            An Arrow table, a frame like `frame` under `native`, for a frame of Spark always another one: key
            and inputs, metrics, values, points, statuses, reason codes with lost points, levels, resources.
        """
        from trustcommerce.job import score_frames, wanted_columns

        plan, day = self._plan(ruleset), day_of(as_of)
        wanted = wanted_columns(plan, self._version(plan, day), columns)
        if is_spark(frame):
            from trustcommerce.cluster.job import score_cluster

            return score_cluster(self.plan, plan, frame, day, tables or {}, known=_day(known_as_of), wanted=wanted)
        found = score_frames(
            self.plan,
            plan,
            frame,
            day,
            tables or {},
            known_as_of=_day(known_as_of),
            threads=threads,
            memory=memory,
            wanted=wanted,
        )
        return to_kind_of(frame, found) if native else found

    def run(
        self,
        facts: "FactTables",
        out: str | Path | None,
        as_of: dt.date | str,
        *,
        only: list[str] | str | None = None,
        format: str = "parquet",
        known_as_of: dt.date | str | None = None,
        threads: int | None = None,
        memory: str | None = None,
        progress: bool = False,
        previous: str | Path | None = None,
        spark: "SparkSession | None" = None,
    ) -> "RunReport":
        """The main job: every rule set in order over the tables of a folder, a result table each, and run.json.

        Args:
            facts: A folder of facts, or tables by name. On Spark also the name of a database of the session;
                tables may be frames of Spark, or names of its tables.
            out: Folder for the results. On Spark None leaves them in `frames` of the report.
            previous: Folder that the run of the period before wrote: what its pools left joins those of this one.
            spark: The session to run in, instead of this process; results are Parquet folders then.
        """
        from trustcommerce.job import run_pack
        from trustcommerce.left_over import earlier_pools

        day, known, chosen = day_of(as_of), _day(known_as_of), [only] if isinstance(only, str) else only
        place = None if out is None else Path(out)
        earlier = earlier_pools(previous, self.plan, day, place)
        if spark is not None:
            from trustcommerce.cluster.job import run_cluster

            return run_cluster(self.plan, spark, facts, place, day, chosen, format, known, progress, earlier)
        if place is None:
            raise DataError("say where the results go: `out`")
        return run_pack(self.plan, facts, place, day, chosen, format, known, threads, memory, progress, earlier)

    def record(
        self,
        ruleset: str,
        key: object,
        facts: "FactTables",
        as_of: dt.date | str,
        *,
        known_as_of: dt.date | str | None = None,
    ) -> dict[str, Any]:
        """The record of one subject out of a folder of facts: columns, matched rows, what was measured.

        Args:
            key: The subject's key; of several columns a tuple, or a line of CSV.
            known_as_of: What was recorded from this day on is not known; by default `as_of`.
        """
        return self._gathered(ruleset, key, facts, as_of, known_as_of)[0]

    def sql(self, ruleset: str, dialect: str, as_of: dt.date | str, known_as_of: dt.date | str | None = None) -> str:
        """The rule set as one statement for a warehouse that holds the declared tables.

        Args:
            dialect: `duckdb`, `postgres` or `spark`; as an experiment `clickhouse`, `trino`, `bigquery` or `snowflake`.
            known_as_of: What was recorded from this day on is not known; by default `as_of`.
        """
        from trustcommerce.warehouse import warehouse_sql

        plan, day = self._plan(ruleset), day_of(as_of)
        known = _day(known_as_of) or day
        return warehouse_sql(self.plan, plan, self._version(plan, day), dialect, day, known)

    def freeze(
        self, ruleset: str, facts: "FactTables", as_of: dt.date | str, *, known_as_of: dt.date | str | None = None
    ) -> "Snapshot":
        """The peers of a rule set on a day, which single records need to be compared with."""
        from trustcommerce.gather import gather_peers
        from trustcommerce.supply import facts_of

        day, known = day_of(as_of), _day(known_as_of)
        self._version(self._plan(ruleset), day)
        return gather_peers(self.plan, ruleset, facts_of(self.plan, facts, ruleset), day, known)

    def decide(
        self,
        ruleset: str,
        key: object,
        as_of: dt.date | str,
        *,
        facts: "FactTables | None" = None,
        out: str | Path | None = None,
        known_as_of: dt.date | str | None = None,
    ) -> Decision:
        """The decision on one subject out of a folder of facts, or out of the results of an earlier run.

        From facts, `evidence` of the decision tells which rows its numbers come from.
        """
        from trustcommerce.written import written_record

        if (facts is None) == (out is None):
            raise DataError("say where the subject comes from: `facts`, or `out` of an earlier run", ruleset=ruleset)
        if out is not None:
            day = day_of(as_of)
            self._version(self._plan(ruleset), day)
            return self.score(ruleset, written_record(self.plan, ruleset, joined_key(key), Path(out), day), as_of)
        assert facts is not None
        record, evidence = self._gathered(ruleset, key, facts, as_of, known_as_of)
        return evolve(self.score(ruleset, record, as_of), evidence=tuple(evidence))

    def _gathered(
        self, ruleset: str, key: object, facts: "FactTables", as_of: dt.date | str, known_as_of: dt.date | str | None
    ) -> "tuple[dict[str, Any], list[FactEvidence]]":
        from trustcommerce.gather import gather_record
        from trustcommerce.supply import facts_of

        day, known = day_of(as_of), _day(known_as_of)
        self._version(self._plan(ruleset), day)
        return gather_record(self.plan, ruleset, joined_key(key), facts_of(self.plan, facts, ruleset), day, known)

    # -- helpers

    def _plan(self, ruleset: str) -> RuleSetPlan:
        if not isinstance(ruleset, str) or ruleset not in self.plan.rulesets:
            raise DataError(
                f"pack `{self.plan.pack.name}` has no rule set `{ruleset}`",
                hint=did_you_mean(str(ruleset), self.rulesets) or f"it has {', '.join(self.rulesets)}",
            )
        return self.plan.rulesets[ruleset]

    def _whole(self, error: DataError, program: "RecordProgram", ruleset: str, record: object) -> DataError:
        """The error with what else is wrong with the record, and its key."""
        others = [] if isinstance(error, NotJudged) else program.wrong(record, error)
        found, key = joined([error, *others]), _key(self._plan(ruleset), record)
        for each in (found, *found.also):
            each.row = key if each.row is None else each.row
        return found

    def _version(self, plan: RuleSetPlan, day: dt.date) -> Version:
        refusal = plan.refusal(day)
        if refusal is not None:
            raise DataError(refusal, ruleset=plan.name, value=day)
        version = plan.version(day)
        assert version is not None
        return version

    def _basis(self, ruleset: str, as_of: dt.date | str) -> Basis:
        """What decisions of that day share, kept for the next one."""
        plan, day = self._plan(ruleset), day_of(as_of)
        version = self._version(plan, day)
        basis = self._made.of(plan, version, day)
        if len(self._bases) >= _MAX_BASES:
            self._bases.clear()
        self._bases[ruleset, as_of] = basis
        return basis


def _planned(files: PackFiles, asked: tuple[Request, ...], problems: Problems | None = None) -> Engine:
    problems = Problems() if problems is None else problems
    plan = plan_files(files, asked, problems)
    if plan is None:
        raise PolicyError(problems)
    return Engine(files, asked, plan)


def _day(given: dt.date | str | None) -> dt.date | None:
    return None if given is None else day_of(given, "known_as_of")


def _key(plan: RuleSetPlan, record: Any) -> str | None:
    if not isinstance(record, Mapping) or not record.keys() >= set(plan.key):
        return None
    return ", ".join(str(record[name]) for name in plan.key)
