"""Bonuses and deductions by events: rows of a fact that each count, summed per group, capped, added."""

from trustcommerce import codes
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Expr, Literal, poison
from trustcommerce.language.relations import Measure
from trustcommerce.language.types import DATE, POINTS, UNKNOWN, Kind
from trustcommerce.model import Adjustment, Aggregate, Events
from trustcommerce.plan.context import Context
from trustcommerce.plan.groups import Group, group_of
from trustcommerce.plan.lowering import to_points

__all__ = ["lower_events"]


def lower_events(adjustment: Adjustment, name: str, context: Context) -> Expr:
    """The points of all events of a subject, as a column; `at_most` caps each group of `per`."""
    events = adjustment.events
    assert events is not None
    aggregate = _as_aggregate(events)
    group = group_of(aggregate, name, context)
    cases = group.cases(aggregate) if group is not None else None
    if group is None or cases is None:
        return poison(events.span)
    if len(cases) > 1:
        span = events.span if events.window is None else events.window.span
        return context.ops.error(
            codes.BAD_WINDOW, "the window of events is not chosen by rules", span, "say one window"
        )
    scope = group.scope
    with scope.naming(context.metric or name), scope.assuming(cases[0].present):
        points = _points(events, group, context)
        per = tuple(scope.bind(text) for text in events.per)
    cap = _cap(adjustment, context)
    if any(each is not None and each.type == UNKNOWN for each in (points, cap, *per)):
        return poison(events.span)
    if points.type.nullable:
        return context.ops.error(
            codes.MAYBE_MISSING,
            "these points may be missing, and nothing says what then",
            events.points[0][1].span(),
            "wrap them: `coalesce(..., 0)`",
        )
    if (points.type.low or 0) < 0:
        points = scope.ops.extreme("greatest", [points, Literal(0, POINTS.within(0, 0))])
    high = 10**10 if cap is None or per else int(cap.type.high or 0)
    measure = Measure(
        name=f"{name}.sum",
        atom=f"{name}.sum",
        function="sum",
        value=points,
        filters=cases[0].filters,
        per=per,
        cap=cap,
        type=POINTS.within(0, high),
    )
    return group.put(measure)


def _as_aggregate(events: Events) -> Aggregate:
    """The events as the aggregate that they are."""
    return Aggregate(
        kind="sum",
        body=events.points[0][1],
        fact=events.fact,
        where=events.where,
        window=events.window,
        by=events.by,
        weight=None,
        at=None,
        exclude=events.exclude,
        within=None,
        order=(),
        form=None,
        span=events.span,
        spans={},
        keys={},
    )


def _points(events: Events, group: Group, context: Context) -> Expr:
    """Points of one row; dated ones by the row's own date."""
    scope, ops = group.scope, group.scope.ops

    def bound(text: Text) -> Expr:
        return to_points(scope.bind(text), scope)

    if events.dated_by is None:
        if len(events.points) > 1 or events.points[0][0] is not None:
            return ops.error(
                codes.MISSING_KEY,
                f"points with dates need the date of each of `{events.fact}`",
                events.points[0][1].span(),
                "say `dated_by`, a column of the fact",
            )
        return bound(events.points[0][1])
    if events.points[0][0] is None:
        return ops.error(
            codes.UNKNOWN_KEY, "`dated_by` says nothing: the points have no dates", events.dated_by.span(), "drop it"
        )
    at = scope.bind(events.dated_by)
    if at.type == UNKNOWN:
        return at
    if at.type.kind not in (Kind.DATE, Kind.TIMESTAMP) or at.type.nullable:
        return ops.error(
            codes.TYPE_MISMATCH, f"`dated_by` is a moment that is never missing, not {at.type}", events.dated_by.span()
        )
    branches = []
    for since, text in reversed(events.points[1:]):
        branches.append((ops.compare("ge", at, Literal(since, DATE)), bound(text)))
    return ops.case(branches, bound(events.points[0][1]), events.span)


def _cap(adjustment: Adjustment, context: Context) -> Expr | None:
    if adjustment.at_most is None:
        return None
    cap = to_points(context.bind(adjustment.at_most), context)
    if cap.type == UNKNOWN:
        return cap
    if not isinstance(cap, Literal) or not isinstance(cap.value, int) or cap.value < 0:
        return context.ops.error(
            codes.OUT_OF_RANGE,
            "the cap of events is a number of points from 0",
            adjustment.at_most.span(),
            "write a number; dates may stand before it",
        )
    return cap
