"""A version as one statement for a warehouse, which reads its tables and checks what a run would check.

What a run makes as temporary tables are layers here; what it would refuse is an error of the
database: conditions of the last layer that either hold or fail.
"""

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence

from sqlglot import exp

from trustcommerce.errors import DataError
from trustcommerce.language.relations import Field, Measure, Scan, Table
from trustcommerce.language.types import DATE, Kind, power
from trustcommerce.model.pack import TableSpec
from trustcommerce.plan import RuleSetPlan, Version
from trustcommerce.run.contract import converted, failing, said
from trustcommerce.run.dialects import TYPE_NAME, Dialect, is_own, outside
from trustcommerce.run.doubles import refuse_double_keys
from trustcommerce.run.layers import ORDER, SUBJECTS, Held, reads_subjects_again, sources
from trustcommerce.run.query import Writer, select
from trustcommerce.run.required import required, unmatched
from trustcommerce.run.sql import column, literal

__all__ = ["Statement"]

_LINES = ",\n"
_LAYER = re.compile(rf"{SUBJECTS}|(source|layer)_[0-9]+(_[a-z]+)?", re.IGNORECASE)


class Statement(Writer):
    """The query of a version on a day, in a dialect.

    Args:
        tables: The declared tables, read under the names that they have in the data; results of rule sets
            are read from tables named like the rule sets.
        inlined: Whether rows are read once wherever windows can: see `Layers`.
    """

    def __init__(
        self,
        plan: RuleSetPlan,
        version: Version,
        tables: Mapping[str, TableSpec],
        dialect: Dialect,
        as_of: dt.date,
        known_as_of: dt.date,
        inlined: bool = False,
    ) -> None:
        super().__init__(version, as_of, known_as_of, frozenset())
        self.plan, self.version, self.declared, self.dialect = plan, version, tables, dialect
        self.as_of, self.form, self.cluster = as_of, dialect.layer, dialect.cluster
        self.joined, self.inlined, self.counted = dialect.joined, inlined, False
        self.guards: list[exp.Expression] = []
        self.shown: dict[str, list[str]] = {}
        self.recursive = False
        self.folded: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self.size = 0
        """Characters of the whole statement with every layer in the place of its name."""

    def text(self) -> str:
        """The whole statement.

        Raises:
            DataError: The dialect has no way to say something in it.
        """
        refuse_double_keys(self.version, self.dialect)
        query = self.build_all()
        for shown in query.selects:
            self._outward(shown)
        for guard in self.guards:
            query = query.where(guard, copy=False)
        order = self.plan.key if self.cluster else [ORDER]
        return self.finish(query.order_by(*map(column, order), copy=False))

    def build_all(self, wanted: tuple[str, ...] | None = None) -> exp.Select:
        """Every layer, every guard, and the query on top."""
        for i, source in enumerate(sources(self.version)):
            if isinstance(source, Table):
                self._file(source)
                continue
            if i == 0 and self.subjects is not None:
                self._scan(source, self.subjects)
            if i > 0 or self.subjects is None or reads_subjects_again(self.version):
                self._scan(source, self.tables[source])
        extra = tuple(each.name for each in self.version.carried) if wanted is None else ()
        query = select(self, self.version, wanted, extra)
        for match, key, gather in required(self.version, self.plan.key, frozenset()):
            rows = self.write(unmatched(self, match, key, gather))
            on = ", ".join(each.name for each in match.on)
            self._guard(rows, [f"no row of {match.input} matches on {on}: "], key)
        return query

    def _outward(self, shown: exp.Alias) -> None:
        """An output keeps its name; one that is a truth value gets that type, where a comparison has another."""
        types = {each.name: each.type for each in self.version.outputs}
        types |= {each.name: each.type for each in self.version.carried}
        if not self.dialect.truths and types[shown.alias].kind is Kind.BOOLEAN:
            shown.set("this", exp.Cast(this=shown.this, to=exp.DataType.build("BOOLEAN")))
        if not self.dialect.renamed_outputs:
            outside(shown.args["alias"])

    # -- writing

    def finish(self, query: exp.Select) -> str:
        begin = "WITH RECURSIVE" if self.recursive else "WITH"
        ending = f"\n{self.dialect.ending}" if self.dialect.ending else ""
        text = self.print(query)
        self.size = self._size(text)
        return f"{begin} {_LINES.join(self.written)}\n{text}{ending}"

    def write(self, query: exp.Select) -> str:
        found = self._shown(query) if self.cluster else None
        name = super().write(query)
        if found is not None:
            self.shown[name] = found
        return name

    def _shown(self, query: exp.Select) -> list[str] | None:
        """The columns of a layer; None where that is not known."""
        tables = [each for each in query.find_all(exp.Table) if isinstance(each.parent, exp.From | exp.Join)]
        below = {each.alias or each.name: self.shown.get(each.name) for each in tables}
        names: list[str] = []
        for each in query.selects:
            if not each.is_star:
                names.append(each.alias_or_name)
                continue
            given = below.get(each.table) if isinstance(each, exp.Column) else next(iter(below.values()))
            if given is None:
                return None
            names += given
        return names

    def columns(self, source: str) -> list[str] | None:
        return self.shown.get(source)

    def carried(self, source: str, kept: Collection[str] | None) -> list[str | exp.Expression]:
        """A cluster plans every column of every layer, so it is told which are read."""
        known = self.shown.get(source)
        if kept is None or known is None:
            return ["*"]
        return [column(name) for name in known if name in kept or name.startswith("~")]

    def add(self, name: str, query: str, form: str | None = None) -> None:
        if self.dialect.quoted:
            layer, bracket, columns = name.partition("(")
            name = self.print(exp.to_identifier(layer, quoted=True)) + bracket + columns
        self.sizes[name] = self._size(query)
        super().add(name, query, form)

    def _size(self, query: str) -> int:
        return len(query) + sum(self.sizes.get(each[0], 0) for each in _LAYER.finditer(query))

    def print(self, query: exp.Expression) -> str:
        if self.dialect.folds:
            self._one_case([each for each in query.find_all(exp.Identifier) if is_own(each)], self.folded)
        return self.dialect.print(query)

    def _one_case(self, names: Sequence[exp.Identifier | str], known: dict[str, str]) -> None:
        """Refuse names that the database would take for each other."""
        for each in names:
            name = each if isinstance(each, str) else each.name
            first = known.setdefault(name.casefold(), name)
            if first != name:
                hint = "columns whose names differ in case only are one column there"
                raise self.dialect.refusal(f"the names `{first}` and `{name}`", hint)

    def stage(self, query: exp.Select, held: Held) -> str:
        """A stage is a layer of the one statement."""
        if held.graph:
            return self._components(query)
        if held.allocation is not None:
            raise self.dialect.python(f"the method `{held.allocation.allocator.name}` of a pool, which is Python")
        name = self.write(query)
        if held.periods is not None:
            keys = [each.name for each in held.periods.on]
            self._guard(name, [f"the periods of {held.periods.input} overlap for "], keys)
        return name

    def _components(self, query: exp.Select) -> str:
        if self.dialect.connected is None:
            raise self.dialect.refusal("the components of a graph (`connected`)")
        start, end = (self.print(column(each.name)) for each in query.selects)
        edges = self.write(query)
        for layer, body in self.dialect.connected(edges, start, end):
            recurs = f"FROM {layer.partition('(')[0]} " in body
            self.add(layer, body, "AS" if recurs else None)  # what recurs can't be told to stand by itself
            self.recursive |= recurs
        return f"{edges}_connected"

    def restart(self) -> None:
        """Layers stay: there is nothing else."""

    def whole(self, value: exp.Expression, measure: Measure) -> exp.Expression:
        """A wide sum in its own type, or an error where it is beyond what is exact."""
        whole = super().whole(value.copy(), measure)
        if measure.function != "sum" or measure.type.low is None or measure.type.high is None:
            return whole
        low, high = (literal(int(end), measure.type) for end in (measure.type.low, measure.type.high))
        unit = f" in {1 / power(measure.type.scale):g}" if measure.type.scale else ""
        error = failing([f"the sum {measure.atom}{unit} is beyond what is exact: ", said(value)], "BIGINT")
        beyond = exp.Not(this=exp.Paren(this=exp.Between(this=value, low=low, high=high)))
        return exp.Case(ifs=[exp.If(this=beyond, true=error)], default=whole)

    def _guard(self, rows: str, parts: list[exp.Expression | str], key: Sequence[str | exp.Column]) -> None:
        """A condition that holds while `rows` has none, and fails with the smallest of its keys."""
        for i, name in enumerate(key):
            parts += [", "] * (i > 0) + [said(exp.Min(this=name if isinstance(name, exp.Column) else column(name)))]
        found = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(0))
        error = failing(parts, "BOOLEAN")
        test = exp.Case(ifs=[exp.If(this=found, true=error)], default=exp.Boolean(this=True))
        self.guards.append(exp.Subquery(this=exp.select(test).from_(rows, copy=False)))

    # -- what comes in

    def _scan(self, scan: Scan, layer: str) -> None:
        """The rows of a table in run-time shapes; the subjects' with their order."""
        result = scan.kind == "ruleset"
        spec = self.declared.get(scan.table) if not result else None
        table = spec.source if spec is not None else scan.table
        top = layer == self.subjects
        fields = [*scan.fields, *(self.version.carried if top else ())]
        names = {each.name: spec.columns[each.name].source if spec is not None else each.name for each in fields}
        if self.dialect.folds:
            self._one_case([*names.values()], {})
        key = [names[name] for name in scan.key if name in names]
        given = self.given_table(table)
        self.types(given, table, fields, names, result)
        if scan.key and len(key) == len(scan.key):
            self.unique(given, table, key)
        columns = [
            exp.alias_(
                self._seen(scan, each, outside(self._converted(each, names[each.name], table, key, result))),
                each.name,
                quoted=True,
            )
            for each in fields
        ]
        if top and not self.cluster:
            order = exp.Order(expressions=[exp.Ordered(this=outside(column(name))) for name in key])
            columns.insert(0, exp.alias_(exp.Window(this=exp.RowNumber(), order=order), ORDER, quoted=True))
        self.shown[layer] = [each.alias for each in columns]
        self.add(layer, self.print(exp.select(*(columns or [exp.Literal.number(1)])).from_(given, copy=False)))

    def _converted(self, each: Field, source: str, table: str, key: Sequence[str], result: bool) -> exp.Expression:
        return converted(each, source, table, key, self.doubled(table, each, result))

    def given_table(self, table: str) -> exp.Table:
        """A table of the warehouse by its name there."""
        if _LAYER.fullmatch(table):
            raise DataError(
                f"the statement has a layer called `{table}`, so it can't read a table of that name",
                ruleset=self.plan.name,
                hint="give the table another name, or make a view of it, and say so as its `source`",
            )
        return exp.Table(this=exp.to_identifier(table, quoted=True))

    def _seen(self, scan: Scan, each: Field, value: exp.Expression) -> exp.Expression:
        """The value; of something that happens from `as_of` on nothing is known yet."""
        if each.name not in scan.hidden:
            return value
        before = exp.LT(this=exp.Paren(this=value.copy()), expression=literal(self.as_of, DATE))
        return exp.Case(ifs=[exp.If(this=before, true=value)], default=literal(None, each.type))

    def doubled(self, table: str, each: Field, result: bool) -> bool:
        """Whether a column of exact numbers holds doubles, as points in results do."""
        return result and each.type.unit == "points"

    def unique(self, given: exp.Table, table: str, key: list[str]) -> None:
        """A condition that tells the rows of a table apart."""
        twice = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1))
        keys = [outside(column(name)) for name in key]
        rows = exp.select(*keys).from_(given.copy(), copy=False).group_by(*keys).having(twice)
        self._guard(self.write(rows), [f"two rows of {table} have the key "], keys)

    def types(self, given: exp.Table, table: str, fields: list[Field], names: Mapping[str, str], result: bool) -> None:
        """A condition on the types that a table's columns have."""
        if self.dialect.shapes:
            self._shapes(given, table, fields, names, result)
            return
        ifs = []
        for each in fields:
            known = self.dialect.types.get(each.type.kind, ())
            if not known:
                raise self.dialect.refusal(f"a column of lists, {table}.{names[each.name]}")
            if self.doubled(table, each, result):
                known = self.dialect.types[Kind.NUMBER]
            name = exp.Anonymous(this=TYPE_NAME, expressions=[outside(column(names[each.name]))])
            test = exp.In(this=name, expressions=[exp.Literal.string(kind) for kind in known])
            parts = [f"{table}.{names[each.name]} is ", name.copy(), f", and {each.type.null(False)} is expected"]
            error = failing(parts, "BOOLEAN")
            ifs.append(exp.If(this=exp.Not(this=exp.Paren(this=test)), true=error))
        if not ifs:
            return
        tests = exp.select(exp.Case(ifs=ifs, default=exp.Boolean(this=True))).from_(given.copy(), copy=False)
        first = exp.Subquery(this=tests.limit(1, copy=False))
        self.guards.append(exp.Coalesce(this=first, expressions=[exp.Boolean(this=True)]))

    def _shapes(
        self, given: exp.Table, table: str, fields: list[Field], names: Mapping[str, str], result: bool
    ) -> None:
        """A condition that holds, and that the database refuses to look at where a column is of another type."""
        tests: list[exp.Expression] = [exp.Boolean(this=False)]
        for each in fields:
            kind = Kind.NUMBER if self.doubled(table, each, result) else each.type.kind
            if kind not in self.dialect.shapes:
                raise self.dialect.refusal(f"a column of lists, {table}.{names[each.name]}")
            shape = exp.Anonymous(this=self.dialect.shapes[kind], expressions=[outside(column(names[each.name]))])
            tests.append(exp.Is(this=shape, expression=exp.Null()))
        rows = exp.select(exp.Count(this=exp.Star())).from_(given.copy(), copy=False).where(exp.and_(*tests))
        self.guards.append(exp.EQ(this=exp.Subquery(this=rows), expression=exp.Literal.number(0)))

    def _file(self, source: Table) -> None:
        """The rows of a reference file of the pack."""
        rows = [
            exp.Tuple(expressions=[literal(value, field.type) for value, field in zip(row, source.fields, strict=True)])
            for row in source.rows
        ]
        names = ", ".join(self.print(column(each.name)) for each in source.fields)
        name = self.tables[source]
        if rows and not self.dialect.values:
            self.add(name, "\nUNION ALL ".join(self.print(_query_of(source, row)) for row in rows))
            return
        if rows:
            self.add(name, f"SELECT * FROM (VALUES {_LINES.join(map(self.print, rows))}) AS r({names})")
            return
        nothing = [exp.alias_(literal(None, each.type), each.name, quoted=True) for each in source.fields]
        self.add(name, self.print(exp.select(*nothing).where(exp.Boolean(this=False))))


def _query_of(source: Table, row: exp.Tuple) -> exp.Select:
    """A row of a file as a query of its own."""
    cells = zip(row.expressions, source.fields, strict=True)
    return exp.select(*[exp.alias_(cell, each.name, quoted=True) for cell, each in cells])
