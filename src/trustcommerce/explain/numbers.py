"""The numbers of a contribution tree: one generated function that adds up a score's nodes.

In: the tuple of a decision's values. Out: for each node of the score, parents first, its points, what
it adds to its parent, the exception that decided it, and the points of each line beside its children.
"""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from trustcommerce.language.expressions import Literal
from trustcommerce.plan import NodeShape

__all__ = ["CHOICE", "DEFAULT", "MEAN", "Compiled", "Numbers", "compile_numbers"]

MEAN, CHOICE, DEFAULT = 0, 1, 2
"""What a node starts from: the mean of its children, the points of its own choice, those for missing data."""

Numbers = tuple[int | None, int | None, int, tuple[int, ...]]
"""Of a node: points, contribution, number of the exception (0 for none), and its lines.

Lines are what it starts from and the points of that, each adjustment, each limit, the range, the rounding;
none when the node is left out or an exception decided it.
"""


@frozen(kw_only=True, eq=False)
class Compiled:
    """The function of one score, and whether it reads what is computed for reasons only."""

    function: Callable[[tuple[Any, ...], tuple[Any, ...]], tuple[Numbers, ...]]
    late: bool
    source: str


def compile_numbers(
    shape: NodeShape, index: Mapping[str, int], late: Mapping[str, int], constants: Mapping[str, Literal]
) -> Compiled:
    """Generate and compile the function of a score.

    Args:
        index: Where in the tuple of values each name's value is.
        late: The same for what is computed for reasons only.
        constants: Values that are the same for every subject.
    """
    writer = _Writer(index, late, constants)
    writer.node(shape, None, shape.path)
    nodes = ", ".join(f"n{i}" for i in range(writer.count))
    source = "\n".join(["def numbers(r, l):", *writer.lines, f"    return ({nodes},)"]) + "\n"
    scope: dict[str, Any] = {}
    exec(compile(source, f"<tree of {shape.path}>", "exec"), scope)
    return Compiled(function=scope["numbers"], late=writer.reads_late, source=source)


class _Writer:
    def __init__(self, index: Mapping[str, int], late: Mapping[str, int], constants: Mapping[str, Literal]) -> None:
        self.index, self.late, self.constants = index, late, constants
        self.lines: list[str] = []
        self.count = 0
        self.reads_late = False

    def read(self, source: str | int | None) -> str:
        """An expression for the value of an item, or of a constant."""
        if isinstance(source, str):
            if source in self.index:
                return f"r[{self.index[source]}]"
            if source in self.constants:
                return repr(self.constants[source].value)
            self.reads_late = True
            return f"l[{self.late[source]}]"
        return repr(source)

    def number(self, source: str | int | None) -> str:
        """The same, nothing being 0."""
        text = self.read(source)
        return (text if text != "None" else "0") if not isinstance(source, str) else f"({text} or 0)"

    def node(self, shape: NodeShape, total: str | None, value: str) -> int:
        """Write a node, whose points are in the item `value`, and those below it; returns its number.

        Args:
            total: The variable with the sum of the weights that count in its parent.
        """
        i = self.count
        self.count += 1
        add = self.lines.append
        add(f"    v{i} = {self.read(value)}")
        decided = "0"
        if shape.exception is not None:
            decided = f"d{i}"
            add(f"    {decided} = {self.number(shape.exception)}")
        children: list[tuple[int, NodeShape]] = []
        if shape.children:
            stops = f"v{i} is None" if decided == "0" else f"{decided} or v{i} is None"
            add(f"    t{i} = None if {stops} else {self.read(shape.total)}")
            add(f"    u{i} = 2 * (t{i} or 1)")
            children = [(self.node(child, f"t{i}", child.value), child) for child in shape.children]
        add(f"    if v{i} is None:")
        add(f"        c{i} = None; p{i} = 0; n{i} = (None, None, {decided}, ())")
        add("    else:")
        self._weighted(shape, i, total)
        indent = "        "
        if decided != "0":
            add(f"        if {decided}:")
            add(f"            n{i} = (v{i}, c{i}, {decided}, ())")
            add("        else:")
            indent += "    "
        self._lines(shape, i, children, decided, indent)
        return i

    def _weighted(self, shape: NodeShape, i: int, total: str | None) -> None:
        """Twice the points times the weight, and what they add to the parent."""
        add = self.lines.append
        if shape.weight is None:
            add(f"        c{i} = None; p{i} = 0")
            return
        weight, counts = self.read(shape.weight), total
        if weight.isdigit():
            weight = str(2 * int(weight))
        else:
            add(f"        w{i} = {weight}")
            weight, counts = f"2 * (w{i} or 0)", total and f"{total} and w{i} is not None"
        add(f"        p{i} = {weight} * v{i}")
        rounded = _rounded(f"p{i}", total, f"u{total[1:]}") if total else "None"
        add(f"        c{i} = ({rounded}) if {counts} else None" if counts else f"        c{i} = None")

    def _lines(
        self, shape: NodeShape, i: int, children: list[tuple[int, NodeShape]], decided: str, indent: str
    ) -> None:
        def add(text: str) -> None:
            self.lines.append(f"{indent}{text}")

        moves = [f"{'-' if each.sign < 0 else ''}{self.number(each.item)}" for each in shape.adjustments]
        moves += [f"{self.number(each.after)} - {self.number(each.before)}" for each in shape.limits]
        names = [f"m{k}" for k, _ in enumerate(moves)]
        for name, move in zip(names, moves, strict=True):
            add(f"{name} = {move}")
        before = " - ".join([f"v{i}", *names])
        if children:
            kind, base = MEAN, "0"
            if shape.range is not None:
                weighted = [f"p{k}" for k, each in children if each.weight is not None]
                add(f"s = {' + '.join(weighted) or '0'}")
                base = _rounded("s", f"(t{i} or 1)", f"u{i}")
        else:
            kind, base = CHOICE, self.read(shape.mean) if shape.mean is not None else before
        started = str(kind)
        given = shape.missing not in (None, "leave_out", "insufficient") and shape.mean
        if given:
            default = repr(shape.missing) if isinstance(shape.missing, int) else before
            add(f"k = {kind}; b = {base}")
            add(f"if {self.read(shape.mean)} is None: k = {DEFAULT}; b = {default}")
            started, base = "k", "b"
        elif base != f"v{i}":
            add(f"b = {base}")
            base = "b"
        moved = "0"
        if shape.range is not None:
            low, high = shape.range
            running = " + ".join([base, *names])
            add(f"q = {running}")
            add(f"g = {low} - q if q < {low} else {high} - q if q > {high} else 0")
            moved = "g"
        shown = base
        if children:
            parts = " + ".join(f"(c{k} or 0)" for k, _ in children)
            shown = f"(b if k == {DEFAULT} else {parts})" if given else f"({parts})"
        rounding = " - ".join([f"v{i}", shown, *names, *([moved] if moved != "0" else [])])
        rounding = "0" if rounding == f"v{i} - v{i}" else rounding
        packed = ", ".join([started, base, *names, moved, rounding])
        add(f"n{i} = (v{i}, c{i}, {decided}, ({packed}))")


def _rounded(value: str, total: str, twice: str) -> str:
    """`round_div` of half of `value` written out; `twice` is two times the total."""
    return f"({value} + {total}) // {twice} if {value} >= 0 else -(({total} - {value}) // {twice})"
