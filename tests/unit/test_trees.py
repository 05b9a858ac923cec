"""Contribution trees: the numbers that are computed at once, and the nodes that look at them."""

from collections.abc import Iterator

import trustcommerce as tc
from tests.unit.stores import COLUMNS, DAY, NAME, STORE
from trustcommerce.explain import ExplanationNode
from trustcommerce.explain.numbers import MEAN


def _walked(node: ExplanationNode) -> Iterator[ExplanationNode]:
    yield node
    for child in node.children:
        yield from _walked(child)


def test_nodes_show_the_numbers() -> None:
    """Parents first, each node's points, contribution, exception and lines; made once for all decisions."""
    engine = tc.load(COLUMNS / NAME)
    decision = engine.score(NAME, STORE, DAY)
    tree = decision.contributions()
    nodes = list(_walked(tree.root))
    assert len(nodes) == len(tree.numbers) > 3
    for node, (points, contribution, _, lines) in zip(nodes, tree.numbers, strict=True):
        assert (node.points, node.contribution) == (points, contribution)
        shown = [line.points for line in node.lines]
        assert [each for each in lines[1 if lines and lines[0] != MEAN else 2 :] if each] == [p for p in shown if p]
    root, *_ = tree.numbers
    assert root[0] == sum(node.contribution or 0 for node in tree.root.children) + sum(root[3][2:])
    again = engine.score(NAME, STORE, DAY).contributions(tree.score)
    assert again.numbers == tree.numbers
    assert again.as_dict() == tree.as_dict()
    assert repr(tree.root) == f"ExplanationNode({tree.score}: {root[0]})"
