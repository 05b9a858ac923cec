"""References that say `else: error`: the first subject, or row of a fact, that finds no row."""

from collections.abc import Collection, Iterator, Sequence

from sqlglot import exp

from trustcommerce.errors import DataError
from trustcommerce.language.relations import Distinct, Gather, Match, Relation
from trustcommerce.plan import Version, links
from trustcommerce.run.duck import first_row
from trustcommerce.run.layers import SUBJECTS, at
from trustcommerce.run.query import Writer
from trustcommerce.run.stages import Stages

__all__ = ["check_required", "required", "unmatched"]


def check_required(run: Stages, given: frozenset[str], but: Collection[str] = ()) -> None:
    """Refuse what is unmatched; facts and references whose columns are given are not looked at.

    Args:
        but: References of the subjects that need no look.
    """
    for i, (match, key, of) in enumerate(required(run.version, run.plan.key, given)):
        if of is None and match.name in but:
            continue
        _check(run, given, match, key, of, f"required_{i}")


def required(
    version: Version, subject: Sequence[str], given: frozenset[str]
) -> Iterator[tuple[Match, Sequence[str], Gather | None]]:
    """Matches that must find a row, with the columns that name rows and the fact whose rows they are.

    Args:
        subject: Columns of the subject's key.
    """
    bottom = list(links(version.relation))[-1]
    if isinstance(bottom, Distinct) and SUBJECTS not in given:
        for match in _required(bottom.source):
            yield match, [each.name for each in bottom.columns], None
    for gather in version.gathers:
        if gather.fact not in given:
            for match in _required(gather.rows):
                yield match, gather.id or gather.key, gather
    for match in _required(version.relation):
        if f"reference {match.name}" not in given:
            yield match, subject, None


def _required(relation: Relation) -> Iterator[Match]:
    """Matches of a chain that must find a row, the first ones first."""
    for each in reversed(list(links(relation))):
        if isinstance(each, Match) and each.required:
            yield each


def _check(
    run: Stages, given: frozenset[str], match: Match, key: Sequence[str], gather: Gather | None, name: str
) -> None:
    """Refuse the first row, by its key, without a match; `name` is what tables made on the way are named after."""
    layers = Writer(run.version, run.as_of, run.known_as_of, given, stages=name)
    query = unmatched(layers, match, key, gather).order_by(*(at("x", each) for each in key), copy=False)
    run.stages(layers.stages)
    row = first_row(run.connection, layers.finish(query.limit(1, copy=False)))
    if row is None:
        return
    shown = ", ".join(map(str, row))
    raise DataError(
        f"no row of `{match.input}` matches on {', '.join(each.name for each in match.on)}",
        ruleset=run.plan.name,
        column=match.name.split("[")[0],
        row=shown if gather is None else f"{gather.fact} {shown}",
        hint="add the row, or say `else: missing`",
    )


def unmatched(layers: Writer, match: Match, key: Sequence[str], gather: Gather | None) -> exp.Select:
    """The rows, by their key, without a match.

    Args:
        gather: The fact whose rows these are, if any; those of unknown subjects are passed over.
    """
    wanted = {f"{match.name}.matched", *key, *(gather.key if gather is not None else ())}
    rows = layers.build(match, wanted, gather)
    query = exp.select(*(at("x", each) for each in key)).from_(exp.to_table(rows).as_("x"), copy=False)
    if gather is not None and layers.subjects is not None:
        pairs = zip(gather.key, gather.on, strict=True)
        on = [exp.EQ(this=at("x", theirs), expression=at("s", mine.name)) for theirs, mine in pairs]
        query = query.join(exp.to_table(layers.subjects).as_("s"), on=exp.and_(*on), copy=False)
    alone = exp.Not(this=at("x", f"{match.name}.matched"))
    return query.where(alone, copy=False)
