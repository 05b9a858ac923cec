"""Items of a rule set's blocks, and of a fact's columns: one reader for all of them."""

from trustcommerce import codes
from trustcommerce.model import nodes
from trustcommerce.model.items import Item, Sample
from trustcommerce.model.read_choices import ChoiceReader
from trustcommerce.read import Entry, Mapping, Scalar, Sequence

__all__ = ["COLUMN_KINDS", "ITEM_BLOCKS", "MEASURED", "ItemReader"]

ITEM_BLOCKS = ("metrics", "values", "levels", "resources")
COLUMN_KINDS = ("rank", "running")
"""Kinds that a fact's column may have besides a choice."""

MEASURED = ("sample", "from", "where", "window", "by", "weight", "at", "exclude", "within", "order", "as")
"""Keys that stand beside a kind of metric only."""


class ItemReader(ChoiceReader):
    """Reads items: their choice or metric, and everything that stands beside it."""

    def items(self) -> dict[str, Item]:
        found: dict[str, Item] = {}
        for block in ITEM_BLOCKS:
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
        broken = block != "columns" and self.bad(block, entry.key.text)
        get = mapping.get if mapping is not None else lambda key: None
        labels = get("labels")
        self.check_labels(labels)
        sample = get("sample")
        said = self.kinds_said(mapping, block, entry.key.text) if mapping is not None else []
        # what may not stand there is said already, as an unknown key
        broken = broken or len(said) > 1 or (bool(said) and block not in ("metrics", "columns"))
        metric = (said[0].key.text, mapping) if mapping is not None and said and not broken else None
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
            metric=metric,
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

    def measured(self, entry: Entry, block: str) -> bool:
        """Whether a key says a kind of metric; of a fact's columns only those that number its rows."""
        return entry.key.text in (COLUMN_KINDS if block == "columns" else self.registry.metric_kinds)

    def kinds_said(self, node: Mapping, block: str, name: str) -> list[Entry]:
        """Kinds of metric and forms of the choice that an item says beside a kind of metric; only one may stand."""
        measured = [each for each in node if self.measured(each, block)]
        forms = [each for each in node if measured and each.key.text in self.registry.choice_forms]
        strange = node.entry("kind") is not None  # which is said already, and it may have any keys
        for other in [] if strange else [*measured[1:], *forms]:
            what = f"both `{measured[0].key.text}` and `{other.key.text}`"
            self.problems.add(codes.AMBIGUOUS_FORM, f"`{name}` says {what}", other.key.span, "keep one of them")
        return [*measured, *forms]

    def check_labels(self, node: object) -> None:
        seen: set[str] = set()
        for each in node if isinstance(node, Sequence) else ():
            if nodes.text(each) in seen:
                self.problems.add(codes.DUPLICATE_NAME, f"label `{nodes.text(each)}` stands twice", each.span)
            seen.add(nodes.text(each))

    def check_item(self, node: Mapping, measured: bool) -> None:
        """Keys of an item that would say nothing: only scores have statuses, only what is measured samples."""
        for key in () if measured else MEASURED:
            entry = node.entry(key)
            if entry is not None:
                hint = "drop it, or say what is measured: `count`, `sum`, `ratio` ..."
                self.problems.add(codes.UNKNOWN_KEY, f"`{key}` says nothing here", entry.key.span, hint)
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
