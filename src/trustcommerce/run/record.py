"""Plan -> one generated Python function per rule set: a record in, all its values out.

In: a record as a mapping. Out: the tuple of everything computed, with its names. What serves reasons
alone (`late`) is computed by a second function when it is asked for. Records that hold rows of facts
pass through `run.atoms` first.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, NoReturn

from attrs import frozen

from trustcommerce.errors import DataError, NotJudged, kept, together
from trustcommerce.language.calendar import lies_within
from trustcommerce.language.expressions import Case, Column, Expr
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.relations import (
    Derive,
    Distinct,
    Field,
    Gather,
    Item,
    Keep,
    Match,
    Peers,
    Rank,
    Relation,
    Scan,
    Share,
)
from trustcommerce.language.types import Kind
from trustcommerce.plan import RuleSetPlan, Version
from trustcommerce.registry import ARROW
from trustcommerce.run.atoms import Atoms
from trustcommerce.run.python import Source
from trustcommerce.run.snapshot import FrozenPeers, FrozenRank
from trustcommerce.run.values import accept

__all__ = ["RecordProgram", "compile_record"]

_MAX_ELIF = 50
_CLASSES = {
    Kind.BOOLEAN: "bool",
    Kind.EXACT: "int",
    Kind.NUMBER: "float",
    Kind.TEXT: "str",
    Kind.DATE: "_date",
    Kind.TIMESTAMP: "_datetime",
}


@frozen(kw_only=True, eq=False)
class RecordProgram:
    """The compiled functions of one version.

    Args:
        index: Where in the tuple of `score` each name's value is.
        late_index: Where in the tuple of `late` each name's value is.
        score: `(record, as_of) -> tuple`.
        late: `(tuple, as_of) -> tuple`.
        atoms: Makes records plain: rows of facts become the numbers that they give.
        borders: What converts or refuses the value of each key that is read.
        source: The generated source, for curious people and tests.
    """

    ruleset: str
    index: dict[str, int]
    late_index: dict[str, int]
    score: Callable[[Mapping[str, Any], dt.date], tuple[Any, ...]]
    late: Callable[[tuple[Any, ...], dt.date], tuple[Any, ...]]
    atoms: Atoms
    borders: Mapping[str, Sequence[Callable[[object], Any]]]
    source: str

    def wrong(self, record: object, *told: DataError) -> list[DataError]:
        """What else is wrong with the values of a record, which may be a plain one."""
        errors: list[DataError] = []
        given, known = self.atoms.given(record), {each.column for one in told for each in (one, *one.also)}
        for name, borders in self.borders.items():
            if name in given and name not in known and not isinstance(given[name], FrozenPeers | FrozenRank):
                for border in borders:
                    with kept(errors):
                        border(given[name])
        return errors


def compile_record(plan: RuleSetPlan, version: Version) -> RecordProgram:
    """Generate and compile the functions of `version`."""
    return _Compiler(plan, version).compile()


class _Compiler:
    def __init__(self, plan: RuleSetPlan, version: Version) -> None:
        self.plan, self.version = plan, version
        self.variables: dict[str, str] = {"as_of": "as_of"}
        self.source = Source(self.variables)
        self.reads: dict[str, str] = {}
        self.measured: dict[str, str] = {}
        self.lines: list[str] = []
        self.count = 0
        self.globals: dict[str, Any] = {"_date": dt.date, "_datetime": dt.datetime}
        self.atoms = Atoms(plan, version)
        self.borders: dict[str, list[Callable[[object], Any]]] = {}

    def compile(self) -> RecordProgram:
        self._relation(self.version.relation)
        own = {variable: name for name, variable in self.variables.items() if name != "as_of"}
        names = tuple(self.variables)[1:]
        body = [*self.lines, f"    return ({', '.join(own)},)"]
        places = {variable: i for i, variable in enumerate(own)}
        index = {name: places[self.variables[name]] for name in names}
        late = [item for item in self.version.items if item.late]
        self.lines = []
        for item in late:
            self._item(item)
        unpack = [f"    ({', '.join(own)},) = values"]
        results = ", ".join(self.variables[item.name] for item in late)
        text = "\n".join(
            [
                "def score(record, as_of):",
                *self._reading(),
                *body,
                "",
                "def late(values, as_of):",
                *unpack,
                *self.lines,
                f"    return ({results}{',' if results else ''})",
            ]
        )
        called = {f"_{ARROW}{each.name}": each for each in self.version.functions}
        scope: dict[str, Any] = {**self.source.names, **called, **self.globals}
        exec(compile(text, f"<{self.plan.name}>", "exec"), scope)
        return RecordProgram(
            ruleset=self.plan.name,
            index=index,
            late_index={item.name: place for place, item in enumerate(late)},
            score=scope["score"],
            late=scope["late"],
            atoms=self.atoms,
            borders=self.borders,
            source=text,
        )

    # -- the record's border

    def _reading(self) -> list[str]:
        """Read all keys; a dict of as many as are expected, with every one of them, has no other."""
        expected = tuple(self.reads)
        self.globals["_plain"] = self.atoms.plain
        check = f"    if record.__class__ is not dict or len(record) != {len(expected)}: record = _plain(record, as_of)"
        if not expected:
            return [check]
        self.globals["_read"] = itemgetter(*expected)
        read = f"        {', '.join(self.reads.values())} = _read(record)"
        return [check, "    try:", read, "    except KeyError:", "        record = _plain(record, as_of)", read]

    def _variable(self, name: str) -> str:
        self.count += 1
        self.variables[name] = f"v{self.count}"
        return self.variables[name]

    def _relation(self, relation: Relation) -> None:
        if isinstance(relation, Distinct):
            for each in self.version.inputs:
                self._input(each)
            return
        if isinstance(relation, Scan):
            for each in relation.fields:
                self._input(each)
            for name in relation.hidden:
                self._hide(self.variables[name], relation, name)
            return
        self._relation(relation.source)
        if isinstance(relation, Keep):
            self.globals["_refused"] = partial(NotJudged, self.plan.name)
            self.lines.append(f"    if not {self.source.truth(relation.where)}: raise _refused()")
        elif isinstance(relation, Derive):
            for item in relation.items:
                if not item.late:
                    self._item(item)
        elif isinstance(relation, Gather):
            for measure in relation.measures:
                self._measured(measure.name, measure.atom)
        elif isinstance(relation, Peers):
            for measure in relation.measures:
                self._measured(measure.name, measure.atom, f"look_up({self._tuple(relation.within)})")
        elif isinstance(relation, Rank):
            self._rank(relation)
        elif isinstance(relation, Share):
            self._measured(relation.name, relation.name)
        else:
            assert isinstance(relation, Match)
            self._match(relation)

    def _tuple(self, exprs: Sequence[Expr]) -> str:
        return f"({''.join(f'{self.source.value(each)}, ' for each in exprs)})"

    def _rank(self, rank: Rank) -> None:
        """A place that the record gives, or that a snapshot tells."""
        value = self.source.value(rank.order[0][0])
        key = "".join(f"{self.variables[name]}, " for name in self.plan.key)
        place = f"place({self._tuple(rank.within)}, {value}, ({key}))"
        self._measured(rank.name, rank.name, place, rank.where)

    def _measured(self, name: str, atom: str, frozen: str | None = None, where: Expr | None = None) -> None:
        """A number that the record gives; what a snapshot gives instead is looked up."""
        public = self.version.atoms[atom]
        key = self.atoms.key(name, atom)
        if key not in self.measured:
            if frozen is not None:
                self.globals["_frozen"] = (FrozenPeers, FrozenRank)
                variable = self.reads[key] = self._variable(key)
                look = f"{variable}.{frozen}"
                look = look if where is None else f"({look} if {self.source.truth(where)} else None)"
                self.lines.append(f"    if {variable}.__class__ in _frozen: {variable} = {look}")
                self._check_input(Field(key, public.type), variable, unless=True)
            else:
                self._input(Field(key, public.type))
            self.measured[key] = self.variables.pop(key)
        self.variables[name] = self.measured[key]

    def _hide(self, variable: str, scan: Scan, name: str) -> None:
        """What happens from the day of judgement on is not known yet."""
        kind = next(each.type.kind for each in scan.fields if each.name == name)
        moment = "as_of" if kind is Kind.DATE else "_datetime(as_of.year, as_of.month, as_of.day)"
        self.lines.append(f"    if {variable} is not None and {variable} >= {moment}: {variable} = None")

    def _input(self, each: Field) -> None:
        """Read one value; the fast test lets it pass, the border converts or refuses it."""
        variable = self.reads[each.name] = self._variable(each.name)
        self._check_input(each, variable)

    def _check_input(self, each: Field, variable: str, unless: bool = False) -> None:
        """Let a value pass, convert or refuse it; `unless` the line before took care of it."""
        border = f"_border{len(self.globals)}"
        self.globals[border] = _border(self.plan.name, each)
        self.borders.setdefault(each.name, []).append(self.globals[border])
        type_ = each.type
        tests = []
        if type_.kind in _CLASSES and not (type_.kind is Kind.EXACT and type_.scale):
            tests.append(f"{variable}.__class__ is not {_CLASSES[type_.kind]}")
            if type_.kind is Kind.TIMESTAMP:
                tests.append(f"{variable}.tzinfo is not None")
            if type_.numeric:
                tests.append(f"not ({type_.low!r} <= {variable} and {variable} <= {type_.high!r})")
        test = " or ".join(tests)
        lead = "elif " if unless else "if "
        guard = f"{lead}{test}: " if test else "else: " if unless else ""
        # a missing value is of another class, so those that are there are tested once
        missing = f" if {variable} is not None else None" if type_.nullable else ""
        self.lines.append(f"    {guard}{variable} = {border}({variable}){missing}")

    # -- matches

    def _match(self, match: Match) -> None:
        matched = self._variable(f"{match.name}.matched")
        columns = [self._variable(f"{match.name}.{each.name}") for each in match.fields]
        if match.table is None:
            self._given(match, matched, columns)
            return
        index = f"_rows{len(self.globals)}"
        self.globals[index] = _index(match)
        at = "" if match.valid is None else self.source.value(match.valid[2])
        row = self.source.temporary()
        for i, candidate in enumerate(match.candidates):
            values = [self.source.value(each) for each in candidate]
            key = values[0] if len(values) == 1 else f"({', '.join(values)})"
            find = f"{index}.get({key})" if match.valid is None else f"_period({index}.get({key}), {at})"
            self.lines.append(f"    {'' if i == 0 else f'if {row} is None: '}{row} = {find}")
        if match.valid is not None:
            self.globals["_period"] = _period
        if match.required:
            fail = f"_fail{len(self.globals)}"
            self.globals[fail] = _no_match(self.plan.name, match)
            self.lines.append(f"    if {row} is None: {fail}()")
        self.lines.append(f"    {matched} = {row} is not None")
        if columns:
            nothing = f"({', '.join('None' for _ in columns)},)"
            source = row if match.required else f"{row} or {nothing}"
            self.lines.append(f"    {', '.join(columns)}, = {source}")

    def _given(self, match: Match, matched: str, columns: list[str]) -> None:
        """A table's or rule set's row stands in the record under the reference's name."""
        name = match.name.split("[")[0]
        given = self.reads.setdefault(name, f"r{len(self.reads)}")
        row = self.source.temporary()
        reader = f"_row{len(self.globals)}"
        self.globals[reader] = _given_row(self.plan.name, match)
        self.borders.setdefault(name, []).append(self.globals[reader])
        self.lines.append(f"    {row} = {reader}({given})")
        self.lines.append(f"    {matched} = {row} is not None")
        if columns:
            nothing = f"({', '.join('None' for _ in columns)},)"
            self.lines.append(f"    {', '.join(columns)}, = {row} or {nothing}")

    # -- items

    def _item(self, item: Item) -> None:
        if isinstance(item.expr, Column):
            self.variables[item.name] = self.variables[item.expr.name]
        elif isinstance(item.expr, Case):
            self._case(item, item.expr)
        else:
            source = self.source.value(item.expr)
            self.lines.append(f"    {self._variable(item.name)} = {source}")

    def _case(self, item: Item, case: Case) -> None:
        """Statements rather than one expression; long chains are flat, which Python compiles at any length."""
        branches = [(self.source.truth(when), self.source.value(then)) for when, then in case.branches]
        otherwise = self.source.value(case.otherwise)
        name = self._variable(item.name)
        if len(branches) <= _MAX_ELIF:
            for i, (when, then) in enumerate(branches):
                self.lines.append(f"    {'if' if i == 0 else 'elif'} {when}: {name} = {then}")
            self.lines.append(f"    else: {name} = {otherwise}")
            return
        self.lines.append("    while True:")
        self.lines += [f"        if {when}: {name} = {then}; break" for when, then in branches]
        self.lines.append(f"        {name} = {otherwise}; break")


def _border(ruleset: str, each: Field) -> Callable[[object], Any]:
    def border(value: object) -> Any:
        try:
            return accept(value, each.type)
        except ValueError as error:
            raise DataError(f"`{each.name}` {error}", ruleset=ruleset, column=each.name, value=value) from None

    return border


def _index(match: Match) -> dict[Any, Any]:
    """Rows of a pack file by what is matched: the columns that are read, or periods of them."""
    assert match.table is not None
    names = [each.name for each in match.table.fields]
    on = [names.index(each.name) for each in match.on]
    read = [names.index(each.name) for each in match.fields]
    bounds = None if match.valid is None else [names.index(name) for name in match.valid[:2]]
    found: dict[Any, Any] = {}
    for row in match.table.rows:
        key = row[on[0]] if len(on) == 1 else tuple(row[i] for i in on)
        values = tuple(row[i] for i in read) or (True,)
        if bounds is None:
            found.setdefault(key, values)
        else:
            found.setdefault(key, []).append((row[bounds[0]], row[bounds[1]], values))
    return found


def _period(periods: list[tuple[Any, Any, tuple[Any, ...]]] | None, at: Any) -> tuple[Any, ...] | None:
    """The values of the period that holds `at`."""
    return next((values for since, until, values in periods or () if lies_within(at, since, until)), None)


def _no_match(ruleset: str, match: Match) -> Callable[[], None]:
    source = match.table.name if match.table else match.input

    def fail() -> None:
        raise DataError(
            f"no row of `{source}` matches on {', '.join(each.name for each in match.on)}",
            ruleset=ruleset,
            column=match.name,
            hint="add the row, or say `else: missing`",
        )

    return fail


def _given_row(ruleset: str, match: Match) -> Callable[[object], tuple[Any, ...] | None]:
    name, fail = match.name.split("[")[0], _no_match(ruleset, match)
    borders = [(each.name, _border(ruleset, Field(f"{name}.{each.name}", each.type))) for each in match.fields]

    def absent(column: str, row: Mapping[str, object]) -> NoReturn:
        said, hint = f"`{name}` has no `{column}`", did_you_mean(column, row)
        raise DataError(said, ruleset=ruleset, column=f"{name}.{column}", hint=hint)

    def read(row: object) -> tuple[Any, ...] | None:
        if row is None:
            if match.required:
                fail()
            return None
        if not isinstance(row, Mapping):
            raise DataError(f"`{name}` must be a mapping or null", ruleset=ruleset, column=name, value=row)
        try:
            return tuple([border(row[column]) for column, border in borders]) or (True,)
        except (KeyError, DataError):
            errors: list[DataError] = []
            for column, border in borders:
                with kept(errors):
                    border(row[column] if column in row else absent(column, row))
            together(errors)
            raise

    return read
