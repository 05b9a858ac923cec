"""Tables for rule sets: from frames and a folder, read when they are first needed; results of other rule sets.

In: what the caller gives. Out: a session that holds all that a rule set reads.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from trustcommerce.errors import DataError, together
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.relations import Scan
from trustcommerce.plan import PackPlan, RuleSetPlan, Version
from trustcommerce.run.frames import to_arrow
from trustcommerce.run.layers import SUBJECTS, sources
from trustcommerce.run.rows import Rows
from trustcommerce.run.table import Result, Session
from trustcommerce.sources import Folder

__all__ = ["FactTables", "Facts", "Supply", "facts_of", "rows_of"]

FactTables = Mapping[str, Any] | str | Path
"""Facts as callers give them: tables and results of rule sets by name, or where they are."""


@frozen(kw_only=True)
class Facts:
    """Tables at hand, and the folder that holds the others, if any does."""

    tables: dict[str, Rows] = field(factory=dict)
    folder: Folder | None = None


def facts_of(loaded: PackPlan, given: FactTables, ruleset: str | None = None) -> Facts:
    """What a caller gives as facts: a folder or database file, or frames and paths by the name of the table."""
    if isinstance(given, str | Path):
        return Facts(folder=_folder(loaded, given))
    if not isinstance(given, Mapping):
        raise DataError(
            f"a {type(given).__name__} is no tables by name",
            ruleset=ruleset,
            hint="give a dict of tables by their names, or the folder that holds them",
        )
    tables = {}
    for name, table in given.items():
        if name not in loaded.pack.tables and name not in loaded.rulesets:
            known = [*loaded.pack.tables, *loaded.rulesets]
            raise DataError(f"the pack has no table `{name}`", ruleset=ruleset, hint=did_you_mean(name, known))
        tables[name] = rows_of(loaded, table, name, ruleset or "", f"table `{name}`")
    return Facts(tables=tables)


def _folder(loaded: PackPlan, path: str | Path) -> Folder:
    """The folder of facts, read as the pack declares."""
    return Folder(Path(path), loaded.registry, loaded.pack.time_zone)


def rows_of(loaded: PackPlan, frame: Any, table: str, ruleset: str, what: str = "frame") -> Rows:
    """A frame, or the file at a path, as rows of a declared table or of the results of a rule set.

    Args:
        table: The name of the table or rule set.
        what: What a frame is called in messages.
    """
    if not isinstance(frame, str | Path):
        arrow, unread = to_arrow(frame, _readable(loaded, table), what, ruleset)
        return Rows(schema=arrow.schema, what=what, arrow=arrow, unread=unread)
    path = Path(frame)
    if not path.is_file():
        raise DataError(f"{path.as_posix()}: no such file", ruleset=ruleset)
    return _folder(loaded, path.parent).read_file(path, loaded.pack.tables.get(table))


def _readable(loaded: PackPlan, name: str) -> set[str]:
    """What may be read of a table, what is measured of its rows included, or of the results of a rule set."""
    table = loaded.pack.tables.get(name)
    found = set() if table is None else set(table.columns)
    for plan in loaded.rulesets.values():
        if name not in (plan.table, plan.name):
            continue
        for version in plan.versions:
            found |= {each.name for each in version.inputs}
            found |= {each.name for group in version.groups for _, each in version.measured(group)}
            found |= {each.name for each in version.outputs} if plan.name == name else set()
    return found


class Supply:
    """A session that is filled as rule sets need it.

    Args:
        facts: Tables and results of rule sets by name, which come before those of the folder.
    """

    def __init__(
        self,
        loaded: PackPlan,
        session: Session,
        day: dt.date,
        known_as_of: dt.date | None,
        facts: Facts,
    ) -> None:
        self.loaded, self.session, self.day, self.known_as_of = loaded, session, day, known_as_of
        self.folder = facts.folder
        for name, rows in facts.tables.items():
            session.add(name, rows, self._key(name))

    def _key(self, name: str) -> Sequence[str]:
        table = self.loaded.pack.tables.get(name)
        return table.key if table is not None else self.loaded.rulesets[name].key

    def run(
        self,
        name: str,
        *,
        subjects: Rows | None = None,
        wanted: Sequence[str] | None = None,
        count: bool = False,
        keyed: bool = False,
        file: Path | None = None,
    ) -> Result:
        """Run a rule set after those it reads; for what else is asked see `Session.run`."""
        plan = self.loaded.rulesets[name]
        version = plan.version(self.day)
        assert version is not None
        self.prepare(plan, version, subjects)
        return self.session.run(
            plan,
            version,
            self.day,
            self.known_as_of,
            subjects=subjects,
            wanted=wanted,
            count=count,
            keyed=keyed,
            file=file,
        )

    def prepare(self, plan: RuleSetPlan, version: Version, subjects: Rows | None) -> None:
        """Have every table and result that the rule set reads in the session."""
        self.open([plan.name], subjects)
        for kind, name in self._reads(plan, version, subjects):
            if kind == "ruleset":
                self._result(name, plan.name)

    def open(self, rulesets: Iterable[str], subjects: Rows | None = None) -> None:
        """Read every table that rule sets need, and those they read; what is wrong with them is told at once."""
        problems: dict[str, DataError] = {}

        def visit(ruleset: str, subjects: Rows | None) -> None:
            plan = self.loaded.rulesets[ruleset]
            version = plan.version(self.day)
            for kind, name in self._reads(plan, version, subjects) if version is not None else ():
                if kind == "ruleset":
                    if name not in self.session.tables and not self._ungiven(name):
                        visit(name, None)
                elif name not in problems:
                    try:
                        self._table(name, ruleset)
                    except DataError as error:
                        problems[name] = error

        for each in rulesets:
            visit(each, subjects)
        together(problems.values())

    def _reads(self, plan: RuleSetPlan, version: Version, subjects: Rows | None) -> list[tuple[str, str]]:
        """Tables and results that the rule set reads, when `subjects` are given."""
        names = set(subjects.schema.names) if subjects is not None else set()
        groups = {each for each in version.groups if {f.name for _, f in version.measured(each)} <= names}
        if subjects is not None:
            groups.add(SUBJECTS)
        found = [("table", plan.table)] if plan.table and subjects is None else []
        scans = [each for each in sources(version, frozenset(groups)) if isinstance(each, Scan)]
        return found + [(each.kind, each.table) for each in scans if each.table != plan.table or subjects is None]

    def _table(self, name: str, ruleset: str) -> None:
        if name in self.session.tables:
            return
        if self.folder is None:
            raise DataError(f"table `{name}` is needed and not given", ruleset=ruleset)
        self.session.add(name, self.folder.read(self.loaded.pack.tables[name]), self._key(name))

    def _result(self, name: str, ruleset: str) -> None:
        if name in self.session.tables:
            return
        plan = self.loaded.rulesets[name]
        refusal = plan.refusal(self.day)
        if refusal is not None:
            raise DataError(f"reads `{name}`, which is {refusal}", ruleset=ruleset, value=self.day)
        if self._ungiven(name):
            raise DataError(f"the result of rule set `{name}` is needed and not given", ruleset=ruleset)
        self.keep(name, self.run(name))

    def _ungiven(self, ruleset: str) -> bool:
        """Whether a result can neither be found nor made."""
        table = self.loaded.rulesets[ruleset].table
        return self.folder is None and bool(table) and table not in self.session.tables

    def keep(self, name: str, result: Result) -> None:
        """Let other rule sets read a result."""
        self.session.add(name, result.rows, self._key(name))
