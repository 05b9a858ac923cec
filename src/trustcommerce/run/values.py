"""The border of single values: what records may hold -> run-time shapes, and back.

Money and decimals come as `Decimal`, whole numbers, text or doubles that write exactly that many
places; they leave as `Decimal`, points as the nearest double.
"""

import csv
import datetime as dt
import io
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from trustcommerce.language.types import Kind, Type, power
from trustcommerce.model.values import parse_cell, parse_decimal

__all__ = ["accept", "describe", "joined_key", "own", "show", "split_key"]


def describe(type_: Type) -> str:
    """The type in words for messages, with its range where it has a narrow one."""
    if type_.numeric and type_.low is not None and type_.high is not None and type_.high < 10**14:
        unit = power(type_.scale) if type_.kind is Kind.EXACT else 1
        return f"{type_.null(False)} from {type_.low / unit:,.15g} to {type_.high / unit:,.15g}"
    return str(type_.null(False))


_MAX_EXPONENT = 40
"""Decimals of a larger size, or smaller, are not written out to be looked at."""


def accept(value: object, type_: Type) -> Any:
    """`value` in run-time shape.

    Raises:
        ValueError: It is not of the type, or outside its range; the text says which.
    """
    if value.__class__ not in _OWN:
        value = own(value)
    if value is None or (type_.nullable and isinstance(value, float) and value != value):
        if type_.nullable:
            return None
        raise ValueError(f"is missing, and {type_} may not be")
    found = _CONVERTERS[type_.kind](value, type_)
    if found is None:
        raise ValueError(f"is {_shown(value)}, which is no {type_.null(False)}")
    if type_.numeric and not (type_.low is None or type_.high is None or type_.low <= found <= type_.high):
        raise ValueError(f"is {_shown(value)}, outside its range: {describe(type_)}")
    return found


_OWN = frozenset({bool, int, float, str, Decimal, dt.date, dt.datetime})


def own(value: Any) -> Any:
    """A single value of numpy or pandas as Python's own, None for not a time and NA; anything else as it is."""
    if type(value).__name__ == "NAType" or (isinstance(value, dt.datetime) and value != value):
        return None
    if not any(each.__name__ == "generic" and each.__module__ == "numpy" for each in type(value).__mro__):
        return value  # arrays without dimensions, masked ones among them, are no single values
    if type(value).__name__ == "datetime64":
        whole = value.astype("datetime64[us]")
        return None if value != value else whole.item() if whole == value else value
    found = value.item()
    return value if type(found) is type(value) else found  # a long double is no double


def _shown(value: object) -> str:
    try:
        text = str(value) if isinstance(value, Decimal) else repr(value)
    except ValueError:  # Python does not write integers of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."


def _boolean(value: object, type_: Type) -> bool | None:
    return value if isinstance(value, bool) else None


def _exact(value: Any, type_: Type) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value * power(type_.scale)
    if isinstance(value, Decimal):
        written = value.is_finite() and abs(value.adjusted()) <= _MAX_EXPONENT
        return parse_decimal(f"{value:f}", type_.scale) if written else None
    if isinstance(value, float):
        return _from_double(value, type_.scale)
    return parse_decimal(value, type_.scale) if isinstance(value, str) else None


def _from_double(value: float, scale: int) -> int | None:
    """The scaled integer whose nearest double is `value`, if there is one; beyond those that are, any of its size."""
    factor = float(power(scale))
    if not math.isfinite(value):
        return None
    if abs(value) > 9e15 / factor:
        return int(value) * power(scale) if value.is_integer() else None
    scaled = math.floor(value * factor + 0.5)
    return scaled if scaled / factor == value else None


def _number(value: Any, type_: Type) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float | int | Decimal):
        try:
            found = float(value)
        except (OverflowError, ValueError):  # an integer beyond the doubles; a signalling NaN
            return None
        return found if math.isfinite(found) else None
    return None


def _text(value: object, type_: Type) -> str | None:
    return str.__str__(value) if isinstance(value, str) else None  # of an enumeration's member the text it is


def _date(value: object, type_: Type) -> object:
    if isinstance(value, dt.datetime):  # what pandas makes of dates: a moment at 00:00
        moment = _timestamp(value, type_)
        return moment.date() if isinstance(moment, dt.datetime) and moment.time() == dt.time() else None
    if isinstance(value, dt.date):
        return value if type(value) is dt.date else dt.date(value.year, value.month, value.day)
    return parse_cell(value, type_) if isinstance(value, str) else None


def _timestamp(value: object, type_: Type) -> object:
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None or value != value or getattr(value, "nanosecond", None):
            return None
        return value if type(value) is dt.datetime else dt.datetime.combine(value.date(), value.time())
    return parse_cell(value, type_) if isinstance(value, str) else None


def _label(value: object, type_: Type) -> int | None:
    return type_.labels.index(value) if isinstance(value, str) and value in type_.labels else None


def _set(value: object, type_: Type) -> int | None:
    if not isinstance(value, list | tuple | set | frozenset):
        return None
    mask = 0
    for member in value:
        if member not in type_.labels:
            return None
        mask |= 1 << type_.labels.index(member)
    return mask


_CONVERTERS: dict[Kind, Callable[[Any, Type], Any]] = {
    Kind.BOOLEAN: _boolean,
    Kind.EXACT: _exact,
    Kind.NUMBER: _number,
    Kind.TEXT: _text,
    Kind.DATE: _date,
    Kind.TIMESTAMP: _timestamp,
    Kind.LABEL: _label,
    Kind.SET: _set,
}


def show(value: Any, type_: Type) -> Any:
    """A run-time value as the outside sees it."""
    if value is None:
        return None
    if type_.kind is Kind.EXACT and type_.scale:
        return value / float(power(type_.scale)) if type_.unit == "points" else Decimal(value).scaleb(-type_.scale)
    if type_.kind is Kind.LABEL:
        return type_.labels[value]
    if type_.kind is Kind.SET:
        return [member for i, member in enumerate(type_.labels) if value >> i & 1]
    return value


def joined_key(key: object) -> str:
    """A key as one text: values of several columns as a line of CSV, so that a comma within one is quoted."""
    if not isinstance(key, tuple | list):
        return str(key)
    if len(key) == 1:
        return str(key[0])
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(key)
    return line.getvalue()


def split_key(text: str, columns: int) -> list[str]:
    """The values that `joined_key` joined; as many as there are columns, or the text can't be a key."""
    return [text] if columns == 1 else next(csv.reader([text]), [])
