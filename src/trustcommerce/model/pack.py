"""A pack: its header, the tables that runs supply, the files that it holds itself."""

from attrs import field, frozen

from trustcommerce.diagnostics import SourceFile, Span
from trustcommerce.language.opening import Calendar
from trustcommerce.language.types import Type
from trustcommerce.model.title import Title

__all__ = ["ColumnSpec", "FileTable", "Pack", "TableSpec"]


@frozen(kw_only=True)
class ColumnSpec:
    """A declared column; `source` is its name in the data when it has another there."""

    name: str
    type: Type
    title: Title
    source: str
    span: Span = field(eq=False, repr=False)


@frozen(kw_only=True)
class TableSpec:
    """A declared table; `source` is the stem of its file in a folder of facts.

    Rows whose `time` is at or after `as_of` are unseen.
    """

    name: str
    title: Title
    key: tuple[str, ...]
    time: str | None
    source: str
    columns: dict[str, ColumnSpec]
    span: Span = field(eq=False, repr=False)


@frozen(kw_only=True)
class FileTable:
    """A reference file of the pack: rows in run-time shapes, with the line of each."""

    spec: TableSpec
    rows: tuple[tuple[object, ...], ...]
    lines: tuple[Span, ...] = field(eq=False, repr=False)


@frozen(kw_only=True)
class Pack:
    """The header of a pack and the contents of its files; `broken` tables, files, keys
    (as `table.key`) and calendars (as `calendars.name`) are reported already.
    """

    name: str
    version: str
    title: Title
    notice: Title
    currency: str | None
    time_zone: str | None
    tables: dict[str, TableSpec]
    files: dict[str, FileTable]
    broken: frozenset[str]
    reasons: dict[str, Title]
    calendars: dict[str, Calendar] = field(factory=dict)
    grids: dict[str, SourceFile] = field(factory=dict, repr=False)
