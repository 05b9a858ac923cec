"""The contribution tree: at every node, children, adjustments and one rounding line add up exactly."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from attrs import evolve, frozen

from trustcommerce.language.semantics import round_div
from trustcommerce.language.types import Type
from trustcommerce.model import Title
from trustcommerce.plan import ItemShape, NodeShape, Version
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
    points: int | None
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
            "name": self.name,
            "path": self.path,
            "title": dict(self.title.texts),
            "status": self.status,
            "points": points(self.points),
            "possible": points(self.possible),
            "lost": points(self.lost),
            "weight": self.weight,
            "of_weight": self.total,
            "contribution": points(self.contribution),
            "reason": self.reason,
            "file": self.file,
            "line": self.line,
            "source": None if self.source is None else dict(self.source),
            "lines": [
                {
                    "kind": each.kind,
                    "name": each.name,
                    "title": dict(each.title.texts),
                    "points": points(each.points),
                    "reason": each.reason,
                    "line": each.line,
                }
                for each in self.lines
            ],
            "children": [child.as_dict() for child in self.children],
        }


@frozen(kw_only=True)
class Explanation:
    """The explanation of one score of one subject."""

    score: str
    status: str
    root: ExplanationNode
    reasons: tuple[tuple[str, int | None], ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "score": self.score,
            "status": self.status,
            "tree": self.root.as_dict(),
            "reasons": [{"code": code, "lost": None if lost is None else lost / 10_000} for code, lost in self.reasons],
        }


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
    shapes = {each.name: each for each in version.outputs}
    masked = status == "masked"
    types = {f"{match.name}.{each.name}": each.type for match in version.matches for each in match.fields}
    types |= {name: each.type for name, each in shapes.items()}
    root = _Tree(get, shapes, types).node(shape, None, given=None if masked else get(shape.path), status=status)
    if masked:
        root = evolve(root, children=(), lines=tuple(evolve(line, points=None) for line in root.lines))
    return Explanation(score=shape.path, status=status, root=root, reasons=reasons)


@frozen
class _Tree:
    """Builds nodes from the values of one decision."""

    get: Get
    shapes: Mapping[str, ItemShape]
    types: Mapping[str, Type]

    def number(self, source: str | int | None) -> int | None:
        value = self.get(source) if isinstance(source, str) else source
        return None if value is None else int(value)

    def node(
        self, shape: NodeShape, total: int | None, *, given: int | None = None, status: str | None = None
    ) -> ExplanationNode:
        """A node under a parent whose counted weights sum to `total`; for a root, the points it was given."""
        root = status is not None
        value = given if root else self.get(shape.value)
        weight = self.number(shape.weight)
        decided = self.number(shape.exception) or 0
        own_total = self.number(shape.total)
        counts = not decided and value is not None
        children = tuple(self.node(child, own_total if counts else None) for child in shape.children)
        counted = value is not None and weight is not None and total
        rule = shape.exceptions[decided - 1] if decided else None
        return ExplanationNode(
            name=shape.name,
            path=shape.path,
            title=shape.title,
            status=status if status is not None else self.status(shape, value, decided),
            points=value,
            possible=shape.possible,
            lost=None if value is None or shape.possible is None else max(0, shape.possible - value),
            weight=weight,
            total=total if counted else None,
            contribution=round_div(weight * value, total)
            if counted and weight and value and total
            else (0 if counted else None),
            reason=rule.reason if rule is not None and rule.reason else shape.reason,
            file=shape.file,
            line=shape.line,
            source=self.source(shape),
            lines=self.lines(shape, value, children, decided),
            children=children,
        )

    def status(self, shape: NodeShape, value: int | None, decided: int) -> str:
        if decided:
            return shape.exceptions[decided - 1].status
        if value is None:
            return "insufficient" if shape.missing == "insufficient" else "not_applicable"
        if isinstance(shape.missing, int) and shape.mean is not None and self.get(shape.mean) is None:
            return "default"
        return "scored"

    def lines(
        self, shape: NodeShape, value: int | None, children: tuple[ExplanationNode, ...], decided: int
    ) -> tuple[ExplanationLine, ...]:
        """What moved the node besides its children, ending with the one rounding line where it is needed."""
        if decided:
            rule = shape.exceptions[decided - 1]
            return (
                ExplanationLine(
                    kind="exception",
                    name=rule.reason or rule.status,
                    title=rule.title,
                    points=value,
                    reason=rule.reason,
                    line=rule.line,
                ),
            )
        if value is None:
            return ()
        found, base = self._base(shape, value, children)
        running = base
        for each in shape.adjustments:
            points = each.sign * (self.get(each.item) or 0)
            if points:
                found.append(
                    ExplanationLine(
                        kind="bonus" if each.sign > 0 else "deduction",
                        name=each.name,
                        title=each.title,
                        points=points,
                        reason=each.reason,
                        line=each.line,
                    )
                )
            running += points
        for limit in shape.limits:
            moved = (self.get(limit.after) or 0) - (self.get(limit.before) or 0)
            if moved:
                found.append(
                    ExplanationLine(
                        kind="limit",
                        name=limit.name,
                        title=limit.title,
                        points=moved,
                        reason=limit.reason,
                        line=limit.line,
                    )
                )
            running += moved
        if shape.range is not None:
            clamped = min(max(running, shape.range[0]), shape.range[1])
            if clamped != running:
                found.append(
                    ExplanationLine(
                        kind="range", name="range", title=Title(), points=clamped - running, line=shape.line
                    )
                )
        shown = sum(line.points or 0 for line in found)
        if not any(line.kind == "default" for line in found):
            shown += sum(child.contribution or 0 for child in children)
        if shown != value:
            found.append(ExplanationLine(kind="rounding", name="rounding", title=Title(), points=value - shown))
        return tuple(found)

    def _base(
        self, shape: NodeShape, value: int, children: tuple[ExplanationNode, ...]
    ) -> tuple[list[ExplanationLine], int]:
        """The points before bonuses: a default, the mean of the children, or the choice's own."""
        if shape.missing not in (None, "leave_out", "insufficient") and shape.mean and self.get(shape.mean) is None:
            base = shape.missing if isinstance(shape.missing, int) else self._before(shape, value)
            return [ExplanationLine(kind="default", name="missing", title=Title(), points=base, line=shape.line)], base
        if children:
            total = self.number(shape.total) or 1
            weighted = sum((c.weight or 0) * (c.points or 0) for c in children if c.points is not None)
            return [], round_div(weighted, total)
        base = self.get(shape.mean) if shape.mean is not None else self._before(shape, value)
        line = ExplanationLine(
            kind="choice", name=shape.source or shape.name, title=shape.title, points=base, line=shape.line
        )
        return [line], base

    def _before(self, shape: NodeShape, value: int) -> int:
        """A leaf's points before its own bonuses, deductions and limits, which are shown as lines."""
        limits = sum((self.get(each.after) or 0) - (self.get(each.before) or 0) for each in shape.limits)
        return int(value - limits - sum(each.sign * (self.get(each.item) or 0) for each in shape.adjustments))

    def source(self, shape: NodeShape) -> Mapping[str, Any] | None:
        """The metric or column that a leaf reads: its title, value, unit, and the atoms of a ratio."""
        name = shape.source
        if name is None:
            return None
        output = self.shapes.get(name)
        unit = self.types[name].unit if name in self.types else None
        found: dict[str, Any] = {
            "name": name,
            "value": self._shown(name),
            "unit": unit,
            "title": dict(output.title.texts) if output else {},
        }
        for suffix in ("of", "to", "sum", "weight", "rows"):
            if f"{name}.{suffix}" in self.shapes:
                found[suffix] = self._shown(f"{name}.{suffix}")
        return found

    def _shown(self, name: str) -> Any:
        value = self.get(name)
        shown = show(value, self.types[name]) if name in self.types else value
        return float(shown) if isinstance(shown, Decimal) else shown
