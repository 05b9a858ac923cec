"""The rows behind the numbers as text of 80 columns and as plain data."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from trustcommerce.explain.text import wrap
from trustcommerce.model import Title
from trustcommerce.run.evidence import FactEvidence, MeasureEvidence

__all__ = ["evidence_data", "render_evidence"]

_LISTED = 5
"""How many rows of a measure the text lists; the data hold more."""
_LONG = 200
"""Characters of a cell that the text shows."""
_TELLING = ".of"
"""The measures whose rows people ask for: what a ratio counts, of all the rows that it might."""
_BESIDE = (".rows", ".weight")
"""Measures beside the sum of a mean: the same rows."""
_WORDS = {
    "zh": {
        "facts": "数据依据",
        "rows": "行",
        "row": "行",
        "from": "{0}（{1}）",
        "excluded": "剔除",
        "more": "其余 {} 行",
        "left": "依次剩余",
    },
    "en": {
        "facts": "Facts",
        "rows": "rows",
        "row": "row",
        "from": "{0} from {1}",
        "excluded": "excluded",
        "more": "and {} more",
        "left": "left",
    },
}


def render_evidence(
    facts: Sequence[FactEvidence], lang: str, title: Callable[[str], str], value: Callable[[str], str | None]
) -> list[str]:
    """Lines of text: for each fact its rows, what was excluded, and for each measure what is left and which rows.

    Args:
        title: The title of a measure, by its name.
        value: What a measure that is no mere count comes to, by its name.
    """
    words = _WORDS["zh" if lang.startswith("zh") else "en"]
    lines = [words["facts"]]
    for fact in facts:
        kept = f" -> {fact.rows:,} {fact.where}" if fact.where else ""
        lines += wrap(
            f"  {_named(fact, fact.fact, lang)}: {fact.seen:,} {words['row' if fact.seen == 1 else 'rows']}{kept}", 4
        )
        for reason, count, rows in fact.excluded:
            if count:
                lines += wrap(f"    {words['excluded']}: {count:,} {_named(fact, reason, lang)}", 6)
                lines += _rows(rows, count, words)
        for measure in fact.measures:
            if measure.name.endswith(_BESIDE):
                continue
            lines += _measure(measure, fact.rows, title(measure.name), value(measure.name), words)
    return lines


def _named(fact: FactEvidence, name: str, lang: str) -> str:
    """The title of the fact or of one of its exclusions, its name when it has none."""
    return Title(fact.titles.get(name, {})).get(lang, name)


def _measure(
    measure: MeasureEvidence, rows: int, title: str, value: str | None, words: dict[str, str]
) -> Iterator[str]:
    counted = f"{measure.count:,} {words['row' if measure.count == 1 else 'rows']}"
    told = counted if value is None or not measure.count else words["from"].format(value, counted)
    yield from wrap(f"    {title}: {told}", 6)
    if all(count == rows for _, count in measure.steps) and len(measure.steps) == 1:
        return
    left = " -> ".join([f"{rows:,}", *(f"{count:,} {_short(label)}" for label, count in measure.steps)])
    yield from wrap(f"      {left}", 8)
    if measure.count <= _LISTED or measure.name.endswith(_TELLING):
        yield from _rows(measure.rows, measure.count, words)


def _short(label: str) -> str:
    return label if len(label) <= 60 else label[:57] + "..."


def _rows(rows: Sequence[dict[str, Any]], count: int, words: dict[str, str]) -> Iterator[str]:
    for row in rows[:_LISTED]:
        first, *rest = (shown(value) for value in row.values())
        names = list(row)[1:]
        beside = ", ".join(f"{name} {value}" for name, value in zip(names, rest, strict=True))
        yield from wrap(f"        {first}  {beside}".rstrip(), 10)
    if rows and count > _LISTED:
        yield f"        {words['more'].format(f'{count - _LISTED:,}')}"


def shown(value: object) -> str:
    """A cell as people read it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    if isinstance(value, float):
        return f"{value:g}"
    text = "".join(each if each.isprintable() else " " for each in str(value))  # no line of its own making
    return text if len(text) <= _LONG else text[: _LONG - 3] + "..."


def evidence_data(facts: Sequence[FactEvidence]) -> list[dict[str, Any]]:
    """The same as plain data, with every row that is listed."""
    return [
        {
            "fact": fact.fact,
            "seen": fact.seen,
            "where": fact.where,
            "rows": fact.rows,
            "excluded": [
                {"reason": reason, "count": count, "rows": [_plain(row) for row in rows]}
                for reason, count, rows in fact.excluded
            ],
            "measures": [
                {
                    "name": measure.name,
                    "count": measure.count,
                    "steps": [{"condition": label, "left": count} for label, count in measure.steps],
                    "rows": [_plain(row) for row in measure.rows],
                }
                for measure in fact.measures
            ],
        }
        for fact in facts
    ]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in row.items()}


def _value(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, dt.date) else value
