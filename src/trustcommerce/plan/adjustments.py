"""What moves a node of a score after its mean: bonuses, deductions, limits, range, rounding."""

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.expressions import Column, Expr, Literal, poison
from trustcommerce.language.operations import null_of, retype
from trustcommerce.language.types import INTEGER, POINTS, UNKNOWN
from trustcommerce.model import Adjustment, Limit, Part
from trustcommerce.plan.context import Context, helper
from trustcommerce.plan.events import lower_events
from trustcommerce.plan.items import clamp
from trustcommerce.plan.lowering import Lowering, Target, to_points
from trustcommerce.plan.shape import AdjustmentShape, LimitShape

__all__ = ["Adjustments", "item_name"]


def item_name(expr: Expr | None, name: str) -> str:
    """Name of the item that holds `expr`; a constant is kept under `name`."""
    return expr.name if isinstance(expr, Column) else name


class Adjustments:
    """Lowers what stands beside a node's choice or parts."""

    def __init__(self, context: Context) -> None:
        self.context, self.ops = context, context.ops

    def adjust(self, part: Part, value: Expr) -> tuple[Expr, tuple[AdjustmentShape, ...]]:
        shapes = []
        signed = [(each, 1, "bonuses") for each in part.bonuses] + [
            (each, -1, "deductions") for each in part.deductions
        ]
        for each, sign, block in signed:
            points = self._points(each, f"{part.path}.{block}.{each.name}")
            if points.type == UNKNOWN or value.type == UNKNOWN:
                value = poison(each.span)
                continue
            value = self.ops.sum("add" if sign > 0 else "sub", value, points, each.span)
            shapes.append(
                AdjustmentShape(
                    name=each.name,
                    title=each.title,
                    sign=sign,
                    item=f"{part.path}.{block}.{each.name}",
                    reason=each.reason,
                    line=each.span.line,
                )
            )
        return value, tuple(shapes)

    def _points(self, each: Adjustment, name: str) -> Expr:
        """Points of a bonus or deduction, never missing, capped by `at_most`, 0 where `when` fails."""
        if each.events is not None:
            found = lower_events(each, name, self.context)
        elif each.points is not None:
            found = to_points(self.context.bind(each.points), self.context)
        else:
            choice = each.choice
            assert choice.form is not None and choice.body is not None
            lowering = Lowering(self.context, name, choice, Target("points"))
            found = to_points(
                self.context.registry.choice_forms[choice.form].lower(choice.body, lowering), self.context
            )
        if found.type == UNKNOWN:
            return found
        if found.type.nullable:
            return self.ops.error(
                codes.MAYBE_MISSING,
                "these points may be missing, and nothing says what then",
                each.span if each.points is None else each.points.span(),
                "wrap them: `coalesce(..., 0)`",
            )
        place = each.span if each.points is None else each.points.span()
        if (found.type.high or 0) <= 0:
            return self.ops.error(
                codes.OUT_OF_RANGE,
                "these points are never above 0",
                place,
                "write the points that are taken off or added, without a minus",
            )
        if (found.type.low or 0) < 0:
            found = self.ops.extreme("greatest", [found, Literal(0, POINTS.within(0, 0))], each.span)
        if each.at_most is not None and each.events is None:
            cap = to_points(self.context.bind(each.at_most), self.context)
            if cap.type != UNKNOWN and ((cap.type.low or 0) < 0 or cap.type.nullable):
                return self.ops.error(
                    codes.OUT_OF_RANGE,
                    "this cap may be missing or below 0",
                    each.at_most.span(),
                    "`at_most` is the most points that are taken off or added",
                )
            found = self.ops.extreme("least", [found, cap], each.span) if cap.type != UNKNOWN else cap
        if each.guard is not None and found.type != UNKNOWN:
            held = self.context.certain(each.guard.when, each.guard.missing, "add `missing: true` or `missing: false`")
            if held.type == UNKNOWN:
                return held
            found = self.ops.case([(held, found)], Literal(0, POINTS.within(0, 0)), each.span)
        return self.context.define(name, found) if found.type != UNKNOWN else found

    def limit(self, part: Part, value: Expr, start: Expr) -> tuple[Expr, tuple[LimitShape, ...]]:
        shapes = []
        for each in part.limits:
            held = self.context.certain(each.guard.when, each.guard.missing, "add `missing: true` or `missing: false`")
            bound = to_points(self.context.bind(each.bound), self.context)
            if UNKNOWN in (held.type, bound.type, value.type):
                value = poison(each.span)
                continue
            self._check_bound(bound, each, part)
            before = self._held(helper(part.path, f"limits.{each.name}.before"), value, start)
            value = self._limited(helper(part.path, f"limits.{each.name}"), each, held, before, bound, start)
            shapes.append(
                LimitShape(
                    name=each.name,
                    title=each.title,
                    before=item_name(before, helper(part.path, f"limits.{each.name}.before")),
                    after=item_name(value, helper(part.path, f"limits.{each.name}")),
                    reason=each.reason,
                    line=each.span.line,
                )
            )
        return value, tuple(shapes)

    def _limited(self, name: str, each: Limit, held: Expr, before: Expr, bound: Expr, start: Expr) -> Expr:
        """The bound where it applies and is passed: what is missing passes none, and stays missing."""
        ops = self.ops
        best = ops.extreme("least" if each.upper else "greatest", [before, bound], each.span)
        if not isinstance(before, Column) or not start.type.nullable:
            return self._held(name, ops.case([(held, best)], before, each.span), start)
        seen = retype(before, before.type.null())
        beyond = ops.compare("gt" if each.upper else "lt", seen, bound, each.span)
        limited = ops.case([(ops.logic("and", [held, beyond]), bound)], seen, each.span)
        whole = ops.case([(held, best)], before).type
        return retype(self.context.hoist(name, retype(limited, whole.null())), whole)

    def _held(self, name: str, value: Expr, start: Expr) -> Expr:
        """`value` as an item that is missing where `start` is, read on as if it were there."""
        if isinstance(value, Column | Literal) or not start.type.nullable:
            return self.context.hoist(name, value)
        guarded = self.ops.case([(self.ops.is_null(start), null_of(value.type))], value)
        return retype(self.context.hoist(name, guarded), value.type)

    def _check_bound(self, bound: Expr, each: Limit, part: Part) -> None:
        if not isinstance(bound, Literal) or not isinstance(bound.value, int):
            return
        self._check_multiple(bound.value, part, each.bound.span())
        if part.range is not None:
            low, high = (to_points(self.context.bind(end), self.context) for end in part.range)
            ends = [end.value for end in (low, high) if isinstance(end, Literal) and isinstance(end.value, int)]
            if len(ends) == 2 and not ends[0] <= bound.value <= ends[1]:
                self.ops.error(
                    codes.OUT_OF_RANGE,
                    f"{bound.value / 10_000:g} lies outside the score's range",
                    each.bound.span(),
                    "the range would undo the limit",
                )

    def _check_multiple(self, value: int, part: Part, span: Span) -> None:
        if part.round is not None and part.round[0] > 0:
            step = int(part.round[0] * 10_000)
            if step and value % step:
                self.ops.error(
                    codes.BOUNDS,
                    f"{value / 10_000:g} is no multiple of `round`, {part.round[0]}",
                    span,
                    "otherwise the order of both would matter",
                )

    def finish(self, part: Part, value: Expr) -> Expr:
        """Range, then rounding."""
        if value.type == UNKNOWN:
            return value
        if part.range is not None:
            bounds = [to_points(self.context.bind(end), self.context) for end in part.range]
            if any(bound.type == UNKNOWN for bound in bounds):
                return poison(part.span)
            constants = [b.value for b in bounds if isinstance(b, Literal) and isinstance(b.value, int)]
            for bound, end in zip(bounds, part.range, strict=True):
                if isinstance(bound, Literal) and isinstance(bound.value, int):
                    self._check_multiple(bound.value, part, end.span())
            if len(constants) == 2 and constants[0] > constants[1]:
                return self.ops.error(codes.BAD_RANGE, "the range begins above its end", part.range[0].span())
            value = clamp(value, bounds, self.context)
        return self._round(part, value)

    def _round(self, part: Part, value: Expr) -> Expr:
        if part.round is None or value.type == UNKNOWN:
            return value
        step, span = part.round
        units = step * 10_000
        if units != int(units) or units <= 0:
            return self.ops.error(
                codes.BAD_LITERAL,
                f"{step} is no step of ten-thousandths of a point",
                span,
                "write 1, 0.1, 0.01 ... or another multiple of 0.0001",
            )
        if int(units) == 1:
            return value
        by = Literal(int(units), INTEGER.within(int(units), int(units)))
        count = self.ops.round_div(value, by, None, span)
        if count.type == UNKNOWN:
            return count
        return retype(self.ops.mul(count, by, span), evolve(value.type))
