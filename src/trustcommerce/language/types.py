"""Types of values: kind, scale, unit, nullability, range, labels.

Run-time shapes: boolean bool · exact a scaled int (integer scale 0, money the currency's minor
digits, points scale 4) · number float · text str · date datetime.date · timestamp naive
datetime.datetime · label the rank as int · set a bit mask as int over its sorted members.
"""

import re
from enum import StrEnum

from attrs import evolve, frozen

__all__ = [
    "BOOLEAN",
    "DATE",
    "INTEGER",
    "LIMIT",
    "MISSING",
    "NUMBER",
    "POINTS",
    "TEXT",
    "TIMESTAMP",
    "UNKNOWN",
    "Kind",
    "Type",
    "currency_digits",
    "exact",
    "implied_by_unit",
    "label",
    "parse_type",
    "power",
]

LIMIT = 10**15
MAX_INT = 2**63 - 1


class Kind(StrEnum):
    BOOLEAN = "boolean"
    EXACT = "exact"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    TIMESTAMP = "timestamp"
    INTERVAL = "interval"
    LABEL = "label"
    SET = "set"
    MISSING = "missing"
    UNKNOWN = "unknown"


@frozen
class Type:
    """What is known of a value before any value is there.

    Args:
        kind: The family; decides the run-time shape.
        scale: Decimal places of an exact number.
        unit: A currency, `ratio`, `percent`, `points`, `hours` ...; None for plain counts.
        nullable: Whether it may be missing.
        low: Smallest value in run-time shape (so scaled for exact numbers); None when unbounded.
        high: Largest value.
        labels: Ordered labels, lowest first, or the sorted members of a set.
        literal: Whether it is a constant whose unit and scale adapt to its neighbours.
    """

    kind: Kind
    scale: int = 0
    unit: str | None = None
    nullable: bool = False
    low: float | int | None = None
    high: float | int | None = None
    labels: tuple[str, ...] = ()
    literal: bool = False

    @property
    def numeric(self) -> bool:
        return self.kind in (Kind.EXACT, Kind.NUMBER)

    @property
    def is_money(self) -> bool:
        return self.unit is not None and currency_digits(self.unit) is not None

    @property
    def dimensionless(self) -> bool:
        return self.unit in (None, "ratio")

    def null(self, nullable: bool = True) -> "Type":
        return self if self.nullable == nullable else evolve(self, nullable=nullable)

    def within(self, low: float | int | None, high: float | int | None) -> "Type":
        return evolve(self, low=low, high=high)

    def with_unit(self, unit: str | None) -> "Type":
        return self if self.unit == unit else evolve(self, unit=unit)

    def __str__(self) -> str:
        suffix = "?" if self.nullable and self.kind is not Kind.MISSING else ""
        if self.kind is Kind.EXACT:
            if self.unit == "points":
                return f"points{suffix}"
            if self.is_money:
                return f"money in {self.unit}{suffix}"
            name = "integer" if self.scale == 0 else f"decimal({self.scale})"
        elif self.kind is Kind.LABEL:
            return f"one of {', '.join(self.labels)}{suffix}"
        elif self.kind is Kind.MISSING:
            return "null"
        else:
            name = self.kind.value
        return f"{name}{suffix}" if self.unit is None else f"{name} in {self.unit}{suffix}"


BOOLEAN = Type(Kind.BOOLEAN)
NUMBER = Type(Kind.NUMBER, low=-float(LIMIT), high=float(LIMIT))
TEXT = Type(Kind.TEXT)
DATE = Type(Kind.DATE)
TIMESTAMP = Type(Kind.TIMESTAMP)
MISSING = Type(Kind.MISSING, nullable=True)
UNKNOWN = Type(Kind.UNKNOWN)


def exact(scale: int, unit: str | None = None, nullable: bool = False) -> Type:
    """A scaled integer within the default range of the border, 10^15 of its smallest units."""
    return Type(Kind.EXACT, scale, unit, nullable, -LIMIT, LIMIT)


INTEGER = exact(0)
POINTS = Type(Kind.EXACT, 4, "points", low=-(10**10), high=10**10)

_NO_MINOR = frozenset(["JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "UGX", "PYG"])
_THREE_MINOR = frozenset(["BHD", "KWD", "OMR", "TND", "JOD", "IQD", "LYD"])
_NUMBER_UNITS = frozenset(["ratio", "percent", "hours", "minutes", "seconds", "days", "stars"])
_PLAIN = {"boolean": BOOLEAN, "integer": INTEGER, "number": NUMBER, "text": TEXT, "date": DATE, "timestamp": TIMESTAMP}

TYPE_NAMES = (*_PLAIN, "points", "decimal(4)", "CNY", *sorted(_NUMBER_UNITS))


def currency_digits(unit: str) -> int | None:
    """Minor digits of an ISO 4217 code, or None when `unit` is no currency."""
    if not re.fullmatch("[A-Z]{3}", unit):
        return None
    return 0 if unit in _NO_MINOR else 3 if unit in _THREE_MINOR else 2


def implied_by_unit(unit: str) -> Type | None:
    """The type that a unit brings along: money, points, or a number for known measures."""
    digits = currency_digits(unit)
    if digits is not None:
        return exact(digits, unit)
    if unit == "points":
        return POINTS
    if unit not in _NUMBER_UNITS:
        return None
    bound = {"ratio": 1e6, "percent": 1e8}.get(unit, float(LIMIT))
    return NUMBER.with_unit(unit).within(-bound, bound)


def parse_type(text: str) -> Type | None:
    """The column type that `text` writes: `integer`, `decimal(3)`, `CNY`, `ratio`, `text?` ..."""
    name, optional = (text[:-1].strip(), True) if text.endswith("?") else (text, False)
    decimal = re.fullmatch(r"decimal\(([0-9]|1[0-2])\)", name)
    found = exact(int(decimal.group(1))) if decimal else _PLAIN.get(name) or implied_by_unit(name)
    return None if found is None else found.null(optional)


def label(labels: tuple[str, ...], nullable: bool = False) -> Type:
    """Ordered labels; the run-time value is the rank, from 0."""
    return Type(Kind.LABEL, nullable=nullable, labels=labels, low=0, high=len(labels) - 1)


def power(scale: int) -> int:
    return int(10**scale)
