"""The JSON Schemas of pack.yaml, rule sets and test files.

Dated values are folded before a rule set is checked, so the schemas do not know them; the one
that `trustcommerce schema` prints for editors allows them everywhere.
"""

from trustcommerce.registry import Kind, Registry
from trustcommerce.schema import facts
from trustcommerce.schema.parts import (
    CONSTANT,
    DATE,
    EXPRESSION,
    EXPRESSIONS,
    NAME,
    NUMBER,
    RANGE,
    RESULT,
    STATUSES,
    TEXT,
    TEXTS,
    TITLE,
    TITLED,
    WHOLE,
    Schema,
    mapping,
    named,
    owned,
)

__all__ = ["authored_schema", "case_schema", "pack_schema", "ruleset_schema", "with_dates"]

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
EFFECTIVE = mapping({"from": DATE, "until": DATE})
EXCEPTION = mapping(
    {
        "when": EXPRESSION,
        "missing": {"type": "boolean"},
        "then": RESULT,
        "reason": TEXT,
        "status": {"enum": STATUSES},
        **TITLED,
    },
    ("when",),
)


def _choice(registry: Registry) -> Schema:
    return {
        "of": EXPRESSION,
        "hit": {"enum": ["first", "unique", "max", "min", "sum", "collect"]},
        "exceptions": {"type": "array", "items": EXCEPTION},
        "missing": RESULT,
        **{form.key: dict(form.schema) for form in registry.choice_forms.values()},
    }


def _adjustment(registry: Registry) -> Schema:
    return mapping(
        {
            **TITLED,
            **_choice(registry),
            **facts.events(),
            "when": EXPRESSION,
            "missing": {"type": ["boolean", "number"]},
            "at_most": EXPRESSION,
            "reason": TEXT,
            "effective": EFFECTIVE,
        }
    )


def _score(registry: Registry) -> Schema:
    adjustments = named({"$ref": "#/$defs/adjustment"})
    limit = mapping(
        {
            **TITLED,
            "when": EXPRESSION,
            "missing": {"type": "boolean"},
            "at_most": EXPRESSION,
            "at_least": EXPRESSION,
            "reason": TEXT,
            "effective": EFFECTIVE,
        },
        ("when",),
    )
    return {
        **TITLED,
        **_choice(registry),
        "parts": named({"$ref": "#/$defs/part"}),
        "effective": EFFECTIVE,
        "applies": EXPRESSION,
        "bonuses": adjustments,
        "deductions": adjustments,
        "limits": named(limit),
        "range": RANGE,
        "round": NUMBER,
        "reason": TEXT,
    }


def _pool(registry: Registry) -> Schema:
    reserve = mapping(
        {**TITLED, "among": EXPRESSION, "amount": EXPRESSION, "effective": EFFECTIVE}, ("among", "amount")
    )
    return mapping(
        {
            **TITLED,
            "amount": EXPRESSION,
            "budget": EXPRESSION,
            "unit": TEXT,
            "among": EXPRESSION,
            "missing": {"type": "boolean"},
            "method": TEXT,
            "weight": EXPRESSION,
            "at_least": EXPRESSION,
            "at_most": EXPRESSION,
            "within": EXPRESSIONS,
            "reserve": named(reserve),
            "rounding": {"enum": ["largest_remainder", "webster"]},
            "left_over": {"enum": ["lapse", "carry"]},
            "effective": EFFECTIVE,
            **{name: EXPRESSION for each in registry.allocators.values() for name in each.columns},
        },
        ("method",),
    )


def authored_schema(registry: Registry) -> Schema:
    """The schema of `rulesets/*.yaml` as they are written: with the kinds that plugins give, and dates everywhere."""
    schema = ruleset_schema(registry)
    blocks = schema["properties"]
    for block, kinds in (
        ("metrics", registry.metrics),
        ("values", registry.rule_kinds),
        ("levels", registry.rule_kinds),
        ("resources", registry.rule_kinds),
    ):
        (items,) = blocks[block]["patternProperties"].values()
        items["anyOf"] = [*items["anyOf"], *(_used(each, {**TITLED, **_ASIDE}) for each in kinds.values())]
    policies = [_used(each, {**TITLED, "effective": EFFECTIVE}) for each in registry.campaign_policies.values()]
    if policies:
        blocks["policies"] = named({"anyOf": policies})
    return with_dates(schema)


_ASIDE: Schema = {
    "effective": EFFECTIVE,
    "unit": TEXT,
    "better": {"enum": ["higher", "lower"]},
    "range": RANGE,
    "round": NUMBER,
    "missing": RESULT,
    "applies": EXPRESSION,
    "exceptions": {"type": "array", "items": EXCEPTION},
    "labels": {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]},
}
"""What any item may say beside its kind."""


def _used(kind: Kind, beside: Schema) -> Schema:
    """An item that says a kind, with its parameters."""
    given = dict(kind.schema)
    properties = given.get("properties", {})
    required = given.get("required", [])
    assert isinstance(properties, dict) and isinstance(required, list)
    return {
        "additionalProperties": False,
        **given,
        "description": kind.doc,
        "properties": {**beside, **properties, "kind": {"enum": [kind.name]}},
        "required": ["kind", *required],
    }


def ruleset_schema(registry: Registry) -> Schema:
    """The schema of rule sets in the language alone, with the registry's metric kinds and choice forms."""
    item = {
        **TITLED,
        **_choice(registry),
        "effective": EFFECTIVE,
        "applies": EXPRESSION,
        "unit": TEXT,
        "better": {"enum": ["higher", "lower"]},
        "range": RANGE,
        "round": NUMBER,
    }
    sample = {
        "anyOf": [
            {"enum": ["any"]},
            mapping({"at_least": WHOLE, "of": EXPRESSION, "else": CONSTANT}, ("at_least", "else")),
        ]
    }
    day = {"type": "integer", "minimum": 1, "maximum": 28, "description": "every month has 28 days"}
    units = {"week": {"enum": DAYS}, "month": day, "quarter": day}
    every = {"anyOf": [{"enum": ["day"]}, mapping(units, minProperties=1, maxProperties=1)]}
    kinds = {kind.key: dict(kind.schema) for kind in registry.metric_kinds.values()}
    labels = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}
    column = mapping(
        {
            **item,
            "rank": EXPRESSION,
            "running": EXPRESSION,
            "within": facts.COMPANIONS["within"],
            "order": facts.COMPANIONS["order"],
        }
    )
    score = _score(registry)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "trustcommerce rule set",
        **mapping(
            {
                "ruleset": {"type": "string", "pattern": NAME},
                **TITLED,
                "effective": mapping({"from": DATE, "until": DATE, "enforced": DATE}),
                "subject": mapping(
                    {
                        "name": TEXT,
                        "table": TEXT,
                        "from": TEXT,
                        "where": EXPRESSION,
                        "key": TEXTS,
                    },
                    ("name", "key"),
                ),
                "every": every,
                "facts": facts.facts(column),
                "references": facts.references(column),
                "windows": facts.windows(),
                "metrics": named(
                    {"anyOf": [EXPRESSION, mapping({**item, **facts.COMPANIONS, **kinds, "sample": sample})]}
                ),
                "values": named({"anyOf": [EXPRESSION, mapping({**item, "labels": labels})]}),
                "scores": named({"$ref": "#/$defs/score"}),
                "levels": named({"anyOf": [EXPRESSION, mapping({**item, "labels": labels}, ("labels",))]}),
                "resources": named({"anyOf": [EXPRESSION, mapping({**item, "labels": labels})]}),
                "pools": named(_pool(registry)),
            },
            ("ruleset", "subject"),
        ),
        "$defs": {
            "score": mapping(score),
            "part": mapping({**score, "weight": EXPRESSION}, ("weight",)),
            "adjustment": _adjustment(registry),
        },
    }


def pack_schema() -> Schema:
    """The schema of pack.yaml."""
    column = {
        "anyOf": [
            TEXT,
            mapping(
                {
                    **TITLED,
                    "type": TEXT,
                    "unit": TEXT,
                    "range": {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2},
                    "source": TEXT,
                }
            ),
        ]
    }
    table = mapping(
        {
            **TITLED,
            "key": TEXTS,
            "time": TEXT,
            "source": TEXT,
            "columns": owned(column, minProperties=1),
        },
        ("columns",),
    )
    hours = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}
    week = {"type": "object", "additionalProperties": hours, "minProperties": 1}
    calendar = mapping({**TITLED, "hours": week, "holidays": TEXT}, ("hours",))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "trustcommerce pack",
        **mapping(
            {
                "pack": {"type": "string", "pattern": NAME},
                "version": {"type": ["string", "number"]},
                **TITLED,
                "notice": TITLE,
                "time_zone": TEXT,
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
                "plugins": {"type": "array", "items": TEXT},
                "tables": owned(table),
                "files": {"type": "object", "additionalProperties": table},
                "calendars": named(calendar),
                "reasons": {"type": "object", "additionalProperties": TITLE},
            },
            ("pack", "tables"),
        ),
    }


def case_schema() -> Schema:
    """The schema of tests/*.yaml: cases of one rule set."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "trustcommerce test cases",
        **mapping(
            {
                "ruleset": TEXT,
                "as_of": DATE,
                "about": TEXT,
                "inputs": {"type": "object", "additionalProperties": True},
                "cases": {
                    "type": "array",
                    "minItems": 1,
                    "items": mapping(
                        {
                            "name": TEXT,
                            "about": TEXT,
                            "as_of": DATE,
                            "inputs": {"type": "object", "additionalProperties": True},
                            "expect": {"type": "object", "additionalProperties": True, "minProperties": 1},
                        },
                        ("name", "expect"),
                    ),
                },
            },
            ("ruleset", "as_of", "cases"),
        ),
    }


def with_dates(schema: Schema) -> Schema:
    """The schema for editors: every value may also be a mapping from dates to values."""
    dated: Schema = {}
    for key, value in schema.items():
        if key in ("properties", "patternProperties") and isinstance(value, dict):
            dated[key] = {name: _or_dated(with_dates(each)) for name, each in value.items()}
        elif key == "$defs":
            dated[key] = {name: with_dates(each) for name, each in value.items()}
        elif isinstance(value, dict):
            dated[key] = with_dates(value)
        else:
            dated[key] = value
    return dated


def _or_dated(schema: Schema) -> Schema:
    dates = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "patternProperties": {"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": schema},
    }
    return {"anyOf": [schema, dates]}
