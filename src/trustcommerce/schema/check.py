"""Tree x schema -> diagnostics: jsonschema finds, this module says it in the author's words."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, Span
from trustcommerce.language.names import did_you_mean, nearest
from trustcommerce.read.scalars import mistaken
from trustcommerce.read.tree import Entry, Mapping, Node, Scalar, Sequence, plain
from trustcommerce.schema.parts import LANGUAGE, NAME, OWN_NAMES

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

__all__ = ["as_meant", "check_shape", "fault"]

CURRENCY = "^[A-Z]{3}$"
_NAME_HINT = "names are letters, digits and _, and do not begin with a digit"
_LANGUAGES = {"cn": "zh", "hk": "zh-HK", "jp": "ja", "us": "en-US", "gb": "en-GB", "chinese": "zh", "english": "en"}
_PLANNED = ("state",)
_EXPANDED = ("policies",)
_WITH_KINDS = ("metrics", "values", "levels", "resources", "policies")
_PLAIN = (
    *("pattern", "const", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
    "uniqueItems",
)
"""Keywords that only schemas of plugins have; jsonschema's own sentences say what is wrong."""
_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


@lru_cache(maxsize=16)
def _validator(text: str) -> Any:
    import json

    import jsonschema

    extend: Any = jsonschema.validators.extend
    return extend(jsonschema.Draft202012Validator, {OWN_NAMES: _own_names})(json.loads(text))


def _own_names(validator: object, value: object, instance: Any, schema: object) -> Iterator["ValidationError"]:
    """The keyword `ownNames`; what it is about is found again when it is told."""
    import jsonschema

    if isinstance(instance, dict) and next(_strange_names(instance), None) is not None:
        yield jsonschema.ValidationError("these names are taken")


def _strange_names(names: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Names that may not stand, what is wrong with them, and the way out."""
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(name.casefold(), name)
        if first != name:
            hint = "databases take them for one column: rename one of them"
            yield name, f"`{name}` and `{first}` differ in case only", hint
        if name.startswith("__") or "~" in name:
            hint = f"give it another name; a column may say `source: {name}`"
            yield name, f"`{name}` is like the names that we make up", hint


def fault(schema: dict[str, Any]) -> str | None:
    """What is wrong with a schema itself, if anything."""
    import json

    return _fault(json.dumps(schema, sort_keys=True))


@lru_cache(maxsize=256)
def _fault(text: str) -> str | None:
    import json

    import jsonschema

    try:
        jsonschema.Draft202012Validator.check_schema(json.loads(text))
    except jsonschema.SchemaError as error:
        return str(error.message)
    return None


def check_shape(tree: Node, schema: dict[str, Any], problems: Problems) -> list[tuple[str | int, ...]]:
    """Report where `tree` breaks `schema`.

    Returns:
        Paths of the nodes that can't be read further; an unknown key alone makes no such node, but a
        misspelt one does: without what it says, others would be said to be missing.
    """
    import json

    errors = _validator(json.dumps(schema, sort_keys=True)).iter_errors(plain(tree))
    leaves = [(tuple(leaf.absolute_path), leaf) for error in errors for leaf in _leaves(error)]
    kinds = {path for path, leaf in leaves if _strange_kind(leaf)}
    broken: list[tuple[str | int, ...]] = []
    for path, leaf in leaves:
        of_kind = any(path[:end] in kinds for end in range(len(path) + 1))
        if of_kind and not _strange_kind(leaf):  # what stands beside it is the kind's business
            continue
        if _report(leaf, tree, problems):
            broken.append(path)
    return broken


def _strange_kind(leaf: "ValidationError") -> bool:
    """Whether a mapping says `kind` where none may stand."""
    if leaf.validator != "additionalProperties" or "kind" not in cast("Any", leaf.instance):
        return False
    schema: Any = leaf.schema
    return not schema.get("patternProperties") and "kind" not in schema.get("properties", {})


def as_meant(tree: Mapping, schema: dict[str, Any], problems: Problems) -> Mapping:
    """The tree with misspelt keys of its top read as what they mean, each reported.

    What stands below such a key is checked like anything else, and names that it defines are known: one
    misspelling is one problem.
    """
    free = {*schema["properties"]} - {entry.key.text for entry in tree}
    entries = []
    for entry in tree:
        name = entry.key.text
        strange = name not in schema["properties"] and name not in (*_PLANNED, *_EXPANDED)
        meant = nearest(name, free) if strange else None
        if meant is not None:
            free.remove(meant)
            problems.add(codes.UNKNOWN_KEY, f"unknown key `{name}`", entry.key.span, f"did you mean `{meant}`?")
            entry = Entry(evolve(entry.key, text=meant, value=meant), entry.value)
        entries.append(entry)
    return Mapping(tuple(entries), tree.span, tree.size)


def _leaves(error: "ValidationError") -> Iterator["ValidationError"]:
    """The errors inside the one alternative that fits the value's own kind, else the error itself."""
    if error.validator != "anyOf" or not error.context:
        yield error
        return
    branches: dict[int, list[ValidationError]] = {}
    for each in error.context:
        branches.setdefault(int(each.schema_path[0]), []).append(each)
    fitting = [
        errors
        for errors in branches.values()
        if not any(e.validator in ("type", "enum") and len(e.path) == 0 for e in errors)
    ]
    if all(each.validator == "required" and not each.path for each in error.context):
        begun = [errors for errors in branches.values() if _said(errors[0])]
        fitting = begun if len(begun) == 1 else fitting
    if len(fitting) == 1:
        for each in fitting[0]:
            yield from _leaves(each)
    else:
        yield error


def _said(error: "ValidationError") -> bool:
    """Whether some of the keys that are needed together are there."""
    return any(key in cast("Any", error.instance) for key in cast("Any", error.validator_value))


def _report(error: "ValidationError", tree: Node, problems: Problems) -> bool:
    node, key = _find(tree, error.absolute_path)
    place = node.span if isinstance(node, Scalar) or key is None else key
    if isinstance(node, Mapping):  # what a plugin made stands under the author's name
        place = evolve(place, via=next((each.key.span.via for each in node if each.key.span.via), place.via))
    value: Any = error.validator_value
    if error.validator == "additionalProperties" and isinstance(node, Mapping):
        return _unknown_keys(error, node, problems)
    if error.validator == OWN_NAMES and isinstance(node, Mapping):
        keys = {entry.key.text: entry.key.span for entry in node}
        for name, said, way_out in _strange_names(keys):
            problems.add(codes.DUPLICATE_NAME, said, keys[name], way_out)
        return False
    if error.validator == "not" and value == {}:  # what a schema of a plugin rules out beside something else
        problems.add(codes.UNKNOWN_KEY, f"`{error.absolute_path[-1]}` says nothing here", place.head(), "drop it")
        return True
    if error.validator in ("required", "dependentRequired"):
        said_here, strange = cast("Any", error.instance), _strange(error)
        needed = value
        if error.validator == "dependentRequired":  # a strange key may well be the one that is meant
            needed = [] if strange else [each for key, others in value.items() if key in said_here for each in others]
        absent = [f"`{key}`" for key in needed if key not in said_here and not did_you_mean(key, strange)]
        if absent:
            said = "is not said" if len(absent) == 1 else "are not said"
            problems.add(codes.MISSING_KEY, f"{', '.join(absent)} {said} here", place.head())
        return True
    if error.validator == "anyOf" and all(set(each) == {"required"} for each in value):
        strange = _strange(error)
        if any(did_you_mean(key, strange) for each in value for key in each["required"]):
            return True
        ways = " or ".join(" and ".join(f"`{key}`" for key in each["required"]) for each in value)
        problems.add(codes.MISSING_KEY, f"{ways} must be said here", place.head())
        return True
    if error.validator == "pattern" and value == CURRENCY:
        problems.add(
            codes.WRONG_SHAPE,
            f"`{error.instance}` is no currency code",
            place.head(),
            "write the three capital letters of ISO 4217, as CNY",
        )
    elif error.validator == "pattern" and value == NAME:
        problems.add(
            codes.WRONG_SHAPE,
            f"`{error.instance}` is no name",
            place.head(),
            _NAME_HINT,
        )
    elif error.validator in _PLAIN:
        problems.add(codes.WRONG_SHAPE, str(error.message), place.head())
    elif error.validator == "enum":
        problems.add(
            codes.WRONG_SHAPE,
            f"`{_shown(node)}` is none of {', '.join(map(str, value))}",
            place.head(),
            did_you_mean(str(error.instance), map(str, value)),
        )
    elif error.validator in ("minItems", "maxItems", "minProperties", "maxProperties"):
        problems.add(codes.WRONG_SHAPE, _amount(error), place.head())
    elif error.validator in ("minimum", "maximum"):
        few = "at least" if error.validator == "minimum" else "at most"
        note: Any = cast("Any", error.schema).get("description")
        problems.add(codes.WRONG_SHAPE, f"expected {few} {value}, found {_kind(node)}", place.head(), note)
    else:
        expected = " or ".join(dict.fromkeys(_expected(error.schema, error)))
        hint = mistaken(node.text) if isinstance(node, Scalar) and node.style == "plain" else None
        hint = hint or (did_you_mean(node.text, _words(error.schema)) if isinstance(node, Scalar) else None)
        problems.add(codes.WRONG_SHAPE, f"expected {expected}, found {_kind(node)}", place.head(), hint)
    return True


def _strange(error: "ValidationError") -> list[str]:
    """Keys of a mapping that its schema does not know, which may be misspelt ones."""
    keys, above = cast("Any", error.instance), cast("Any", error)
    while "properties" not in above.schema and above.parent is not None and not above.path:
        above = above.parent
    return [key for key in keys if key not in above.schema.get("properties", {})]


def _unknown_keys(error: "ValidationError", node: Mapping, problems: Problems) -> bool:
    import re

    schema: Any = error.schema
    known = list(schema.get("properties", {}))
    patterns = list(schema.get("patternProperties", {}))
    broken, kind = False, _strange_kind(error)
    for entry in node:
        name = entry.key.text
        if kind and name != "kind":
            continue
        if name in known or any(re.search(p, name) for p in patterns):
            continue
        if patterns:
            language = patterns == [LANGUAGE]
            said = f"`{name}` is no {'language' if language else 'name'}"
            problems.add(codes.WRONG_SHAPE, said, entry.key.span, _language(name) if language else _NAME_HINT)
            broken = True
        else:
            meant = did_you_mean(name, [key for key in known if key not in node])
            hint = meant or did_you_mean(name, known) or f"known here: {', '.join(known)}"
            if kind:
                hint = "kinds of plugins stand in metrics, values, levels, resources and policies"
                if len(error.absolute_path) == 2 and error.absolute_path[0] in _WITH_KINDS:  # all others are expanded
                    hint = "an item has one `kind` on all days: dates can't stand around it"
            if not error.absolute_path and name in _PLANNED:
                hint = f"`{name}` is not supported yet"
            problems.add(codes.UNKNOWN_KEY, f"unknown key `{name}`", entry.key.span, hint)
            broken = broken or kind or (meant is not None and bool(error.absolute_path))
    return broken


def _language(name: str) -> str:
    """A hint for what is no code of a language."""
    import re

    head, *parts = name.replace("_", "-").split("-")
    meant = "-".join([_LANGUAGES.get(head.lower(), head.lower()), *parts])
    found = re.search(LANGUAGE, meant) is not None
    return f"did you mean `{meant}`?" if found else "languages have codes of ISO 639, as zh for Chinese, en for English"


def _find(tree: Node, path: Iterable[str | int]) -> tuple[Node, Span | None]:
    """The node at `path`, and the span of the key that holds it."""
    node, key = tree, None
    for step in path:
        if isinstance(node, Mapping):
            entry = node.entry(str(step))
            if entry is None:
                break
            node, key = entry.value, entry.key.span
        elif isinstance(node, Sequence) and isinstance(step, int):
            node, key = node.items[step], None
    return node, key


def _words(schema: Any) -> Iterator[str]:
    """Words that may stand at a place, among other things."""
    for branch in schema.get("anyOf", ()):
        yield from map(str, branch.get("enum", ()))


def _expected(schema: Any, error: "ValidationError") -> Iterator[str]:
    if "anyOf" in schema:
        for branch in schema["anyOf"]:
            yield from _expected(branch, error)
    elif "enum" in schema:
        yield from map(str, schema["enum"])
    else:
        types = schema.get("type", "object")
        for name in [types] if isinstance(types, str) else types:
            yield _KINDS.get(name, name)


def _kind(node: Node) -> str:
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    return "nothing" if node.text == "" else f"`{_shown(node)}`"


def _shown(node: Node) -> str:
    text = node.text if isinstance(node, Scalar) else _kind(node)
    return text if len(text) <= 40 else text[:37] + "..."


def _amount(error: "ValidationError") -> str:
    few = "at least" if str(error.validator).startswith("min") else "at most"
    entries = "entry" if error.validator_value == 1 else "entries"
    found = len(cast("Any", error.instance))
    return f"expected {few} {error.validator_value} {entries}, found {found or 'none'}"
