"""The rows behind the numbers of one subject, asked of a run.

In: a run and a key. Out: for each fact its rows, those excluded with their reasons, and for each
measure the rows that are left after every condition, with the first of those that count.
"""

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from trustcommerce.language.expressions import Apply, Expr, columns
from trustcommerce.language.relations import Field, Gather, Keep, Measure
from trustcommerce.language.types import BOOLEAN
from trustcommerce.plan import links
from trustcommerce.run.duck import quote
from trustcommerce.run.evidence import SHOWN, FactEvidence, MeasureEvidence, RowList
from trustcommerce.run.query import Writer
from trustcommerce.run.sql import column, literal, outward
from trustcommerce.run.stages import Stages

__all__ = ["trace"]


def trace(run: Stages, key: Sequence[Any], given: frozenset[str]) -> list[FactEvidence]:
    """The evidence for the subject with `key` (run-time values), for every fact.

    Args:
        run: A run whose sources are there.
        given: What its subjects' columns hold already.
    """
    return [_Fact(run, gather, key, given).found() for gather in run.version.gathers]


class _Fact:
    """The rows of one fact that belong to one subject, kept as a table to be asked about."""

    def __init__(self, run: Stages, gather: Gather, key: Sequence[Any], given: frozenset[str]) -> None:
        self.run, self.gather = run, gather
        types = {each.name: each for each in gather.show}
        self.listed = [*gather.id, *(each.name for each in gather.show if each.name not in gather.id)]
        layers = Writer(run.version, run.as_of, run.known_as_of, given)
        needed = {*gather.key, *self.listed, *(flag for flag, _ in gather.flags)}
        for measure in gather.measures:
            needed |= {name for _, condition in _conditions(measure) for name in columns(condition)}
        rows = layers.build(gather.rows, needed, outer=gather)
        shown = [self._shown(name, types.get(name)) for name in self.listed]
        flags = [exp.alias_(column(flag), f"flag {i}", quoted=True) for i, (flag, _) in enumerate(gather.flags)]
        tests = [
            exp.alias_(layers.sql(condition), f"test {i} {j}", quoted=True)
            for i, measure in enumerate(gather.measures)
            for j, (_, condition) in enumerate(_conditions(measure))
        ]
        query = exp.select(*shown, *flags, *tests).from_(rows, copy=False).where(self._mine(key), copy=False)
        self.name = f"evidence_{gather.fact}"
        run.stages(layers.stages)
        run.make("TABLE", quote(self.name), layers.finish(query))
        self.seen, self.where = self._count("TRUE"), ""
        condition = next((each for each in links(gather.rows) if isinstance(each, Keep) and each.label), None)
        if condition is not None:
            self.seen, self.where = self._before(condition, key, given), condition.label

    def _mine(self, key: Sequence[Any]) -> exp.Expression:
        """The condition that a row belongs to the subject."""
        return exp.and_(
            *(
                exp.EQ(this=column(name), expression=literal(value, on.type))
                for name, on, value in zip(self.gather.key, self.gather.on, key, strict=True)
            )
        )

    def _before(self, condition: Keep, key: Sequence[Any], given: frozenset[str]) -> int:
        """How many rows the subject has before the fact's own condition."""
        run, layers = self.run, Writer(self.run.version, self.run.as_of, self.run.known_as_of, given)
        rows = layers.build(condition.source, set(self.gather.key), outer=self.gather)
        counted = exp.select(exp.Count(this=exp.Star())).from_(rows, copy=False).where(self._mine(key), copy=False)
        return run.number(layers.finish(counted))

    @staticmethod
    def _shown(name: str, each: Field | None) -> exp.Expression:
        value = column(name) if each is None else outward(column(name), each.type)
        return exp.alias_(value, name, quoted=True)

    def found(self) -> FactEvidence:
        reasons: dict[str, list[str]] = {}
        for i, (_, reason) in enumerate(self.gather.flags):
            reasons.setdefault(reason, []).append(f'"flag {i}"')
        return FactEvidence(
            fact=self.gather.fact,
            id=self.gather.id,
            seen=self.seen,
            where=self.where,
            rows=self._count("TRUE"),
            excluded=tuple(
                (reason, self._count(" OR ".join(flags)), self._rows(" OR ".join(flags)))
                for reason, flags in reasons.items()
            ),
            measures=tuple(self._measure(i, measure) for i, measure in enumerate(self.gather.measures)),
            titles={name: dict(texts) for name, texts in self.gather.titles},
        )

    def _measure(self, place: int, measure: Measure) -> MeasureEvidence:
        steps = []
        tests: list[str] = []
        for j, (label, _) in enumerate(_conditions(measure)):
            tests.append(f'"test {place} {j}"')
            steps.append((label, self._count(" AND ".join(tests))))
        condition = " AND ".join(tests) or "TRUE"
        return MeasureEvidence(
            name=measure.name,
            steps=tuple(steps) or (("all", self._count("TRUE")),),
            rows=self._rows(condition),
        )

    def _count(self, condition: str) -> int:
        return self.run.number(f"SELECT count(*) FROM {quote(self.name)} WHERE {condition}")

    def _rows(self, condition: str) -> RowList:
        names = ", ".join(map(quote, self.listed))
        if not names:
            return ()
        order = ", ".join(map(quote, self.gather.id)) or "1"
        sql = f"SELECT {names} FROM {quote(self.name)} WHERE {condition} ORDER BY {order} LIMIT {SHOWN}"
        return tuple(self.run.connection.sql(sql).to_arrow_table().to_pylist())


def _conditions(measure: Measure) -> tuple[tuple[str, Expr], ...]:
    """What a row must meet to count; one without the value is passed over."""
    value = measure.value
    if value is None or not value.type.nullable:
        return measure.filters
    absent = Apply("is_null", (value,), BOOLEAN)
    return (*measure.filters, ("with a value", Apply("not", (absent,), BOOLEAN)))
