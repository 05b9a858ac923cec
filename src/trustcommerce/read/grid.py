"""A CSV file as a tree of cells with their places: decision tables that stand in files of their own."""

import csv

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, SourceFile, Span
from trustcommerce.read.scalars import resolve
from trustcommerce.read.tree import Scalar, Sequence

__all__ = ["parse_grid"]


def parse_grid(file: SourceFile, problems: Problems) -> Sequence:
    """Rows of cells, as a table written in YAML would be read; blank lines are skipped."""
    rows = []
    for start, line in zip(file.line_starts, file.text.splitlines(), strict=False):
        if not line.strip():
            continue
        try:
            cells = next(csv.reader([line], strict=True))
        except csv.Error as error:
            problems.add(codes.BAD_CELL_VALUE, f"this is not CSV: {error}", Span(file, start, start + 1))
            continue
        rows.append(Sequence(tuple(_cells(cells, line, start, file)), Span(file, start, start + len(line))))
    return Sequence(tuple(rows), Span(file, 0, max(1, len(file.text))))


def _cells(cells: list[str], line: str, start: int, file: SourceFile) -> list[Scalar]:
    found, at = [], 0
    for text in cells:
        quoted = line[at : at + 1] == '"'
        width = len(text.replace('"', '""')) + 2 if quoted else len(text)
        span = Span(file, start + at, start + at + max(width, 1))
        found.append(Scalar(text, resolve(text), span, "double" if quoted else "plain"))
        at += width + 1
    return found
