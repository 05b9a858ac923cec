"""What all decisions of a rule set on one day share, the compiled functions among it."""

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from trustcommerce.language.types import Type
from trustcommerce.model import Title
from trustcommerce.plan import PackPlan, RuleSetPlan, Version, reason_texts
from trustcommerce.plan.claims import claimed, grants

if TYPE_CHECKING:
    from trustcommerce.explain import Tree
    from trustcommerce.run.record import RecordProgram

__all__ = ["Bases", "Basis"]


@frozen(kw_only=True, eq=False)
class Basis:
    """What all decisions of a rule set on one day share, so that a decision itself is two fields.

    `claims` is the basis of records that do not say what their subject got of pools: `grants` are the names under
    which they would, and `absent` the outputs that it lacks.
    """

    pack: str
    version: str
    meaning: str
    source: str
    plugins: dict[str, str]
    ruleset: str
    as_of: dt.date
    shadow: bool
    key: int
    plan: Version
    types: dict[str, Type]
    program: "RecordProgram"
    texts: dict[str, dict[str, str]]
    notice: Title
    grants: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    claims: "Basis | None" = None
    trees: "dict[str | None, Tree]" = field(factory=dict)

    def for_record(self, record: object) -> "Basis":
        """This one, or that of claims alone."""
        if self.claims is None or not isinstance(record, Mapping) or self.claims.grants & record.keys():
            return self
        return self.claims


class Bases:
    """Makes what decisions share, and keeps the compiled functions of each version."""

    def __init__(self, loaded: PackPlan) -> None:
        self.loaded, self.texts = loaded, reason_texts(loaded)
        self.programs: dict[int, RecordProgram] = {}
        self.claimed: dict[int, Version] = {}

    def of(self, plan: RuleSetPlan, version: Version, day: dt.date) -> Basis:
        """The basis of a version on a day; beside it that of records without what their subject got of pools."""
        if not version.pools:
            return self._basis(plan, version, day)
        claims = self.claimed.get(id(version)) or self.claimed.setdefault(id(version), claimed(version))
        whole, alone = self._basis(plan, version, day), self._basis(plan, claims, day)
        absent = frozenset(whole.types.keys() - alone.types.keys())
        return evolve(whole, claims=evolve(alone, grants=grants(version), absent=absent))

    def _basis(self, plan: RuleSetPlan, version: Version, day: dt.date) -> Basis:
        pack = self.loaded.pack
        return Basis(
            pack=pack.name,
            version=pack.version,
            meaning=self.loaded.meaning,
            source=self.loaded.source,
            plugins=self.loaded.plugin_versions,
            ruleset=plan.name,
            as_of=day,
            shadow=plan.shadow(day),
            key=len(plan.key),
            plan=version,
            types={each.name: each.type for each in version.outputs},
            program=self._program(plan, version),
            texts=self.texts,
            notice=pack.notice,
        )

    def _program(self, plan: RuleSetPlan, version: Version) -> "RecordProgram":
        from trustcommerce.run.record import compile_record

        found = self.programs.get(id(version))
        if found is None:
            found = self.programs[id(version)] = compile_record(plan, version)
        return found
