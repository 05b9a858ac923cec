"""Whether the columns that a fact names exist, and are what key, id, time and shown columns must be."""

from trustcommerce import codes
from trustcommerce.language.types import UNKNOWN, Kind
from trustcommerce.plan.fact_rows import FactRows

__all__ = ["check_columns"]


def check_columns(rows: FactRows) -> None:
    """Report what is wrong with the columns of a fact; what can't be read makes it broken."""
    _check_key(rows)
    for name in rows.fact.id:
        span = rows.fact_span("id", name)
        found = rows.read(name, span).type
        rows.broken = found == UNKNOWN or rows.broken
        if found.nullable and found != UNKNOWN and name not in rows.certain:
            said = f"the id `{name}` of `{rows.fact.name}` may be missing"
            hint = f"say which rows are meant: `where: {name} is not null`"
            rows.shared.problems.add(codes.MAYBE_MISSING, said, span, hint)
    for name in rows.fact.show:
        rows.read(name, rows.fact_span("show", name))
    _check_time(rows)


def _check_key(rows: FactRows) -> None:
    """The key names the columns that hold the subject's, in its order, and never missing."""
    fact, subject, ruleset = rows.fact, rows.subject, rows.shared.ruleset
    if subject is not None and len(fact.key) != len(ruleset.key):
        rows.shared.problems.add(
            codes.TYPE_MISMATCH,
            f"the key of `{fact.name}` has {_columns(len(fact.key))}, the subject's {_columns(len(ruleset.key))}",
            rows.fact_span("key"),
            f"name what holds {', '.join(ruleset.key)}" + (", in this order" if len(ruleset.key) > 1 else ""),
        )
        rows.broken = True
        return
    for i, name in enumerate(fact.key):
        span = rows.fact_span("key", name)
        found = rows.read(name, span).type
        if found == UNKNOWN:
            rows.broken = True
            continue
        if found.nullable and name not in rows.certain:
            rows.shared.problems.add(
                codes.MAYBE_MISSING,
                f"the key `{name}` of `{fact.name}` may be missing",
                span,
                f"say which rows are meant: `where: {name} is not null`",
            )
        mine = subject.columns.get(ruleset.key[i]) if subject is not None else None
        if mine is not None and (mine.type.kind, mine.type.scale) != (found.kind, found.scale):
            said = f"the key `{name}` is {found.null(False)}, and the subject's `{mine.name}` is {mine.type}"
            rows.shared.problems.add(codes.TYPE_MISMATCH, said, span)


def _check_time(rows: FactRows) -> None:
    """The time is a moment; one that is never missing hides later rows."""
    name = rows.fact.time
    if name is None:
        return
    found = rows.read(name, rows.fact_span("time")).type
    if found == UNKNOWN:
        rows.broken = True
    elif found.kind not in (Kind.DATE, Kind.TIMESTAMP):
        said = f"time `{name}` is {found.null(False)}, no moment"
        rows.shared.problems.add(codes.TYPE_MISMATCH, said, rows.fact_span("time"))
        rows.broken = True
    elif not found.nullable and name in rows.context.columns and name not in rows.times:
        rows.times.append(name)


def _columns(count: int) -> str:
    return f"{count} column{'s' if count != 1 else ''}"
