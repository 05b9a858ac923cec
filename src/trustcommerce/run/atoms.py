"""Records made plain: whatever they hold of facts becomes the numbers that a rule set reads.

In: a record as people give it: columns, matched rows, and for each metric rows of its fact or the
numbers themselves, flat or under the metric's name. Out: exactly what the generated function reads.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError, kept, together
from trustcommerce.language.expressions import Expr
from trustcommerce.language.names import and_others, did_you_mean
from trustcommerce.language.relations import Exists, Field, Gather, Match, Relation, Scan, Table, base
from trustcommerce.plan import RuleSetPlan, Version, links
from trustcommerce.run.python import compiled
from trustcommerce.run.values import accept, show

if TYPE_CHECKING:
    from trustcommerce.run.relations import Row

__all__ = ["Atoms"]

Record = Mapping[str, Any]


class Atoms:
    """What records of one version may hold, and how they are made plain."""

    def __init__(self, plan: RuleSetPlan, version: Version) -> None:
        self.plan, self.version = plan, version
        self.gathers = version.gathers
        self.columns = tuple(each.name for each in version.inputs)
        self.matches = {m.name.split("[")[0]: m for m in version.matches if m.table is None}
        groups = [each for each in version.groups if not each.startswith("reference ")]
        measures = [pair for group in groups for pair in version.measured(group)]
        self.keys = {name if name.endswith("]") else field.name: field.name for name, field in measures}
        self.public = tuple(dict.fromkeys(self.keys.values()))
        self.before = tuple(name for name, each in self.matches.items() if each.kind == "pool")
        self.expected = (*self.columns, *self.matches, *self.keys)
        self._other = frozenset(each.name for each in version.outputs) | plan.titles.keys() | plan.columns.keys()
        self._evaluate: dict[int, Callable[[Row], Any]] = {}

    def key(self, name: str, atom: str) -> str:
        """The key under which a plain record holds a measure; each window of a chosen one has its own."""
        return self.version.atoms[atom].name if name == atom else name

    # -- what a record may hold

    @property
    def rows(self) -> dict[str, tuple[str, str]]:
        """Lists of rows that a record may hold: what for, and the table they are of, by name."""
        found: dict[str, tuple[str, str]] = {}
        for gather in self.gathers:
            found[gather.fact] = ("fact", base(gather.rows).table)
            for name, what, scan in _others(gather.rows):
                found[name] = (what, scan.table)
        return found

    @property
    def takes(self) -> frozenset[str]:
        """Every key that a record may hold and that is read."""
        metrics = {name.rpartition(".")[0] for name in self.public}
        return frozenset([*self.expected, *self.public, *self.rows, *metrics]) - {""}

    def made_of(self, record: Record) -> dict[str, str]:
        """Numbers that the rows in a record give, each with the name of its fact."""
        found = {}
        for gather in self.gathers:
            for measure in gather.measures if gather.fact in record else ():
                for name in (self.key(measure.name, measure.atom), self.version.atoms[measure.atom].name):
                    found[name] = gather.fact
        return found

    # -- making it plain

    def plain(
        self, record: Any, as_of: dt.date, known_as_of: dt.date | None = None, frozen: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The record with just the keys that are read.

        Args:
            known_as_of: What was recorded from this day on is not known.
            frozen: Snapshots of peers by metric, for those that the record does not give.
        """
        if not isinstance(record, Mapping):
            raise DataError(f"a record is a mapping, not a {type(record).__name__}", ruleset=self.plan.name)
        flat = self._flat(record)
        given = {**(frozen or {}), **flat}
        facts = [gather for gather in self.gathers if gather.fact in record]
        if facts:
            self._check_once(record, flat)
            errors: list[DataError] = []
            with kept(errors):
                given |= self._measured(facts, record, as_of, known_as_of or as_of)
            if errors:
                together([*errors, *self._unknown(flat)])
        for key, public in self.keys.items():
            if key not in given and public in given:
                given[key] = given[public]
        given = {**dict.fromkeys(self.before), **given}  # a pool begins anew unless it is said what it left
        self._check(flat, given)
        return {name: given[name] for name in self.expected}

    def given(self, record: object) -> dict[str, Any]:
        """The values in a record under the names that are read, as far as they can be told."""
        flat: dict[str, Any] = {}
        with kept([]):
            flat = self._flat(record) if isinstance(record, Mapping) else {}
        return flat | {key: flat[public] for key, public in self.keys.items() if key not in flat and public in flat}

    def _flat(self, record: Record) -> dict[str, Any]:
        """Columns, numbers and matched rows under the names that are read."""
        found: dict[str, Any] = {}
        for name, value in record.items():
            if isinstance(value, Mapping) and name not in self.matches:
                found |= {f"{name}.{part}": each for part, each in value.items()}
            else:
                found[name] = value
        for name, match in self.matches.items():
            lists = name in self.rows  # rows of facts are compared with it, too
            if (name not in found or lists) and f"{name}.matched" in record:  # as a run wrote it
                row = {each.name: record.get(f"{name}.{each.name}") for each in match.fields}
                found[name] = row if record[f"{name}.matched"] else None
            elif lists and isinstance(record.get(name), list):
                said = f"`{name}` holds rows, and not which of them is the subject's own"
                raise DataError(said, ruleset=self.plan.name, column=name, hint=self._beside(name))
        return found

    def _beside(self, name: str) -> str | None:
        """How a reference of the subject is given where the rows of a fact are compared with it, too."""
        match = self.matches.get(name)
        if match is None:
            return None
        own = ", ".join(f"`{each}`" for each in (f"{name}.matched", *(f"{name}.{f.name}" for f in match.fields)))
        return f"beside the list, the subject's own match is {own}"

    def _check(self, flat: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        """Nothing is absent, nothing unknown."""
        errors = self._unknown(flat)
        absent = list(dict.fromkeys(self.keys.get(name, name) for name in self.expected if name not in given))
        if absent:
            missing = DataError(
                f"the record has no `{absent[0]}`{and_others(absent[1:])}",
                ruleset=self.plan.name,
                column=absent[0],
                hint=did_you_mean(absent[0], [str(each.column) for each in errors]) or self._instead(absent[0]),
            )
            errors.insert(0, missing)
        together(errors)

    def _unknown(self, flat: Mapping[str, Any]) -> list[DataError]:
        """An error for each key that nobody asks for."""
        known = {*self.takes, *self._other, *(f"{n}.{f.name}" for n, m in self.matches.items() for f in m.fields)}
        known |= {f"{name}.matched" for name in self.matches}
        return [
            DataError(
                f"the record has an unknown key `{name}`",
                ruleset=self.plan.name,
                column=str(name),
                value=flat[name],
                hint=did_you_mean(str(name), known),
            )
            for name in flat
            if name not in known
        ]

    def _check_once(self, record: Record, flat: Mapping[str, Any]) -> None:
        """What rows give is not given as a number beside them."""
        for name, fact in self.made_of(record).items():
            if name in flat:
                raise DataError(
                    f"the record holds `{name}` and the rows of `{fact}`, of which it is made",
                    ruleset=self.plan.name,
                    column=name,
                    value=flat[name],
                    hint="give one of them",
                )

    def _instead(self, name: str) -> str | None:
        """The fact whose rows would give a number that is absent."""
        atoms = {field.name: atom for atom, field in self.version.atoms.items()}
        for gather in self.gathers:
            if any(measure.atom == atoms.get(name) for measure in gather.measures):
                return f"give it, or the rows of `{gather.fact}`"
        return None

    # -- rows of facts

    def _measured(self, facts: Sequence[Gather], record: Record, as_of: dt.date, known: dt.date) -> dict[str, Any]:
        from trustcommerce.run.relations import World

        world = World(as_of=as_of, known_as_of=known, scan=self._scan(record), evaluate=self._value)
        subject = self._subject(record, facts)
        found: dict[str, Any] = {}
        errors: list[DataError] = []
        for gather in facts:
            with kept(errors):
                values = world.gathered(gather, subject)
                for measure in gather.measures:
                    found[self.key(measure.name, measure.atom)] = show(values[measure.name], measure.type)
        for error in errors:
            error.ruleset = self.plan.name
        together(errors)
        return found

    def _subject(self, record: Record, facts: Sequence[Gather]) -> "Row":
        names = {each.name for gather in facts for each in gather.on} | {mine for g in facts for _, mine in g.outer}
        types = {each.name: each.type for each in self.version.inputs}
        return {name: self._accepted(record, Field(name, types[name]), None) for name in sorted(names)}

    def _accepted(self, row: Record, each: Field, place: str | None) -> Any:
        if each.name not in row:
            raise DataError(
                f"{'the record' if place is None else f'`{place}`'} has no `{each.name}`",
                ruleset=self.plan.name,
                column=each.name,
                row=place,
                hint=did_you_mean(each.name, row),
            )
        try:
            return accept(row[each.name], each.type)
        except ValueError as error:
            raise DataError(
                f"`{each.name}` {error}", ruleset=self.plan.name, column=each.name, row=place, value=row[each.name]
            ) from None

    def _scan(self, record: Record) -> "Callable[[Scan, str], Iterable[Row]]":
        def scan(wanted: Scan, role: str) -> "Iterable[Row]":
            rows = record.get(role)
            if role not in record:
                said = f"the rows of `{role}` are needed beside those of the fact: a list, of table `{wanted.table}`"
                raise DataError(said, ruleset=self.plan.name, column=role)
            if rows is None or isinstance(rows, Mapping | str) or not isinstance(rows, Iterable):
                said = f"`{role}` must be a list of rows of table `{wanted.table}`"
                raise DataError(said, ruleset=self.plan.name, column=role, value=rows, hint=self._beside(role))
            found = self._rows(list(rows), wanted.fields, role)
            self._check_keys(found, wanted, role)
            return found

        return scan

    def _check_keys(self, rows: "Sequence[Row]", scan: Scan, role: str) -> None:
        """No two rows have the same key, as in tables."""
        seen: set[tuple[Any, ...]] = set()
        for row in rows if scan.key else ():
            key = tuple(row[name] for name in scan.key)
            if key in seen:
                shown = ", ".join(map(str, key))
                said = f"2 rows of `{role}` have the key {shown}"
                raise DataError(said, ruleset=self.plan.name, column=scan.key[0], row=role, value=key[0])
            seen.add(key)

    def _rows(self, rows: Sequence[Any], fields: Sequence[Field], role: str) -> "list[Row]":
        """Rows of a fact in run-time shapes; of each column the first value that is wrong is told."""
        found: list[Row] = []
        errors: list[DataError] = []
        for i, row in enumerate(rows):
            place = f"{role}[{i}]"
            if isinstance(row, Mapping):
                try:
                    found.append({each.name: self._accepted(row, each, place) for each in fields})
                except DataError:
                    fields = self._right(row, fields, place, errors)
            elif not any(each.column == role for each in errors):
                said = f"`{place}` is no mapping"
                errors.append(DataError(said, ruleset=self.plan.name, column=role, row=place, value=row))
        together(errors)
        return found

    def _right(self, row: Record, fields: Sequence[Field], place: str, errors: list[DataError]) -> list[Field]:
        """The fields of a row that are right; what is wrong with others joins the errors."""
        right = []
        for each in fields:
            with kept(errors):
                self._accepted(row, each, place)
                right.append(each)
        return right

    def _value(self, expr: Expr, row: "Row") -> Any:
        """Expressions of rows, each compiled once."""
        found = self._evaluate.get(id(expr))
        if found is None:
            found = self._evaluate[id(expr)] = compiled(expr)
        return found(row)


def _others(relation: Relation) -> Iterable[tuple[str, str, Scan]]:
    """Rows that the rows of a fact are compared with: name, what for, and their scan."""
    for each in links(relation):
        if isinstance(each, Exists):
            yield each.alias, "exclusion", base(each.rows)
            yield from _others(each.rows)
        elif isinstance(each, Match) and not isinstance(each.rows, Table):
            yield each.name.split("[")[0], "reference", base(each.rows)
            yield from _others(each.rows)
