"""Where each character of a decoded YAML scalar stands in the file.

Carets inside folded and literal blocks, quoted text and escapes depend on it.
"""

__all__ = ["align"]

_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}


def align(text: str, source: str, start: int, end: int, style: str) -> list[int]:
    """Offsets in `source` of the characters of `text`, a scalar spanning `start` to `end`.

    Walks both side by side. Folding only ever drops or joins white space, so a character of
    the text that is not white space is the next such character of the source.
    """
    at = _skip_header(source, start, end) if style in ("literal", "folded") else start
    if style in ("single", "double"):
        at += 1
    offsets: list[int] = []
    for char in text:
        if char.isspace() and at < end and source[at].isspace():
            if char != "\n":
                at = _first(source, at, end, char)
            offsets.append(at)
            at += 1
            continue
        while at < end and source[at].isspace() and not char.isspace():
            at += 1
        if style == "double" and at < end and source[at] == "\\":
            at = _line_continuation(source, at, end)
        offsets.append(min(at, end - 1) if end > start else start)
        at += _width(source, at, end, style)
    return offsets


def _first(source: str, at: int, end: int, char: str) -> int:
    return at if source[at] == char or char == " " else min(max(source.find(char, at, end), at), end)


def _skip_header(source: str, start: int, end: int) -> int:
    newline = source.find("\n", start, end)
    return end if newline < 0 else newline + 1


def _line_continuation(source: str, at: int, end: int) -> int:
    """A backslash at the end of a line joins it to the next without a character."""
    if at + 1 < end and source[at + 1] in "\r\n":
        at += 1
        while at < end and source[at].isspace():
            at += 1
    return at


def _width(source: str, at: int, end: int, style: str) -> int:
    """How many source characters stand for the text character at `at`."""
    if style == "single" and source[at : at + 2] == "''":
        return 2
    if style == "double" and at < end and source[at] == "\\":
        return _ESCAPE_LENGTHS.get(source[at + 1 : at + 2], 2)
    return 1
