"""One rule set -> its plan: a version for each span of days in which nothing in it changes."""

import datetime as dt
import re
from collections.abc import Mapping
from functools import partial

from attrs import evolve, field, frozen

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, Span
from trustcommerce.language.expressions import Column, Expr, Literal
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.relations import Derive, Distinct, Field, Gather, Item, Match, Peers, Rank, Relation
from trustcommerce.language.types import BOOLEAN, Type
from trustcommerce.model import Item as ItemSpec
from trustcommerce.model import Pack, RuleSet, TableSpec, Title
from trustcommerce.plan.chain import chain, links
from trustcommerce.plan.context import Context
from trustcommerce.plan.facts import Facts
from trustcommerce.plan.items import lower_item
from trustcommerce.plan.origins import Shared
from trustcommerce.plan.outputs import outputs
from trustcommerce.plan.reasons import lower_reasons
from trustcommerce.plan.references import References
from trustcommerce.plan.scores import Scores
from trustcommerce.plan.shape import ItemShape, NodeShape
from trustcommerce.plan.unused import check_unused
from trustcommerce.registry import Registry

__all__ = ["RuleSetPlan", "Version", "plan_version"]

_WORD = re.compile(r"[^\W\d]\w*")


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


def plan_version(
    ruleset: RuleSet,
    pack: Pack,
    registry: Registry,
    problems: Problems,
    results: Mapping[str, Mapping[str, Type]],
    keys: Mapping[str, tuple[str, ...]],
) -> Version | None:
    """Lower one version of a rule set; None when problems prevent a plan.

    Args:
        results: Types of the outputs of the rule sets planned before, by rule set.
        keys: Subject keys of all rule sets of the pack.
    """
    before = len(problems.errors)
    if not _check_subject(ruleset, pack, problems):
        return None
    shared = Shared(pack=pack, ruleset=ruleset, registry=registry, problems=problems, results=results, keys=keys)
    base, fields = _base(ruleset, shared)
    if fields is None:
        return None
    context = shared.context(fields, row=False)
    context.facts = facts = Facts(shared, context)
    references = References(context, shared)
    _announce(ruleset, context)
    scores = Scores(context)
    try:
        where = context.certain(ruleset.where, None, "wrap it: `coalesce(..., false)`") if ruleset.where else None
        first = len(context.steps)
        for name in _far(ruleset):
            context.value(name)
        for name in list(context.thunks):
            context.value(name)
    except RecursionError:
        problems.add(codes.TOO_DEEP, "names of this rule set rest on each other in too long a chain", ruleset.span)
        return None
    check_unused(context, facts, references)
    shapes = []
    for name in ruleset.scores:
        node = scores.nodes.get(name)
        if node is not None and node.shape is not None:
            lines = lower_reasons(node, context)
            shapes.append(evolve(node.shape, lines=lines))
    if len(problems.errors) > before:
        return None
    gathers = facts.gathers()
    inputs = tuple(
        context.columns[name]
        for name in dict.fromkeys([*ruleset.key, *(n for n in context.columns if n in context.used)])
    )
    relation = chain(context, inputs, base, gathers, where, first)
    matches = tuple(reversed([each for each in links(relation) if isinstance(each, Match)]))
    atoms = _atoms(relation)
    table = pack.tables.get(ruleset.table)
    return Version(
        since=ruleset.since,
        until=ruleset.until,
        relation=relation,
        inputs=inputs,
        carried=tuple(
            Field(name, column.type)
            for name, column in (table.columns if table is not None else {}).items()
            if name not in {each.name for each in inputs}
        ),
        outputs=tuple(outputs(ruleset, inputs, matches, atoms, shapes, context)),
        scores=tuple(shapes),
        constants={name: each for name, each in context.all_known().items() if isinstance(each, Literal)},
        matches=matches,
        atoms=atoms,
    )


def _base(ruleset: RuleSet, shared: Shared) -> tuple[Relation | None, dict[str, Field] | None]:
    """Where the subjects come from when they are no table, and their columns; None when that is broken."""
    if ruleset.fact is None:
        table = shared.pack.tables[ruleset.table]
        return None, {name: Field(name, column.type) for name, column in table.columns.items()}
    rows = Facts(shared, None).rows(ruleset.fact, ruleset.spans["from"])
    if rows is None:
        return None, None
    if rows.fact.key != ruleset.key:
        shared.problems.add(
            codes.UNKNOWN_COLUMN,
            f"the key of `{ruleset.fact}` is {', '.join(rows.fact.key)}",
            ruleset.spans.get("key", ruleset.span),
            "subjects that stand in a fact have its key",
        )
        return None, None
    key = tuple(Field(name, rows.read(name, None).type.null(False)) for name in ruleset.key)
    return Distinct(source=rows.relation(), columns=key), {each.name: each for each in key}


def _announce(ruleset: RuleSet, context: Context) -> None:
    """Make every name of the rule set known, to be lowered when it is asked for."""
    for item in ruleset.items.values():
        _check_name(item.name, item.span, context)
        context.thunks[item.name] = partial(lower_item, item, context)
        if item.metric is not None:
            context.lazy[f"{item.name}.unexcluded"] = partial(_unexcluded, item, context)
    for score in ruleset.scores.values():
        _check_name(score.name, score.span, context)


def _unexcluded(item: ItemSpec, context: Context) -> Expr:
    """The metric as it would be if no row were excluded."""
    before, context.unexcluded = context.unexcluded, True
    try:
        return lower_item(evolve(item, name=f"{item.name}.unexcluded"), context)
    finally:
        context.unexcluded = before


_GROUPS = (Gather, Peers, Rank)


def _group(relation: Relation) -> str | None:
    """What a node adds to the subjects' rows that may be given with them instead."""
    if isinstance(relation, Gather):
        return relation.fact
    if isinstance(relation, Peers | Rank):
        return f"peers {relation.name}"
    return f"reference {relation.name}" if isinstance(relation, Match) and relation.table is None else None


def _measures(relation: Relation) -> list[tuple[str, str, Type]]:
    """Columns that a group adds, with their atoms and types."""
    if isinstance(relation, Rank):
        return [(relation.name, relation.name, relation.type)]
    if isinstance(relation, Match):
        return []
    assert isinstance(relation, Gather | Peers)
    return [(measure.name, measure.atom, measure.type) for measure in relation.measures]


def _atoms(relation: Relation) -> dict[str, Field]:
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


def _far(ruleset: RuleSet) -> list[str]:
    """Every twentieth item of long chains, the first needed first: lowered in this order, names that
    rest on many others need no deep recursion. Words of the text stand for names, which is near enough.
    """
    depths: dict[str, int] = {}
    found: list[str] = []
    reads: dict[str, list[str]] = {}
    for item in ruleset.items.values():
        words = _WORD.findall(item.body.file.text[item.body.start : item.body.end])
        reads[item.name] = [word for word in dict.fromkeys(words) if word in ruleset.items and word != item.name]
    for start in reads:
        stack = [start]
        while stack:
            name = stack[-1]
            ahead = [each for each in reads[name] if each not in depths]
            if name in depths or not ahead:
                stack.pop()
                if depths.get(name, 0) == 0:
                    depths[name] = 1 + max((depths[each] for each in reads[name]), default=0)
                    found += [name] if depths[name] % 20 == 0 else []
            else:
                depths.setdefault(name, 0)
                stack += ahead
    return found


def _check_subject(ruleset: RuleSet, pack: Pack, problems: Problems) -> bool:
    """Whether the subjects can be read: rows of a declared table by its key, or the keys in a fact."""
    said = [key for key in ("table", "from") if key in ruleset.spans]
    if len(said) != 1:
        problems.add(
            codes.AMBIGUOUS_FORM,
            "the subject says both `table` and `from`" if said else "the subject does not say where its rows come from",
            ruleset.spans[said[1]] if said else ruleset.spans["name"],
            "keep one of them" if said else "say `table`, or a fact whose keys are the subjects: `from`",
        )
        return False
    if ruleset.fact is not None:
        return True
    table = pack.tables.get(ruleset.table)
    if table is None and ruleset.table in pack.broken:
        return False
    if table is None:
        span = ruleset.spans.get("table", ruleset.span)
        problems.add(
            codes.UNKNOWN_TABLE,
            f"no table `{ruleset.table}`",
            span,
            did_you_mean(ruleset.table, pack.tables) or f"pack.yaml declares {', '.join(pack.tables)}",
        )
        return False
    return _check_key(ruleset, table, pack, problems)


def _check_key(ruleset: RuleSet, table: TableSpec, pack: Pack, problems: Problems) -> bool:
    span = ruleset.spans.get("key", ruleset.span)
    for name in ruleset.key:
        if name not in table.columns:
            problems.add(
                codes.UNKNOWN_COLUMN,
                f"`{ruleset.table}` has no column `{name}`",
                span,
                did_you_mean(name, table.columns),
            )
            return False
        if table.columns[name].type.nullable:
            problems.add(codes.MAYBE_MISSING, f"the key `{name}` may be missing", span, "a key has a type without `?`")
    if set(table.key) != set(ruleset.key) and f"{ruleset.table}.key" not in pack.broken:
        problems.add(
            codes.DUPLICATE_MATCH,
            f"the key of `{ruleset.table}` is {', '.join(table.key) or 'not said'}",
            span,
            "a rule set gives one row for each row of its subject's table",
        )
    return True


def _check_name(name: str, span: Span, context: Context) -> None:
    if name in context.columns or name in context.references or name in ("as_of", "previous", "metric"):
        what = (
            "a column of the subject"
            if name in context.columns
            else ("a reference" if name in context.references else "a special name")
        )
        context.ops.error(codes.DUPLICATE_NAME, f"`{name}` is {what} already", span, "give the item another name")
