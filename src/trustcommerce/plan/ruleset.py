"""One rule set -> its plan: a version for each span of days in which nothing in it changes."""

import re
from collections.abc import Mapping
from functools import partial

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, Span
from trustcommerce.language.expressions import Expr, Literal
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.relations import Distinct, Field, Match, Peers, Rank, Relation, Scan, Share
from trustcommerce.language.types import UNKNOWN, Type
from trustcommerce.model import Item as ItemSpec
from trustcommerce.model import Pack, RuleSet, TableSpec
from trustcommerce.plan.calls import vectorised
from trustcommerce.plan.chain import chain, links
from trustcommerce.plan.context import Context, Step
from trustcommerce.plan.facts import Facts
from trustcommerce.plan.items import lower_item
from trustcommerce.plan.origins import Shared
from trustcommerce.plan.outputs import outputs
from trustcommerce.plan.pools import Pools
from trustcommerce.plan.reasons import lower_reasons
from trustcommerce.plan.references import References
from trustcommerce.plan.scores import Scores
from trustcommerce.plan.unused import check_unused
from trustcommerce.plan.version import Version, atoms_of
from trustcommerce.registry import Registry

__all__ = ["plan_version"]

_WORD = re.compile(r"[^\W\d]\w*")


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
    before = problems.met
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
    _check_case(ruleset, context)
    scores = Scores(context)
    pools = Pools(context)
    for pool in ruleset.pools.values():
        _check_name(pool.name, pool.span, context)
        if pool.name in ruleset.items or pool.name in ruleset.scores:
            block = ruleset.items[pool.name].block if pool.name in ruleset.items else "scores"
            said = f"`{pool.name}` stands in `pools` and in `{block}`"
            problems.add(codes.DUPLICATE_NAME, said, pool.span, "all items share one namespace")
        context.thunks[pool.name] = partial(pools.lower, pool)
    try:
        where = context.certain(ruleset.where, None, "wrap it: `coalesce(..., false)`") if ruleset.where else None
        first = len(context.steps)
        _check_judged(ruleset, context)
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
    if problems.met > before or any(each.type == UNKNOWN for each in context.all_known().values()):
        return None
    gathers = facts.gathers()
    inputs = tuple(
        context.columns[name]
        for name in dict.fromkeys([*ruleset.key, *(n for n in context.columns if n in context.used)])
    )
    relation = chain(context, inputs, base, gathers, where, first)
    matches = tuple(reversed([each for each in links(relation) if isinstance(each, Match)]))
    atoms = atoms_of(relation)
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
        pools=tuple(pools.shapes.values()),
        functions=tuple(vectorised(relation, context.registry)),
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


def _check_judged(ruleset: RuleSet, context: Context) -> None:
    """Who is judged does not depend on how those that are judged compare."""
    nothing = Scan(table="", key=(), fields=())
    made = [step.build(nothing) for step in context.steps if isinstance(step, Step)]
    if ruleset.where is not None and any(isinstance(each, Peers | Rank | Share) for each in made):
        said = "`where` says who is judged, and rests on what compares just those"
        context.ops.error(codes.CYCLE, said, ruleset.where.span(), "compare them in a rule set of their own")


def _check_case(ruleset: RuleSet, context: Context) -> None:
    """Names that differ in case only are one column to most databases; those of one block are told apart before."""
    seen = {name.casefold(): (name, "columns") for name in context.columns}
    said = [(each.name, each.block, each.span) for each in ruleset.items.values()]
    said += [(each.name, "scores", each.span) for each in ruleset.scores.values()]
    said += [(each.name, "pools", each.span) for each in ruleset.pools.values()]
    said += [(each.name, "references", each.span) for each in ruleset.references.values()]
    for name, block, span in said:
        first, other = seen.setdefault(name.casefold(), (name, block))
        if first != name and block != other:
            hint = "databases take them for one column: rename one of them"
            context.ops.error(codes.DUPLICATE_NAME, f"`{name}` and `{first}` differ in case only", span, hint)


def _check_name(name: str, span: Span, context: Context) -> None:
    if name in context.columns or name in context.references or name in ("as_of", "previous", "metric"):
        what = (
            "a column of the subject"
            if name in context.columns
            else ("a reference" if name in context.references else "a special name")
        )
        context.ops.error(codes.DUPLICATE_NAME, f"`{name}` is {what} already", span, "give the item another name")
