"""Which exclusions may leave rows out by a join, instead of marking each row.

Whether a row is excluded is a column, which is what counting needs: an array of rows is searched for
each. Where nobody counts, a join that leaves rows out is several times as fast.
"""

from collections.abc import Collection

from trustcommerce.language.expressions import Apply, Column, columns
from trustcommerce.language.relations import Derive, Exists, Gather, Keep, Match, Measure
from trustcommerce.plan import calls_of, links

__all__ = ["left_out"]


def left_out(relation: Gather, needed: Collection[str]) -> frozenset[str]:
    """Exclusions whose rows no measure that is needed sees, and on which nothing else depends."""
    measures = [each for each in relation.measures if each.name in needed]
    found: set[str] = set()
    above: set[str] = set()
    for each in links(relation.rows):
        if isinstance(each, Exists):
            plain = next(calls_of(each.when), None) is None
            if plain and each.name not in above and all(_excludes(measure, each.name) for measure in measures):
                found.add(each.name)
            above |= {name for _, value in each.on for name in columns(value)}
            above |= columns(each.when) if each.when is not None else set()
        elif isinstance(each, Derive):
            above |= {name for item in each.items for name in columns(item.expr)}
        elif isinstance(each, Keep):
            above |= columns(each.where)
        elif isinstance(each, Match):
            above |= {name for row in each.candidates for value in row for name in columns(value)}
            above |= columns(each.when) if each.when is not None else set()
            above |= columns(each.valid[2]) if each.valid is not None else set()
        else:  # a row's place among others depends on them
            break
    return frozenset(found)


def _excludes(measure: Measure, flag: str) -> bool:
    return any(
        isinstance(each, Apply) and each.op == "not" and isinstance(each.args[0], Column) and each.args[0].name == flag
        for _, each in measure.filters
    )
