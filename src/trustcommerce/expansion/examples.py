"""The example of a kind, expanded as a rule set would have it."""

from trustcommerce.diagnostics import Problems, SourceFile
from trustcommerce.expansion.kinds import KINDS_OF, expanded
from trustcommerce.plugins.loaded import Plugin
from trustcommerce.read import Mapping, parse_yaml
from trustcommerce.registry import CampaignPolicy, Kind, Metric, Registry
from trustcommerce.schema import check_shape, ruleset_schema

__all__ = ["try_example"]


def try_example(kind: Kind, plugin: Plugin, registry: Registry) -> tuple[str, ...]:
    """What is wrong with the example of a kind: an item in YAML, with its name and its `kind`."""
    block = "metrics" if isinstance(kind, Metric) else "policies" if isinstance(kind, CampaignPolicy) else None
    found: tuple[str, ...] = ()
    for each in (block,) if block is not None else [name for name, shelf in KINDS_OF.items() if shelf == "rule_kinds"]:
        found = _tried(kind, each, plugin, registry)
        if not found:
            return ()
    return found


def _tried(kind: Kind, block: str, plugin: Plugin, registry: Registry) -> tuple[str, ...]:
    """What is wrong with the example in a block."""
    problems = Problems()
    lines = "".join(f"  {line}\n" for line in kind.example.strip().splitlines())
    text = f"ruleset: example\nsubject: {{name: it, table: they, key: key}}\n{block}:\n{lines}"
    tree = parse_yaml(SourceFile(path=f"example of {kind.name}", text=text), problems)
    if not isinstance(tree, Mapping):
        return tuple(map(str, problems)) or (f"the example of `{kind.name}` is no mapping",)
    items = tree.get(block)
    values = [each.value for each in items] if isinstance(items, Mapping) else []
    kinds = [each.get("kind") for each in values if isinstance(each, Mapping)]
    if not any(getattr(each, "text", None) == kind.name for each in kinds):
        return (f"the example of `{kind.name}` does not use it",)
    made, _ = expanded(tree, registry, (plugin,), problems)
    if not problems:
        check_shape(made, ruleset_schema(registry), problems)
    return tuple(map(str, problems))
