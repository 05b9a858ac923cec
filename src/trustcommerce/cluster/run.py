"""One rule set over tables of a Spark session: its layers in as few statements as can be."""

import datetime as dt
import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import frozen
from sqlglot import exp

from trustcommerce.cluster.calls import without_calls
from trustcommerce.cluster.checks import TableCheck
from trustcommerce.cluster.exclusions import left_out
from trustcommerce.cluster.functions import Called, allocated, mapped
from trustcommerce.cluster.packed import Packed
from trustcommerce.cluster.session import tables_to_check, told
from trustcommerce.errors import DataError, kept, together
from trustcommerce.language.expressions import columns
from trustcommerce.language.names import and_others, did_you_mean
from trustcommerce.language.relations import Field, Gather, Item, Relation
from trustcommerce.language.types import Kind
from trustcommerce.plan import RuleSetPlan, Version
from trustcommerce.run.allocated import Allocation
from trustcommerce.run.audit import FactCounts, audit, counts_of
from trustcommerce.run.contract import broken, converted, shaped
from trustcommerce.run.dialects import DIALECTS
from trustcommerce.run.layers import Held
from trustcommerce.run.statement import Statement
from trustcommerce.run.values import describe
from trustcommerce.run.wide import lots

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["ClusterRun", "Views"]

_SPARK = DIALECTS["spark"]
_WHOLE = ("tinyint", "smallint", "int", "bigint")
_ITERATIONS = "spark.sql.analyzer.maxIterations"
_LOT = 400
"""How many items Spark plans at a time: what it takes grows faster than their number."""


class Views:
    """Temporary views of a session under names of their own, and what was checked of tables."""

    def __init__(self, session: "SparkSession") -> None:
        self.session, self.trusted = session, not tables_to_check(session)
        self.token = f"trustcommerce_{uuid.uuid4().hex[:8]}"
        self.tables: dict[str, DataFrame] = {}
        self.own: set[str] = set()
        self.unique: set[str] = set()
        self.right: set[tuple[str, str]] = set()
        self.made: list[str] = []
        self.kept: list[DataFrame] = []
        self.runs = 0

    def table(self, name: str, frame: "DataFrame", own: bool = False) -> None:
        """Make a table, or the result of a rule set, known under its name; what we made ourselves needs no check."""
        self.tables[name] = frame
        if own:
            self.own.add(name)
        self.view(self.name(name), frame)

    def name(self, table: str) -> str:
        return f"{self.token}_{list(self.tables).index(table)}"

    def view(self, name: str, frame: "DataFrame") -> None:
        frame.createOrReplaceTempView(name)
        self.made.append(name)

    def query(self, sql: str) -> "DataFrame":
        """A statement as a frame. Spark looks at a deep one more often than it does unasked."""
        before = self.session.conf.get(_ITERATIONS)
        self.session.conf.set(_ITERATIONS, "10000")
        try:
            return self.session.sql(sql)
        finally:
            self.session.conf.set(_ITERATIONS, before)

    def keep(self, name: str) -> None:
        """Have a view computed once, though several questions are asked of it."""
        self.kept.append(self.session.table(name).persist())

    def drop(self) -> None:
        """Drop the views; what was computed once is forgotten."""
        for name in self.made:
            self.session.catalog.dropTempView(name)
        for frame in self.kept:
            frame.unpersist()


@frozen
class _Fact:
    stage: str
    key: tuple[str, ...]
    gather: Gather


class ClusterRun(Statement):
    """The query of a version on a day, over the tables of `views`.

    Args:
        counted: Whether rows of facts that are excluded or of no subject will be asked for.
    """

    def __init__(
        self,
        views: Views,
        plan: RuleSetPlan,
        version: Version,
        as_of: dt.date,
        known_as_of: dt.date,
        counted: bool,
    ) -> None:
        views.runs += 1
        self.views, self.place = views, f"{views.token}_run{views.runs}"
        self.facts: list[_Fact] = []
        self.layers: dict[str, str] = {}
        self.under: dict[str, str] = {}
        """What views that were made on the way are queries of."""
        self.checks: dict[str, TableCheck] = {}
        self.calls = 0
        super().__init__(plan, version, {}, _SPARK, as_of, known_as_of)
        self.functions = {each.name: each for each in version.functions}
        self.counted = counted

    def frame(self, wanted: tuple[str, ...] | None = None) -> "DataFrame":
        """The result, a row for each subject judged, in no order.

        Args:
            wanted: Columns to give, all by default.

        Raises:
            DataError: A table breaks what the rule set declares.
        """
        query = self.build_all(wanted)
        self._check(None if wanted is None else query)
        self._guarded(self.guards)
        return self._asked(self.print(query))

    def _check(self, query: exp.Select | None) -> None:
        """Ask of all tables what must hold, in one statement: Spark answers its parts side by side.

        Args:
            query: What alone is asked for: of other columns nothing has to hold.
        """
        read = None if query is None else self._names(query)
        checks = [check for each in self.checks.values() if (check := each.of(read)) is not None]
        asked = [f"(SELECT struct(*) FROM ({each.question(self.print)})) AS t{i}" for i, each in enumerate(checks)]
        found = self.views.query(f"SELECT {', '.join(asked)}").collect()[0] if asked else ()
        errors: list[DataError] = []
        before = len(self.guards)
        for check, (twice, wrong) in zip(checks, found, strict=True):
            if wrong:
                errors += self._wrong(check)
            if twice:
                super().unique(exp.to_table(check.view), check.table, check.key or [])
        if errors:  # what other guards are about means nothing over wrong values
            with kept(errors), told(self.plan.name):
                self._guarded(self.guards[before:])
        together(errors)

    def _guarded(self, guards: Sequence[exp.Expression]) -> None:
        """Ask whether what each guard is about holds; the first that does not is an error."""
        if guards:
            tests = [exp.alias_(guard, f"guard_{i}") for i, guard in enumerate(guards)]
            self._asked(self.print(exp.select(*tests))).collect()

    def _wrong(self, check: TableCheck) -> list[DataError]:
        """What is wrong with the values of a table, for each column in the first row in which it is."""
        errors: list[DataError] = []
        row = self.views.query(check.which(self.print)).collect()[0]
        for name, wrong in zip(check.values, row, strict=True):
            if wrong:
                with kept(errors), told(self.plan.name):
                    self.views.query(check.first(name, self.print)).collect()
        said = f"the table {check.table} gives other rows each time it is read"
        return errors or [DataError(said, ruleset=self.plan.name)]

    def counts(self) -> dict[str, FactCounts]:
        """Rows of each fact that counted, were excluded, or are of no subject."""
        found = {}
        for each in self.facts:
            row = self._asked(self.print(audit(each.gather, each.stage, each.key, self.subjects))).collect()[0]
            found[each.gather.fact] = counts_of(each.gather, tuple(row))
        return found

    # -- writing

    def own(self, name: str) -> str:
        return f"{self.place}_{name}"

    def add(self, name: str, query: str, form: str | None = None) -> None:
        self.layers[name] = query

    def _asked(self, text: str) -> "DataFrame":
        """A statement as a frame, on top of the layers that it reads, which Spark would all look at otherwise."""
        found = self._below([text], self.layers)
        layers = ", ".join(f"{name} AS ({query})" for name, query in self.layers.items() if name in found)
        return self.views.query(f"WITH {layers} {text}" if layers else text)

    def _below(self, texts: list[str], known: Mapping[str, str]) -> set[str]:
        """What statements read, and what that reads, as far as it is known by name."""
        found: set[str] = set()
        due = list(texts)
        while due:
            fresh = {*re.findall(rf"{self.place}_[a-z0-9_]+", due.pop())} - found
            found |= fresh
            due += [known[name] for name in fresh if name in known]
        return found

    def _names(self, query: exp.Select) -> set[str]:
        """Every column of which anything is made for a query or a guard."""
        texts = [self.print(each.copy()) for each in (query, *self.guards)]
        sources = {*self.tables.values(), self.subjects}
        known = self.layers | self.under
        texts += [known[name] for name in self._below(texts, known) - sources if name in known]
        return {name for text in texts for name in re.findall(r"`([^`]*)`", text)}

    def write(self, query: exp.Select) -> str:
        return super().write(without_calls(query, self) if self.functions else query)

    def fresh(self) -> str:
        self.calls += 1
        return f"call {self.calls}"

    def called(self, query: exp.Select, calls: Sequence[Called]) -> str:
        """A view of a query's rows with what Python makes of them."""
        self.count += 1
        name, text = self.own(f"called_{self.count}"), self.print(query)
        self._view(name, text, mapped(self._asked(text), calls))
        return name

    def stage(self, query: exp.Select, held: Held) -> str:
        """What is measured of a fact is computed once: the result and the counts are made of it."""
        query = without_calls(query, self) if self.functions else query
        if held.often:
            return self._computed(query)
        if held.allocation is not None:
            return self._computed(query, held.allocation)
        if held.gather is None:
            return super().stage(query, held)
        name = self.own(f"measured_{len(self.facts)}")
        text = self.print(query)
        self._view(name, text, self._asked(text))
        self.views.keep(name)
        self.facts.append(_Fact(name, held.key, held.gather))
        return name

    def derived(self, items: Sequence[Item], source: str, needed: Collection[str] | None = None) -> str:
        """Many items are computed lot by lot, over a table of what was computed before them.

        What a lot gives is one column of that table: Spark takes its time for each column of each layer.
        """
        known = self.shown.get(source)
        if len(items) <= _LOT or needed is None or known is None:
            return super().derived(items, source, needed)
        parted = [*lots(items, _LOT)]
        read_above = [{*needed}]
        for lot in reversed(parted[1:]):
            read_above.append(read_above[-1].union(*(columns(each.expr) for each in lot)))
        packed = Packed([name for name in known if name.startswith("~")])
        source = self.write(packed.pack(known, source))
        for lot, read in zip(parted, reversed(read_above), strict=True):
            opened = self.write(packed.opened(set().union(*(columns(each.expr) for each in lot)), source))
            rows = super().derived(lot, opened, read)
            source = self._computed(packed.pack([each.name for each in lot if each.name in read], rows))
        return self.write(packed.opened(needed, source, whole=True))

    def _computed(self, query: exp.Select, allocation: Allocation | None = None) -> str:
        """A view whose rows are computed once and kept by the executors; what is planned above it is small."""
        self.count += 1
        name = self.own(f"shared_{self.count}")
        text = self.print(query)
        frame = self._asked(text)
        frame = frame if allocation is None else allocated(frame, allocation)
        self._view(name, text, frame.localCheckpoint(eager=False))
        return name

    def _view(self, name: str, text: str, frame: "DataFrame") -> None:
        self.shown[name], self.under[name] = frame.columns, text
        self.views.view(name, frame)

    # -- what comes in

    def given_table(self, table: str) -> exp.Table:
        if table not in self.views.tables:
            raise DataError(f"table `{table}` is needed and not given", ruleset=self.plan.name)
        return exp.to_table(self.views.name(table))

    def types(self, given: exp.Table, table: str, fields: list[Field], names: Mapping[str, str], result: bool) -> None:
        """The types that a frame's columns have are known before anything runs."""
        found = dict(self.views.tables[table].dtypes)
        absent = [each.name for each in fields if each.name not in found]
        if absent:
            raise DataError(
                f"the table {table} has no column `{absent[0]}`{and_others(absent[1:])}",
                ruleset=self.plan.name,
                column=absent[0],
                hint=did_you_mean(absent[0], found),
            )
        for each in fields:
            kind = found[each.name].partition("(")[0]
            known = _SPARK.types[each.type.kind]
            if kind not in known and not self.doubled(table, each, result) and kind != "void":
                raise DataError(
                    f"`{each.name}` of {table} is {found[each.name]}, and {describe(each.type)} is expected",
                    ruleset=self.plan.name,
                    column=each.name,
                    hint=f"convert the column to {each.type.null(False)} first: types are declared in pack.yaml",
                )

    def doubled(self, table: str, each: Field, result: bool) -> bool:
        kind = dict(self.views.tables[table].dtypes).get(each.name)
        return each.type.kind is Kind.EXACT and kind in ("double", "float")

    def unique(self, given: exp.Table, table: str, key: list[str]) -> None:
        """Whether rows are told apart by their key is asked with all else that must hold of the table."""
        if not self._tested(table) or table in self.views.unique:
            return
        self.views.unique.add(table)
        check = self._check_of(table)
        check.key = key
        check.whole = len(key) == 1 and self._digits(table, key[0]) == 0

    def _tested(self, table: str) -> bool:
        return not self.views.trusted and table not in self.views.own

    def _check_of(self, table: str) -> TableCheck:
        return self.checks.setdefault(table, TableCheck(self.views.name(table), table))

    def _converted(self, each: Field, source: str, table: str, key: Sequence[str], result: bool) -> exp.Expression:
        """The value as it is computed with; whether it is right is asked before."""
        doubled = self.doubled(table, each, result)
        if self._tested(table) and (table, source) not in self.views.right:
            self.views.right.add((table, source))
            test = broken(each, source, doubled, self._digits(table, source))
            self._check_of(table).values[source] = (test, converted(each, source, table, key, doubled))
        return shaped(each, source, doubled)

    def _digits(self, table: str, name: str) -> int | None:
        """How many digits after the point a column of exact numbers has; None for any other."""
        kind, _, size = dict(self.views.tables[table].dtypes)[name].partition("(")
        if kind == "decimal":
            return int(size.rstrip(")").split(",")[1])
        return 0 if kind in _WHOLE else None

    def build(self, relation: Relation, needed: set[str], outer: Gather | None = None) -> str:
        """Rows that no measure sees are left out, if nobody counts them."""
        if isinstance(relation, Gather) and not self.counted:
            self.left_out[relation.fact] = left_out(relation, needed)
        return super().build(relation, needed, outer)
