"""Examples that plugins give: a kind is expanded as a rule set would have it, a function computed, a format used."""

from collections import abc

from attrs import frozen

from trustcommerce.diagnostics import Problems, SourceFile, Span
from trustcommerce.errors import PluginError
from trustcommerce.expansion.formats import try_format
from trustcommerce.expansion.kinds import KINDS_OF, expanded
from trustcommerce.language.bind import Text, bind
from trustcommerce.language.expressions import Call, Expr, Literal, poison
from trustcommerce.language.macros import Macro
from trustcommerce.language.opening import Calendar
from trustcommerce.language.operations import Operations
from trustcommerce.plugins.loaded import Plugin
from trustcommerce.read import Mapping, parse_yaml
from trustcommerce.read.tree import Scalar
from trustcommerce.registry import Allocator, CampaignPolicy, Function, Kind, Metric, Output, Registry, Source
from trustcommerce.schema import check_shape, ruleset_schema

__all__ = ["try_example"]


def try_example(
    kind: Kind | Function | Allocator | Source | Output, plugin: Plugin, registry: Registry
) -> tuple[str, ...]:
    """What is wrong with an example: of a kind an item in YAML, with its name and its `kind`."""
    if isinstance(kind, Source | Output):
        return try_format(kind)
    if isinstance(kind, Function):
        return _computed(kind, registry)
    if isinstance(kind, Allocator):
        return _granted(kind)
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


@frozen
class _Constants:
    """A scope with functions alone."""

    registry: Registry

    def functions(self) -> abc.Mapping[str, Function | Macro]:
        return self.registry.functions

    def calendar(self, name: str, span: Span) -> Calendar | None:
        return None

    def names(self) -> abc.Iterable[str]:
        return ()

    def resolve(self, parts: tuple[str, ...], span: Span) -> Expr:
        return poison(span)


def _computed(function: Function, registry: Registry) -> tuple[str, ...]:
    """What is wrong with the example of a function: a call with constants, and what it gives."""
    text, wanted = function.example
    problems = Problems()
    file = SourceFile(path=f"example of {function.name}", text=text)
    scalar = Scalar(text, text, Span(file, 0, len(text)))
    found = bind(Text.of(scalar), _Constants(registry), Operations(problems))
    if problems:
        return tuple(map(str, problems))
    called = found.args if isinstance(found, Call) and found.function.name == function.name else None
    values = [each.value for each in called or () if isinstance(each, Literal)]
    if called is None or len(values) < len(called):
        return (f"the example of `{function.name}` does not call it with constants",)
    try:
        value = function.evaluate(*values)
    except PluginError as error:
        return (str(error),)
    return () if value == wanted else (f"the example of `{function.name}` gives {value!r}, and {wanted!r} is said",)


def _granted(allocator: Allocator) -> tuple[str, ...]:
    """What is wrong with the example of a method of pools: an amount, claims by column, and what they get."""
    import pyarrow as pa

    amount, claims, wanted = allocator.example
    columns = ["weight", "most", *allocator.columns]
    if set(claims) != set(columns):
        there, taken = ", ".join(claims), ", ".join(columns)
        return (f"the example of `{allocator.name}` has the columns {there}, and it takes {taken}",)
    try:
        found = allocator.grants(amount, pa.table({name: list(claims[name]) for name in columns}))
    except PluginError as error:
        return (str(error),)
    if found == list(wanted):
        return ()
    return (f"the example of `{allocator.name}` gives {found}, and {list(wanted)} is said",)
