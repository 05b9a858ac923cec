"""Tree of a rule set -> `RuleSet`. The shape is checked; here names and dates get their meaning."""

import datetime as dt
from collections.abc import Collection

from trustcommerce import codes
from trustcommerce.diagnostics import Problems
from trustcommerce.language.bind import Text
from trustcommerce.model import nodes
from trustcommerce.model.read_choices import ChoiceReader
from trustcommerce.model.ruleset import (
    Adjustment,
    Item,
    Limit,
    Part,
    Reference,
    RuleSet,
    Sample,
)
from trustcommerce.read import Entry, Mapping, Scalar, Sequence
from trustcommerce.registry import Registry

__all__ = ["read_ruleset"]

Path = tuple[str | int, ...]
_ITEMS = ("metrics", "values", "levels", "resources")
_NOT_NAMES = (*_ITEMS, "ruleset", "title", "about", "effective", "subject")


def read_ruleset(
    tree: Mapping,
    registry: Registry,
    problems: Problems,
    *,
    broken: Collection[Path] = (),
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> RuleSet | None:
    """The rule set that `tree` holds.

    Args:
        tree: The tree, dated values folded for `since`.
        registry: For the keys of choice forms and metric kinds.
        problems: Takes what is wrong.
        broken: Paths of nodes with the wrong shape; items that hold one are kept by name only.
        since: First day of this version, None for the beginning of time.
        until: First day after it.
    """
    return _Reader(tree, registry, problems, {tuple(map(str, path)) for path in broken}).read(since, until)


class _Reader(ChoiceReader):
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
        references = self.references()
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
            key=nodes.texts(subject.get("key")),
            where=nodes.expression(subject.get("where")),
            references=references,
            items=self.items(),
            scores=scores,
            broken=self.names() - references.keys() - scores.keys(),
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

    # -- references

    def references(self) -> dict[str, Reference]:
        found = {}
        for entry in self.block("references"):
            node = entry.value
            if not isinstance(node, Mapping) or self.bad("references", entry.key.text):
                continue
            kinds = [kind for kind in ("file", "table", "ruleset") if kind in node]
            if len(kinds) != 1:
                self.problems.add(
                    codes.AMBIGUOUS_FORM, "a reference reads one `file`, `table` or `ruleset`", entry.key.span
                )
                continue
            found[entry.key.text] = self.reference(entry, node, kinds[0])
        return found

    def reference(self, entry: Entry, node: Mapping, kind: str) -> Reference:
        match = node.get("match")
        assert isinstance(match, Mapping)
        on = []
        for each in match:
            values = each.value.items if isinstance(each.value, Sequence) else (each.value,)
            on.append((each.key.text, tuple(Text.of(v) for v in values if isinstance(v, Scalar)), each.key.span))
        valid = node.get("valid")
        otherwise = node.get("else")
        return Reference(
            name=entry.key.text,
            kind=kind,
            target=nodes.text(node.get(kind)),
            match=tuple(on),
            valid=(nodes.text(valid.get("from")), nodes.text(valid.get("until")), nodes.expression(valid.get("at")))
            if isinstance(valid, Mapping)
            else None,
            otherwise={e.key.text: e.value for e in otherwise}
            if isinstance(otherwise, Mapping)
            else nodes.text(otherwise),
            valid_spans=tuple(end.span for key in ("from", "until") if (end := valid.get(key)) is not None)
            if isinstance(valid, Mapping)
            else (),
            source=(node.get(kind) or node).span,
            span=entry.key.span,
        )

    # -- items

    def items(self) -> dict[str, Item]:
        found: dict[str, Item] = {}
        for block in _ITEMS:
            for entry in self.block(block):
                name = entry.key.text
                if name in found:
                    self.problems.add(
                        codes.DUPLICATE_NAME,
                        f"`{name}` stands in `{block}` and in `{found[name].block}`",
                        entry.key.span,
                        f"first on line {found[name].span.line}; all items share one namespace",
                    )
                    continue
                found[name] = self.item(entry, block)
        for entry in self.block("scores"):
            if entry.key.text in found:
                self.problems.add(
                    codes.DUPLICATE_NAME,
                    f"`{entry.key.text}` is a score and stands in `{found[entry.key.text].block}`",
                    entry.key.span,
                )
        return found

    def item(self, entry: Entry, block: str) -> Item:
        node = entry.value
        mapping = node if isinstance(node, Mapping) else None
        broken = self.bad(block, entry.key.text)
        get = mapping.get if mapping is not None else lambda key: None
        labels = get("labels")
        self.check_labels(labels)
        sample = get("sample")
        metric = next(
            ((key, mapping.get(key)) for key in self.registry.metric_kinds if mapping is not None and key in mapping),
            None,
        )
        choice = self.choice(node, entry) if not broken else self.empty_choice(entry)
        if mapping is not None and not broken:
            self.check_item(mapping, metric is not None)
        if mapping is not None and not broken and metric is None and choice.form is None:
            self.no_form(entry, block)
            broken = True
        return Item(
            name=entry.key.text,
            block=block,
            title=nodes.title(get("title")),
            about=nodes.text(get("about")),
            choice=choice,
            metric=(metric[0], metric[1]) if metric is not None and metric[1] is not None else None,
            sample=self.sample(sample) if isinstance(sample, Mapping) and not broken else None,
            any_sample=nodes.text(sample) == "any",
            labels=nodes.texts(labels) if isinstance(labels, Sequence) else nodes.expression(labels),
            unit=nodes.text(get("unit")) or None,
            better=nodes.text(get("better")) or None,
            range=nodes.pair(get("range")),
            round=nodes.decimal(get("round")),
            applies=nodes.expression(get("applies")),
            in_force=self.in_force(node),
            broken=broken,
            body=node.span,
            span=entry.key.span,
        )

    def check_labels(self, node: object) -> None:
        seen: set[str] = set()
        for each in node if isinstance(node, Sequence) else ():
            if nodes.text(each) in seen:
                self.problems.add(codes.DUPLICATE_NAME, f"label `{nodes.text(each)}` stands twice", each.span)
            seen.add(nodes.text(each))

    def check_item(self, node: Mapping, measured: bool) -> None:
        """Keys of an item that would say nothing: only scores have statuses, only ratios samples."""
        sample = node.entry("sample")
        if sample is not None and not measured:
            self.problems.add(codes.UNKNOWN_KEY, "`sample` says nothing without `ratio`", sample.key.span, "drop it")
        exceptions = node.get("exceptions")
        for each in exceptions if isinstance(exceptions, Sequence) else ():
            for key in ("status", "reason"):
                entry = each.entry(key) if isinstance(each, Mapping) else None
                if entry is not None:
                    self.problems.add(
                        codes.UNKNOWN_KEY, f"`{key}` says nothing here: only scores have it", entry.key.span, "drop it"
                    )

    def no_form(self, entry: Entry, block: str) -> None:
        forms = list(self.registry.choice_forms)
        if block == "metrics":
            forms += self.registry.metric_kinds
        self.problems.add(
            codes.AMBIGUOUS_FORM,
            f"`{entry.key.text}` does not say how it is decided",
            entry.key.span,
            f"say one of {', '.join(forms)}",
        )

    def sample(self, node: Mapping) -> Sample:
        at_least, otherwise = node.get("at_least"), node.get("else")
        assert isinstance(at_least, Scalar) and isinstance(at_least.value, int) and otherwise is not None
        return Sample(at_least=at_least.value, of=nodes.expression(node.get("of")), otherwise=otherwise, span=node.span)

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
            points = nodes.expression(each.get("points"))
            if (points is None) == (choice.form is None):
                said = "both `points` and a choice" if points else "neither `points` nor a choice"
                self.problems.add(codes.AMBIGUOUS_FORM, f"`{entry.key.text}` says {said}", entry.key.span)
                continue
            when = each.entry("when")
            if when is not None and points is None:
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
                    points=points,
                    at_most=nodes.expression(each.get("at_most")),
                    reason=nodes.text(each.get("reason"), entry.key.text.upper()),
                    span=entry.key.span,
                )
            )
        return tuple(found)

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
