"""Trees of facts, references, windows and aggregates -> their model. Shapes are checked already."""

from trustcommerce import codes
from trustcommerce.language.bind import Text
from trustcommerce.model import nodes
from trustcommerce.model.facts import (
    Aggregate,
    Exclusion,
    Fact,
    KeepRule,
    Matching,
    Origin,
    Reference,
    Window,
)
from trustcommerce.model.read_pools import PoolReader
from trustcommerce.read import Entry, Mapping, Node, Scalar, Sequence

__all__ = ["AGGREGATES", "FactReader", "read_aggregate", "read_window"]

AGGREGATES = ("count", "sum", "avg", "min", "max", "distinct", "quantile", "rank", "running")
_ORIGINS = ("table", "file", "ruleset", "facts", "connected")


class FactReader(PoolReader):
    """Reads the blocks `facts`, `references` and `windows` of a rule set."""

    def facts(self) -> dict[str, Fact]:
        found = {}
        for entry in self.block("facts"):
            node = entry.value
            if not isinstance(node, Mapping) or self.bad("facts", entry.key.text):
                continue
            origin = self.origin(node, entry, "a fact")
            if origin is None:
                continue
            if origin.kind == "file":
                self.problems.add(
                    codes.AMBIGUOUS_FORM,
                    "a fact reads a table or rule set, not a file of the pack",
                    origin.source,
                    "read a file of the pack through `references`",
                )
                continue
            found[entry.key.text] = Fact(
                name=entry.key.text,
                title=nodes.title(node.get("title")),
                origin=origin,
                key=nodes.texts(node.get("key")),
                id=nodes.texts(node.get("id")),
                time=nodes.text(node.get("time")) or None,
                show=nodes.texts(node.get("show")),
                exclude=self.exclusions(node),
                span=entry.key.span,
            )
        return found

    def exclusions(self, node: Mapping) -> tuple[Exclusion, ...]:
        block = node.get("exclude")
        found = []
        for entry in block if isinstance(block, Mapping) else ():
            each = entry.value
            if not isinstance(each, Mapping):
                continue
            alone = not any(kind in each for kind in _ORIGINS)
            origin = None if alone else self.origin(each, entry, "an exclusion")
            if origin is None and not alone:
                continue
            if origin is not None and origin.kind == "facts":
                said = "an exclusion reads a table or the results of a rule set, not another fact"
                self.problems.add(codes.AMBIGUOUS_FORM, said, origin.source, "name the table: `table`, and `where`")
                continue
            if alone and not self.alone(each, entry):
                continue
            keep = each.entry("keep")
            if keep is not None:
                self.problems.add(
                    codes.UNKNOWN_KEY,
                    "`keep` says nothing in an exclusion: any row that matches excludes",
                    keep.key.span,
                    "drop it, or say in `where` which rows are meant",
                )
            if not alone and "match" not in each and "when" not in each:
                self.problems.add(
                    codes.MISSING_KEY,
                    f"`{entry.key.text}` does not say which rows go together",
                    entry.key.span,
                    "say `match`, `when`, or both",
                )
                continue
            found.append(
                Exclusion(
                    name=entry.key.text,
                    title=nodes.title(each.get("title")),
                    origin=origin,
                    match=self.matching(each.get("match")),
                    when=nodes.expression(each.get("when")),
                    span=entry.key.span,
                )
            )
        return tuple(found)

    def alone(self, node: Mapping, entry: Entry) -> bool:
        """Whether an exclusion without a table is a condition on the fact's own rows, and nothing more."""
        if "when" not in node and "match" not in node:
            said = f"`{entry.key.text}` does not say which rows it excludes"
            hint = "say `when`, or `table` with `match` or `when`"
            self.problems.add(codes.MISSING_KEY, said, entry.key.span, hint)
            return False
        for key in ("match", "where", "columns", "known_at"):
            found = node.entry(key)
            if found is not None:
                said = f"`{key}` says nothing without a `table`"
                self.problems.add(codes.UNKNOWN_KEY, said, found.key.span, "name the table, or drop it")
        return "match" not in node

    def references(self) -> dict[str, Reference]:
        found = {}
        for entry in self.block("references"):
            node = entry.value
            if not isinstance(node, Mapping) or self.bad("references", entry.key.text):
                continue
            origin = self.origin(node, entry, "a reference")
            if origin is not None:
                found[entry.key.text] = self.reference(entry, node, origin)
        return found

    def reference(self, entry: Entry, node: Mapping, origin: Origin) -> Reference:
        valid, otherwise = node.get("valid"), node.get("else")
        if origin.keep is not None and origin.keep.count != 1:
            self.problems.add(
                codes.BAD_LITERAL, "a reference keeps one row", origin.keep.span, "say `first: 1` or `last: 1`"
            )
        return Reference(
            name=entry.key.text,
            origin=origin,
            match=self.matching(node.get("match")),
            when=nodes.expression(node.get("when")),
            valid=(nodes.text(valid.get("from")), nodes.text(valid.get("until")), nodes.expression(valid.get("at")))
            if isinstance(valid, Mapping)
            else None,
            otherwise={e.key.text: e.value for e in otherwise}
            if isinstance(otherwise, Mapping)
            else nodes.text(otherwise),
            valid_spans=tuple(end.span for key in ("from", "until") if (end := valid.get(key)) is not None)
            if isinstance(valid, Mapping)
            else (),
            span=entry.key.span,
        )

    def origin(self, node: Mapping, entry: Entry, what: str) -> Origin | None:
        """The source that `node` names, with the common keys beside it."""
        kinds = [kind for kind in _ORIGINS if kind in node]
        name = entry.key.text
        if not kinds:
            known = [f"`{kind}`" for kind in _ORIGINS if kind != "file" or what == "a reference"]
            hint = f"{what} says one of {', '.join(known)}"
            self.problems.add(codes.AMBIGUOUS_FORM, f"`{name}` does not say what it reads", entry.key.span, hint)
            return None
        if len(kinds) > 1:
            second = node.entry(kinds[1])
            said = f"`{name}` reads both `{kinds[0]}` and `{kinds[1]}`"
            span = second.key.span if second else entry.key.span
            self.problems.add(codes.AMBIGUOUS_FORM, said, span, "keep one of them")
            return None
        source = node.get(kinds[0])
        assert source is not None
        graph = source if isinstance(source, Mapping) else None
        columns = node.get("columns")
        return Origin(
            kind=kinds[0],
            target=nodes.text(graph.get("table")) if graph else nodes.text(source),
            ends=(nodes.text(graph.get("from")), nodes.text(graph.get("to"))) if graph else None,
            where=nodes.expression(node.get("where")),
            columns={
                each.key.text: self.item(each, "columns")
                for each in (columns if isinstance(columns, Mapping) else ())
                if each.key.text
            },
            keep=self.keep(node.get("keep")),
            known_at=nodes.text(node.get("known_at")) or None,
            source=source.span,
            span=entry.key.span,
            spans=nodes.spans(node),
            keys=nodes.keys(node),
        )

    def keep(self, node: Node | None) -> KeepRule | None:
        if not isinstance(node, Mapping):
            return None
        kinds = [entry for entry in node if entry.key.text in ("first", "last")]
        if len(kinds) != 1:
            said = "both `first` and `last`" if kinds else "neither `first` nor `last`"
            span = kinds[1].key.span if kinds else node.span.head()
            hint = "keep one of them" if kinds else "say how many rows are kept: `first: 1`"
            self.problems.add(codes.AMBIGUOUS_FORM, f"`keep` says {said}", span, hint)
            return None
        end, count = kinds[0].key.text, kinds[0].value
        if not isinstance(count, Scalar) or not isinstance(count.value, int) or count.value < 1:
            self.problems.add(codes.BAD_LITERAL, f"`{end}` is a number of rows from 1", count.span)
            return None
        return KeepRule(
            first=end == "first",
            count=count.value,
            per=self.expressions(node.get("per")),
            order=self.expressions(node.get("order")),
            span=count.span,
        )

    def matching(self, node: Node | None) -> Matching:
        return tuple((each.key.text, self.expressions(each.value), each.key.span) for each in _entries(node))

    def windows(self) -> dict[str, Window]:
        return {
            entry.key.text: read_window(entry.value)
            for entry in self.block("windows")
            if not self.bad("windows", entry.key.text)
        }


def _entries(node: Node | None) -> tuple[Entry, ...]:
    return node.entries if isinstance(node, Mapping) else ()


def _texts(node: Node | None) -> tuple[Text, ...]:
    """A list of expressions, where a single one may stand for a list of one."""
    if isinstance(node, Sequence):
        return tuple(Text.of(each) for each in node if isinstance(each, Scalar))
    return (Text.of(node),) if isinstance(node, Scalar) else ()


def read_window(node: Node) -> Window:
    """A window as written: text, bounds, or rules."""
    if not isinstance(node, Mapping):
        last = nodes.expression(node)
        return Window(last=last, since=None, until=None, rules=(), span=node.span, keys={})
    rules = node.get("rules")
    branches = []
    for each in rules if isinstance(rules, Sequence) else ():
        if isinstance(each, Mapping):
            then = each.get("then") or each.get("else")
            if then is not None:
                branches.append((nodes.expression(each.get("when")), read_window(then)))
    return Window(
        last=nodes.expression(node.get("last")),
        since=nodes.expression(node.get("from")),
        until=nodes.expression(node.get("until")),
        rules=tuple(branches),
        span=node.span,
        keys=nodes.keys(node),
    )


def read_aggregate(node: Mapping) -> Aggregate | None:
    """The aggregate that a metric, a half of a ratio or a column says; None when it says none."""
    kind = next((kind for kind in AGGREGATES if kind in node), None)
    body = node.get(kind) if kind else None
    if kind is None or not isinstance(body, Scalar):
        return None
    window, within, exclude = node.get("window"), node.get("within"), node.get("exclude")
    return Aggregate(
        kind=kind,
        body=Text.of(body),
        fact=body.text if kind == "count" and within is None else nodes.text(node.get("from")) or None,
        where=nodes.expression(node.get("where")),
        window=None if window is None else read_window(window),
        by=nodes.expression(node.get("by")),
        weight=nodes.expression(node.get("weight")),
        at=nodes.expression(node.get("at")),
        exclude=None if exclude is None else () if nodes.text(exclude) == "none" else nodes.texts(exclude),
        within=None if within is None else _texts(within),
        order=_texts(node.get("order")),
        form=nodes.text(node.get("as")) or None,
        span=body.span,
        spans=nodes.spans(node),
        keys=nodes.keys(node),
    )
