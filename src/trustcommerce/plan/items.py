"""Items of the blocks `metrics`, `values`, `levels`, `resources`: from choice to typed column."""

from decimal import Decimal

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Case, Expr, Literal, poison
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.operations import null_of, retype
from trustcommerce.language.types import INTEGER, UNKNOWN, Kind, Type, implied_by_unit, power
from trustcommerce.model import Choice, Item
from trustcommerce.plan.context import Context
from trustcommerce.plan.lowering import Lowering, Target
from trustcommerce.read import Mapping, Node, Scalar, Sequence

__all__ = ["clamp", "lower_exceptions", "lower_item", "round_step"]


def lower_item(item: Item, context: Context) -> Expr:
    """The item as a column of the plan, or a constant, or poison when something is wrong with it."""
    if item.broken:
        return poison(item.span)
    with context.naming(item.name.removesuffix(".unexcluded")):
        found = _decided(item, context)
        if item.applies is not None and found.type != UNKNOWN:
            applies = context.certain(item.applies, None, "wrap it: `coalesce(..., false)`")
            if applies.type == UNKNOWN:
                return applies
            found = context.ops.case([(applies, found)], null_of(found.type))
    if found.type == UNKNOWN:
        return found
    if found.type.kind is Kind.INTERVAL:
        return context.ops.error(
            codes.TYPE_MISMATCH,
            "an interval is no value of its own",
            item.span,
            "write it where it is added: `as_of - interval '30 days'`",
        )
    if not item.in_force:
        found = null_of(found.type, item.span)
    elif item.block in ("levels", "resources") and found.type.nullable and not _null_is_said(item):
        return context.ops.error(
            codes.MAYBE_MISSING,
            f"`{item.name}` may be missing, and nothing says what then",
            item.span,
            "add `missing:` with the result for that case",
        )
    if isinstance(found, Literal) and found.type.unit is not None:
        found = retype(found, evolve(found.type, literal=False))
    return context.define(item.name, evolve(found, span=item.span))


def _null_is_said(item: Item) -> bool:
    return item.applies is not None or (
        item.choice.missing is not None and getattr(item.choice.missing, "value", "") is None
    )


def _decided(item: Item, context: Context) -> Expr:
    """Choice or metric, exceptions before it, unit, rounding and range after it."""
    target = _target(item, context)
    if target is None:
        return poison(item.span)
    choice = item.choice
    if item.block == "resources" and choice.form in ("rules", "steps", "table") and choice.hit is None:
        context.ops.error(
            codes.NO_HIT, f"`{item.name}` does not say `hit`", item.span, "say `hit: first`, or max, min, sum, collect"
        )
    lowering = Lowering(context, item.name, choice, target)
    if item.metric is not None:
        kind, body = item.metric
        found = context.registry.metric_kinds[kind].lower(body, item, context)
        lowering.like(found)
        if found.type.nullable and choice.missing is not None:
            found = context.ops.coalesce([found, lowering.missing()])
    else:
        assert choice.form is not None and choice.body is not None
        found = context.registry.choice_forms[choice.form].lower(choice.body, lowering)
    if lowering.demanded:
        return poison(item.span)
    if target.kind == "labels":
        found = _labelled(found, item, target, context)
    found = _measured(found, item, context)
    return lower_exceptions(choice, found, lowering)


def lower_exceptions(choice: Choice, found: Expr, lowering: Lowering) -> Expr:
    """Exceptions of an item: the first that holds gives the result."""
    branches = []
    for rule in choice.exceptions:
        held = lowering.context.certain(rule.guard.when, rule.guard.missing, "add `missing: true` or `missing: false`")
        branches.append((held, lowering.result(rule.then)))
    if not branches or found.type == UNKNOWN:
        return found
    return lowering.ops.case(branches, found, choice.span)


# -- targets


def _target(item: Item, context: Context) -> Target | None:
    if isinstance(item.labels, tuple):
        if len(set(item.labels)) < len(item.labels):
            return None
        return Target("labels", item.labels)
    if isinstance(item.labels, Text):
        return _borrowed(item.labels, context)
    members = _members(item.choice)
    if len(members) > 62:
        context.ops.error(codes.OVERFLOW, f"sets of {len(members)} members: at most 62 are possible", item.span)
        return None
    return Target("set", members) if members or item.choice.hit == "collect" else Target()


def _borrowed(name: Text, context: Context) -> Target | None:
    """The labels of another level, by its name or through a reference."""
    other = context.ruleset.items.get(name.text)
    if other is not None and other.broken:
        return None
    if other is not None and isinstance(other.labels, tuple):
        return Target("labels", other.labels)
    if other is not None and isinstance(other.labels, Text) and other.labels.text != name.text:
        return _borrowed(other.labels, context)
    if "." in name.text:
        found = context.bind(name)
        if found.type.kind is Kind.LABEL:
            return Target("labels", found.type.labels)
        if found.type == UNKNOWN:
            return None
    levels = [each.name for each in context.ruleset.items.values() if isinstance(each.labels, tuple)]
    context.ops.error(
        codes.UNKNOWN_NAME,
        f"no level `{name.text}` whose labels could be taken",
        name.span(),
        did_you_mean(name.text, levels),
    )
    return None


def _members(choice: Choice) -> tuple[str, ...]:
    """Every member of every list among the results, sorted."""
    found: set[str] = set()

    def visit(node: Node | None, depth: int = 0) -> None:
        if isinstance(node, Sequence) and (depth > 0 or choice.form not in ("rules", "table", "curve")):
            found.update(getattr(item, "text", "") for item in node)
        elif isinstance(node, Sequence):
            for item in node:
                visit(item.items[-1] if isinstance(item, Sequence) else item, 1)
        elif isinstance(node, Mapping):
            for entry in node:
                if entry.key.text != "when":
                    visit(entry.value, 1)

    if choice.form != "curve":
        visit(choice.body)
        visit(choice.missing, 1)
        for rule in choice.exceptions:
            visit(rule.then, 1)
    return tuple(sorted(found))


def _labelled(found: Expr, item: Item, target: Target, context: Context) -> Expr:
    found = context.ops.as_label(found, target.labels)
    if found.type == UNKNOWN:
        return found
    if found.type.labels != target.labels:
        return context.ops.error(codes.TYPE_MISMATCH, "these are labels of another level", item.span)
    given = _given(found)
    if given is not None and isinstance(item.labels, tuple):
        extra = [item.choice.missing, *(rule.then for rule in item.choice.exceptions)]
        said = [node.text for node in extra if isinstance(node, Scalar)]
        given |= {target.labels.index(text) for text in said if text in target.labels}
        for rank, label in enumerate(target.labels):
            if rank not in given:
                context.ops.error(
                    codes.LABEL_NEVER,
                    f"no entry gives the label `{label}`",
                    item.span,
                    "drop the label, or add the entry",
                )
    return found


def _given(expr: Expr) -> set[int] | None:
    """Ranks that the expression can give, or None when they are not all constants."""
    if isinstance(expr, Literal):
        return {int(expr.value)} if isinstance(expr.value, int) else set()
    if isinstance(expr, Case):
        parts = [_given(then) for _, then in expr.branches] + [_given(expr.otherwise)]
        return None if any(part is None for part in parts) else set().union(*(p for p in parts if p is not None))
    return None


# -- units, rounding, ranges


def _measured(found: Expr, item: Item, context: Context) -> Expr:
    if found.type == UNKNOWN:
        return found
    wanted = item.unit or item.round or item.range
    if found.type.kind is Kind.MISSING and item.unit:
        implied = implied_by_unit(item.unit)
        return null_of(implied) if implied else found
    if wanted and not found.type.numeric:
        return context.ops.error(codes.TYPE_MISMATCH, f"a unit, range or round for {found.type.null(False)}", item.span)
    if item.round is not None:
        found = round_step(found, item.round, context, item.span)
    if item.unit and found.type != UNKNOWN:
        found = _in_unit(found, item.unit, context, item.span)
    if item.range is not None and found.type != UNKNOWN:
        bounds = [context.bind(each) for each in item.range]
        _check_bounds(bounds, item.round, context, item.range[0].span())
        found = clamp(found, bounds, context)
    return found


def round_step(found: Expr, step: Decimal, context: Context, span: Span) -> Expr:
    """The nearest multiple of `step`, halves away from zero, as an exact number."""
    if step <= 0:
        return context.ops.error(codes.BAD_LITERAL, "`round` is a step above 0", span)
    scale = max(0, -int(step.normalize().as_tuple().exponent))
    units = int(step.scaleb(scale))
    exact = context.ops.round_to(found, scale, span) if units == 1 else found
    if units == 1 or exact.type == UNKNOWN:
        return exact
    by = Literal(units, INTEGER.within(units, units))
    if found.type.kind is Kind.EXACT and found.type.scale <= scale:
        count = context.ops.round_div(context.ops.rescale(found, scale), by, None, span)
    else:
        count = context.ops.round_to(context.ops.div(found, by, span), scale, span)
    return count if count.type == UNKNOWN else context.ops.mul(retype(count, evolve(count.type, scale=scale)), by, span)


def _in_unit(found: Expr, unit: str, context: Context, span: Span) -> Expr:
    implied = implied_by_unit(unit)
    if found.type.unit not in (None, unit) and (not found.type.dimensionless or unit == "percent"):
        return context.ops.error(codes.UNIT_MISMATCH, f"this is in {found.type.unit}, not in {unit}", span)
    if implied is None:
        return retype(found, evolve(found.type, unit=unit))
    if implied.kind is Kind.NUMBER:
        return retype(context.ops.to_number(found), _unit_of(context.ops.to_number(found).type, unit))
    if (found.type.kind is Kind.NUMBER and implied.is_money) or found.type.scale > implied.scale:
        return context.ops.error(
            codes.INEXACT_MONEY,
            f"this has more places than {unit}",
            span,
            f"say `round: {Decimal(1).scaleb(-implied.scale)}`",
        )
    fitted = context.ops.round_to(found, implied.scale, span)
    return fitted if fitted.type == UNKNOWN else retype(fitted, _unit_of(fitted.type, unit))


def _unit_of(type_: Type, unit: str) -> Type:
    return evolve(type_, unit=unit, literal=False)


def _check_bounds(bounds: list[Expr], step: Decimal | None, context: Context, span: Span) -> None:
    values = [
        b.value / power(b.type.scale) if isinstance(b, Literal) and isinstance(b.value, int) else None for b in bounds
    ]
    low, high = values
    if low is not None and high is not None and low > high:
        context.ops.error(codes.BAD_RANGE, "the range begins above its end", span)
    for bound, value in zip(bounds, values, strict=True):
        if step and value is not None and Decimal(str(value)) % step:
            context.ops.error(
                codes.BOUNDS,
                f"{value:g} is no multiple of `round`, {step}",
                bound.span,
                "otherwise the order of both would matter",
            )


def clamp(found: Expr, bounds: list[Expr], context: Context) -> Expr:
    """`found` within two bounds, which are numbers that are never missing."""
    ops = context.ops
    for bound in bounds:
        if bound.type != UNKNOWN and (not bound.type.numeric or bound.type.nullable):
            return ops.error(codes.TYPE_MISMATCH, "a range is made of numbers that are never missing", bound.span)
    low, high = bounds
    unit = found.type.unit
    found = ops.extreme("greatest", [found, low])
    found = ops.extreme("least", [found, high]) if found.type != UNKNOWN else found
    return found if found.type == UNKNOWN else retype(found, found.type.with_unit(unit))
