"""What nothing reads is checked too, and leaves no trace in the plan: columns and exclusions of facts, windows.

Names are checked here as well: what a record holds under one key must be one thing.
"""

from collections.abc import Iterator

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.plan.context import Context
from trustcommerce.plan.fact_rows import FactRows
from trustcommerce.plan.facts import Facts
from trustcommerce.plan.references import References
from trustcommerce.plan.windows import lower_window

__all__ = ["check_unused"]


def check_unused(context: Context, facts: Facts, references: References) -> None:
    """Report what is wrong with facts, references and windows that no item of the rule set reads."""
    for name in context.ruleset.facts:
        facts.rows(name, None)
    made = [rows for rows in facts.made.values() if rows is not None]
    references.check_unused([rows.references for rows in made])
    with context.aside():
        for rows in made:
            _check_rows(facts.lowered(rows.fact, rows.other))
        for window in context.ruleset.windows.values():
            lower_window(window, context)
    _check_subjects(context, facts)
    _check_names(context)


def _check_subjects(context: Context, facts: Facts) -> None:
    """Rows that read columns of their subject are read beside no other subject."""
    made = [rows for rows in facts.made.values() if rows is not None]
    for rows in made:
        other = rows.other
        if isinstance(other, FactRows) and other.outer and other.fact.key != rows.fact.key:
            said = f"rows of `{other.fact.name}` read columns of their subject, and `{rows.fact.name}` has another key"
            hint = "let it read the table that the fact is made from"
            context.problems.add(codes.FORBIDDEN_SYNTAX, said, rows.origin.source, hint)
    for reference in context.ruleset.references.values():
        found = facts.made.get(reference.target) if reference.kind == "facts" else None
        if found is not None and found.outer:
            said = f"rows of `{reference.target}` read columns of their subject, which are not there in a reference"
            hint = "let the reference read the table that the fact is made from"
            context.problems.add(codes.FORBIDDEN_SYNTAX, said, reference.source, hint)


def _check_rows(rows: FactRows) -> None:
    """Lower everything that a fact says, on a copy of it."""
    with rows.context.naming(rows.fact.name):
        for name in rows.origin.columns:
            rows.context.value(name)
        rows.kept(None, rows.fact.span)


def _check_names(context: Context) -> None:
    """Tables and rows of a record stand under names of their own."""
    taken = dict.fromkeys(context.columns, "a column of the subject")
    taken |= {each.name: f"one of the {each.block}" for each in context.ruleset.items.values()}
    taken |= dict.fromkeys(context.ruleset.scores, "a score")
    for name, what, span in _tables(context):
        if name in taken and (what != "a reference" or name in context.columns):  # items report references
            hint = "give it another name: a record holds both"
            context.problems.add(codes.DUPLICATE_NAME, f"`{name}` is {taken[name]} already", span, hint)
        taken[name] = what


def _tables(context: Context) -> Iterator[tuple[str, str, Span]]:
    """Names under which a record holds rows, each once."""
    ruleset = context.ruleset
    for reference in ruleset.references.values():
        if reference.kind != "file":
            yield reference.name, "a reference", reference.span
    for fact in ruleset.facts.values():
        yield fact.name, "a fact", fact.span
    excluded: dict[str, set[str]] = {}
    for each in (exclusion for fact in ruleset.facts.values() for exclusion in fact.exclude):
        tables = excluded.setdefault(each.name, set())
        if each.origin is not None and each.origin.target not in tables:  # the same table may serve several facts
            tables.add(each.origin.target)
            yield each.name, "an exclusion", each.span
