"""The smallest rule set and rows for which something still fails."""

from collections.abc import Callable, Iterator
from typing import Any

import yaml

from tests.parity.compare_facts import Tables

__all__ = ["smallest"]

Fails = Callable[[str, Tables], bool]


def smallest(text: str, tables: Tables, fails: Fails) -> tuple[str, Tables]:
    """Leave out rows, then entries of the rule set, then rows again, as long as it fails without them.

    Args:
        text: The rule set's YAML.
        fails: Whether a rule set fails over some rows; one that does not load does not fail.
    """
    tables = _fewer_rows(text, tables, fails)
    text = _fewer_entries(text, tables, fails)
    return text, _fewer_rows(text, tables, fails)


def _fewer_rows(text: str, tables: Tables, fails: Fails) -> Tables:
    """By halves, quarters and so on of each table."""
    for name in tables:
        size = len(tables[name])
        while size >= 1:
            size = -(-size // 2)
            start = 0
            while start < len(tables[name]):
                rows = tables[name]
                tried = {**tables, name: [*rows[:start], *rows[start + size :]]}
                if fails(text, tried):
                    tables = tried
                else:
                    start += size
            if size == 1:
                break
    return tables


def _fewer_entries(text: str, tables: Tables, fails: Fails) -> str:
    """One entry of a mapping or list after the other, the outer ones first, until none can go."""
    tree = yaml.safe_load(text)
    again = True
    while again:
        again = False
        for path in list(_places(tree)):
            tried = _without(tree, path)
            if tried is not None and fails(_written(tried), tables):
                tree, again = tried, True
    written = _written(tree)
    return written if fails(written, tables) else text


def _written(tree: Any) -> str:
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, width=100)


def _places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where entries stand, level by level."""
    level = [((), tree)]
    while level:
        below = []
        for place, node in level:
            keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
            for key in keys:
                yield (*place, key)
                below.append(((*place, key), node[key]))
        level = below


def _without(tree: Any, path: tuple[Any, ...]) -> Any:
    """A copy of the tree without one entry; None where it is gone already."""
    key, rest = path[0], path[1:]
    if isinstance(tree, dict):
        if key not in tree:
            return None
        if not rest:
            return {name: value for name, value in tree.items() if name != key}
        below = _without(tree[key], rest)
        return None if below is None else {**tree, key: below}
    if not isinstance(tree, list) or key >= len(tree):
        return None
    if not rest:
        return tree[:key] + tree[key + 1 :]
    below = _without(tree[key], rest)
    return None if below is None else [*tree[:key], below, *tree[key + 1 :]]
