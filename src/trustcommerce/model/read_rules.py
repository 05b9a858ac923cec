"""Tree of a rule set -> `RuleSet`. The shape is checked; here names and dates get their meaning."""

import datetime as dt
from collections.abc import Collection, Iterator

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Problems
from trustcommerce.language.bind import Text
from trustcommerce.model import nodes
from trustcommerce.model.read_facts import FactReader, read_window
from trustcommerce.model.read_items import ITEM_BLOCKS
from trustcommerce.model.ruleset import Adjustment, Events, Limit, Part, RuleSet
from trustcommerce.read import Entry, Mapping, Node, Scalar, parse_date
from trustcommerce.registry import Registry

__all__ = ["read_ruleset"]

Path = tuple[str | int, ...]
_NOT_NAMES = (*ITEM_BLOCKS, "ruleset", "title", "about", "effective", "subject", "every")


def read_ruleset(
    tree: Mapping,
    registry: Registry,
    problems: Problems,
    *,
    broken: Collection[Path] = (),
    unread: Collection[str] = (),
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> RuleSet | None:
    """The rule set that `tree` holds.

    Args:
        tree: The tree, dated values folded for `since`.
        registry: For the keys of choice forms and metric kinds.
        problems: Takes what is wrong.
        broken: Paths of nodes with the wrong shape; items that hold one are kept by name only.
        unread: Names of items whose kind could not be read.
        since: First day of this version, None for the beginning of time.
        until: First day after it.
    """
    read = _Reader(tree, registry, problems, {tuple(map(str, path)) for path in broken}).read(since, until)
    return None if read is None else evolve(read, unread=tuple(unread))


class _Reader(FactReader):
    def read(self, since: dt.date | None, until: dt.date | None) -> RuleSet | None:
        subject = self.tree.get("subject")
        name = self.tree.get("ruleset")
        if not isinstance(subject, Mapping) or not isinstance(name, Scalar) or self.bad("subject"):
            return None
        effective = self.tree.get("effective")
        dates = {key: self.date(effective, key) for key in ("from", "until", "enforced")}
        start, end = dates["from"], dates["until"]
        if start is not None and end is not None and start >= end and isinstance(effective, Mapping):
            self.problems.add(codes.BAD_RANGE, f"the rule set ends on {end}, before it begins", effective.span)
        self.day = since if since is not None else dates["from"]
        scores = {
            entry.key.text: self.part(entry, entry.key.text)
            for entry in self.block("scores")
            if not self.bad("scores", entry.key.text)
        }
        references, facts, windows, pools = self.references(), self.facts(), self.windows(), self.pools()
        return RuleSet(
            name=name.text,
            title=nodes.title(self.tree.get("title")),
            about=nodes.text(self.tree.get("about")),
            effective_from=dates["from"],
            effective_until=dates["until"],
            enforced=dates["enforced"],
            since=since,
            until=until,
            subject=nodes.text(subject.get("name")),
            table=nodes.text(subject.get("table")),
            fact=nodes.text(subject.get("from")) or None,
            key=nodes.texts(subject.get("key")),
            where=nodes.expression(subject.get("where")),
            every=self.every(),
            facts=facts,
            references=references,
            windows=windows,
            items=self.items(),
            scores=scores,
            pools=pools,
            broken=self.names() - references.keys() - facts.keys() - windows.keys() - scores.keys() - pools.keys(),
            span=name.span,
            spans={entry.key.text: entry.value.span for entry in subject},
        )

    def names(self) -> frozenset[str]:
        """Names of scores, references, and of whatever stands in blocks that a rule set does not have."""
        return frozenset(
            each.key.text
            for entry in self.tree
            if entry.key.text not in _NOT_NAMES
            for each in self.block(entry.key.text)
        )

    def every(self) -> tuple[str, str | int] | None:
        """The period, as its unit and the day in it: `day`, `week: friday`, `month: 8`, `quarter: 1`."""
        node = self.tree.get("every")
        if isinstance(node, Scalar):
            return node.text, 1
        if not isinstance(node, Mapping) or self.bad("every"):
            return None
        entry = node.entries[0]
        value = entry.value.value if isinstance(entry.value, Scalar) else None
        return entry.key.text, value if isinstance(value, int) else nodes.text(entry.value)

    # -- scores

    def part(self, entry: Entry, path: str) -> Part:
        node = entry.value
        assert isinstance(node, Mapping)
        children = node.get("parts")
        choice = self.choice(node, entry)
        if (children is None) == (choice.form is None):
            said = "both `parts` and a choice" if children is not None else "neither `parts` nor a choice"
            self.problems.add(codes.AMBIGUOUS_FORM, f"`{entry.key.text}` says {said}", entry.key.span)
        rounding = node.get("round")
        step = nodes.decimal(rounding)
        return Part(
            name=entry.key.text,
            path=path,
            title=nodes.title(node.get("title")),
            about=nodes.text(node.get("about")),
            weight=nodes.expression(node.get("weight")),
            choice=choice if choice.form is not None else None,
            parts=tuple(
                self.part(each, f"{path}.{each.key.text}")
                for each in (children if isinstance(children, Mapping) else ())
                if self.in_force(each.value)
            ),
            exceptions=self.exceptions(node),
            missing=node.get("missing"),
            bonuses=self.adjustments(node, "bonuses"),
            deductions=self.adjustments(node, "deductions"),
            limits=self.limits(node),
            range=nodes.pair(node.get("range")),
            round=(step, rounding.span) if step is not None and rounding is not None else None,
            applies=nodes.expression(node.get("applies")),
            reason=nodes.text(node.get("reason"), entry.key.text.upper()),
            span=entry.key.span,
        )

    def adjustments(self, node: Mapping, block: str) -> tuple[Adjustment, ...]:
        entries = node.get(block)
        found = []
        for entry in entries if isinstance(entries, Mapping) else ():
            each = entry.value
            if not isinstance(each, Mapping) or not self.in_force(each):
                continue
            choice = self.choice(each, entry)
            events = self.events(each, entry)
            points = nodes.expression(each.get("points")) if events is None else None
            if events is not None and choice.form is not None:
                said = f"`{entry.key.text}` says both `each` and a choice"
                self.problems.add(codes.AMBIGUOUS_FORM, said, entry.key.span, "keep one of them")
                continue
            if events is None and "each" in each:
                continue  # reported already
            if events is None and (points is None) == (choice.form is None):
                said = "both `points` and a choice" if points else "neither `points` nor a choice"
                self.problems.add(codes.AMBIGUOUS_FORM, f"`{entry.key.text}` says {said}", entry.key.span)
                continue
            when = each.entry("when")
            if when is not None and points is None and events is None:
                self.problems.add(
                    codes.AMBIGUOUS_FORM,
                    f"`{entry.key.text}` says both `when` and a choice",
                    when.key.span,
                    "put the condition into the choice: `rules`",
                )
                continue
            found.append(
                Adjustment(
                    name=entry.key.text,
                    title=nodes.title(each.get("title")),
                    guard=self.guard(each) if "when" in each else None,
                    choice=choice,
                    events=events,
                    points=points,
                    at_most=nodes.expression(each.get("at_most")),
                    reason=nodes.text(each.get("reason"), entry.key.text.upper()),
                    span=entry.key.span,
                )
            )
        return tuple(found)

    def events(self, node: Mapping, entry: Entry) -> Events | None:
        """Rows of a fact that each count: `each` with its companions."""
        fact = node.get("each")
        if not isinstance(fact, Scalar):
            for key in ("window", "by", "per", "where", "dated_by", "exclude"):
                found = node.entry(key)
                if found is not None:
                    self.problems.add(
                        codes.UNKNOWN_KEY, f"`{key}` says nothing without `each`", found.key.span, "drop it"
                    )
            return None
        points = node.get("points")
        if points is None:
            said = f"`{entry.key.text}` does not say how many points one of `{fact.text}` counts"
            self.problems.add(codes.MISSING_KEY, said, entry.key.span, "say `points`")
            return None
        exclude, window = node.get("exclude"), node.get("window")
        return Events(
            fact=fact.text,
            where=nodes.expression(node.get("where")),
            window=None if window is None else read_window(window),
            by=nodes.expression(node.get("by")),
            per=self.expressions(node.get("per")),
            points=tuple(_dated(points)),
            dated_by=nodes.expression(node.get("dated_by")),
            exclude=None if exclude is None else () if nodes.text(exclude) == "none" else nodes.texts(exclude),
            span=fact.span,
        )

    def limits(self, node: Mapping) -> tuple[Limit, ...]:
        entries = node.get("limits")
        found = []
        for entry in entries if isinstance(entries, Mapping) else ():
            each = entry.value
            if not isinstance(each, Mapping) or not self.in_force(each):
                continue
            upper, lower = nodes.expression(each.get("at_most")), nodes.expression(each.get("at_least"))
            bound = upper or lower
            if bound is None or (upper and lower):
                said = "both `at_most` and `at_least`" if bound else "neither `at_most` nor `at_least`"
                self.problems.add(codes.AMBIGUOUS_FORM, f"limit `{entry.key.text}` says {said}", entry.key.span)
                continue
            found.append(
                Limit(
                    name=entry.key.text,
                    title=nodes.title(each.get("title")),
                    guard=self.guard(each),
                    upper=upper is not None,
                    bound=bound,
                    reason=nodes.text(each.get("reason"), entry.key.text.upper()),
                    span=entry.key.span,
                )
            )
        return tuple(found)


def _dated(node: Node) -> Iterator[tuple[dt.date | None, Text]]:
    """Expressions with the date from which each holds, in order of dates; a single one holds always."""
    if isinstance(node, Scalar):
        yield None, Text.of(node)
    for entry in sorted(node if isinstance(node, Mapping) else (), key=lambda each: each.key.text):
        if isinstance(entry.value, Scalar):
            yield parse_date(entry.key.text), Text.of(entry.value)
