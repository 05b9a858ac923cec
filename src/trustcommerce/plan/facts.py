"""Facts lowered: the rows of each fact with its columns, exclusions and what is kept of them.

In: facts as written. Out: for each fact one `Gather`, holding every measure that metrics asked for.
"""

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.relations import Gather
from trustcommerce.model import Fact
from trustcommerce.plan.context import Context
from trustcommerce.plan.fact_columns import check_columns
from trustcommerce.plan.fact_rows import FactRows
from trustcommerce.plan.hints import in_rows
from trustcommerce.plan.origins import OriginRows, Shared
from trustcommerce.plan.ranks import lower_row_rank

__all__ = ["Facts"]


class Facts:
    """The facts of one rule set, each lowered when it is first read.

    Args:
        subject: The subjects' scope; None while the subjects themselves are made from a fact.
    """

    def __init__(self, shared: Shared, subject: Context | None) -> None:
        self.shared, self.subject = shared, subject
        self.made: dict[str, FactRows | None] = {}
        self.making: list[str] = []
        if subject is not None:
            subject.elsewhere = lambda name: in_rows(name, subject, shared)

    def rows(self, name: str, span: Span | None) -> FactRows | None:
        """The rows of a fact; None when there is no such fact, or it is broken: that is reported."""
        if name in self.made:
            return self.made[name]
        fact = self.shared.ruleset.facts.get(name)
        if fact is None:
            if name not in self.shared.ruleset.broken:
                known = list(self.shared.ruleset.facts)
                hint = did_you_mean(name, known) or f"the facts are {', '.join(known) or 'none'}"
                self.shared.problems.add(codes.UNKNOWN_NAME, f"no fact `{name}`", span, hint)
            return None
        self.made[name] = None  # what is read while it is being made finds nothing
        if self._is_made_from_itself(fact):
            return None
        origin = fact.origin
        other = self.rows(origin.target, origin.source) if origin.kind == "facts" else None
        self.making.append(name)
        rows = self.lowered(fact, other)
        self.making.remove(name)
        self.made[name] = None if rows.broken else rows
        return self.made[name]

    def _is_made_from_itself(self, fact: Fact) -> bool:
        """Whether a chain of facts leads back into itself, which the first of them reports."""
        known, path, target = self.shared.ruleset.facts, [fact.name], fact.origin.target
        while known[path[-1]].origin.kind == "facts" and target in known and target not in path:
            path.append(target)
            target = known[target].origin.target
        if known[path[-1]].origin.kind != "facts" or target not in path:
            return False
        cycle = path[path.index(target) :]
        if fact.name == min(cycle, key=list(known).index):
            shown = " -> ".join([*cycle, target])
            self.shared.problems.add(codes.CYCLE, f"fact `{target}` is made from itself: {shown}", fact.origin.source)
        return True

    def lowered(self, fact: Fact, other: OriginRows | None) -> FactRows:
        """The rows of a fact, its columns checked."""
        rows = FactRows(fact, self.shared, self.subject, self, lower_row_rank, other)
        if not rows.broken:
            check_columns(rows)
        return rows

    def gathers(self) -> list[Gather]:
        """What is measured of each fact, without the subjects yet."""
        found = [rows for rows in self.made.values() if rows is not None and rows.measures]
        return [rows.gather() for rows in found]
