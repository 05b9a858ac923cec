"""Ranks lowered: where a subject stands among its peers, or a row among those of its subject.

Position is a place from 1 without ties: the key, or the fact's id, decides between equals. Percent is
the mid-rank, (below + equal / 2) / all, a ratio from 0 to 1.
"""

from trustcommerce import codes
from trustcommerce.language.expressions import Column, Expr, columns, poison
from trustcommerce.language.relations import Rank, Relation
from trustcommerce.language.types import INTEGER, NUMBER, UNKNOWN, Kind
from trustcommerce.model import Aggregate, Item, read_aggregate
from trustcommerce.plan.context import Context, helper
from trustcommerce.plan.fact_rows import FactRows
from trustcommerce.plan.groups import partition
from trustcommerce.read import Mapping

__all__ = ["lower_rank", "lower_row_rank"]

_PLACE = INTEGER.within(1, 10**12)
_SHARE = NUMBER.with_unit("ratio").within(0.0, 1.0)
_ORDERED = (Kind.EXACT, Kind.NUMBER, Kind.DATE, Kind.TIMESTAMP, Kind.LABEL)


def lower_rank(node: Mapping, item: Item, context: Context) -> Expr:
    """A metric `rank: x, within: [...], order: ascending, as: percent | position`."""
    aggregate = read_aggregate(node)
    if aggregate is None or aggregate.within is None:
        return context.ops.error(
            codes.MISSING_KEY,
            f"`{item.name}` does not say among whom",
            item.span,
            "say `within: category`, or `within: []` for all subjects",
        )
    for other in ("from", "window", "by", "exclude", "weight", "at"):
        if other in aggregate.keys:
            said = f"`{other}` says nothing beside `rank`: it ranks this rule set's own subjects"
            return context.ops.error(codes.UNKNOWN_KEY, said, aggregate.keys[other], "drop it")
    within = partition(aggregate.within, context)
    value = context.bind(aggregate.body)
    descending = _descends(aggregate, context)
    if within is None or descending is None or value.type == UNKNOWN:
        return poison(item.span)
    if value.type.kind not in _ORDERED:
        hint = "rank by a number, a moment or a level"
        return context.ops.error(codes.TYPE_MISMATCH, f"ranks by {value.type.null(False)}", aggregate.span, hint)
    value = context.hoist(helper(item.name, "value"), value)
    tests = [context.ops.negate(context.ops.is_null(value))] if value.type.nullable else []
    if aggregate.where is not None:
        tests.append(context.certain(aggregate.where, None, "wrap it: `coalesce(..., false)`"))
    where = context.ops.logic("and", tests) if tests else None
    if where is not None and where.type == UNKNOWN:
        return where
    percent = aggregate.form == "percent"
    key = tuple((Column(name, context.columns[name].type), False) for name in context.ruleset.key)
    order = ((value, descending),) if percent else ((value, descending), *key)
    name = f"{item.name}.rank"
    type_ = (_SHARE if percent else _PLACE).null(where is not None)

    def build(source: Relation) -> Relation:
        return Rank(
            source=source,
            name=name,
            form="percent" if percent else "position",
            order=order,
            within=within,
            where=where,
            type=type_,
        )

    def reads() -> set[str]:
        return {each for expr in (value, *within, *([where] if where is not None else [])) for each in columns(expr)}

    context.add(build, reads)
    return Column(name, type_, item.span)


def lower_row_rank(item: Item, rows: FactRows) -> Expr:
    """A fact's column `rank` or `running`: over the rows of one subject that are not excluded."""
    assert item.metric is not None
    kind, node = item.metric
    context = rows.context
    aggregate = read_aggregate(node)
    if aggregate is None:
        return poison(item.span)
    span = aggregate.span
    within = [context.bind(text) for text in aggregate.within or ()]
    left = rows.eligible(None, span)
    if rows.differs:
        return context.ops.error(
            codes.FORBIDDEN_SYNTAX,
            "rows are numbered once, and these exclusions differ from metric to metric",
            span,
            "number the rows in a rule set of their own",
        )
    if kind == "rank":
        descending = _descends(aggregate, context)
        order = None if descending is None else rows.ordered([aggregate.body], descending, span)
        value = None
    else:
        order = rows.ordered(aggregate.order, False, span)
        value = context.bind(aggregate.body)
        if value.type != UNKNOWN and (value.type.kind is not Kind.EXACT or value.type.nullable):
            return context.ops.error(
                codes.TYPE_MISMATCH,
                f"a running sum is over exact numbers that are never missing, not {value.type}",
                span,
                "round it: `round(..., 2)`, or say what stands in: `coalesce(..., 0)`",
            )
    if order is None or any(each.type == UNKNOWN for each in [*within, *([value] if value else [])]):
        return poison(item.span)
    found = rows.rank(item.name, "position" if kind == "rank" else "running", order, within, left, value)
    return context.define(item.name, found)


def _descends(aggregate: Aggregate, context: Context) -> bool | None:
    """Whether the largest comes first."""
    said = [text.text for text in aggregate.order]
    if said in ([], ["ascending"], ["descending"]):
        return said == ["descending"]
    context.ops.error(
        codes.BAD_LITERAL,
        f"no order `{', '.join(said)}`",
        aggregate.spans.get("order", aggregate.span),
        "write `order: ascending` or `order: descending`",
    )
    return None
