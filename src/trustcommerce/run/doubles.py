"""Doubles by which rows are joined or grouped: 0.0 and -0.0 are equal, and one key in some databases only."""

from collections.abc import Iterator, Sequence

from trustcommerce.language.expressions import Expr
from trustcommerce.language.relations import (
    Distinct,
    Exists,
    Field,
    Gather,
    Match,
    Peers,
    Rank,
    Relation,
    Scan,
    Share,
    Table,
)
from trustcommerce.language.types import Kind, Type
from trustcommerce.plan import Version, links
from trustcommerce.run.dialects import Dialect
from trustcommerce.run.layers import sources

__all__ = ["refuse_double_keys"]


def refuse_double_keys(version: Version, dialect: Dialect) -> None:
    """Refuse a rule set with such keys for a database that is not known to take both zeros for one.

    Raises:
        DataError: It joins or groups by a double.
    """
    if dialect.double_keys:
        return
    for what, types in _keys(version):
        if any(each.kind is Kind.NUMBER for each in types):
            raise dialect.refusal(f"{what}, a double", "make it exact: round(..., 6)")


def _keys(version: Version) -> Iterator[tuple[str, Sequence[Type]]]:
    """What rows are joined or grouped by, and its types."""
    for source in sources(version):
        if isinstance(source, Scan):
            fields = {each.name: each for each in source.fields}
            yield f"the key of {source.table}", [fields[name].type for name in source.key if name in fields]
    due: list[Relation | Table] = [version.relation]
    seen: set[int] = set()
    while due:
        relation = due.pop()
        if isinstance(relation, Table) or id(relation) in seen:
            continue
        for each in links(relation):
            seen.add(id(each))
            yield from _of(each)
            if isinstance(each, Match | Exists | Gather):
                due.append(each.rows)
            elif isinstance(each, Distinct):
                due.append(each.source)


def _of(relation: Relation) -> Iterator[tuple[str, Sequence[Type]]]:
    if isinstance(relation, Match):
        yield f"what {relation.input} matches on", [*_fields(relation.on), *_types(*relation.candidates)]
    elif isinstance(relation, Exists):
        yield f"what {relation.alias} matches on", _types([each for _, each in relation.on])
    elif isinstance(relation, Rank):
        yield f"what {relation.name} is ranked within", _types(relation.within)
    elif isinstance(relation, Share):
        yield f"what {relation.name} is shared within", _types(relation.within)
    elif isinstance(relation, Peers):
        yield f"what peers of {relation.name} share", _types(relation.within)
        yield from _measures(relation)
    elif isinstance(relation, Gather):
        yield f"the key of {relation.fact}", _fields(relation.on)
        yield from _measures(relation)
    elif isinstance(relation, Distinct):
        yield "the key of the subjects", _fields(relation.columns)


def _measures(relation: Peers | Gather) -> Iterator[tuple[str, Sequence[Type]]]:
    for each in relation.measures:
        yield f"what {each.atom} is summed by", _types(each.per)
        if each.function == "distinct" and each.value is not None:
            yield f"what {each.atom} counts", [each.value.type]


def _fields(fields: Sequence[Field]) -> list[Type]:
    return [each.type for each in fields]


def _types(*exprs: Sequence[Expr]) -> list[Type]:
    return [each.type for row in exprs for each in row]
