"""The JSON Schemas of facts, references, windows and aggregates."""

from trustcommerce.schema.parts import (
    CONSTANT,
    EXPRESSION,
    EXPRESSIONS,
    TEXT,
    TEXTS,
    TITLED,
    WHOLE,
    Schema,
    mapping,
    named,
)

__all__ = ["COMPANIONS", "aggregate", "events", "facts", "references", "windows"]

_MATCH: Schema = {"type": "object", "minProperties": 1, "additionalProperties": EXPRESSIONS}
_GRAPH = mapping({"table": TEXT, "from": TEXT, "to": TEXT}, ("table", "from", "to"))
_BOUNDS: Schema = {"last": EXPRESSION, "from": EXPRESSION, "until": EXPRESSION}


def _window(branch: Schema) -> Schema:
    """A window: text, bounds, or rules that choose among windows of the shape `branch`."""
    pairs = {"when": ["then"], "then": ["when"]}
    rule = mapping({"when": EXPRESSION, "then": branch, "else": branch}, minProperties=1, maxProperties=2)
    rule["dependentRequired"] = pairs
    rules = {"type": "array", "minItems": 1, "items": rule}
    return {"anyOf": [EXPRESSION, mapping({**_BOUNDS, "rules": rules}, minProperties=1)]}


_WINDOW = _window(_window({}))
_EXCLUDED: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
COMPANIONS: Schema = {
    "from": TEXT,
    "where": EXPRESSION,
    "window": _WINDOW,
    "by": TEXT,
    "weight": EXPRESSION,
    "at": EXPRESSION,
    "exclude": _EXCLUDED,
    "within": {"anyOf": [EXPRESSION, {"type": "array", "items": EXPRESSION}]},
    "order": EXPRESSIONS,
    "as": {"enum": ["percent", "position"]},
}
"""What stands beside a kind of metric."""


def aggregate() -> Schema:
    """One half of a ratio: an aggregate of exact numbers."""
    kinds = dict.fromkeys(("count", "sum", "distinct", "min", "max"), EXPRESSION)
    return mapping({**kinds, **COMPANIONS})


def _origin(column: Schema) -> Schema:
    return {
        **TITLED,
        "table": TEXT,
        "file": TEXT,
        "ruleset": TEXT,
        "facts": TEXT,
        "connected": _GRAPH,
        "where": EXPRESSION,
        "columns": named({"anyOf": [EXPRESSION, column]}),
        "keep": mapping({"first": WHOLE, "last": WHOLE, "per": EXPRESSIONS, "order": EXPRESSIONS}, ("order",)),
        "known_at": TEXT,
    }


def facts(column: Schema) -> Schema:
    """The block `facts`; `column` is the schema of a computed column."""
    exclusion = mapping({**_origin(column), "match": _MATCH, "when": EXPRESSION})
    return named(
        mapping(
            {
                **_origin(column),
                "key": TEXTS,
                "id": TEXTS,
                "time": TEXT,
                "show": TEXTS,
                "exclude": named(exclusion),
            },
            ("key",),
        )
    )


def references(column: Schema) -> Schema:
    """The block `references`."""
    return named(
        mapping(
            {
                **_origin(column),
                "match": _MATCH,
                "when": EXPRESSION,
                "valid": mapping({"from": TEXT, "until": TEXT, "at": EXPRESSION}, ("from", "until")),
                "else": {
                    "anyOf": [{"enum": ["error", "missing"]}, {"type": "object", "additionalProperties": CONSTANT}]
                },
            },
            ("match", "else"),
        )
    )


def windows() -> Schema:
    """The block `windows`."""
    return named(_WINDOW)


def events() -> Schema:
    """What `each` stands with in bonuses and deductions."""
    dated: Schema = {"type": "object", "minProperties": 1, "additionalProperties": EXPRESSION}
    return {
        "each": TEXT,
        "where": EXPRESSION,
        "window": _WINDOW,
        "by": TEXT,
        "per": EXPRESSIONS,
        "points": {"anyOf": [EXPRESSION, dated]},
        "dated_by": TEXT,
        "exclude": _EXCLUDED,
    }
