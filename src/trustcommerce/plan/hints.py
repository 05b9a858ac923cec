"""Where a name means something that means nothing where it stands: hints for rows and for subjects."""

from trustcommerce.plan.context import Context
from trustcommerce.plan.origins import Shared

__all__ = ["in_rows", "of_subject"]


def of_subject(name: str, shared: Shared) -> str | None:
    """Why rows of a fact do not see `name`, which the subject has."""
    ruleset, pack = shared.ruleset, shared.pack
    head, _, column = name.partition(".")
    if ruleset.fact is not None and head == ruleset.subject:
        return "the subjects are made of these rows, which can't see them yet"
    table = pack.tables.get(ruleset.table)
    if not column and table is not None and name in table.columns:
        return f"rows see the subject's columns as `{ruleset.subject}.{name}`"
    if head in ruleset.items or head in ruleset.scores:
        return "rows of facts see the subject's columns, not its items"
    return None


def in_rows(name: str, context: Context, shared: Shared) -> str | None:
    """Which fact has a column `name` that the subject has not."""
    for fact in shared.ruleset.facts.values():
        origin = fact.origin
        table = shared.pack.tables.get(origin.target) if origin.kind == "table" else None
        columns = {*origin.columns, *(table.columns if table is not None else ())}
        columns |= set(shared.results.get(origin.target, ())) if origin.kind == "ruleset" else set()
        if name in columns and name not in context.columns:
            return f"a column of `{fact.name}`, whose rows only aggregates read"
    return None
