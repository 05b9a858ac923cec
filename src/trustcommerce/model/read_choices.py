"""Reading choices out of trees: forms, their companions, guards, exceptions; what holds on a day."""

import datetime as dt

from trustcommerce import codes
from trustcommerce.diagnostics import Problems
from trustcommerce.language.bind import Text
from trustcommerce.model import nodes
from trustcommerce.model.items import Choice, ExceptionRule, Guard
from trustcommerce.read import Entry, Mapping, Node, Scalar, Sequence
from trustcommerce.registry import Registry

__all__ = ["ChoiceReader"]


class ChoiceReader:
    """What every reader of a rule set's tree needs; `broken` holds the paths that can't be read."""

    def __init__(self, tree: Mapping, registry: Registry, problems: Problems, broken: set[tuple[str, ...]]) -> None:
        self.tree, self.registry, self.problems, self.broken = tree, registry, problems, broken
        self.day: dt.date | None = None

    def bad(self, *path: str) -> bool:
        return any(each[: len(path)] == path or each == path[: len(each)] for each in self.broken)

    def block(self, name: str) -> tuple[Entry, ...]:
        node = self.tree.get(name)
        return node.entries if isinstance(node, Mapping) else ()

    def date(self, node: object, key: str) -> dt.date | None:
        return nodes.date(node.get(key), self.problems) if isinstance(node, Mapping) else None

    def in_force(self, node: object) -> bool:
        """Whether an item's own `effective` holds on the day of this version."""
        effective = node.get("effective") if isinstance(node, Mapping) else None
        start, end = self.date(effective, "from"), self.date(effective, "until")
        if self.day is None:
            return start is None
        return (start is None or start <= self.day) and (end is None or self.day < end)

    def empty_choice(self, entry: Entry) -> Choice:
        return Choice(form=None, body=None, of=None, hit=None, exceptions=(), missing=None, span=entry.key.span)

    def choice(self, node: object, entry: Entry) -> Choice:
        if isinstance(node, Scalar):
            return Choice(form="value", body=node, of=None, hit=None, exceptions=(), missing=None, span=node.span)
        assert isinstance(node, Mapping)
        forms = [key for key in self.registry.choice_forms if key in node]
        if len(forms) > 1:
            entry_of = node.entry(forms[1])
            self.problems.add(
                codes.AMBIGUOUS_FORM,
                f"`{entry.key.text}` says both `{forms[0]}` and `{forms[1]}`",
                entry_of.key.span if entry_of else entry.key.span,
                "keep one of them",
            )
        form = forms[0] if forms else None
        if len(forms) < 2:
            self.check_companions(node, form)
        return Choice(
            form=form,
            body=node.get(form) if form else None,
            of=nodes.expression(node.get("of")),
            hit=nodes.text(node.get("hit")) or None,
            exceptions=self.exceptions(node),
            missing=node.get("missing"),
            span=entry.key.span,
        )

    def check_companions(self, node: Mapping, form: str | None) -> None:
        """Keys beside a form that would say nothing there."""
        known = self.registry.choice_forms.get(form or "")
        for key, fits in (
            ("of", known is not None and known.takes_input),
            ("hit", known is not None and known.several),
        ):
            entry = node.entry(key)
            if entry is not None and not fits and not (key == "of" and "ratio" in node):
                beside = f"beside `{form}`" if form else "without a choice"
                self.problems.add(codes.UNKNOWN_KEY, f"`{key}` says nothing {beside}", entry.key.span, "drop it")

    def expressions(self, node: Node | None) -> tuple[Text, ...]:
        """A list of expressions, where a single one may stand for a list of one."""
        if isinstance(node, Sequence):
            return tuple(Text.of(each) for each in node if isinstance(each, Scalar))
        return (Text.of(node),) if isinstance(node, Scalar) else ()

    def guard(self, node: Mapping) -> Guard:
        when, missing = node.get("when"), node.get("missing")
        assert isinstance(when, Scalar)
        return Guard(
            when=Text.of(when),
            missing=missing.value if isinstance(missing, Scalar) and isinstance(missing.value, bool) else None,
            span=when.span,
        )

    def exceptions(self, node: Mapping) -> tuple[ExceptionRule, ...]:
        entries = node.get("exceptions")
        return tuple(
            ExceptionRule(
                guard=self.guard(each),
                then=each.get("then"),
                status=nodes.text(each.get("status"), "default"),
                reason=nodes.text(each.get("reason")) or None,
                title=nodes.title(each.get("title")),
                span=each.span,
            )
            for each in (entries if isinstance(entries, Sequence) else ())
            if isinstance(each, Mapping)
        )
