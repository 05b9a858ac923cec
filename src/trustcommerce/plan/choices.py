"""The five forms of the choice, lowered to expressions, with their checks."""

import itertools

from attrs import evolve, frozen

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Expr, Literal, poison
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.operations import Operations, retype
from trustcommerce.language.types import UNKNOWN, Kind, power
from trustcommerce.plan.boxes import ANY, Box, Interval, domain, subtract, witness
from trustcommerce.plan.cells import Cell, read_cell
from trustcommerce.plan.context import helper
from trustcommerce.plan.lowering import Lowering
from trustcommerce.read import Entry, Mapping, Node, Scalar, Sequence, parse_grid

__all__ = ["lower_curve", "lower_rules", "lower_steps", "lower_table", "lower_value"]


def lower_value(body: Node, lowering: Lowering) -> Expr:
    """An expression."""
    found = lowering.result(body)
    lowering.like(found)
    if found.type.nullable and lowering.choice.missing is not None:
        return lowering.ops.coalesce([found, lowering.missing()], body.span)
    return found


@frozen(eq=False)
class _Row:
    """An entry of steps or of a table: cells over the inputs, and the result."""

    cells: tuple[Cell, ...]
    result: Expr
    span: Span


def lower_steps(body: Node, lowering: Lowering) -> Expr:
    """The first comparison of the input that holds."""
    assert isinstance(body, Mapping)
    x = lowering.input()
    entries = [entry for entry in body if entry.key.text != "else"]
    last = body.entry("else")
    if last is not None and body.entries[-1] is not last:
        lowering.ops.error(codes.MASKED, "entries after `else` are never reached", last.key.span, "move it to the end")
    if x.type == UNKNOWN:
        for entry in body:
            lowering.result(entry.value)
        return poison(body.span)
    present = lowering.present(x)
    with lowering.having(x):
        rows = [
            _Row((_step(entry, present, lowering),), lowering.result(entry.value), entry.key.span) for entry in entries
        ]
        otherwise = lowering.result(last.value) if last else None
    _check_rows(rows, [present], last is not None, body.span, lowering)
    found = lowering.combine([(row.cells[0].condition, row.result) for row in rows], otherwise, body.span)
    if last is None and found.type != UNKNOWN:
        found = _complete(found, rows, lowering)
    return lowering.guarded(x, found, body.span)


def _step(entry: Entry, x: Expr, lowering: Lowering) -> Cell:
    return read_cell(Text.of(entry.key), x, lowering.context)


def _complete(found: Expr, rows: list[_Row], lowering: Lowering) -> Expr:
    """Without `else` but without gap: the last entry takes what is left."""
    entries = [(row.cells[0].condition, row.result) for row in rows[:-1]]
    if lowering.hit != "first" or not rows:
        return retype(found, found.type.null(any(row.result.type.nullable for row in rows)))
    return lowering.combine(entries, rows[-1].result, rows[-1].span) if entries else rows[-1].result


def lower_curve(body: Node, lowering: Lowering) -> Expr:
    """Linear between knots, flat outside; the canonical chain of segments."""
    assert isinstance(body, Sequence)
    source, ops = lowering.input(), lowering.ops
    knots: list[tuple[Expr, Expr]] = []
    for knot in body:
        assert isinstance(knot, Sequence)
        at, result = knot.items
        found = lowering.bind(Text.of(at)) if isinstance(at, Scalar) else poison(at.span)
        knots.append((found, lowering.result(result)))
    if source.type == UNKNOWN or any(x.type == UNKNOWN or y.type == UNKNOWN for x, y in knots):
        return poison(body.span)
    x = lowering.present(source)
    for each, node in [(x, source.span), *((k, k.span) for k, _ in knots)]:
        if not each.type.numeric:
            return ops.error(codes.TYPE_MISMATCH, f"a curve runs over numbers, not {each.type.null(False)}", node)
        if not ops.unit(x.type, each.type, "a curve over both", each.span)[1]:
            return poison(body.span)
    absent = next((k for k, _ in knots if isinstance(k, Literal) and k.value is None), None)
    if absent is not None:
        return ops.error(codes.KNOTS, "this knot is always missing", absent.span)
    if any(not y.type.numeric or y.type.nullable for _, y in knots):
        return ops.error(codes.TYPE_MISMATCH, "the results of a curve are numbers that are never missing", body.span)
    fixed = all(isinstance(k, Literal) for k, _ in knots)
    if fixed and not _ascending(knots, lowering):
        return poison(body.span)
    chain = _segments(x, knots, lowering, body.span)
    if not fixed:
        chain = _dynamic(chain, knots, lowering, body.span)
    return lowering.guarded(source, chain, body.span)


def _ascending(knots: list[tuple[Expr, Expr]], lowering: Lowering) -> bool:
    values = [_number(k) for k, _ in knots]
    for (left, right), (knot, _) in zip(itertools.pairwise(values), knots[1:], strict=True):
        if left >= right:
            how = "equals" if left == right else "lies below"
            lowering.ops.error(
                codes.KNOTS,
                f"this knot {how} the one before it",
                knot.span,
                "knots ascend; a jump is a matter for `steps`",
            )
            return False
    return True


def _number(expr: Expr) -> float:
    assert isinstance(expr, Literal) and isinstance(expr.value, int | float)
    return expr.value / power(expr.type.scale) if expr.type.kind is Kind.EXACT else expr.value


def _segments(x: Expr, knots: list[tuple[Expr, Expr]], lowering: Lowering, span: Span) -> Expr:
    ops = lowering.ops
    number = ops.to_number(x)
    doubles = [(ops.to_number(k), ops.to_number(y)) for k, y in knots]
    first, lowest = doubles[0][0], number.type.low
    always = isinstance(first, Literal) and lowest is not None and lowest >= _number(first)
    branches = [] if always else [(ops.compare("lt", number, first), knots[0][1])]
    for ((x0, y0), (x1, y1)), (_, result) in zip(itertools.pairwise(doubles), knots[:-1], strict=True):
        rise = _plain(ops.sum("sub", y1, y0, span))
        if isinstance(rise, Literal) and rise.value == 0:
            segment = result
        else:
            run = _plain(ops.sum("sub", retype(x1, x1.type.null(False)), retype(x0, x0.type.null(False)), span))
            slope = ops.div(rise, run, span)
            distance = _plain(number if _is_zero(x0) else ops.sum("sub", number, retype(x0, x0.type.null(False)), span))
            low, high = sorted([y0.type.low or 0.0, y1.type.low or 0.0, y0.type.high or 0.0, y1.type.high or 0.0])[::3]
            rising = _bounded(ops, distance, slope, high - low, span)
            if rising.type == UNKNOWN:
                return rising
            value = rising if _is_zero(y0) else ops.sum("add", _plain(y0), rising, span)
            value = retype(value, evolve(value.type, low=low, high=high, unit=y0.type.unit))
            segment = ops.round_to(value, result.type.scale, span) if lowering.target.kind == "points" else value
            segment = retype(segment, segment.type.with_unit(result.type.unit))
        branches.append((ops.compare("lt", number, x1), segment))
    return ops.case(branches, knots[-1][1], span)


def _is_zero(expr: Expr) -> bool:
    return isinstance(expr, Literal) and expr.value == 0


def _bounded(ops: Operations, distance: Expr, slope: Expr, rise: float, span: Span) -> Expr:
    """distance * slope, which stays within the rise of the segment where it is used."""
    if UNKNOWN in (distance.type, slope.type):
        return poison(span)
    type_ = evolve(distance.type, low=-rise, high=rise, nullable=slope.type.nullable)
    return ops.apply("mul", (distance, slope), type_, span)


def _plain(expr: Expr) -> Expr:
    """The number without its unit: slopes are pure numbers."""
    return retype(expr, expr.type.with_unit(None))


def _dynamic(chain: Expr, knots: list[tuple[Expr, Expr]], lowering: Lowering, span: Span) -> Expr:
    """Knots that are read at run time: a missing or descending one makes the result missing."""
    ops = lowering.ops
    lowering.demand_answer("the result of knots that are no constants", knots[0][0].span)
    absent: list[Expr] = [ops.is_null(k) for k, _ in knots]
    present = [retype(k, k.type.null(False)) for k, _ in knots]
    unordered = [ops.compare("gt", a, b, span) for a, b in itertools.pairwise(present)]
    return ops.case(
        [(ops.logic("or", [*absent, *unordered], span), lowering.missing())],
        ops.coalesce([chain, lowering.missing()], span) if lowering.choice.missing else chain,
        span,
    )


def lower_rules(body: Node, lowering: Lowering) -> Expr:
    """Conditions in order."""
    assert isinstance(body, Sequence)
    entries: list[tuple[Expr, Expr]] = []
    otherwise: Expr | None = None
    for i, node in enumerate(body):
        assert isinstance(node, Mapping)
        when, then, last = node.get("when"), node.get("then"), node.get("else")
        if last is not None and (when is not None or then is not None):
            otherwise = lowering.ops.error(codes.AMBIGUOUS_FORM, "an entry is `when` with `then`, or `else`", node.span)
        elif last is not None:
            otherwise = lowering.result(last)
            if i + 1 < len(body):
                lowering.ops.error(
                    codes.MASKED, "entries after `else` are never reached", node.span, "move it to the end"
                )
        elif when is None or then is None:
            lowering.ops.error(
                codes.MISSING_KEY, f"this entry does not say `{'when' if when is None else 'then'}`", node.span
            )
        elif isinstance(when, Scalar):
            condition = lowering.context.condition(Text.of(when))
            if isinstance(condition, Literal) and condition.value is not None and condition.type != UNKNOWN:
                which = "always" if condition.value else "never"
                code = codes.MASKED
                lowering.ops.error(code, f"this condition {which} holds", when.span, "entries say `else` for the rest")
            entries.append((condition, lowering.result(then)))
    if otherwise is None:
        return lowering.ops.error(
            codes.NO_ELSE, "nothing says what holds otherwise", body.span, "end the list with `- {else: ...}`"
        )
    if lowering.hit == "unique":
        lowering.ops.error(
            codes.NO_HIT,
            "`hit: unique` can't be proved for `rules`",
            lowering.choice.span,
            "use `steps` or `table`, whose entries can be compared",
        )
    return lowering.combine(entries, otherwise, body.span)


def lower_table(body: Node, lowering: Lowering) -> Expr:
    """A decision table: rows of cells in order, written here or in a file of the pack."""
    if isinstance(body, Mapping):
        grid = _grid(body, lowering)
        if grid is None:
            return poison(body.span)
        body = grid
    assert isinstance(body, Sequence)
    header = body.items[0]
    assert isinstance(header, Sequence)
    names = [item for item in header if isinstance(item, Scalar)]
    if not names or names[-1].text != "then":
        return lowering.ops.error(codes.BAD_CELL, "the header's last column is `then`", header.span)
    sources = [
        lowering.context.hoist(helper(lowering.name, f"in_{i + 1}"), lowering.bind(Text.of(name)))
        for i, name in enumerate(names[:-1])
    ]
    inputs = [lowering.present(x) if x.type != UNKNOWN else x for x in sources]
    rows, otherwise = [], None
    for node in body.items[1:]:
        assert isinstance(node, Sequence)
        first = node.items[0]
        if isinstance(first, Scalar) and first.text == "else" and len(node) == 2:
            otherwise = lowering.result(node.items[1])
            if node is not body.items[-1]:
                lowering.ops.error(
                    codes.MASKED, "rows after `else` are never reached", first.span, "move it to the end"
                )
        elif len(node) != len(names):
            lowering.ops.error(codes.BAD_CELL, f"{len(node)} cells under {len(names)} columns", node.span)
        else:
            rows.append(_table_row(node, inputs, lowering))
    if any(x.type == UNKNOWN for x in inputs) or any(c.condition.type == UNKNOWN for r in rows for c in r.cells):
        return poison(body.span)
    _check_rows(rows, inputs, otherwise is not None, body.span, lowering)
    entries = [(lowering.ops.logic("and", [c.condition for c in row.cells], row.span), row.result) for row in rows]
    found = lowering.combine(entries, otherwise, body.span)
    if otherwise is None and found.type != UNKNOWN and rows and lowering.hit == "first":
        found = lowering.combine(entries[:-1], rows[-1].result, body.span)
    nullable = [x for x in sources if x.type.nullable]
    if not nullable or found.type == UNKNOWN:
        return found
    lowering.demand_answer("the input", nullable[0].span)
    absent = lowering.ops.logic("or", [lowering.ops.is_null(x) for x in nullable])
    return lowering.ops.case([(absent, lowering.missing())], found, body.span)


def _grid(body: Mapping, lowering: Lowering) -> Sequence | None:
    """The rows of `{file: references/x.csv}`."""
    node = body.get("file")
    assert isinstance(node, Scalar)
    file = lowering.context.pack.grids.get(node.text)
    if file is None:
        inside = node.text.startswith("references/") and ".." not in node.text
        code = codes.UNKNOWN_TABLE if inside else codes.OUTSIDE_PACK
        known = lowering.context.pack.grids
        hint = did_you_mean(node.text, known) or f"the pack holds {', '.join(known) or 'no files'}"
        lowering.ops.error(code, f"no file `{node.text}` in the pack's folder references/", node.span, hint)
        return None
    grid = parse_grid(file, lowering.context.problems)
    if len(grid) < 2:
        lowering.ops.error(codes.EMPTY_FILE, f"`{node.text}` must hold a header and rows", node.span)
        return None
    return grid


def _table_row(node: Sequence, inputs: list[Expr], lowering: Lowering) -> _Row:
    cells = []
    for item, x in zip(node.items[:-1], inputs, strict=True):
        if not isinstance(item, Scalar):
            lowering.ops.error(codes.BAD_CELL, "a cell is one comparison", item.span)
        elif x.type != UNKNOWN:
            cells.append(read_cell(Text.of(item), x, lowering.context))
    return _Row(tuple(cells), lowering.result(node.items[-1]), node.span)


def _check_rows(rows: list[_Row], inputs: list[Expr], has_else: bool, span: Span, lowering: Lowering) -> None:
    """Gaps, overlaps and masked entries, where every bound is a constant."""
    boxes = [tuple(cell.interval for cell in row.cells) for row in rows]
    provable = len(rows) <= 500 and all(len(b) == len(inputs) and None not in b for b in boxes)
    if not provable:
        if not has_else and all(c.condition.type != UNKNOWN for row in rows for c in row.cells):
            lowering.ops.error(codes.NO_ELSE, "nothing says what holds otherwise", span, "add `else`")
        return
    whole = [_whole(x, [box[i] for box in boxes]) for i, x in enumerate(inputs)]
    space = tuple(domain(x.type.kind.value, len(x.type.labels), *_natural(x)) for x in inputs)
    left: list[Box] = [space]
    for i, (row, box) in enumerate(zip(rows, boxes, strict=True)):
        cut = tuple(each for each in box if each is not None)
        reached = [b for b in left if _meets(b, cut, whole)]
        if not reached and not _meets(space, cut, whole):
            lowering.ops.error(
                codes.OUT_OF_RANGE, "this entry is never reached: it lies outside the input's range", row.span
            )
        elif not reached and lowering.hit == "first":
            lowering.ops.error(
                codes.MASKED, "this entry is never reached: those before it take all it holds for", row.span
            )
        _check_overlap(i, rows, boxes, whole, lowering)
        left = subtract(left, cut, whole)
    if left and not has_else:
        where = ", ".join(_example(x, each, w) for x, each, w in zip(inputs, left[0], whole, strict=True))
        lowering.ops.error(codes.GAP, f"nothing is said for {where}", span, "add an entry, or `else`")


def _meets(box: Box, cut: Box, whole: list[bool]) -> bool:
    return not any(a.meet(b).empty(w) for a, b, w in zip(box, cut, whole, strict=True))


def _check_overlap(
    i: int, rows: list[_Row], boxes: list[tuple[Interval | None, ...]], whole: list[bool], lowering: Lowering
) -> None:
    """Under `first` only two-sided entries of one input are compared: one-sided ones are a ladder."""
    if lowering.hit not in ("first", "unique") or (lowering.hit == "first" and len(rows[i].cells) > 1):
        return
    mine = tuple(each for each in boxes[i] if each is not None)
    for j in range(i):
        if lowering.hit == "first" and not (rows[i].cells[0].two_sided or rows[j].cells[0].two_sided):
            continue
        if not rows[i].cells[0].two_sided and lowering.hit == "first":
            continue
        other = tuple(each for each in boxes[j] if each is not None)
        if _meets(mine, other, whole):
            unique = lowering.hit == "unique"
            result = "and `hit: unique` lets only one hold" if unique else "which wins"
            lowering.context.problems.add(
                codes.OVERLAP,
                f"this entry overlaps the one on line {rows[j].span.line}, {result}",
                rows[i].span,
                None,
                "error" if unique else "warning",
            )
            return


def _whole(x: Expr, intervals: list[Interval | None]) -> bool:
    if x.type.kind in (Kind.LABEL, Kind.BOOLEAN):
        return True
    bounds = [end for each in intervals if each is not None for end in (each.low, each.high)]
    return (
        x.type.kind is Kind.EXACT
        and x.type.scale == 0
        and all(end in (ANY.low, ANY.high) or end == int(end) for end in bounds)
    )


def _natural(x: Expr) -> tuple[float | None, float | None]:
    """The input's range in its own unit, when it is narrower than the default of the border."""
    low, high = x.type.low, x.type.high
    if not x.type.numeric or low is None or high is None:
        return None, None
    unit = power(x.type.scale) if x.type.kind is Kind.EXACT else 1
    return (low / unit if low > -(10**15) else None), (high / unit if high < 10**15 else None)


def _example(x: Expr, interval: Interval, whole: bool) -> str:
    value = witness(interval, whole)
    name = getattr(x, "name", "the input")
    if x.type.kind is Kind.LABEL:
        value = x.type.labels[int(value)]
    elif x.type.kind is Kind.BOOLEAN:
        value = "true" if value else "false"
    elif isinstance(value, float):
        value = f"{value:g}"
    return f"{name} = {value}"
