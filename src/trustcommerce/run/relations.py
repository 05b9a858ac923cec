"""The relation core over plain Python rows: what every node means, one row after the other.

The reference runs it with the plain evaluator of expressions, records with generated ones.
"""

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from trustcommerce.errors import DataError
from trustcommerce.language.calendar import lies_within
from trustcommerce.language.expressions import Expr
from trustcommerce.language.relations import (
    Components,
    Derive,
    Distinct,
    Exists,
    Gather,
    Keep,
    Match,
    Measure,
    Peers,
    Rank,
    Relation,
    Scan,
    Share,
    Table,
)
from trustcommerce.language.types import power
from trustcommerce.run.allocated import Allocation, claims_of
from trustcommerce.run.components import connected
from trustcommerce.run.sharing import Claim, shares

__all__ = ["Row", "World", "measured", "no_match", "overlapping"]

Row = dict[str, Any]


@frozen(kw_only=True, eq=False)
class World:
    """Where relations find their rows, and how expressions are evaluated.

    Args:
        scan: The rows of a scan in run-time shapes; the second argument says for what: a fact's, a
            reference's or an exclusion's name, nothing for the subjects.
        evaluate: Value of an expression over a row.
    """

    as_of: dt.date
    known_as_of: dt.date
    scan: Callable[[Scan, str], Iterable[Row]]
    evaluate: Callable[[Expr, Row], Any]

    def rows(self, relation: Relation, role: str = "", beside: Mapping[str, Any] | None = None) -> list[Row]:
        """The rows of a relation.

        Args:
            role: What the rows at its bottom are read for.
            beside: Columns that every one of them has besides.
        """
        if isinstance(relation, Scan):
            return [self._seen(row, relation, beside or {}) for row in self.scan(relation, role)]
        rows = self.rows(relation.source, role, beside)
        if isinstance(relation, Keep):
            return [row for row in rows if self.evaluate(relation.where, row) is True]
        if isinstance(relation, Derive):
            for row in rows:
                for item in relation.items:
                    row[item.name] = self.evaluate(item.expr, row)
        elif isinstance(relation, Match):
            self._match(relation, rows)
        elif isinstance(relation, Exists):
            self._exists(relation, rows)
        elif isinstance(relation, Rank):
            self._rank(relation, rows)
        elif isinstance(relation, Share):
            self._share(relation, rows)
        elif isinstance(relation, Gather):
            self._gather(relation, rows)
        elif isinstance(relation, Peers):
            self._peers(relation, rows)
        else:
            return self._made(relation, rows)
        return rows

    def _seen(self, row: Row, scan: Scan, beside: Mapping[str, Any]) -> Row:
        """A row as it looked on the day: what is to happen later is not known yet."""
        found = {**row, **beside, "as_of": self.as_of, "known_as_of": self.known_as_of}
        for name in scan.hidden:
            value = found.get(name)
            if value is not None and not lies_within(value, None, self.as_of):
                found[name] = None
        return found

    def _made(self, relation: Components | Distinct, rows: list[Row]) -> list[Row]:
        days = {"as_of": self.as_of, "known_as_of": self.known_as_of}
        if isinstance(relation, Components):
            found = connected((row[relation.start], row[relation.end]) for row in rows)
            return [{"member": member, "component": name, **days} for member, name in found.items()]
        names = [each.name for each in relation.columns]
        keys = sorted({tuple(row[name] for name in names) for row in rows})
        return [{**dict(zip(names, key, strict=True)), **days} for key in keys]

    # -- other rows

    def _match(self, match: Match, rows: list[Row]) -> None:
        if isinstance(match.rows, Table):
            names = [each.name for each in match.rows.fields]
            others = [dict(zip(names, values, strict=True)) for values in match.rows.rows]
        else:
            others = self.rows(match.rows, match.name.split("[")[0])
        if match.pick is not None:
            others = sorted(others, key=lambda row: tuple(row[name] for name in match.order))
            others = others[::-1] if match.pick == "last" else others
        elif match.valid is not None:
            start = match.valid[0]
            others = sorted(others, key=lambda row: (row[start] is None, row[start] or 0))
        index: dict[tuple[Any, ...], list[Row]] = {}
        for other in others:
            index.setdefault(tuple(other[on.name] for on in match.on), []).append(other)
        if match.alone and match.table is None:
            for key in sorted(index, key=str):
                _check_periods(match, key, index[key], self.as_of)
        for row in rows:
            found = self._found(match, row, index)
            if found is None and match.required:
                no_match(match)
            row[f"{match.name}.matched"] = found is not None
            for each in match.fields:
                row[f"{match.name}.{each.name}"] = None if found is None else found[each.name]

    def _found(self, match: Match, row: Row, index: Mapping[tuple[Any, ...], list[Row]]) -> Row | None:
        for candidate in match.candidates:
            wanted = tuple(self.evaluate(each, row) for each in candidate)
            for other in index.get(wanted, ()) if None not in wanted else ():
                if self._goes(match, row, other):
                    return other
        return None

    def _goes(self, match: Match, row: Row, other: Row) -> bool:
        if match.valid is not None:
            start, end, moment = match.valid
            if not lies_within(self.evaluate(moment, row), other[start], other[end]):
                return False
        if match.when is None:
            return True
        both = {**row, **{f"{match.name}.{name}": value for name, value in other.items()}}
        return self.evaluate(match.when, both) is True

    def _exists(self, relation: Exists, rows: list[Row]) -> None:
        others = self.rows(relation.rows, relation.alias)
        index: dict[tuple[Any, ...], list[Row]] = {}
        for other in others:
            index.setdefault(tuple(other[name] for name, _ in relation.on), []).append(other)
        for row in rows:
            wanted = tuple(self.evaluate(each, row) for _, each in relation.on)
            near = index.get(wanted, ()) if None not in wanted else ()
            row[relation.name] = any(self._together(relation, row, other) for other in near)

    def _together(self, relation: Exists, row: Row, other: Row) -> bool:
        if relation.when is None:
            return True
        both = {**row, **{f"{relation.alias}.{name}": value for name, value in other.items()}}
        return self.evaluate(relation.when, both) is True

    # -- groups

    def _gather(self, gather: Gather, subjects: list[Row]) -> None:
        """Every measure of a fact for all subjects; rows that see nothing of the subject are made once."""
        if gather.outer:
            for subject in subjects:
                subject.update(self.gathered(gather, subject))
            return
        index: dict[tuple[Any, ...], list[Row]] = {}
        for row in self.rows(gather.rows, gather.fact):
            index.setdefault(tuple(row[name] for name in gather.key), []).append(row)
        for subject in subjects:
            own = index.get(tuple(subject[each.name] for each in gather.on), [])
            subject.update({measure.name: measured(measure, own, self.evaluate) for measure in gather.measures})

    def gathered(self, gather: Gather, subject: Row) -> Row:
        """Every measure of a fact for one subject."""
        beside = {name: subject[mine] for name, mine in gather.outer}
        key = tuple(subject[each.name] for each in gather.on)
        rows = self.rows(gather.rows, gather.fact, beside)
        own = [row for row in rows if tuple(row[name] for name in gather.key) == key]
        return {measure.name: measured(measure, own, self.evaluate) for measure in gather.measures}

    def _peers(self, peers: Peers, rows: list[Row]) -> None:
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            groups.setdefault(tuple(self.evaluate(each, row) for each in peers.within), []).append(row)
        for group in groups.values():
            found = {measure.name: measured(measure, group, self.evaluate) for measure in peers.measures}
            for row in group:
                row.update(found)

    def _share(self, share: Share, rows: list[Row]) -> None:
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in sorted(rows, key=lambda row: tuple(row[each.name] for each in share.key)):
            groups.setdefault(tuple(self.evaluate(each, row) for each in share.within), []).append(row)
        for group in groups.values():
            if share.allocator is not None:
                self._allocated(share, group)
                continue
            claims = [
                Claim(
                    self.evaluate(share.weight, row),
                    0 if share.low is None else self.evaluate(share.low, row),
                    None if share.high is None else self.evaluate(share.high, row),
                )
                for row in group
            ]
            grants = shares(self.evaluate(share.amount, group[0]), claims, share.method)
            for row, grant in zip(group, grants, strict=True):
                row[share.name] = grant

    def _allocated(self, share: Share, group: list[Row]) -> None:
        """What a plugin's method gives to those with a weight."""
        import pyarrow as pa

        able = [row for row in group if self.evaluate(share.weight, row) > 0]
        columns = {name: [self.evaluate(each, row) for row in able] for name, each in claims_of(share).items()}
        grants = Allocation.of(share).granted(columns["amount"][0], pa.table(columns)) if able else []
        for row in group:
            row[share.name] = 0
        for row, grant in zip(able, grants, strict=True):
            row[share.name] = grant

    def _rank(self, rank: Rank, rows: list[Row]) -> None:
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            row[rank.name] = None
            if rank.where is None or self.evaluate(rank.where, row) is True:
                groups.setdefault(tuple(self.evaluate(each, row) for each in rank.within), []).append(row)
        for group in groups.values():
            for expr, descends in reversed(rank.order):  # a stable sort by each, the first last
                group.sort(key=lambda row: self.evaluate(expr, row), reverse=descends)
            if rank.form == "percent":
                self._percent(rank, group)
                continue
            total = 0
            for place, row in enumerate(group, 1):
                total += self.evaluate(rank.value, row) if rank.value is not None else 0
                row[rank.name] = total if rank.form == "running" else place

    def _percent(self, rank: Rank, group: list[Row]) -> None:
        values = [self.evaluate(rank.order[0][0], row) for row in group]
        for row, value in zip(group, values, strict=True):
            below, equal = values.index(value), values.count(value)
            row[rank.name] = float(2 * below + equal) / float(2 * len(values))


def measured(measure: Measure, rows: Sequence[Row], evaluate: Callable[[Expr, Row], Any]) -> Any:
    """One measure of a group of rows."""
    counted = [row for row in rows if all(evaluate(condition, row) is True for _, condition in measure.filters)]
    if measure.value is None:
        return len(counted)
    expr = measure.value
    pairs = [(row, evaluate(expr, row)) for row in counted]
    values = [value for _, value in pairs if value is not None]
    if measure.function == "count":
        return len(values)
    if measure.function == "distinct":
        return len(set(values))
    if measure.function == "sum":
        return _sum(measure, [(row, value) for row, value in pairs if value is not None], evaluate)
    if not values:
        return None
    if measure.function == "quantile":
        over, below = measure.at
        return sorted(values)[max(1, -(-over * len(values) // below)) - 1]
    return min(values) if measure.function == "min" else max(values)


def _sum(measure: Measure, pairs: Iterable[tuple[Row, int]], evaluate: Callable[[Expr, Row], Any]) -> int:
    groups: dict[tuple[Any, ...], int] = {}
    for row, value in pairs:
        group = tuple(evaluate(each, row) for each in measure.per)
        groups[group] = groups.get(group, 0) + value
    cap = evaluate(measure.cap, {}) if measure.cap is not None else None
    total = sum(value if cap is None else min(value, cap) for value in groups.values())
    low, high = measure.type.low, measure.type.high
    if low is not None and high is not None and not low <= total <= high:
        raise DataError(
            f"the sum `{measure.atom}` is {total / power(measure.type.scale):.6g}, beyond what is exact",
            column=measure.atom,
        )
    return total


def _check_periods(match: Match, key: tuple[Any, ...], rows: list[Row], as_of: dt.date) -> None:
    """Refuse periods of one key that overlap; of those that begin later the end before may not be known yet."""
    assert match.valid is not None
    start, end, _ = match.valid
    begun = [row for row in rows if row[start] is None or lies_within(row[start], None, as_of)]
    ordered = sorted(begun, key=lambda row: (row[start] is not None, row[start] or 0))
    for before, after in itertools.pairwise(ordered):
        if before[end] is None or after[start] is None or lies_within(after[start], None, before[end]):
            overlapping(match, key)


def overlapping(match: Match, key: Sequence[Any], ruleset: str | None = None) -> None:
    """Refuse a reference whose periods overlap for a key."""
    name = match.name.split("[")[0]
    raise DataError(
        f"the periods of `{match.input}` overlap for {', '.join(map(str, key))}",
        ruleset=ruleset,
        column=name,
        row=", ".join(map(str, key)),
        hint="each period begins where the one before it ends",
    )


def no_match(match: Match) -> None:
    """Refuse a row without a match in a reference that says `else: error`."""
    raise DataError(
        f"no row of `{match.input}` matches on {', '.join(each.name for each in match.on)}",
        column=match.name.split("[")[0],
        hint="add the row, or say `else: missing`",
    )
