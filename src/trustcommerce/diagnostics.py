"""Problems in what a user wrote: where, what, how to mend it.

In: spans of source text and a code of the catalogue. Out: `Diagnostic` records and their text.
"""

import bisect
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property

from attrs import field, frozen

from trustcommerce.codes import Code

__all__ = ["Diagnostic", "Problems", "SourceFile", "Span", "display_width", "render"]


_LINE = 160
_UNPRINTABLE = {"\t": " ", "\u3000": "\u3000"}


def display_width(text: str) -> int:
    """Columns a terminal needs for `text`; Chinese characters take two."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@frozen(kw_only=True, slots=False, eq=False)
class SourceFile:
    """A text file a user wrote, with the path as it is shown in messages."""

    path: str
    text: str = field(repr=False)

    @cached_property
    def line_starts(self) -> list[int]:
        return [0, *(i + 1 for i, c in enumerate(self.text) if c == "\n")]

    def line_of(self, offset: int) -> int:
        """Number of the line that holds `offset`, counted from 1."""
        return bisect.bisect_right(self.line_starts, offset)

    def line_text(self, line: int) -> str:
        start = self.line_starts[line - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")


@frozen
class Span:
    """Characters `start` to `end` (exclusive) of a file.

    Args:
        via: What made the text that stands for these characters, where their author wrote something else.
    """

    file: SourceFile
    start: int
    end: int
    via: str | None = field(default=None, eq=False, repr=False)

    @property
    def line(self) -> int:
        return self.file.line_of(self.start)

    @property
    def column(self) -> int:
        """Counted in characters from 1."""
        return self.start - self.file.line_starts[self.line - 1] + 1

    @property
    def place(self) -> str:
        return f"{self.file.path}:{self.line}:{self.column}"

    def head(self) -> "Span":
        """The first line of it: long mappings are marked where they begin."""
        end = self.file.text.find("\n", self.start)
        return Span(self.file, self.start, min(self.end, end if end > self.start else self.end), self.via)

    def to(self, other: "Span") -> "Span":
        return Span(self.file, min(self.start, other.start), max(self.end, other.end), self.via or other.via)


@frozen(kw_only=True)
class Diagnostic:
    """One problem: a stable code, a sentence, a place, and how to mend it."""

    code: Code
    message: str
    span: Span | None = None
    hint: str | None = None
    severity: str = "error"

    @property
    def order(self) -> tuple[str, int, str, str]:
        place = ("", -1) if self.span is None else (self.span.file.path, self.span.start)
        return (*place, self.code.number, self.message)

    def as_dict(self) -> dict[str, object]:
        """The same as plain data, for `--format json`."""
        at = self.span
        return {
            "code": self.code.number,
            "slug": self.code.slug,
            "severity": self.severity,
            "message": self.message,
            "file": at.file.path if at else None,
            "line": at.line if at else None,
            "column": at.column if at else None,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        return render(self)


def _clipped(text: str, at: int) -> tuple[str, int]:
    """A line of readable length around place `at`, and that place in it."""
    if len(text) <= _LINE:
        return text, at
    start = max(0, min(at - _LINE // 3, len(text) - _LINE))
    left, right = "…" if start else "", "…" if start + _LINE < len(text) else ""
    return f"{left}{text[start : start + _LINE]}{right}", at - start + len(left)


def render(diagnostic: Diagnostic) -> str:
    """The diagnostic as people read it: place, code, sentence, line with caret, hint."""
    code, span = diagnostic.code, diagnostic.span
    head = f"{diagnostic.severity} {code.number} {code.slug}: {diagnostic.message}"
    lines = [head if span is None else f"{span.place}: {head}"]
    if span is not None:
        text, at = _clipped(span.file.line_text(span.line), span.column - 1)
        marked = text[at : at + max(1, span.end - span.start)]
        shown = "".join(c if c.isprintable() else _UNPRINTABLE.get(c, "�") for c in text)
        lines.append(f"{span.line:>5} | {shown}")
        lines.append(f"{'':>5} | {' ' * display_width(shown[:at])}{'^' * max(1, display_width(marked))}")
    if diagnostic.hint:
        lines.append(f"hint: {diagnostic.hint}")
    return "\n".join(lines)


class Problems:
    """Collects diagnostics, each once; the stages add, the engine raises.

    Attributes:
        met: How often an error was met, those that were known already too: versions of a rule set share them.
    """

    def __init__(self) -> None:
        self.met = 0
        self._found: dict[tuple[str, int, str, str], Diagnostic] = {}

    def add(
        self,
        code: Code,
        message: str,
        span: Span | None = None,
        hint: str | None = None,
        severity: str = "error",
    ) -> None:
        if span is not None and span.via is not None:
            message = f"{message} (in what {span.via} makes of it)"
        self.extend([Diagnostic(code=code, message=message, span=span, hint=hint, severity=severity)])

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for found in diagnostics:
            self._found.setdefault(found.order, found)
            self.met += found.severity == "error"

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self._found.values(), key=lambda d: d.order))

    def __len__(self) -> int:
        return len(self._found)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self if d.severity == "error")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self if d.severity == "warning")
