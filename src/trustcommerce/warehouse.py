"""A rule set as one statement for a warehouse.

In: a rule set on a day and the name of a dialect. Out: the text of a query, with what it is and
what it reads said at its head.
"""

import datetime as dt
from collections.abc import Iterator
from functools import partial

from trustcommerce.errors import DataError
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.relations import Scan
from trustcommerce.plan import PackPlan, RuleSetPlan, Version
from trustcommerce.run.dialects import DIALECTS
from trustcommerce.run.layers import sources
from trustcommerce.run.statement import Statement

__all__ = ["warehouse_sql"]

_LARGE = 1_000_000
"""Characters that a database plans for some ten seconds, when it puts layers into each other."""


def warehouse_sql(
    loaded: PackPlan, plan: RuleSetPlan, version: Version, dialect: str, as_of: dt.date, known_as_of: dt.date
) -> str:
    """The statement for `version` on a day.

    Raises:
        DataError: There is no such dialect, or it has no way to say something.
    """
    found = DIALECTS.get(dialect)
    if found is None:
        raise DataError(f"no dialect `{dialect}`", hint=did_you_mean(dialect, DIALECTS) or _known())
    write = partial(Statement, plan, version, loaded.pack.tables, found, as_of, known_as_of)
    statement = write()
    text = statement.text()
    if found.inlined and statement.size > _LARGE:
        text = write(inlined=True).text()
    head = [
        f"Rule set {plan.name} of pack {loaded.pack.name} {loaded.pack.version} on {as_of}, for {found.title}.",
        *([f"What was recorded from {known_as_of} on is not known."] if known_as_of != as_of else []),
        *([f"Experimental: {found.notice}."] if found.experimental else []),
        *_reads(loaded, version),
        loaded.pack.notice.texts.get("en", ""),
        f"Meaning {loaded.meaning}",
        *([f"Say first: {found.setting}"] if found.setting else []),
    ]
    return "".join(f"-- {line}\n" for each in head for line in each.splitlines()) + text + "\n"


def _known() -> str:
    """The dialects that there are, those that are promised first."""
    promised, others = (
        ", ".join(name for name, each in DIALECTS.items() if each.experimental is tried) for tried in (False, True)
    )
    return f"one of {promised}, or, as an experiment, {others}"


def _reads(loaded: PackPlan, version: Version) -> Iterator[str]:
    """The tables, and results of rule sets, that the statement reads."""
    scans = [each for each in sources(version) if isinstance(each, Scan)]
    tables = sorted({loaded.pack.tables[each.table].source for each in scans if each.kind == "table"})
    results = sorted({each.table for each in scans if each.kind == "ruleset"})
    if tables:
        yield f"Reads the tables {', '.join(tables)}."
    if results:
        yield f"Reads the results of rule sets, in tables of their names: {', '.join(results)}."
