"""The contribution tree: at every node, children, adjustments and one rounding line add up exactly."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from trustcommerce.language.semantics import round_div
from trustcommerce.language.types import Type
from trustcommerce.model import Title
from trustcommerce.plan import NodeShape, Version
from trustcommerce.run.values import show

__all__ = ["Explanation", "ExplanationLine", "ExplanationNode", "explain"]

Get = Callable[[str], Any]


@frozen(kw_only=True)
class ExplanationLine:
    """Something beside the children that moved a node: points in ten-thousandths.

    `kind` is choice, default, exception, bonus, deduction, limit, range or rounding.
    """

    kind: str
    name: str
    title: Title
    points: int
    reason: str | None = None
    line: int | None = None


@frozen(kw_only=True)
class ExplanationNode:
    """A node of a score; all points are ten-thousandths.

    Args:
        points: The node's own points, None when it is left out.
        possible: What it could have reached.
        lost: What is missing to that.
        weight: Its weight in the parent, of `total`.
        contribution: What it adds to the parent.
        source: Name, value and atoms of the metric or column that a leaf reads.
    """

    name: str
    path: str
    title: Title
    status: str
    points: int | None
    possible: int | None
    lost: int | None
    weight: int | None
    total: int | None
    contribution: int | None
    reason: str | None
    file: str
    line: int
    source: Mapping[str, Any] | None
    lines: tuple[ExplanationLine, ...]
    children: tuple["ExplanationNode", ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data; points as numbers of points, not ten-thousandths."""

        def points(value: int | None) -> float | None:
            return None if value is None else value / 10_000

        return {
            "name": self.name, "path": self.path, "title": dict(self.title.texts), "status": self.status,
            "points": points(self.points), "possible": points(self.possible), "lost": points(self.lost),
            "weight": self.weight, "of_weight": self.total, "contribution": points(self.contribution),
            "reason": self.reason, "file": self.file, "line": self.line,
            "source": None if self.source is None else dict(self.source),
            "lines": [{"kind": each.kind, "name": each.name, "title": dict(each.title.texts),
                       "points": points(each.points), "reason": each.reason, "line": each.line} for each in self.lines],
            "children": [child.as_dict() for child in self.children],
        }  # fmt: skip


@frozen(kw_only=True)
class Explanation:
    """The explanation of one score of one subject."""

    score: str
    status: str
    root: ExplanationNode
    reasons: tuple[tuple[str, int | None], ...]

    def as_dict(self) -> dict[str, Any]:
        return {"score": self.score, "status": self.status, "tree": self.root.as_dict(),
                "reasons": [{"code": code, "lost": None if lost is None else lost / 10_000}
                            for code, lost in self.reasons]}  # fmt: skip


def explain(
    shape: NodeShape, version: Version, get: Get, status: str, reasons: tuple[tuple[str, int | None], ...]
) -> Explanation:
    """The tree of one score.

    Args:
        shape: The score's shape.
        version: Its plan, for types and constants.
        get: Run-time value of an item or input by name.
        status: Status of the score.
        reasons: Its reason codes with the points lost.
    """
    types = {each.name: each.type for each in version.outputs}
    root = _node(shape, get, types, None)
    return Explanation(score=shape.path, status=status, root=root, reasons=reasons)


def _number(source: str | int | None, get: Get) -> int | None:
    return int(get(source)) if isinstance(source, str) else source


def _node(shape: NodeShape, get: Get, types: Mapping[str, Type], total: int | None) -> ExplanationNode:
    value = get(shape.value)
    weight = _number(shape.weight, get)
    decided = _number(shape.exception, get) if shape.exception is not None else 0
    own_total = _number(shape.total, get) if shape.total is not None else None
    children = tuple(_node(child, get, types, own_total) for child in shape.children)
    lines = _lines(shape, get, value, children, decided or 0)
    counted = value is not None and weight is not None and total
    exception = shape.exceptions[decided - 1] if decided else None
    return ExplanationNode(
        name=shape.name, path=shape.path, title=shape.title, status=_status(shape, get, value, decided or 0),
        points=value, possible=shape.possible,
        lost=None if value is None or shape.possible is None else max(0, shape.possible - value),
        weight=weight, total=total,
        contribution=round_div(weight * value, total) if counted and weight is not None and total else (
            0 if weight is not None else None),
        reason=exception.reason if exception is not None and exception.reason else shape.reason,
        file=shape.file, line=shape.line, source=_source(shape, get, types), lines=lines, children=children,
    )  # fmt: skip


def _status(shape: NodeShape, get: Get, value: int | None, decided: int) -> str:
    if decided:
        return shape.exceptions[decided - 1].status
    if value is None:
        return "insufficient" if shape.missing == "insufficient" else "not_applicable"
    if isinstance(shape.missing, int) and shape.mean is not None and get(shape.mean) is None:
        return "default"
    return "scored"


def _lines(
    shape: NodeShape, get: Get, value: int | None, children: tuple[ExplanationNode, ...], decided: int
) -> tuple[ExplanationLine, ...]:
    """What moved the node besides its children, ending with the one rounding line where it is needed."""
    if decided and shape.exceptions[decided - 1].status != "masked":
        rule = shape.exceptions[decided - 1]
        return (ExplanationLine(kind="exception", name=rule.reason or rule.status, title=rule.title, points=value or 0,
                                reason=rule.reason, line=rule.line),)  # fmt: skip
    if value is None:
        return ()
    found: list[ExplanationLine] = []
    running = sum(child.contribution or 0 for child in children)
    if shape.missing not in (None, "leave_out", "insufficient") and shape.mean and get(shape.mean) is None:
        base = value if not isinstance(shape.missing, int) else shape.missing
        found.append(ExplanationLine(kind="default", name="missing", title=Title(), points=base, line=shape.line))
        running = base
    elif not children:
        running = get(shape.mean) if shape.mean is not None else _before(shape, get, value)
        found.append(ExplanationLine(kind="choice", name=shape.source or shape.name, title=shape.title,
                                     points=running, line=shape.line))  # fmt: skip
    for each in shape.adjustments:
        points = each.sign * (get(each.item) or 0)
        if points:
            kind = "bonus" if each.sign > 0 else "deduction"
            found.append(ExplanationLine(kind=kind, name=each.name, title=each.title, points=points,
                                         reason=each.reason, line=each.line))  # fmt: skip
            running += points
    for limit in shape.limits:
        moved = (get(limit.after) or 0) - (get(limit.before) or 0)
        if moved:
            found.append(ExplanationLine(kind="limit", name=limit.name, title=limit.title, points=moved,
                                         reason=limit.reason, line=limit.line))  # fmt: skip
            running += moved
    if shape.range is not None:
        clamped = min(max(running, shape.range[0]), shape.range[1])
        if abs(clamped - running) > 2 * len(children) and clamped != running:
            found.append(ExplanationLine(kind="range", name="range", title=Title(), points=clamped - running,
                                         line=shape.line))  # fmt: skip
            running = clamped
    if running != value:
        found.append(ExplanationLine(kind="rounding", name="rounding", title=Title(), points=value - running))
    return tuple(found)


def _before(shape: NodeShape, get: Get, value: int) -> int:
    """A leaf's points before its own bonuses, deductions and limits, which are shown as lines."""
    limits = sum((get(each.after) or 0) - (get(each.before) or 0) for each in shape.limits)
    return int(value - limits - sum(each.sign * (get(each.item) or 0) for each in shape.adjustments))


def _source(shape: NodeShape, get: Get, types: Mapping[str, Type]) -> Mapping[str, Any] | None:
    name = shape.source
    if name is None:
        return None
    found: dict[str, Any] = {"name": name, "value": _shown(name, get, types)}
    for suffix in ("of", "to"):
        if f"{name}.{suffix}" in types:
            found[suffix] = _shown(f"{name}.{suffix}", get, types)
    unit = types[name].unit if name in types else None
    return {**found, "unit": unit}


def _shown(name: str, get: Get, types: Mapping[str, Type]) -> Any:
    value = get(name)
    shown = show(value, types[name]) if name in types else value
    return float(shown) if type(shown).__name__ == "Decimal" else shown
