"""Dated values: a mapping whose keys are all dates stands for the entry in force.

Everything downstream sees trees without dates: a rule set is folded once per span of days
between two dates at which something changes.
"""

import datetime as dt
import re

from trustcommerce import codes
from trustcommerce.diagnostics import Problems
from trustcommerce.errors import DataError
from trustcommerce.read.tree import Entry, Mapping, Node, Scalar, Sequence

__all__ = ["date_breaks", "day_of", "fold_dates", "parse_date", "undated"]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def parse_date(text: str) -> dt.date | None:
    """The date that `text` writes as 2023-05-09, or None."""
    try:
        return dt.date.fromisoformat(text) if _DATE.match(text) else None
    except ValueError:
        return None


def day_of(given: dt.date | str, what: str = "as_of") -> dt.date:
    """The day of judgement, or another one that `what` names, as callers give it.

    Raises:
        DataError: It is a moment, or no date.
    """
    if isinstance(given, dt.datetime):
        raise DataError(f"`{what}` is a day, not a moment", value=given, hint=f"give {what}.date()")
    found = given if isinstance(given, dt.date) else parse_date(str(given))
    if found is None:
        raise DataError(f"`{what}` is `{given}`, which is no date", value=given, hint="write it as 2023-05-18")
    return found


def _is_dated(node: Mapping) -> bool:
    return any(_DATE.match(entry.key.text) for entry in node)


def undated(tree: Mapping, problems: Problems) -> Mapping:
    """The tree without dates among its own keys, which are reported: what changes stands below its key."""
    entries = tuple(entry for entry in tree if not _DATE.match(entry.key.text))
    if len(entries) == len(tree.entries):
        return tree
    for entry in tree:
        if _DATE.match(entry.key.text):
            problems.add(
                codes.BAD_DATE,
                f"`{entry.key.text}` is no key of a rule set",
                entry.key.span,
                "dates stand below the key whose value changes; a rule set begins and ends by `effective`",
            )
    return Mapping(entries, tree.span, tree.size)


def date_breaks(node: Node, problems: Problems) -> set[dt.date]:
    """Every date at which some dated value below `node` changes."""
    found: set[dt.date] = set()
    if isinstance(node, Sequence):
        for item in node:
            found |= date_breaks(item, problems)
    elif isinstance(node, Mapping):
        dated = _is_dated(node)
        for entry in node:
            found |= date_breaks(entry.value, problems)
            if dated:
                date = parse_date(entry.key.text)
                if date is None and _DATE.match(entry.key.text):
                    problems.add(codes.BAD_DATE, f"`{entry.key.text}` is not a day of the calendar", entry.key.span)
                elif date is None:
                    problems.add(
                        codes.BAD_DATE,
                        f"`{entry.key.text}` is no date, as the other keys are",
                        entry.key.span,
                        "the keys of a dated value are dates, all of them",
                    )
                else:
                    found.add(date)
    return found


def fold_dates(node: Node, day: dt.date, problems: Problems) -> Node:
    """The tree with every dated value replaced by what holds on `day`."""
    if isinstance(node, Sequence):
        items = tuple(fold_dates(item, day, problems) for item in node)
        return (
            node
            if all(a is b for a, b in zip(items, node.items, strict=True))
            else Sequence(items, node.span, node.size)
        )
    if isinstance(node, Scalar):
        return node
    if _is_dated(node):
        return fold_dates(_in_force(node, day, problems), day, problems)
    by_row = "each" in node  # then each row's own date decides which points hold
    entries = tuple(
        entry if by_row and entry.key.text == "points" else Entry(entry.key, fold_dates(entry.value, day, problems))
        for entry in node
    )
    if all(a.value is b.value for a, b in zip(entries, node.entries, strict=True)):
        return node
    return Mapping(entries, node.span, node.size)


def _in_force(node: Mapping, day: dt.date, problems: Problems) -> Node:
    dated = sorted(
        ((date, entry) for entry in node if (date := parse_date(entry.key.text)) is not None),
        key=lambda pair: pair[0],
    )
    holding = [entry for date, entry in dated if date <= day]
    if not holding:
        first = dated[0][0] if dated else "any"
        begins = "has no first day" if day == dt.date.min else f"begins on {day}"
        problems.add(
            codes.UNDATED,
            f"nothing holds before {first}, and the rule set {begins}",
            node.span,
            f"let the rule set begin with `effective: {{from: {first}}}`, or add an earlier date",
        )
        return dated[0][1].value if dated else node.entries[0].value
    return holding[-1].value
