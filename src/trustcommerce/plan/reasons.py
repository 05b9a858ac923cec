"""Reasons: the points each node lost at the root, and the largest three as codes.

A loss is the points missing at its node times the weights on its path, rounded once. Losses are
ranked by one integer key each, `lost * 2^k + (2^k - 1 - i)`, so ties fall to the earlier line; a key
below 2^k has lost nothing.
"""

from collections.abc import Iterator, Sequence

from attrs import evolve, frozen

from trustcommerce.language.expressions import Expr, Literal
from trustcommerce.language.operations import constant, null_of, retype
from trustcommerce.language.types import BOOLEAN, INTEGER, POINTS, TEXT, UNKNOWN
from trustcommerce.plan.context import Context, helper
from trustcommerce.plan.scores import Node
from trustcommerce.plan.shape import TOP, Line, NodeShape

__all__ = ["lower_reasons"]

_GROUP = 32
"""How many keys are compared in one step, more than `TOP`: of thousands, each group's largest are compared again."""
INSUFFICIENT = "INSUFFICIENT_DATA"
_ZERO = Literal(0, POINTS.within(0, 0))


@frozen
class _Loss:
    """Points lost at one place: locally, and the nodes from the root down to it."""

    expr: Expr
    path: tuple[Node, ...]
    line: Line


def lower_reasons(root: Node, context: Context) -> tuple[Line, ...]:
    """Define the late items of one score: `score.lost.i`, `score.reason_1` to 3, `score.lost_1` to 3."""
    shape = root.shape
    if shape is None or context.known(shape.path) is None:
        return ()
    losses = list(_losses((root,), context))
    lines = []
    keys: list[Expr] = []
    group: list[Expr] = []
    bits = max(1, len(losses).bit_length())
    for i, loss in enumerate(losses):
        item = helper(shape.path, f"lost.{i + 1}")
        lost = _at_root(loss, root, context)
        if lost.type == UNKNOWN:
            continue
        named = context.define(item, lost, late=True)
        lines.append(evolve(loss.line, item=item))
        key = _key(named, bits, len(lines) - 1, context)
        group.append(context.hoist(helper(shape.path, f"key.{i + 1}"), key, late=True))
        if len(group) == _GROUP and len(losses) > 2 * _GROUP:  # beside what it reads, not after all of it
            keys += _largest(helper(shape.path, f"key.{i + 1}.top"), group, context)
            group = []
    _rank(shape, root, lines, [*keys, *group], bits, context)
    return tuple(lines)


# -- where points are lost


def _losses(path: tuple[Node, ...], context: Context) -> Iterator[_Loss]:
    node = path[-1]
    shape = node.shape
    if shape is None:
        return
    if not node.children:
        yield from _of_leaf(path, node, shape, context)
        return
    if node.exception is not None and len(path) > 1 and shape.possible is not None:
        decided = context.ops.compare("gt", node.exception, constant(0))
        yield _Loss(
            context.ops.case([(decided, _below(shape.possible, node.value, context))], _ZERO), path, _line(shape)
        )
    for child in node.children:
        yield from _losses((*path, child), context)
    for lost, line in _taken(shape, context):
        yield _Loss(lost, path, line)


def _of_leaf(path: tuple[Node, ...], node: Node, shape: NodeShape, context: Context) -> Iterator[_Loss]:
    """What a leaf's choice lost, then what its deductions and limits took; an exception stands for all of it."""
    if node.value.type == UNKNOWN:
        return
    ops = context.ops
    taken = list(_taken(shape, context))
    gone = [ops.is_null(node.value)]
    if node.exception is not None:
        gone.append(ops.compare("gt", node.exception, constant(0)))
    without = ops.logic("or", gone)
    taken = [(ops.case([(without, _ZERO)], lost), line) for lost, line in taken]
    if shape.possible is not None:
        own = _below(shape.possible, node.value, context)
        for lost, _ in taken:
            own = ops.sum("sub", own, lost, None)
        yield _Loss(ops.extreme("greatest", [own, _ZERO]) if taken else own, path, _line(shape))
    for lost, line in taken:
        yield _Loss(lost, path, line)


def _taken(shape: NodeShape, context: Context) -> Iterator[tuple[Expr, Line]]:
    """Points that deductions and limits of a node take."""
    for each in shape.adjustments:
        points = context.known(each.item) if each.sign < 0 else None
        if points is not None:
            yield points, Line(item="", path=f"{shape.path}.deductions.{each.name}", reason=each.reason)
    for limit in shape.limits:
        before, after = context.known(limit.before), context.known(limit.after)
        if before is not None and after is not None:
            lost = context.ops.sum("sub", before, after, None)
            lost = context.ops.coalesce([lost, _ZERO]) if lost.type.nullable else lost
            lost = context.ops.extreme("greatest", [lost, _ZERO])
            yield lost, Line(item="", path=f"{shape.path}.limits.{limit.name}", reason=limit.reason)


def _line(shape: NodeShape) -> Line:
    return Line(
        item="",
        path=shape.path,
        reason=shape.reason,
        exception=shape.exception,
        exception_reasons=tuple(each.reason for each in shape.exceptions),
    )


def _below(possible: int, value: Expr, context: Context) -> Expr:
    """Points between the value and what was possible; none where the node is left out."""
    present = retype(value, value.type.null(False))
    lost = context.ops.sum("sub", Literal(possible, POINTS.within(possible, possible)), present, None)
    lost = context.ops.extreme("greatest", [lost, _ZERO])
    return context.ops.case([(context.ops.is_null(value), _ZERO)], lost)


def _at_root(loss: _Loss, root: Node, context: Context) -> Expr:
    """The loss times the weights on its path, rounded once; none where something above decided."""
    ops = context.ops
    weights = [child.weight for child in loss.path[1:]]
    totals = [parent.total for parent in loss.path[:-1]]
    above, below = (_product(each, context) for each in (weights, totals))
    if above is None or below is None:
        return Literal(None, UNKNOWN)
    stopped = _stopped(loss, root, context)
    if not weights:
        return ops.case([(context.share(stopped, late=True), _ZERO)], loss.expr)
    return _divided(loss.expr, above, below, stopped, context)


def _product(factors: Sequence[Expr | None], context: Context) -> Expr | None:
    """Of weights on a path; None where one is not known."""
    product: Expr = constant(1)
    for i, factor in enumerate(factors):
        if factor is None or factor.type == UNKNOWN or product.type == UNKNOWN:
            return None
        product = context.ops.mul(product, factor) if i else factor
    return None if product.type == UNKNOWN else product


def _divided(lost: Expr, above: Expr, below: Expr, stopped: Expr, context: Context) -> Expr:
    """The half-up quotient of `lost` times `above` by `below`; where that is stopped, by so much that nothing is left.

    So no engine needs to ask whether there is a divisor, which takes as long as the quotient. A weight is at most
    the sum of its siblings' weights, hence nothing is left of any of them.
    """
    ops = context.ops
    twice = ops.mul(lost, ops.mul(above, constant(2)))
    divisor = retype(below, evolve(below.type, low=max(1, below.type.low or 0)))
    far = max(int(twice.type.high or 0), 2 * int(lost.type.high or 0) * int(below.type.high or 0)) + 1
    if twice.type == UNKNOWN:
        return twice
    reach = context.share(ops.case([(stopped, Literal(far, INTEGER.within(far, far)))], divisor), late=True)
    whole = ops.sum("add", _count(twice), reach, None)
    double = context.share(ops.mul(reach, constant(2)), late=True)
    if UNKNOWN in (whole.type, double.type):
        return whole if whole.type == UNKNOWN else double
    high = int(whole.type.high or 0) // int(double.type.low or 1)
    return ops.apply("quotient", (whole, double), POINTS.within(0, high))


def _stopped(loss: _Loss, root: Node, context: Context) -> Expr:
    """Whether something above decided, so that nothing lost here reaches the score."""
    ops = context.ops
    assert root.shape is not None
    score = context.known(root.shape.path)
    stopped = [ops.compare("gt", node.exception, constant(0)) for node in loss.path[:-1] if node.exception is not None]
    stopped += [
        ops.compare("eq", node.total, constant(0))
        for node in loss.path[:-1]
        if node.total is not None and (node.total.type.low or 0) < 1
    ]
    if root is loss.path[-1] and root.exception is not None:
        stopped.append(ops.compare("gt", root.exception, constant(0)))
    if score is not None and score.type.nullable:
        stopped.insert(0, ops.is_null(score))
    return ops.logic("or", stopped) if stopped else Literal(False, BOOLEAN)


# -- ranking


def _key(lost: Expr, bits: int, index: int, context: Context) -> Expr:
    ops = context.ops
    factor, rest = 1 << bits, (1 << bits) - 1 - index
    scaled = ops.mul(_count(lost), Literal(factor, INTEGER.within(factor, factor)))
    return ops.sum("add", scaled, Literal(rest, INTEGER.within(rest, rest)), None)


def _count(points: Expr) -> Expr:
    """Points as the integer of their ten-thousandths."""
    return retype(points, evolve(points.type, scale=0, unit=None))


def _minus_one() -> Literal:
    return Literal(-1, INTEGER.within(-1, -1))


def _rank(
    shape: NodeShape, root: Node, lines: Sequence[Line], keys: Sequence[Expr], bits: int, context: Context
) -> None:
    ops, factor = context.ops, 1 << bits
    for place, top in enumerate(_largest(helper(shape.path, "top"), _few(shape.path, keys, context), context), 1):
        none = ops.compare("lt", top, constant(factor))
        base = retype(top, top.type.within(0, top.type.high))
        by = Literal(factor, INTEGER.within(factor, factor))
        rest = ops.apply("remainder", (base, by), INTEGER.within(0, factor - 1))
        lost = ops.apply("quotient", (base, by), evolve(POINTS, low=0, high=(top.type.high or 0) // factor))
        found = _found(rest, [_code(line, context) for line in lines], factor - 1, context) if lines else null_of(TEXT)
        code = ops.case([(none, null_of(TEXT))], found)
        lost = ops.case([(none, null_of(POINTS))], lost)
        if place == 1:
            code, lost = _decided(shape, root, code, lost, context)
        context.define(f"{shape.path}.reason_{place}", code, late=True)
        context.define(f"{shape.path}.lost_{place}", lost, late=True)


def _few(path: str, keys: Sequence[Expr], context: Context) -> Sequence[Expr]:
    """Keys among which the largest are, so few that one step can read all."""
    turn = 0
    while len(keys) > 2 * _GROUP:
        turn += 1
        groups = [keys[i : i + _GROUP] for i in range(0, len(keys), _GROUP)]
        keys = [
            top
            for i, group in enumerate(groups, 1)
            for top in _largest(helper(path, f"round_{turn}.{i}"), group, context)
        ]
    return keys


def _largest(name: str, keys: Sequence[Expr], context: Context) -> Iterator[Expr]:
    """The largest of some keys as items `name_1` to 3; -1 where there are fewer."""
    ops = context.ops
    below = keys
    for place in range(1, TOP + 1):
        top = ops.extreme("greatest", below) if below else _minus_one()
        if top.type == UNKNOWN:
            return
        top = context.hoist(f"{name}_{place}", top, late=True)
        yield top
        below = [ops.case([(ops.compare("lt", key, top), key)], _minus_one()) for key in keys]


def _found(rest: Expr, codes: Sequence[Expr], last: int, context: Context) -> Expr:
    """The code at place `last - rest`, by halves until all are constants: of thousands a handful are looked at."""
    if len(codes) == 1:
        return codes[0]
    if all(isinstance(each, Literal) for each in codes):
        place = context.ops.sum("sub", constant(last), rest, None)
        return context.ops.apply("pick", (place, *codes), TEXT)
    middle = len(codes) // 2
    earlier = _found(rest, codes[:middle], last, context)
    later = _found(rest, codes[middle:], last - middle, context)
    return context.ops.case([(context.ops.compare("gt", rest, constant(last - middle)), earlier)], later)


def _code(line: Line, context: Context) -> Expr:
    """The line's code, or that of the exception which decided its node."""
    own = Literal(line.reason, TEXT)
    number = context.known(line.exception) if line.exception else None
    if number is None:
        return own
    return context.ops.case(
        [
            (context.ops.compare("eq", number, constant(i + 1)), Literal(reason, TEXT))
            for i, reason in enumerate(line.exception_reasons)
            if reason
        ],
        own,
    )


def _decided(shape: NodeShape, root: Node, code: Expr, lost: Expr, context: Context) -> tuple[Expr, Expr]:
    """Where an exception or missing data decided the whole score, that is the first reason."""
    ops = context.ops
    codes: list[tuple[Expr, Expr]] = []
    losses: list[tuple[Expr, Expr]] = []
    if root.exception is not None:
        for i, each in enumerate(shape.exceptions):
            held = ops.compare("eq", root.exception, constant(i + 1))
            codes.append((held, Literal(each.reason or each.status.upper(), TEXT)))
        decided = ops.compare("gt", root.exception, constant(0))
        score = context.known(shape.path)
        gone = (
            null_of(POINTS)
            if shape.possible is None or score is None
            else ops.case([(ops.is_null(score), null_of(POINTS))], _below(shape.possible, score, context))
        )
        losses.append((decided, gone))
    codes.append((root.insufficient, Literal(INSUFFICIENT, TEXT)))
    return ops.case(codes, code), ops.case(losses, lost) if losses else lost
