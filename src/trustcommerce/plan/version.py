"""What planning a rule set gives: a version for each span of days, and what runs ask of it."""

import datetime as dt

from attrs import field, frozen

from trustcommerce.language.expressions import Column, Literal
from trustcommerce.language.relations import Derive, Distinct, Field, Gather, Item, Match, Peers, Rank, Relation, Share
from trustcommerce.language.types import BOOLEAN, Type
from trustcommerce.model import Title
from trustcommerce.plan.chain import links
from trustcommerce.plan.shape import ItemShape, NodeShape, PoolShape
from trustcommerce.registry import Vectorised

__all__ = ["RuleSetPlan", "Version", "atoms_of"]


@frozen(kw_only=True, eq=False)
class Version:
    """What holds from `since` until the day before `until`; None is unbounded.

    Args:
        relation: From the scan of the subject's table to the derived rows.
        inputs: Columns of the subject's table that are read, key first.
        carried: Its other columns, which results of tables hold too.
        outputs: Columns of the result, in order.
        scores: Shapes of the score trees.
        constants: Items that are the same for every row.
        matches: References to the subject, in order.
        atoms: What is measured of facts and peers.
        pools: What is shared out.
        functions: Those in Python over Arrow arrays that are called.
    """

    since: dt.date | None
    until: dt.date | None
    relation: Relation
    inputs: tuple[Field, ...]
    carried: tuple[Field, ...]
    outputs: tuple[ItemShape, ...]
    scores: tuple[NodeShape, ...]
    constants: dict[str, Literal]
    matches: tuple[Match, ...]
    atoms: dict[str, Field]
    pools: tuple[PoolShape, ...] = ()
    functions: tuple[Vectorised, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """All items in order of dependence."""
        found: list[Item] = []
        for each in links(self.relation):
            if isinstance(each, Derive):
                found = [*each.items, *found]
        return tuple(found)

    @property
    def from_fact(self) -> bool:
        """Whether the subjects are the keys that stand in a fact."""
        return any(isinstance(each, Distinct) for each in links(self.relation))

    @property
    def groups(self) -> tuple[str, ...]:
        """What may be given with the subjects' rows: facts by name, `peers` and `reference` with a name."""
        return tuple(found for each in links(self.relation) if (found := _group(each)) is not None)

    def measured(self, group: str) -> tuple[tuple[str, Field], ...]:
        """What one of `groups` adds: columns, and the name and type under which each may be given."""
        pairs: list[tuple[str, Field]] = []
        for each in links(self.relation):
            if _group(each) != group:
                continue
            pairs += [(name, self.atoms[atom]) for name, atom, _ in _measures(each)]
            if isinstance(each, Match):
                columns = [Field(f"{each.name}.matched", BOOLEAN)]
                columns += [Field(f"{each.name}.{f.name}", f.type.null()) for f in each.fields]
                pairs += [(column.name, column) for column in columns]
        return tuple(dict.fromkeys(pairs))

    @property
    def gathers(self) -> tuple[Gather, ...]:
        """What is measured of facts."""
        return tuple(reversed([each for each in links(self.relation) if isinstance(each, Gather)]))

    def holds(self, day: dt.date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@frozen(kw_only=True, eq=False)
class RuleSetPlan:
    """The plan of one rule set."""

    name: str
    title: Title
    about: str
    subject: str
    table: str
    key: tuple[str, ...]
    columns: dict[str, Field]
    depends: tuple[str, ...]
    effective_from: dt.date | None
    effective_until: dt.date | None
    enforced: dt.date | None
    versions: tuple[Version, ...]
    every: tuple[str, str | int] | None = None
    titles: dict[str, Title] = field(factory=dict)

    def in_force(self, day: dt.date) -> bool:
        start, end = self.effective_from, self.effective_until
        return (start is None or start <= day) and (end is None or day < end)

    def shadow(self, day: dt.date) -> bool:
        """Whether results are computed but not enforced yet on `day`."""
        return self.enforced is not None and day < self.enforced

    def refusal(self, day: dt.date) -> str | None:
        """Why the rule set can't be run on `day`; None when it can."""
        if self.version(day) is None:
            since, until = self.effective_from or "the beginning", self.effective_until or "open end"
            return f"not in force on {day}: its dates are {since} to {until}"
        if self.every is not None and not _is_period(self.every, day):
            return f"not run on {day}: it is run {_said(self.every)}"
        return None

    def version(self, day: dt.date) -> Version | None:
        """The version that holds on `day`, None outside the effective dates."""
        return next((v for v in self.versions if v.holds(day)), None) if self.in_force(day) else None


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _is_period(every: tuple[str, str | int], day: dt.date) -> bool:
    """Whether a period ends on `day`."""
    unit, at = every
    if unit == "week":
        return _DAYS[day.weekday()] == at
    if unit == "month":
        return day.day == at
    return unit == "day" or ((day.month - 1) % 3 == 0 and day.day == at)


def _said(every: tuple[str, str | int]) -> str:
    unit, at = every
    if unit == "week":
        return f"on {str(at).capitalize()}s"
    return f"on day {at} of each {'month' if unit == 'month' else 'quarter'}" if unit != "day" else "every day"


_GROUPS = (Gather, Peers, Rank, Share)


def _group(relation: Relation) -> str | None:
    """What a node adds to the subjects' rows that may be given with them instead."""
    if isinstance(relation, Gather):
        return relation.fact
    if isinstance(relation, Peers | Rank | Share):
        return f"peers {relation.name}"
    return f"reference {relation.name}" if isinstance(relation, Match) and relation.table is None else None


def _measures(relation: Relation) -> list[tuple[str, str, Type]]:
    """Columns that a group adds, with their atoms and types."""
    if isinstance(relation, Rank | Share):
        return [(relation.name, relation.name, relation.type)]
    if isinstance(relation, Match):
        return []
    assert isinstance(relation, Gather | Peers)
    return [(measure.name, measure.atom, measure.type) for measure in relation.measures]


def atoms_of(relation: Relation) -> dict[str, Field]:
    """What is measured of facts and peers, each with the name under which a record or table gives it.

    A number that is a metric as it stands goes by the metric's name.
    """
    plain = {}
    for each in links(relation):
        for item in each.items if isinstance(each, Derive) else ():
            if isinstance(item.expr, Column) and item.expr.name.rpartition(".")[0] == item.name:
                plain[item.expr.name] = item.name
    found: dict[str, Field] = {}
    for each in links(relation):
        for _, atom, type_ in _measures(each) if isinstance(each, _GROUPS) else ():
            found.setdefault(atom, Field(plain.get(atom, atom), type_))
    return dict(sorted(found.items()))
