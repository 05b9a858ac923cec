"""Scores lowered to integer arithmetic over ten-thousandths of a point.

At every node: exceptions, then the choice or the weighted mean, bonuses, deductions, limits,
range, rounding. Each number of a node is an item of its own, so that explanations can show it.
"""

from collections.abc import Sequence as Seq
from functools import partial

from attrs import evolve, frozen

from trustcommerce import codes
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Expr, Literal, poison
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.operations import constant, null_of, retype
from trustcommerce.language.types import BOOLEAN, POINTS, UNKNOWN, label
from trustcommerce.model import ExceptionRule, Part
from trustcommerce.plan.adjustments import Adjustments
from trustcommerce.plan.context import Context, helper
from trustcommerce.plan.lowering import Lowering, Target, to_points
from trustcommerce.plan.means import weight_of, weighted_mean
from trustcommerce.plan.shape import STATUSES, TOP, NodeShape
from trustcommerce.plan.shaping import shape_node
from trustcommerce.read import Scalar

__all__ = ["Node", "Scores"]

_NO = Literal(False, BOOLEAN)


@frozen(kw_only=True, eq=False)
class Node:
    """A lowered node.

    Args:
        value: Points, missing when left out.
        insufficient: True where the whole score can't be given because of this node.
        covered: Whether a missing value always means insufficient.
        weight: Weight in the parent; None at the root.
        shape: What explanations need.
    """

    value: Expr
    insufficient: Expr
    covered: bool
    weight: Expr | None
    shape: NodeShape | None
    total: Expr | None = None
    exception: Expr | None = None
    children: tuple["Node", ...] = ()


_BROKEN = Node(value=poison(), insufficient=_NO, covered=True, weight=None, shape=None)


_TAKEN = (
    "status",
    *(f"{what}_{place}" for what in ("reason", "lost") for place in range(1, TOP + 1)),
    "bonuses",
    "deductions",
)
"""What columns of every score and numbers of every part are called, so that no part is."""


class Scores:
    """All scores of one rule set; parts are lowered when first asked for, as items are."""

    def __init__(self, context: Context) -> None:
        self.context, self.ops = context, context.ops
        self.adjustments = Adjustments(context)
        self.nodes: dict[str, Node] = {}
        for score in context.ruleset.scores.values():
            self._announce(score)
            context.thunks[score.name] = partial(self._root, score)
            context.thunks[f"{score.name}.status"] = partial(self._status, score)

    def _announce(self, part: Part) -> None:
        for child in part.parts:
            if child.name.casefold() in _TAKEN:
                said = f"`{child.name}` names something of every score"
                self.ops.error(codes.DUPLICATE_NAME, said, child.span, "rename the part")
            self.context.thunks[child.path] = partial(self._part, child)
            self._announce(child)

    def _part(self, part: Part) -> Expr:
        return self._node(part).value

    # -- the root

    def _root(self, score: Part) -> Expr:
        node = self._node(score)
        if node.value.type == UNKNOWN:
            return node.value
        hidden = [node.insufficient, *self._exception_is(score, node, "masked")]
        value = self.ops.case([(held, null_of(node.value.type)) for held in hidden], node.value)
        return self.context.define(score.path, evolve(value, span=score.span))

    def _exception_is(self, part: Part, node: Node, *statuses: str) -> list[Expr]:
        """Conditions under which an exception with one of these statuses decided the node."""
        if node.exception is None:
            return []
        return [
            self.ops.compare("eq", node.exception, constant(i + 1))
            for i, rule in enumerate(part.exceptions)
            if rule.status in statuses
        ]

    def _status(self, score: Part) -> Expr:
        value = self.context.value(score.name)
        node = self.nodes.get(score.path, _BROKEN)
        if value.type == UNKNOWN:
            return poison(score.span)
        type_ = label(STATUSES)

        def status(name: str) -> Expr:
            return Literal(STATUSES.index(name), type_)

        branches: list[tuple[Expr, Expr]] = []
        applies = self.context.known(helper(score.path, "applies"))
        if applies is not None:
            branches.append((self.ops.negate(applies), status("not_applicable")))
        if node.exception is not None:
            branches += [
                (self.ops.compare("eq", node.exception, constant(i + 1)), status(rule.status))
                for i, rule in enumerate(score.exceptions)
            ]
        branches.append((node.insufficient, status("insufficient")))
        if node.shape is not None and node.shape.missing not in (None, "insufficient"):
            branches.append((self.ops.is_null(self._named(helper(score.path, "mean"))), status("default")))
        found = self.ops.case(branches, status("scored"), score.span)
        return self.context.define(f"{score.name}.status", retype(found, type_))

    def _named(self, name: str) -> Expr:
        return self.context.known(name) or constant(None)

    # -- a node

    def _node(self, part: Part) -> Node:
        if part.path not in self.nodes:
            found = self._lower(part)
            self.nodes[part.path] = found
        return self.nodes[part.path]

    def _lower(self, part: Part) -> Node:
        root = "." not in part.path
        with self.context.naming(part.name):
            weight = weight_of(part, self.context) if not root else None
            applies = self._applies(part)
            exceptions = [self._exception(rule, part) for rule in part.exceptions]
            children = tuple(self._child(child) for child in part.parts)
            total: Expr | None = None
            if children:
                raw, total = weighted_mean(part, [(child.value, child.weight) for child in children], self.context)
            else:
                raw = self._leaf(part)
            value, missing, own = self._missing(part, raw, children, root)
            start = value
            if value.type.nullable and (part.bonuses or part.deductions or part.limits or part.range or part.round):
                start = self.context.hoist(helper(part.path, "base"), value)
                value = retype(start, start.type.null(False))
            value, adjustments = self.adjustments.adjust(part, value)
            value, limits = self.adjustments.limit(part, value, start)
            value = self.adjustments.finish(part, value)
            if start.type.nullable and value.type != UNKNOWN and not value.type.nullable:
                value = self.ops.case([(self.ops.is_null(start), null_of(value.type))], value, part.span)
        if any(e.type == UNKNOWN for e in (raw, value, *(h for h, _ in exceptions), *(t for _, t in exceptions))):
            return evolve(_BROKEN, weight=weight)
        if applies is not None and applies.type == UNKNOWN:
            return evolve(_BROKEN, weight=weight)
        number = self._exception_number(part, exceptions, applies)
        insufficient = self._insufficient(part, raw, own, children, number, applies)
        if number is not None:
            thens = [
                (self.ops.compare("eq", number, constant(i + 1)), then)
                for i, (_, then) in enumerate(exceptions)
                if part.exceptions[i].status != "masked"
            ]
            value = self.ops.case(thens, value, part.span)
        if applies is not None:
            value = self.ops.case([(applies, value)], null_of(value.type), part.span)
        name = helper(part.path, "value") if root else part.path
        value = self.context.define(name, evolve(value, span=part.span))
        covered = own == "insufficient" or any(child.covered for child in children)
        shapes = tuple(child.shape for child in children if child.shape is not None)
        shape = shape_node(
            part,
            self.context,
            value=value,
            weight=weight,
            total=total,
            exception=number,
            missing=missing,
            policy=own,
            adjustments=adjustments,
            limits=limits,
            children=shapes,
        )
        return Node(
            value=value,
            insufficient=insufficient,
            covered=covered,
            weight=weight,
            shape=shape,
            total=total,
            exception=number,
            children=children,
        )

    def _child(self, child: Part) -> Node:
        if child.name.casefold() in _TAKEN:
            return _BROKEN
        value = self.context.value(child.path, child.span)
        found = self.nodes.get(child.path)
        return (
            found
            if found is not None and value.type != UNKNOWN
            else evolve(_BROKEN, weight=found.weight if found else None)
        )

    def _leaf(self, part: Part) -> Expr:
        choice = part.choice
        if choice is None or choice.form is None or choice.body is None:
            return poison(part.span)
        of = None
        if choice.of is None and self.context.registry.choice_forms[choice.form].takes_input:
            if part.name not in self.context.columns and part.name not in self.context.thunks:
                return self.ops.error(
                    codes.UNKNOWN_NAME,
                    f"`{part.name}` names no input of this part",
                    part.span,
                    "say `of`, or call the part as the metric it reads: "
                    + (did_you_mean(part.name, self.context.names()) or "see `metrics`"),
                )
            of = self.context.resolve((part.name,), part.span)
        lowering = Lowering(
            self.context,
            part.path,
            evolve(choice, missing=None),
            Target("points"),
            of,
            spoken_for=part.missing is not None,
            answers=_answers(part),
        )
        found = self.context.registry.choice_forms[choice.form].lower(choice.body, lowering)
        return poison(part.span) if lowering.demanded else to_points(found, self.context)

    # -- what is missing

    def _missing(self, part: Part, raw: Expr, children: Seq[Node], root: bool) -> tuple[Expr, Expr | None, str | None]:
        """The value with the node's own `missing` applied; the default points; the policy."""
        if raw.type == UNKNOWN:
            return raw, None, None
        policy = part.missing.text if isinstance(part.missing, Scalar) else None
        if policy in ("leave_out", "insufficient"):
            if policy == "leave_out" and root:
                self.ops.error(
                    codes.WRONG_SHAPE,
                    "a score has no siblings that could take its weight",
                    part.missing.span if part.missing is not None else part.span,
                    "say `missing: insufficient`, or points",
                )
            if raw.type.nullable:
                raw = self.context.hoist(helper(part.path, "mean"), raw)
            return raw, None, policy
        if isinstance(part.missing, Scalar):
            points = to_points(self.context.bind(Text.of(part.missing)), self.context)
            if points.type == UNKNOWN:
                return points, None, None
            if points.type.nullable:
                return (
                    self.ops.error(
                        codes.MAYBE_MISSING,
                        "these points may be missing themselves",
                        part.missing.span,
                        "say leave_out or insufficient, or wrap them: `coalesce(..., 0)`",
                    ),
                    None,
                    None,
                )
            if not raw.type.nullable:
                return raw, None, None
            named = self.context.hoist(helper(part.path, "mean"), raw)
            return self.ops.coalesce([named, points], part.span), points, None
        if raw.type.nullable and not any(child.covered for child in children):
            what = "the score" if root else f"`{part.name}`"
            return (
                self.ops.error(
                    codes.MAYBE_MISSING,
                    f"{what} may be missing, and nothing says what then",
                    part.span,
                    f"add `missing:` with {_answers(part)}",
                ),
                None,
                None,
            )
        return raw, None, None

    def _insufficient(
        self, part: Part, raw: Expr, own: str | None, children: Seq[Node], number: Expr | None, applies: Expr | None
    ) -> Expr:
        held = [child.insufficient for child in children]
        if own == "insufficient" and raw.type.nullable:
            held.append(self.ops.is_null(self._named(helper(part.path, "mean"))))
        found = self.ops.logic("or", held) if held else _NO
        if number is not None:
            none = self.ops.compare("eq", number, constant(0))
            flagged = self._exception_is(
                part,
                Node(value=raw, insufficient=_NO, covered=False, weight=None, shape=None, exception=number),
                "insufficient",
            )
            found = self.ops.logic("or", [*flagged, self.ops.logic("and", [none, found])])
        if applies is not None:
            found = self.ops.logic("and", [applies, found])
        return self.context.hoist(helper(part.path, "insufficient"), found)

    def _applies(self, part: Part) -> Expr | None:
        """Whether the node is applicable at all; where not, nothing else of it matters."""
        if part.applies is None:
            return None
        applies = self.context.certain(part.applies, None, "wrap it: `coalesce(..., false)`")
        return applies if applies.type == UNKNOWN else self.context.hoist(helper(part.path, "applies"), applies)

    # -- exceptions

    def _exception(self, rule: ExceptionRule, part: Part) -> tuple[Expr, Expr]:
        held = self.context.certain(rule.guard.when, rule.guard.missing, "add `missing: true` or `missing: false`")
        if rule.status == "frozen":
            return self.ops.error(
                codes.NEEDS_PERIODS,
                "`frozen` takes the previous period's value, and periods do not exist yet",
                rule.span,
            ), poison(rule.span)
        if rule.status in ("default",) and rule.then is None:
            return self.ops.error(
                codes.MISSING_KEY,
                "an exception with a value says it: `then`",
                rule.span,
                "or say `status: insufficient`, `exempt` or `masked`",
            ), poison(rule.span)
        if rule.then is None:
            return held, null_of(POINTS)
        if rule.status != "default":
            return self.ops.error(
                codes.WRONG_SHAPE,
                f"`then` beside `status: {rule.status}`, which gives no points",
                rule.then.span,
                "drop one of them",
            ), poison()
        if not isinstance(rule.then, Scalar):
            return self.ops.error(codes.TYPE_MISMATCH, "a list where points are expected", rule.span), poison()
        then = to_points(self.context.bind(Text.of(rule.then)), self.context)
        if then.type.nullable and then.type != UNKNOWN and part.missing is None:
            return self.ops.error(codes.MAYBE_MISSING, "the exception's points may be missing", rule.span), poison()
        return held, then

    def _exception_number(self, part: Part, exceptions: Seq[tuple[Expr, Expr]], applies: Expr | None) -> Expr | None:
        if not exceptions:
            return None
        branches = [(held, constant(i + 1)) for i, (held, _) in enumerate(exceptions)]
        if applies is not None:
            branches.insert(0, (self.ops.negate(applies), constant(0)))
        found = self.ops.case(branches, constant(0), part.span)
        return self.context.hoist(helper(part.path, "exception"), retype(found, evolve(found.type, literal=False)))


def _answers(part: Part) -> str:
    """What `missing:` may say at a node."""
    return "leave_out, insufficient, or points" if "." in part.path else "insufficient, or points"
