"""The contribution tree: at every node, children, adjustments and one rounding line add up exactly.

All its numbers are computed at once (`explain.numbers`); nodes and lines are views of them, made
when they are looked at.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

from attrs import define, frozen

from trustcommerce.explain.numbers import DEFAULT, MEAN, Compiled, Numbers, compile_numbers
from trustcommerce.language.types import Type
from trustcommerce.model import Title
from trustcommerce.plan import ItemShape, NodeShape, Version
from trustcommerce.plan.shape import AdjustmentShape, LimitShape
from trustcommerce.run.values import show

__all__ = ["Explanation", "ExplanationLine", "ExplanationNode", "Tree", "tree_of"]

Get = Callable[[str], Any]
_ATOMS = ("of", "to", "sum", "weight", "rows")


@frozen(kw_only=True, eq=False)
class Tree:
    """What the explanations of one score share.

    Args:
        nodes: Its nodes, parents first, as their numbers come; each with where its children are.
        outputs: Outputs of the rule set by name.
        types: Types of outputs and of matched columns.
    """

    shape: NodeShape
    compiled: Compiled
    nodes: tuple[tuple[NodeShape, tuple[int, ...]], ...]
    outputs: Mapping[str, ItemShape]
    types: Mapping[str, Type]

    def explained(self, get: Get, values: tuple[Any, ...], late: tuple[Any, ...]) -> "Explanation":
        """Of the values of one decision."""
        return Explanation(self, get, self.compiled.function(values, late))


def tree_of(shape: NodeShape, version: Version, index: Mapping[str, int], late: Mapping[str, int]) -> Tree:
    """Compile the tree of a score.

    Args:
        shape: The score.
        version: Its plan.
        index: Where in the tuple of values each name's value is.
        late: The same for what is computed for reasons only.
    """
    nodes: list[tuple[NodeShape, tuple[int, ...]]] = []

    def add(node: NodeShape) -> int:
        place = len(nodes)
        nodes.append((node, ()))
        nodes[place] = node, tuple(add(child) for child in node.children)
        return place

    add(shape)
    outputs = {each.name: each for each in version.outputs}
    types = {f"{match.name}.{each.name}": each.type for match in version.matches for each in match.fields}
    types |= {name: each.type for name, each in outputs.items()}
    compiled = compile_numbers(shape, index, late, version.constants)
    return Tree(shape=shape, compiled=compiled, nodes=tuple(nodes), outputs=outputs, types=types)


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

    def as_dict(self) -> dict[str, Any]:
        """Plain data, points as numbers of points."""
        return {
            "kind": self.kind,
            "name": self.name,
            "title": dict(self.title.texts),
            "points": _points(self.points),
            "reason": self.reason,
            "line": self.line,
        }


@define(slots=False, eq=False, repr=False)
class Explanation:
    """The explanation of one score of one subject; it does not change.

    The class is not frozen: that would take a good part of the time of its numbers.

    Args:
        numbers: Of every node, parents first: points, contribution, exception and lines; the first is the score.
    """

    _tree: Tree
    _get: Get
    numbers: tuple[Numbers, ...]

    def __repr__(self) -> str:
        return f"Explanation({self.score}, {self.status})"

    @property
    def score(self) -> str:
        """Name of the score."""
        return self._tree.shape.path

    @cached_property
    def status(self) -> str:
        """Status of the score."""
        name = f"{self.score}.status"
        return str(show(self._get(name), self._tree.types[name]))

    @property
    def root(self) -> "ExplanationNode":
        return ExplanationNode(self, 0, None)

    @cached_property
    def reasons(self) -> tuple[tuple[str, int | None], ...]:
        """Reason codes with the points lost, the largest loss first."""
        name, get = self.score, self._get
        codes = ((get(f"{name}.reason_{i}"), get(f"{name}.lost_{i}")) for i in range(1, 4))
        return tuple((code, lost) for code, lost in codes if code is not None)

    def as_dict(self) -> dict[str, Any]:
        return {
            "score": self.score,
            "status": self.status,
            "tree": self.root.as_dict(),
            "reasons": [{"code": code, "lost": _points(lost)} for code, lost in self.reasons],
        }


@frozen(eq=False, repr=False)
class ExplanationNode:
    """A node of a score; all points are ten-thousandths."""

    _whole: Explanation
    _at: int
    _parent: "ExplanationNode | None"

    def __repr__(self) -> str:
        return f"ExplanationNode({self.path}: {self.points})"

    @property
    def _shape(self) -> NodeShape:
        return self._whole._tree.nodes[self._at][0]

    @property
    def _masked(self) -> bool:
        return self._at == 0 and self._whole.status == "masked"

    @property
    def name(self) -> str:
        return self._shape.name

    @property
    def path(self) -> str:
        return self._shape.path

    @property
    def title(self) -> Title:
        return self._shape.title

    @property
    def file(self) -> str:
        return self._shape.file

    @property
    def line(self) -> int:
        return self._shape.line

    @property
    def possible(self) -> int | None:
        """What the node could have reached."""
        return self._shape.possible

    @property
    def points(self) -> int | None:
        """The node's own points, None when it is left out."""
        return None if self._masked else self._whole.numbers[self._at][0]

    @property
    def lost(self) -> int | None:
        """What is missing to what it could have reached."""
        points, possible = self.points, self.possible
        return None if points is None or possible is None else max(0, possible - points)

    @property
    def contribution(self) -> int | None:
        """What it adds to the parent."""
        return self._whole.numbers[self._at][1]

    @property
    def status(self) -> str:
        if self._at == 0:
            return self._whole.status
        points, _, decided, lines = self._whole.numbers[self._at]
        if decided:
            return self._shape.exceptions[decided - 1].status
        if points is None:
            return "insufficient" if self._shape.missing == "insufficient" else "not_applicable"
        return "default" if lines and lines[0] == DEFAULT and isinstance(self._shape.missing, int) else "scored"

    @property
    def weight(self) -> int | None:
        """Its weight in the parent."""
        return self._number(self._shape.weight)

    @property
    def total(self) -> int | None:
        """The sum of the weights that count in the parent, this one among them."""
        return None if self.contribution is None or self._parent is None else self._number(self._parent._shape.total)

    @property
    def reason(self) -> str | None:
        decided = self._whole.numbers[self._at][2]
        own = self._shape.exceptions[decided - 1].reason if decided else None
        return own or self._shape.reason

    @property
    def children(self) -> tuple["ExplanationNode", ...]:
        if self._masked:
            return ()
        return tuple(ExplanationNode(self._whole, place, self) for place in self._whole._tree.nodes[self._at][1])

    @property
    def lines(self) -> tuple[ExplanationLine, ...]:
        """What moved the node besides its children, ending with the one rounding line where it is needed."""
        shape = self._shape
        _, _, decided, numbers = self._whole.numbers[self._at]
        if decided:
            rule = shape.exceptions[decided - 1]
            name = rule.reason or rule.status
            points, reason = self.points, rule.reason
            line = ExplanationLine(
                kind="exception", name=name, title=rule.title, points=points, reason=reason, line=rule.line
            )
            return (line,)
        return () if self._masked or not numbers else tuple(_lines(shape, numbers))

    @property
    def source(self) -> Mapping[str, Any] | None:
        """The metric or column that a leaf reads: its title, value, unit, and the atoms of a ratio."""
        name, tree = self._shape.source, self._whole._tree
        if name is None:
            return None
        output = tree.outputs.get(name)
        found: dict[str, Any] = {
            "name": name,
            "value": self._shown(name),
            "unit": tree.types[name].unit if name in tree.types else None,
            "title": dict(output.title.texts) if output else {},
        }
        atoms = {suffix: f"{name}.{suffix}" for suffix in _ATOMS}
        return found | {suffix: self._shown(atom) for suffix, atom in atoms.items() if atom in tree.outputs}

    def _number(self, source: str | int | None) -> int | None:
        value = self._whole._get(source) if isinstance(source, str) else source
        return None if value is None else int(value)

    def _shown(self, name: str) -> Any:
        types, value = self._whole._tree.types, self._whole._get(name)
        shown = show(value, types[name]) if name in types else value
        return float(shown) if isinstance(shown, Decimal) else shown

    def as_dict(self) -> dict[str, Any]:
        """Plain data; points as numbers of points, not ten-thousandths."""
        source = self.source
        return {
            "name": self.name,
            "path": self.path,
            "title": dict(self.title.texts),
            "status": self.status,
            "points": _points(self.points),
            "possible": _points(self.possible),
            "lost": _points(self.lost),
            "weight": self.weight,
            "of_weight": self.total,
            "contribution": _points(self.contribution),
            "reason": self.reason,
            "file": self.file,
            "line": self.line,
            "source": None if source is None else dict(source),
            "lines": [each.as_dict() for each in self.lines],
            "children": [child.as_dict() for child in self.children],
        }


def _points(value: int | None) -> float | None:
    return None if value is None else value / 10_000


def _lines(shape: NodeShape, numbers: tuple[int, ...]) -> list[ExplanationLine]:
    kind, base, *moved, clamped, rounding = numbers
    found = []
    if kind == DEFAULT:
        found.append(ExplanationLine(kind="default", name="missing", title=Title(), points=base, line=shape.line))
    elif kind != MEAN:
        name = shape.source or shape.name
        found.append(ExplanationLine(kind="choice", name=name, title=shape.title, points=base, line=shape.line))
    moving: tuple[AdjustmentShape | LimitShape, ...] = (*shape.adjustments, *shape.limits)
    kinds = ["bonus" if each.sign > 0 else "deduction" for each in shape.adjustments] + ["limit"] * len(shape.limits)
    for what, each, points in zip(kinds, moving, moved, strict=True):
        if points:
            found.append(
                ExplanationLine(
                    kind=what, name=each.name, title=each.title, points=points, reason=each.reason, line=each.line
                )
            )
    if clamped:
        found.append(ExplanationLine(kind="range", name="range", title=Title(), points=clamped, line=shape.line))
    if rounding:
        found.append(ExplanationLine(kind="rounding", name="rounding", title=Title(), points=rounding))
    return found
