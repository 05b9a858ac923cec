"""Text of a cell -> value in run-time shape, by the declared type alone."""

import datetime as dt
import math
import re

from trustcommerce.language.types import Kind, Type
from trustcommerce.read import parse_date

__all__ = ["parse_cell", "parse_decimal"]

_DECIMAL = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?\Z")
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?\Z")
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?\Z")
_TRUTH = {"true": True, "false": False}


def parse_decimal(text: str, scale: int) -> int | None:
    """The scaled integer that `text` writes, or None when it has more places or is no number."""
    if not _DECIMAL.match(text) or len(text) > 40:
        return None
    whole, _, places = text.partition(".")  # not by Decimal, which rounds to 28 digits
    places = places.rstrip("0")
    return int(whole + places.ljust(scale, "0")) if len(places) <= scale else None


def parse_cell(text: str, type_: Type) -> object:
    """The value of a cell that is not empty; None when it is not of the type."""
    if type_.kind is Kind.TEXT:
        return text
    if type_.kind is Kind.EXACT:
        return parse_decimal(text, type_.scale)
    if type_.kind is Kind.NUMBER:
        value = float(text) if _NUMBER.match(text) else math.inf
        return value if math.isfinite(value) else None
    if type_.kind is Kind.BOOLEAN:
        return _TRUTH.get(text.lower())
    if type_.kind is Kind.DATE:
        return parse_date(text)
    if type_.kind is Kind.TIMESTAMP and _TIMESTAMP.match(text):
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            return None
    return None
