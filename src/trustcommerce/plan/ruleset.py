"""One rule set -> its plan: a version for each span of days in which nothing in it changes."""

import datetime as dt
import re
from collections.abc import Mapping
from functools import partial

from attrs import evolve, field, frozen

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, Span
from trustcommerce.language.expressions import Expr, Literal, columns
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.relations import Derive, Field, Item, Keep, Match, Relation, Scan
from trustcommerce.language.types import UNKNOWN, Kind, Type
from trustcommerce.model import Pack, RuleSet, Title
from trustcommerce.plan.context import Context
from trustcommerce.plan.items import lower_item
from trustcommerce.plan.reasons import TOP, lower_reasons
from trustcommerce.plan.references import References
from trustcommerce.plan.scores import Scores
from trustcommerce.plan.shape import ItemShape, NodeShape
from trustcommerce.registry import Registry

__all__ = ["RuleSetPlan", "Version", "plan_version"]

_WORD = re.compile(r"[^\W\d]\w*")


@frozen(kw_only=True, eq=False)
class Version:
    """What holds from `since` until the day before `until`; None is unbounded.

    Args:
        relation: From the scan of the subject's table to the derived rows.
        inputs: Columns of the subject's table that are read, key first.
        tables: Other inputs: tables and rule sets matched, by name, with their kind and columns.
        outputs: Columns of the result, in order.
        scores: Shapes of the score trees.
        constants: Items that are the same for every row.
    """

    since: dt.date | None
    until: dt.date | None
    relation: Relation
    inputs: tuple[Field, ...]
    outputs: tuple[ItemShape, ...]
    scores: tuple[NodeShape, ...]
    constants: dict[str, Literal]
    matches: tuple[Match, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """All items in order of dependence."""
        found: list[Item] = []
        relation = self.relation
        while not isinstance(relation, Scan):
            if isinstance(relation, Derive):
                found = [*relation.items, *found]
            relation = relation.source
        return tuple(found)

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
    titles: dict[str, Title] = field(factory=dict)

    def in_force(self, day: dt.date) -> bool:
        start, end = self.effective_from, self.effective_until
        return (start is None or start <= day) and (end is None or day < end)

    def shadow(self, day: dt.date) -> bool:
        """Whether results are computed but not enforced yet on `day`."""
        return self.enforced is not None and day < self.enforced

    def version(self, day: dt.date) -> Version | None:
        """The version that holds on `day`, None outside the effective dates."""
        return next((v for v in self.versions if v.holds(day)), None) if self.in_force(day) else None


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
    context = Context(pack, ruleset, registry, problems)
    references = References(context, results, keys)
    for item in ruleset.items.values():
        _check_name(item.name, item.span, context)
        context.thunks[item.name] = partial(lower_item, item, context)
    for score in ruleset.scores.values():
        _check_name(score.name, score.span, context)
    scores = Scores(context)
    try:
        for name in _far(ruleset):
            context.value(name)
        with context.standing_alone():
            where = context.certain(ruleset.where, None, "wrap it: `coalesce(..., false)`") if ruleset.where else None
        for name in list(context.thunks):
            context.value(name)
    except RecursionError:
        problems.add(codes.TOO_DEEP, "names of this rule set rest on each other in too long a chain", ruleset.span)
        return None
    references.check_unused()
    shapes = []
    for name in ruleset.scores:
        node = scores.nodes.get(name)
        if node is not None and node.shape is not None:
            lines = lower_reasons(node, context)
            shapes.append(evolve(node.shape, lines=lines))
    if len(problems.errors) > before:
        return None
    inputs = tuple(
        context.columns[name]
        for name in dict.fromkeys([*ruleset.key, *(n for n in context.columns if n in context.used)])
    )
    relation, matches = _chain(ruleset, inputs, where, context, references)
    constants = {name: each for name, each in context.all_known().items() if isinstance(each, Literal)}
    return Version(
        since=ruleset.since,
        until=ruleset.until,
        relation=relation,
        inputs=inputs,
        outputs=tuple(_outputs(ruleset, inputs, shapes, context)),
        scores=tuple(shapes),
        constants=constants,
        matches=matches,
    )


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


def _chain(
    ruleset: RuleSet, inputs: tuple[Field, ...], where: Expr | None, context: Context, references: References
) -> tuple[Relation, tuple[Match, ...]]:
    """Scan, keep, then joins and items; joins that need no item come first."""
    relation: Relation = Scan(table=ruleset.table, key=ruleset.key, fields=inputs)
    given = {each.name for each in inputs} | {"as_of"}
    if where is not None and columns(where) <= given and not (isinstance(where, Literal) and where.value is True):
        relation, where = Keep(source=relation, where=where), None
    matches: list[Match] = []
    early = [
        step
        for step in context.steps
        if isinstance(step, tuple)
        and all(columns(each) <= given for row in references.instances[step].candidates for each in row)
        and _moment(references, step) <= given
    ]
    for step in [*early, *(s for s in context.steps if s not in early)]:
        if isinstance(step, tuple):
            match = references.match(step, relation)
            if match is not None:
                relation = match
                matches.append(match)
        elif isinstance(relation, Derive):
            relation = evolve(relation, items=(*relation.items, step))
        else:
            relation = Derive(source=relation, items=(step,))
    if where is not None:
        relation = Keep(source=relation, where=where)
    return relation, tuple(matches)


def _moment(references: References, key: tuple[str, str]) -> set[str]:
    valid = references.instances[key].valid
    return columns(valid[2]) if valid is not None else set()


def _outputs(ruleset: RuleSet, inputs: tuple[Field, ...], shapes: list[NodeShape], context: Context) -> list[ItemShape]:
    table = context.pack.tables[ruleset.table]
    found = [
        ItemShape(name=each.name, block="subject", title=table.columns[each.name].title, type=each.type)
        for each in inputs
    ]
    for block in ("metrics", "values"):
        found += _block(block, ruleset, context)
    for shape in shapes:
        found += _score(shape, context)
    for block in ("levels", "resources"):
        found += _block(block, ruleset, context)
    return found


def _block(block: str, ruleset: RuleSet, context: Context) -> list[ItemShape]:
    found = []
    for item in ruleset.items.values():
        if item.block != block:
            continue
        for suffix in (".of", ".to") if item.metric is not None else ():
            atom = context.known(item.name + suffix)
            if atom is not None:
                found.append(ItemShape(name=item.name + suffix, block="atoms", title=item.title, type=atom.type))
        expr = context.known(item.name)
        if expr is not None and expr.type.kind not in (Kind.UNKNOWN, Kind.INTERVAL):
            found.append(
                ItemShape(
                    name=item.name,
                    block=block,
                    title=item.title,
                    type=expr.type,
                    better=item.better,
                    file=item.span.file.path,
                    line=item.span.line,
                )
            )
    return found


def _score(shape: NodeShape, context: Context) -> list[ItemShape]:
    def output(name: str, block: str, node: NodeShape = shape) -> list[ItemShape]:
        expr = context.known(name)
        if expr is None or expr.type == UNKNOWN:
            return []
        return [ItemShape(name=name, block=block, title=node.title, type=expr.type, file=node.file, line=node.line)]

    found = output(shape.path, "scores") + output(f"{shape.path}.status", "status")
    stack = list(shape.children)
    while stack:
        node = stack.pop(0)
        found += output(node.path, "parts", node)
        stack = [*node.children, *stack]
    for place in range(1, TOP + 1):
        found += output(f"{shape.path}.reason_{place}", "reasons") + output(f"{shape.path}.lost_{place}", "lost")
    return found
