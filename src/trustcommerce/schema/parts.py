"""Pieces that the JSON Schemas are made of."""

from collections.abc import Mapping
from typing import Any

__all__ = [
    "CONSTANT",
    "DATE",
    "EXPRESSION",
    "EXPRESSIONS",
    "LANGUAGE",
    "NAME",
    "NUMBER",
    "OWN_NAMES",
    "RANGE",
    "RESULT",
    "STATUSES",
    "TEXT",
    "TEXTS",
    "TITLE",
    "TITLED",
    "WHOLE",
    "Schema",
    "mapping",
    "named",
    "owned",
]

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
DATE: Schema = {"type": "string", "format": "date"}
EXPRESSION: Schema = {"type": ["string", "number", "boolean"]}
EXPRESSIONS: Schema = {"anyOf": [EXPRESSION, {"type": "array", "items": EXPRESSION, "minItems": 1}]}
CONSTANT: Schema = {"type": ["string", "number", "boolean", "null"]}
RESULT: Schema = {"anyOf": [CONSTANT, {"type": "array", "items": TEXT}]}
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}
LANGUAGE = "^(?!(cn|hk|jp|us|gb)(-|$))[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$"
"""A code of a language; what is none, but of a country, and easily taken for one, nobody would be shown."""
TITLE: Schema = {
    "anyOf": [
        TEXT,
        {
            "type": "object",
            "patternProperties": {LANGUAGE: TEXT},
            "additionalProperties": False,
            "minProperties": 1,
        },
    ]
}
RANGE: Schema = {"type": "array", "items": EXPRESSION, "minItems": 2, "maxItems": 2}
OWN_NAMES = "ownNames"
"""Our keyword: no two names differ in case only, and none is like those that we make up."""
NAME = "^[^\\W\\d]\\w*$"
STATUSES = ["default", "exempt", "insufficient", "masked", "frozen"]
TITLED = {"title": TITLE, "about": TEXT}


def mapping(properties: Mapping[str, Any], required: tuple[str, ...] = (), **more: Any) -> Schema:
    """A mapping with these keys and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def named(values: Schema) -> Schema:
    """A mapping from names to `values`."""
    return {
        "type": "object",
        "patternProperties": {NAME: values},
        "additionalProperties": False,
        "minProperties": 1,
        OWN_NAMES: True,
    }


def owned(values: Schema, **more: Any) -> Schema:
    """A mapping from names that data have, of whatever letters, to `values`."""
    return {"type": "object", "additionalProperties": values, OWN_NAMES: True, **more}
