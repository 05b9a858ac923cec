"""The five forms of the choice, as registrations."""

from trustcommerce.plan.choices import lower_curve, lower_rules, lower_steps, lower_table, lower_value
from trustcommerce.registry import ChoiceForm

__all__ = ["CHOICE_FORMS"]

_CELL = {"type": ["string", "number", "boolean"]}
_RESULT = {"anyOf": [{"type": ["string", "number", "boolean", "null"]}, {"type": "array", "items": {"type": "string"}}]}

CHOICE_FORMS: tuple[ChoiceForm, ...] = (
    ChoiceForm(
        key="value",
        schema={"type": ["string", "number", "boolean"]},
        lower=lower_value,
        doc="An expression.",
        example="{value: paid / orders, missing: 0}",
    ),
    ChoiceForm(
        key="steps",
        schema={"type": "object", "minProperties": 1, "additionalProperties": _RESULT},
        lower=lower_steps,
        takes_input=True,
        several=True,
        doc="The first comparison of `of` that holds: `<= 24`, `(24, 48]`, a value, or `else`.",
        example='{of: hours, steps: {"<= 24": 100, "(24, 48]": 90, else: 40}}',
    ),
    ChoiceForm(
        key="curve",
        schema={
            "type": "array",
            "minItems": 2,
            "items": {"type": "array", "items": _CELL, "minItems": 2, "maxItems": 2},
        },
        lower=lower_curve,
        takes_input=True,
        doc="Linear between knots `[input, result]`, flat outside; knots may be expressions.",
        example="{of: rate, curve: [[0, 100], [0.05, 60], [0.2, 0]]}",
    ),
    ChoiceForm(
        key="rules",
        schema={
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"when": _CELL, "then": _RESULT, "else": _RESULT},
            },
        },
        lower=lower_rules,
        several=True,
        doc="Conditions with results; the last entry is `else`.",
        example="{rules: [{when: orders < 30, then: 0}, {else: 1}]}",
    ),
    ChoiceForm(
        key="table",
        schema={
            "anyOf": [
                {"type": "array", "minItems": 2, "items": {"type": "array", "minItems": 2, "items": _RESULT}},
                {
                    "type": "object",
                    "properties": {"file": {"type": "string"}},
                    "required": ["file"],
                    "additionalProperties": False,
                },
            ]
        },
        lower=lower_table,
        several=True,
        doc="A decision table: a header of inputs and `then`, rows of step comparisons or `-`; or a CSV file of them.",
        example='{hit: first, table: [[orders, score, then], [">= 100", ">= 80", 2], [else, 0]]}',
    ),
)
