"""A whole pack -> its plan: rule sets in order of dependence, each version checked and lowered."""

import datetime as dt

from attrs import frozen

from trustcommerce import codes
from trustcommerce.diagnostics import Diagnostic, Problems
from trustcommerce.expansion import expanded
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.types import Type
from trustcommerce.model import Pack, RuleSet, read_header, read_ruleset
from trustcommerce.plan.digest import canonical, meaning
from trustcommerce.plan.ruleset import plan_version
from trustcommerce.plan.shape import NodeShape
from trustcommerce.plan.version import RuleSetPlan, Version
from trustcommerce.plugins.loaded import Plugin
from trustcommerce.read import Mapping, Node, PackFiles, Scalar, Sequence, date_breaks, fold_dates, parse_date, undated
from trustcommerce.registry import Registry
from trustcommerce.schema import as_meant, check_shape, pack_schema, ruleset_schema

__all__ = ["PackPlan", "plan_pack"]


@frozen(kw_only=True, eq=False)
class PackPlan:
    """Everything that is needed to run a pack; rule sets come in order of dependence."""

    pack: Pack
    rulesets: dict[str, RuleSetPlan]
    meaning: str
    source: str
    warnings: tuple[Diagnostic, ...]
    registry: Registry
    plugins: tuple[Plugin, ...] = ()

    @property
    def plugin_versions(self) -> dict[str, str]:
        """The version of each plugin, by name."""
        return {each.name: each.version for each in self.plugins}


def plan_pack(
    files: PackFiles, registry: Registry, problems: Problems, plugins: tuple[Plugin, ...] = ()
) -> PackPlan | None:
    """Check and lower the pack; None when `problems` holds an error.

    Args:
        plugins: Those whose registrations `registry` holds; their versions and contents are part of the meaning.
    """
    pack = read_header(files, check_shape(files.header, pack_schema(), problems), problems)
    if not isinstance(files.header.get("tables"), Mapping):
        return None  # reported already; every name of a column would be unknown
    planner = _Planner(pack, files, registry, problems, plugins)
    plans = {name: plan for name in planner.order() if (plan := planner.plan(name)) is not None}
    if problems.errors:
        return None
    parts = [f"{pack.name} {pack.currency} {pack.time_zone}"]
    parts += [f"plugin {each.name} {each.version} {each.content}" for each in plugins]
    for name in sorted(plans):
        plan = plans[name]
        parts.append(f"{name} {plan.effective_from} {plan.effective_until} {plan.enforced}")
        for version in plan.versions:
            parts += [f"{version.since} {version.until}", *canonical(version.relation)]
    return PackPlan(
        pack=pack,
        rulesets=plans,
        meaning=meaning(parts),
        source=files.digest,
        warnings=problems.warnings,
        registry=registry,
        plugins=plugins,
    )


class _Planner:
    def __init__(
        self, pack: Pack, files: PackFiles, registry: Registry, problems: Problems, plugins: tuple[Plugin, ...]
    ) -> None:
        self.pack, self.registry, self.problems = pack, registry, problems
        self.plugins = plugins
        self.unread: dict[str, list[tuple[str, str]]] = {}
        self.schema = ruleset_schema(registry)
        self.trees: dict[str, Mapping] = {}
        for stem, tree in files.rulesets.items():
            self._announce(stem, undated(as_meant(tree, self.schema, problems), problems))
        self.results: dict[str, list[tuple[dt.date | None, dict[str, Type]]]] = {}
        self.keys = {name: _subject_key(tree) for name, tree in self.trees.items()}
        self.failed: set[str] = set()

    def _announce(self, stem: str, tree: Mapping) -> None:
        node = tree.get("ruleset")
        name = node.text if isinstance(node, Scalar) else stem
        if name in self.trees:
            first = self.trees[name].get("ruleset") or self.trees[name]
            self.problems.add(
                codes.DUPLICATE_NAME,
                f"a second rule set `{name}`",
                (node or tree).span.head(),
                f"the first is in {first.span.file.path}",
            )
            return
        if name in self.pack.tables:
            self.problems.add(
                codes.DUPLICATE_NAME,
                f"`{name}` is a table already",
                (node or tree).span.head(),
                "tables and rule sets share one namespace: their rows are named by it in folders and records",
            )
        self.trees[name], self.unread[name] = expanded(tree, self.registry, self.plugins, self.problems)

    # -- order

    def order(self) -> list[str]:
        """Rule sets so that each comes after those it reads; cycles are reported with their path."""
        found: list[str] = []
        visiting: list[str] = []

        def visit(name: str) -> None:
            if name in found:
                return
            visiting.append(name)
            for target, node in _reads(self.trees[name]):
                if target in visiting:
                    path = " -> ".join([*visiting[visiting.index(target) :], target])
                    self.problems.add(codes.CYCLE, f"rule set `{target}` reads its own result: {path}", node.span)
                    self.failed.update(visiting)
                elif target in self.trees:
                    visit(target)
                elif target not in self.pack.broken:
                    others = [each for each in self.trees if each != name]
                    hint = did_you_mean(target, others) or (f"the others are {', '.join(others)}" if others else None)
                    self.problems.add(codes.UNKNOWN_TABLE, f"no rule set `{target}`", node.span, hint)
            visiting.pop()
            found.append(name)

        for name in sorted(self.trees):
            visit(name)
        return found

    def _breaks(self, name: str, seen: frozenset[str] = frozenset()) -> set[dt.date]:
        """Dates at which the rule set, or one that it reads, changes."""
        if name in seen or name not in self.trees:
            return set()
        tree = self.trees[name]
        found = date_breaks(tree, self.problems) | _item_dates(tree, top=True)
        for target, _ in _reads(tree):
            found |= self._breaks(target, seen | {name})
        return found

    # -- versions

    def plan(self, name: str) -> RuleSetPlan | None:
        tree = self.trees[name]
        before = len(self.problems.errors)
        if any(target in self.failed or target not in self.trees for target, _ in _reads(tree)):
            self.failed.add(name)
        effective = tree.get("effective")
        start, end = (_date(effective, key) for key in ("from", "until"))
        starts: list[dt.date | None] = [start]
        starts += sorted(d for d in self._breaks(name) if (start is None or d > start) and (end is None or d < end))
        versions: list[Version] = []
        rulesets: list[RuleSet] = []
        for i, since in enumerate(starts):
            until = starts[i + 1] if i + 1 < len(starts) else end
            read = self._read(tree, self.unread[name], since, until)
            if read is None:
                continue
            rulesets.append(read)
            results = {n: _in_force(types, since) for n, types in self.results.items() if n not in self.failed}
            version = plan_version(read, self.pack, self.registry, self.problems, results, self.keys)
            if version is not None:
                versions.append(version)
        if not rulesets or len(versions) < len(starts) or len(self.problems.errors) > before or name in self.failed:
            self.failed.add(name)
            return None
        self._check_totals(versions)
        self.results[name] = [
            (v.since, {f.name: f.type for f in v.carried} | {item.name: item.type for item in v.outputs})
            for v in versions
        ]
        first = rulesets[0]
        table = self.pack.tables.get(first.table)
        columns = {n: f for v in versions for f in v.inputs for n in [f.name]}
        return RuleSetPlan(
            name=name,
            title=first.title,
            about=first.about,
            subject=first.subject,
            table=first.table,
            key=first.key,
            columns=columns,
            depends=tuple(dict.fromkeys(t for t, _ in _reads(tree))),
            effective_from=first.effective_from,
            effective_until=first.effective_until,
            enforced=first.enforced,
            versions=tuple(versions),
            every=first.every,
            titles={n: c.title for n, c in (table.columns if table is not None else {}).items()},
        )

    def _read(
        self, tree: Mapping, unread: list[tuple[str, str]], since: dt.date | None, until: dt.date | None
    ) -> RuleSet | None:
        day = since if since is not None else dt.date.min
        folded = fold_dates(tree, day, self.problems)
        assert isinstance(folded, Mapping)
        broken = [*unread, *check_shape(folded, self.schema, self.problems)]
        names = [name for _, name in unread]
        return read_ruleset(folded, self.registry, self.problems, broken=broken, unread=names, since=since, until=until)

    def _check_totals(self, versions: list[Version]) -> None:
        """Weights of siblings sum alike on every date."""
        totals: dict[str, tuple[int, dt.date | None]] = {}
        for version in versions:
            for shape in _nodes(version.scores):
                if isinstance(shape.total, int):
                    first, since = totals.setdefault(shape.path, (shape.total, version.since))
                    if first != shape.total:
                        self.problems.add(
                            codes.WEIGHTS,
                            f"the weights of the parts of `{shape.name}` sum to {first} "
                            f"{_from(since)} and to {shape.total} {_from(version.since)}",
                            shape.span,
                            "siblings' weights sum alike on every date",
                        )


def _from(since: dt.date | None) -> str:
    return "at first" if since is None else f"from {since}"


def _nodes(shapes: tuple[NodeShape, ...]) -> list[NodeShape]:
    return [node for shape in shapes for node in (shape, *_nodes(shape.children))]


def _reads(tree: Mapping) -> list[tuple[str, Scalar]]:
    """Rule sets that the tree's references, facts and exclusions name."""
    found = []
    for block in ("references", "facts"):
        entries = tree.get(block)
        for entry in entries if isinstance(entries, Mapping) else ():
            exclude = entry.value.get("exclude") if isinstance(entry.value, Mapping) else None
            inner = [each.value for each in exclude] if isinstance(exclude, Mapping) else []
            for node in (entry.value, *inner):
                target = node.get("ruleset") if isinstance(node, Mapping) else None
                if isinstance(target, Scalar):
                    found.append((target.text, target))
    return found


def _subject_key(tree: Mapping) -> tuple[str, ...]:
    subject = tree.get("subject")
    key = subject.get("key") if isinstance(subject, Mapping) else None
    if isinstance(key, Sequence):
        return tuple(item.text for item in key if isinstance(item, Scalar))
    return (key.text,) if isinstance(key, Scalar) else ()


def _date(node: Node | None, key: str) -> dt.date | None:
    found = node.get(key) if isinstance(node, Mapping) else None
    return parse_date(found.text) if isinstance(found, Scalar) else None


def _item_dates(node: Node, top: bool = False) -> set[dt.date]:
    """Dates at which an item's own `effective` begins or ends."""
    found: set[dt.date] = set()
    if isinstance(node, Sequence):
        for item in node:
            found |= _item_dates(item)
    elif isinstance(node, Mapping):
        for entry in node:
            if entry.key.text == "effective" and not top:
                found |= {d for key in ("from", "until") if (d := _date(entry.value, key)) is not None}
            else:
                found |= _item_dates(entry.value)
    return found


def _in_force(results: list[tuple[dt.date | None, dict[str, Type]]], day: dt.date | None) -> dict[str, Type]:
    """What a rule set gives on `day`, the first day of one of its versions or of a reader's."""
    begun = [types for since, types in results if day is not None and since is not None and since <= day]
    return begun[-1] if begun else results[0][1]
