"""Items that say `kind:`, replaced by what the kind makes of them."""

from collections.abc import Mapping as PlainMapping
from typing import Any

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, Span
from trustcommerce.expansion.made import NotPlain, given, made
from trustcommerce.language.names import did_you_mean
from trustcommerce.plugins.loaded import Plugin
from trustcommerce.read.tree import Entry, Mapping, Node, Scalar, plain
from trustcommerce.registry import ASIDE, Kind, Registry, Use
from trustcommerce.schema import check_shape, fault

__all__ = ["KINDS", "KINDS_OF", "expanded"]

KINDS_OF = {
    "metrics": "metrics",
    "values": "rule_kinds",
    "levels": "rule_kinds",
    "resources": "rule_kinds",
    "policies": "campaign_policies",
}
"""By block, where its kinds stand in a registry."""
KINDS = {"metrics": "metric", "rule_kinds": "decision", "campaign_policies": "campaign policy"}

_MADE = ("facts", "references", "windows", "metrics", "values", "scores", "levels", "resources", "pools")
_OUTCOMES = ("scores", "levels", "resources", "pools")
"""Blocks whose items hold on the dates of the policy that makes them; what is measured is measured on all days."""
_DEPTH = 20

Path = tuple[str, str]


def expanded(
    tree: Mapping, registry: Registry, plugins: tuple[Plugin, ...], problems: Problems
) -> tuple[Mapping, list[Path]]:
    """The tree in the language alone, and the items that could not be read, by block and name."""
    expansion = _Expansion(tree, registry, plugins, problems)
    return (expansion.tree(), expansion.broken) if expansion.uses(tree) else (tree, [])


class _Expansion:
    def __init__(self, tree: Mapping, registry: Registry, plugins: tuple[Plugin, ...], problems: Problems) -> None:
        self.source, self.registry, self.plugins, self.problems = tree, registry, plugins, problems
        self.blocks: dict[str, dict[str, Entry]] = {}
        self.broken: list[Path] = []

    @staticmethod
    def uses(tree: Mapping) -> bool:
        """Whether there is anything to do."""
        blocks = [tree.get(block) for block in KINDS_OF]
        return "policies" in tree or any(
            isinstance(each.value, Mapping) and "kind" in each.value
            for block in blocks
            for each in (block if isinstance(block, Mapping) else ())
        )

    def tree(self) -> Mapping:
        due: list[tuple[str, Entry, int]] = []
        for entry in self.source:
            if entry.key.text == "policies" and not isinstance(entry.value, Mapping):
                self.problems.add(codes.WRONG_SHAPE, "expected a mapping from names to policies", entry.key.span)
            if isinstance(entry.value, Mapping) and entry.key.text in (*_MADE, *KINDS_OF):
                self.blocks[entry.key.text] = {each.key.text: each for each in entry.value}
                due += [(entry.key.text, each, 0) for each in entry.value]
        while due:
            block, entry, depth = due.pop(0)
            if block not in KINDS_OF or not isinstance(entry.value, Mapping) or "kind" not in entry.value:
                if block == "policies":
                    said = f"`{entry.key.text}` does not say its `kind`"
                    self.problems.add(
                        codes.MISSING_KEY, said, entry.key.span, "plugins give kinds of campaign policies"
                    )
                continue
            due += [(*each, depth + 1) for each in self._expand(block, entry, depth)]
        entries = []
        for entry in self.source:
            name = entry.key.text
            if name == "policies":
                continue
            found = self.blocks.pop(name, None)
            if found is None or not isinstance(entry.value, Mapping):  # what is no mapping is reported by its shape
                entries.append(entry)
                continue
            kept = Mapping(tuple(found.values()), entry.value.span, entry.value.size)
            entries.append(Entry(entry.key, kept))
        self.blocks.pop("policies", None)
        for name, items in self.blocks.items():
            place = next(iter(items.values())).key.span
            entries.append(Entry(Scalar(name, name, place), Mapping(tuple(items.values()), place)))
        return Mapping(tuple(entries), self.source.span, self.source.size)

    def _expand(self, block: str, entry: Entry, depth: int) -> list[tuple[str, Entry]]:
        """What a kind makes of an item, put into the blocks; what is wrong leaves an item known by name only."""
        made_of = self._made_of(block, entry, depth)
        if made_of is None:
            self.broken.append((block, entry.key.text))
            self.blocks[block][entry.key.text] = Entry(entry.key, Mapping((), entry.value.span))
            return []
        if block == "policies":
            del self.blocks[block][entry.key.text]
        found = []
        for name, items in made_of.items():
            for each in items:
                own = name == block and each.key.text == entry.key.text
                placed = Entry(entry.key, self._own(entry, each)) if own else each
                if own or self._free(name, placed):
                    self.blocks.setdefault(name, {})[placed.key.text] = placed
                    found.append((name, placed))
        return found

    def _free(self, block: str, entry: Entry) -> bool:
        """Whether nothing else has the name; the same thing twice is one."""
        held = self.blocks.get(block, {}).get(entry.key.text)
        if held is None:
            return True
        if plain(held.value) != plain(entry.value):
            said = f"`{entry.key.text}` stands in `{block}` already"
            self.problems.add(codes.DUPLICATE_NAME, said, entry.key.span, f"there on line {held.key.span.line}")
        return False

    def _own(self, entry: Entry, item: Entry) -> Mapping:
        """The item that has the author's name, with what its author says of it."""
        assert isinstance(entry.value, Mapping) and isinstance(item.value, Mapping)
        said = [each for each in entry.value if each.key.text in ASIDE]
        names = {each.key.text for each in said}
        rest = [each for each in item.value if each.key.text not in names]
        return Mapping((*rest, *said), entry.value.span, entry.value.size)

    # -- one use

    def _made_of(self, block: str, entry: Entry, depth: int) -> dict[str, Mapping] | None:
        """The blocks that a kind gives for an item; None when something is wrong, which is reported."""
        assert isinstance(entry.value, Mapping)
        said = entry.value.get("kind")
        shelf = KINDS_OF[block]
        kinds: dict[str, Kind] = getattr(self.registry, shelf)
        if not isinstance(said, Scalar) or said.text not in kinds:
            self._unknown(said, entry, shelf, kinds)
            return None
        kind, place = kinds[said.text], said.span
        if depth >= _DEPTH:
            self.problems.add(codes.CYCLE, f"`kind: {kind.name}` makes itself over and over", place)
            return None
        owner = next((each.said for each in self.plugins if kind in each.gives), "the core")
        own = ASIDE if block != "policies" else ("title", "about", "effective")
        beside = tuple(each for each in entry.value if each.key.text not in (*own, "kind"))
        parameters = Mapping(beside, entry.value.span, entry.value.size)
        schema = {"additionalProperties": False, **kind.schema}
        wrong = fault(schema)
        if wrong is not None:
            self._wrong(kind, owner, place, f"has a schema that is none: {wrong}")
            return None
        before, found = self.problems.met, None
        check_shape(parameters, schema, self.problems)
        if self.problems.met > before:
            return None
        use = Use(name=entry.key.text, block=block, given=given(parameters))
        via = evolve(place, via=f"plugin {owner}")
        try:
            result = kind.expand(use)
            found = self._blocks(result, use, via)
        except NotPlain as error:
            self._wrong(kind, owner, place, f"gives {error}")
        except Exception as error:  # whatever a plugin does
            self._wrong(kind, owner, place, f"fails: {type(error).__name__}: {error}")
        if found is None or self.problems.met > before:
            return None
        return self._dated(found, entry.value) if block == "policies" else found

    def _unknown(self, said: Node | None, entry: Entry, shelf: str, kinds: PlainMapping[str, Kind]) -> None:
        span = entry.key.span if said is None else said.span.head()
        if any(each.code == codes.BAD_PLUGIN for each in self.problems.errors):
            return  # it may well be the plugin that is not there
        if not isinstance(said, Scalar) or not isinstance(said.value, str):
            self.problems.add(codes.WRONG_SHAPE, "`kind` is the name of a kind", span)
            return
        others = [KINDS[each] for each in KINDS if each != shelf and said.text in getattr(self.registry, each)]
        hint = did_you_mean(said.text, kinds) or (
            f"it is a kind of {others[0]}"
            if others
            else f"the pack's plugins give {', '.join(kinds)}"
            if kinds
            else "a plugin gives it: name it in pack.yaml, `plugins`"
        )
        self.problems.add(codes.UNKNOWN_NAME, f"no kind of {KINDS[shelf]} `{said.text}`", span, hint)

    def _wrong(self, kind: Kind, owner: str, place: Span, what: str) -> None:
        self.problems.add(codes.BAD_PLUGIN, f"plugin {owner}: `kind: {kind.name}` {what}", place)

    def _blocks(self, result: Any, use: Use, place: Span) -> dict[str, Mapping] | None:
        """What a kind gave, as trees: blocks of the language with items of its own."""
        if not isinstance(result, PlainMapping):
            raise NotPlain(f"{type(result).__name__} instead of blocks by name")
        found: dict[str, Mapping] = {}
        for block, items in result.items():
            if block not in _MADE:
                raise NotPlain(f"the block {block!r}; it may make {', '.join(_MADE)}")
            tree = made(items, place)
            if not isinstance(tree, Mapping):
                raise NotPlain(f"the block {block!r} is no mapping")
            found[block] = tree
        if use.block != "policies":
            self._check_names(found, use)
        return found

    @staticmethod
    def _check_names(found: PlainMapping[str, Mapping], use: Use) -> None:
        """An item makes itself, and others that are named after it."""
        own = found.get(use.block)
        if own is None or not isinstance(own.get(use.name), Mapping):
            raise NotPlain(f"no mapping for `{use.name}` itself in `{use.block}`")
        for tree in found.values():
            for each in tree:
                if each.key.text != use.name and not each.key.text.startswith(f"{use.name}_"):
                    raise NotPlain(f"the name `{each.key.text}`; it may make `{use.name}` and `{use.name}_...`")

    @staticmethod
    def _dated(found: dict[str, Mapping], policy: Mapping) -> dict[str, Mapping]:
        """A policy's own dates hold for all that it decides."""
        effective = policy.entry("effective")
        if effective is None:
            return found

        def dated(item: Entry, block: str) -> Entry:
            if block == "levels" and not isinstance(item.value, Mapping):
                return item
            if isinstance(item.value, Mapping):
                said = () if "effective" in item.value else (effective,)
                return Entry(item.key, Mapping((*item.value.entries, *said), item.value.span, item.value.size))
            value = Entry(Scalar("value", "value", item.value.span), item.value)
            return Entry(item.key, Mapping((value, effective), item.value.span))

        return {
            block: Mapping(tuple(dated(each, block) for each in items), items.span, items.size)
            if block in _OUTCOMES
            else items
            for block, items in found.items()
        }
