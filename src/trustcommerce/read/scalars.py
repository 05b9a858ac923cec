"""What a plain scalar means: YAML 1.2's core schema, decimal numbers only.

`NO`, `012`, `0x1F`, `1_000`, `12:30` and `1e3` stay text: other loaders read them as something
that nobody wrote. `mistaken` says so where a number or a boolean was expected.
"""

import re
from decimal import Decimal

__all__ = ["mistaken", "resolve"]

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+\Z")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


def resolve(text: str) -> str | bool | int | Decimal | None:
    """The value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= 40:
        if _INTEGER.match(text):
            return int(text)
        if _DECIMAL.match(text):
            return Decimal(text)
    return text


def mistaken(text: str) -> str | None:
    """A hint for text that other YAML readers take for a boolean or a number."""
    lower = text.lower()
    if lower in ("yes", "on", "true"):
        return "write true"
    if lower in ("no", "off", "false"):
        return "write false"
    if re.fullmatch(r"[-+]?0[0-9]+", text):
        return f"numbers have no leading zero: write {int(text)}"
    if re.fullmatch(r"[-+]?[0-9]+(:[0-9]{2})+", text):
        return "a time of day is text here: quote it, or write the number that is meant"
    if "_" in text and re.fullmatch(r"[-+]?[0-9][0-9_]*[0-9]", text):
        return f"numbers have no underscores: write {text.replace('_', '')}"
    if re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)? ?[%％]", text):
        return "write a percentage as a ratio: 0.05 for 5 %"
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+\.|[0-9.]+[eE][-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+)", text):
        return "write numbers in plain decimals, as 0.5 or 1000"
    return None
