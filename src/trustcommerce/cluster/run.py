"""One rule set over tables of a Spark session: its layers in as few statements as can be."""

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import frozen
from sqlglot import exp

from trustcommerce.errors import DataError
from trustcommerce.language.names import and_others, did_you_mean
from trustcommerce.language.relations import Field, Gather
from trustcommerce.language.types import Kind
from trustcommerce.plan import RuleSetPlan, Version
from trustcommerce.run.audit import FactCounts, audit, counts_of
from trustcommerce.run.dialects import DIALECTS
from trustcommerce.run.layers import Held
from trustcommerce.run.statement import Statement
from trustcommerce.run.values import describe

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["ClusterRun", "Views"]

_SPARK = DIALECTS["spark"]
_WHOLE = ("tinyint", "smallint", "int", "bigint")
_BITS = 32768
"""How many numbers one bitmap tells apart; it takes 4 KB."""
_BITMAPS = 16384
"""How many bitmaps a task may hold."""
_ITERATIONS = "spark.sql.analyzer.maxIterations"


class Views:
    """Temporary views of a session under names of their own, and what was checked of tables."""

    def __init__(self, session: "SparkSession") -> None:
        self.session = session
        self.token = f"trustcommerce_{uuid.uuid4().hex[:8]}"
        self.tables: dict[str, DataFrame] = {}
        self.unique: set[str] = set()
        self.made: list[str] = []
        self.kept: list[DataFrame] = []
        self.runs = 0

    def table(self, name: str, frame: "DataFrame") -> None:
        """Make a table, or the result of a rule set, known under its name."""
        self.tables[name] = frame
        self.view(self.name(name), frame)

    def name(self, table: str) -> str:
        return f"{self.token}_{list(self.tables).index(table)}"

    def view(self, name: str, frame: "DataFrame") -> None:
        frame.createOrReplaceTempView(name)
        self.made.append(name)

    def all_different(self, table: str, key: list[str]) -> bool:
        """Whether it is known at little cost that no two rows of a table have one key."""
        kinds = dict(self.tables[table].dtypes)
        if len(key) != 1 or kinds.get(key[0]) not in _WHOLE:
            return False
        rows, name = self.tables[table], f"`{key[0]}`"
        found = rows.selectExpr("count(*)", f"count({name})", f"min({name})", f"max({name})").collect()[0]
        every, count, low, high = found
        if every != count or not count or (high - low) // _BITS > min(_BITMAPS, count // 100):
            return False
        bits = f"bitmap_count(bitmap_construct_agg(bitmap_bit_position({name}))) AS bits"
        each = self.session.sql(f"SELECT {bits} FROM {self.name(table)} GROUP BY bitmap_bucket_number({name})")
        return bool(each.selectExpr("sum(bits)").collect()[0][0] == count)

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
    """The query of a version on a day, over the tables of `views`."""

    def __init__(self, views: Views, plan: RuleSetPlan, version: Version, as_of: dt.date, known_as_of: dt.date) -> None:
        views.runs += 1
        self.views, self.place = views, f"{views.token}_run{views.runs}"
        self.facts: list[_Fact] = []
        self.layers: dict[str, str] = {}
        super().__init__(plan, version, {}, _SPARK, as_of, known_as_of)

    def frame(self, wanted: tuple[str, ...] | None = None) -> "DataFrame":
        """The result, a row for each subject judged, in no order.

        Args:
            wanted: Columns to give, all by default.

        Raises:
            DataError: A table breaks what the rule set declares.
        """
        query = self.build_all(wanted)
        if self.guards:
            tests = [exp.alias_(guard, f"guard_{i}") for i, guard in enumerate(self.guards)]
            self._asked(exp.select(*tests)).collect()
        return self._asked(query)

    def counts(self) -> dict[str, FactCounts]:
        """Rows of each fact that counted, were excluded, or are of no subject."""
        found = {}
        for each in self.facts:
            row = self._asked(audit(each.gather, each.stage, each.key, self.subjects)).collect()[0]
            found[each.gather.fact] = counts_of(each.gather, tuple(row))
        return found

    # -- writing

    def own(self, name: str) -> str:
        return f"{self.place}_{name}"

    def add(self, name: str, query: str, form: str | None = None) -> None:
        self.layers[name] = query

    def _asked(self, query: exp.Select) -> "DataFrame":
        """The query as a frame, on top of the layers that it reads, which Spark would all look at otherwise."""
        text = self.print(query)
        found: set[str] = set()
        due = [text]
        while due:
            fresh = {*re.findall(rf"{self.place}_[a-z0-9_]+", due.pop())} - found
            found |= fresh
            due += [self.layers[name] for name in fresh if name in self.layers]
        layers = ", ".join(f"{name} AS ({query})" for name, query in self.layers.items() if name in found)
        return self.views.query(f"WITH {layers} {text}" if layers else text)

    def stage(self, query: exp.Select, held: Held) -> str:
        """What is measured of a fact is computed once: the result and the counts are made of it."""
        if held.gather is None:
            return super().stage(query, held)
        name = self.own(f"measured_{len(self.facts)}")
        self.views.view(name, self._asked(query))
        self.views.keep(name)
        self.facts.append(_Fact(name, held.key, held.gather))
        return name

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
        """Keys that are numbers close to each other are told apart by bitmaps: no key goes from machine to machine."""
        if table in self.views.unique:
            return
        self.views.unique.add(table)
        if not self.views.all_different(table, key):
            super().unique(given, table, key)
