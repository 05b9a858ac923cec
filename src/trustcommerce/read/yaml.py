"""YAML text -> tree, over libyaml's events, with positions, bounds and no surprises."""

import re
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.reader import ReaderError

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, SourceFile, Span
from trustcommerce.read.scalars import resolve
from trustcommerce.read.tree import Entry, Mapping, Node, Scalar, Sequence

__all__ = ["MAX_DEPTH", "MAX_NODES", "parse_yaml"]

MAX_DEPTH = 32
MAX_NODES = 1_000_000

_FLOW = {"while parsing a flow mapping": "}", "while parsing a flow sequence": "]"}
_STYLES = {None: "plain", "": "plain", "'": "single", '"': "double", "|": "literal", ">": "folded"}


class _Stop(Exception):
    """The rest of the file can't be read; the problem is reported already."""


def parse_yaml(file: SourceFile, problems: Problems) -> Node | None:
    """The tree of the one document in `file`, or None with the reason in `problems`."""
    builder = _Builder(file, problems)
    try:
        return builder.document()
    except _Stop:
        return None
    except yaml.YAMLError as error:
        message, span, hint = _explain(error, file)
        if span.line != builder.cut_line:  # what a comma cut need not be YAML at all
            problems.add(codes.BAD_YAML, message, span, hint)
        return None


def _explain(error: yaml.YAMLError, file: SourceFile) -> tuple[str, Span, str | None]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    at = min(getattr(mark, "index", 0) or 0, len(file.text))
    if isinstance(error, ReaderError) and error.position:
        at = len(file.text.encode()[: int(error.position)].decode(errors="ignore"))  # it counts bytes
    what = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    context = getattr(error, "context", None)
    opened = getattr(getattr(error, "context_mark", None), "index", None)
    message = f"{what} ({context})" if context else what
    hint = None
    if context is not None and "flow" in context and not file.text[at:].strip():
        at = max(len(file.text.rstrip()) - 1, 0)
        message = message if context in _FLOW else "the file ends before this bracket is closed"
    line = file.line_text(file.line_of(at))
    if what == "found unexpected end of stream" and opened is not None:
        return "this quote is never closed", Span(file, opened, opened + 1), None
    previous = file.line_text(max(1, file.line_of(at) - 1))
    wide = next((each for each in (line, previous) if "：" in each or "，" in each), None)
    bare = next(
        (each for each in (line, previous) if re.match(r"\s*[{\[(]?\s*(<=|>=|<|>|\[.*\)|\(.*\])[^\"']*:", each)), None
    )
    if bare is not None:
        return message, Span(file, at, at + 1), 'quote the comparison or interval: `">= 90": good`'
    if wide is not None:
        return message, Span(file, at, at + 1), "write ASCII `: ` and `,`; `：` and `，` are not YAML"
    if re.match(r"\s*\w+:[^\s]", previous) and "expected ':'" in message:
        return message, Span(file, at, at + 1), "a colon is followed by a space"
    if "\t" in line[: len(line) - len(line.lstrip())] or "\\t" in message or file.text[at : at + 1] == "\t":
        hint = "indent with spaces: YAML does not take tabs"
    elif "mapping values are not allowed" in what:
        hint = "quote a text that holds `: `"
    elif "cannot start any token" in what or context == "while scanning an alias":
        hint = "quote a text that begins with `%`, `@`, `` ` ``, `*` or `&`"
    elif what == "did not find expected key":
        hint = "check the indentation: the keys of one mapping begin in one column"
    elif context in _FLOW and opened is not None:
        message = f"expected `,` or `{_FLOW[context]}`"
        hint = f"`{file.text[opened]}` on line {file.line_of(opened)} is still open"
    return message, Span(file, at, at + 1), hint


class _Builder:
    def __init__(self, file: SourceFile, problems: Problems) -> None:
        self.file, self.problems = file, problems
        self.parser: Any = CParser(file.text)  # its events are untyped
        self.anchors: dict[str, Node] = {}
        self.nodes = 0
        self.cut_line = 0

    def document(self) -> Node | None:
        self.parser.get_event()
        event = self.parser.get_event()
        if isinstance(event, yaml.StreamEndEvent):
            return None
        node = self.node(self.parser.get_event(), 1)
        self.parser.get_event()
        after = self.parser.get_event()
        if not isinstance(after, yaml.StreamEndEvent):
            self.fail(
                codes.SEVERAL_DOCUMENTS,
                "a second document begins here",
                self.span(after),
                "one file holds one rule set; drop the `---`",
            )
        return node

    def span(self, event: Any) -> Span:
        return Span(self.file, event.start_mark.index, event.end_mark.index)

    def fail(self, code: codes.Code, message: str, span: Span, hint: str | None = None) -> None:
        self.problems.add(code, message, span, hint)
        raise _Stop

    def count(self, size: int, span: Span) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            self.fail(codes.ALIAS_BOMB, f"aliases unfold to more than {MAX_NODES:,} nodes", span)

    def node(self, event: Any, depth: int) -> Node:
        span = self.span(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, span)
        if depth > MAX_DEPTH:
            self.fail(codes.TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels", span)
        if event.tag is not None and (event.tag != "!" or not isinstance(event, yaml.ScalarEvent)):
            tag = self.file.text[span.start : span.end].split()[0]
            self.problems.add(
                codes.BAD_KEY,
                f"the tag `{tag}` has no meaning here",
                Span(self.file, span.start, span.start + len(tag)),
                "drop the tag",
            )
        self.count(1, span)
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            if "\0" in event.value:
                self.problems.add(codes.BAD_YAML, "no text holds the character NUL", span, "databases do not take it")
            style = _STYLES[event.style]
            value = resolve(event.value) if style == "plain" else event.value
            node = Scalar(event.value, value, span, style)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(event, depth)
        else:
            node = self.mapping(event, depth)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Any, span: Span) -> Node:
        target = self.anchors.get(event.anchor)
        if target is None:
            self.fail(codes.BAD_YAML, f"no anchor `&{event.anchor}` before this alias", span)
            raise _Stop
        self.count(target.size, span)
        return target

    def sequence(self, event: Any, depth: int) -> Sequence:
        items = []
        while not isinstance(each := self.parser.get_event(), yaml.SequenceEndEvent):
            items.append(self.node(each, depth + 1))
        if event.flow_style:
            items = self.mend_items(items)
        span = Span(self.file, event.start_mark.index, self.end_of(each, event.flow_style))
        return Sequence(tuple(items), span, 1 + sum(item.size for item in items))

    def mapping(self, event: Any, depth: int) -> Mapping:
        entries: list[Entry] = []
        seen: dict[str, Scalar] = {}
        merged: tuple[Entry, ...] = ()
        while not isinstance(each := self.parser.get_event(), yaml.MappingEndEvent):
            key = self.node(each, depth + 1)
            value = self.node(self.parser.get_event(), depth + 1)
            if not isinstance(key, Scalar):
                self.problems.add(codes.BAD_KEY, "a key must be plain text", key.span)
            elif event.flow_style and entries and self.is_cut(entries[-1], key, value):
                entries[-1] = self.mend_entry(entries[-1], key)
            elif key.text == "<<":
                self.problems.add(
                    codes.BAD_KEY,
                    "merge keys are not supported",
                    key.span,
                    "an alias may stand for a whole value: `steps: *higher`",
                )
                merged = value.entries if isinstance(value, Mapping) else ()
            elif key.text in seen:
                self.problems.add(
                    codes.DUPLICATE_KEY,
                    f"`{key.text}` is said twice",
                    key.span,
                    f"first said on line {seen[key.text].span.line}",
                )
            else:
                seen[key.text] = key
                entries.append(Entry(key, value))
        entries += [one for one in merged if one.key.text not in seen]  # so that the other checks go on
        span = Span(self.file, event.start_mark.index, self.end_of(each, event.flow_style))
        return Mapping(tuple(entries), span, 1 + sum(1 + entry.value.size for entry in entries))

    def end_of(self, event: Any, flow: bool) -> int:
        return int(event.end_mark.index if flow else event.start_mark.index)

    def is_cut(self, last: Entry, key: Scalar, value: Node) -> bool:
        """Whether `key` is no key but the rest of a text that a comma cut: nothing follows it."""
        bare = isinstance(value, Scalar) and value.text == "" and value.style == "plain"
        colon = self.file.text[key.span.end : value.span.end].lstrip().startswith(":")
        return bare and not colon and isinstance(last.value, Scalar) and last.value.style == "plain"

    def mend_entry(self, last: Entry, key: Scalar) -> Entry:
        return Entry(last.key, self.join(last.value, key))

    def mend_items(self, items: list[Node]) -> list[Node]:
        mended: list[Node] = []
        for item in items:
            last = mended[-1] if mended else None
            if (
                isinstance(last, Scalar)
                and last.style == "plain"
                and _is_open(last.text)
                and isinstance(item, Scalar)
                and item.style == "plain"
            ):
                mended[-1] = self.join(last, item)
            else:
                mended.append(item)
        return mended

    def join(self, left: Node, right: Scalar) -> Scalar:
        """One scalar over both halves of a cut expression, so that the other checks go on."""
        span = left.span.to(right.span)
        self.cut_line = span.file.line_of(span.end)
        text = self.file.text[span.start : span.end]
        self.problems.add(
            codes.CUT_EXPRESSION,
            "a comma cut this text in two",
            span,
            "put it in quotes, or on a line of its own: inside { } and [ ] a comma ends it",
        )
        return Scalar(text, text, span)


def _is_open(text: str) -> bool:
    """Whether brackets or quotes opened in `text` are still open at its end."""
    depth, quote = 0, ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        else:
            depth += (char in "([") - (char in ")]")
    return depth > 0 or quote != ""
