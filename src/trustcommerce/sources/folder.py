"""A folder of facts, or a database file: declared tables out of it, as `Rows`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from trustcommerce.errors import DataError, kept, together
from trustcommerce.model import TableSpec
from trustcommerce.registry import Registry, Scan
from trustcommerce.run.rows import Rows
from trustcommerce.sources.columns import typed_rows, untyped_rows
from trustcommerce.sources.locate import Found, locate, source_of
from trustcommerce.sources.text import parse_text, value_of_text
from trustcommerce.sources.zones import AMBIGUOUS

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Folder"]


class Folder:
    """Reads declared tables: `orders` from the file orders.csv, from the files in orders/, or from a database file.

    Args:
        path: A folder, or a file that holds several tables.
        registry: The sources that there are.
        zone: The time zone of the pack, to which moments with a zone are brought.
    """

    def __init__(self, path: Path, registry: Registry, zone: str | None = None) -> None:
        self.path, self.registry, self.zone = path, registry, zone
        if path.is_file():
            source = registry.sources.get(path.suffix)
            if source is None or source.tables is None:
                raise DataError(
                    f"{path.as_posix()} is one file; facts are a folder of files or a database",
                    hint="give the folder that it lies in",
                )
        elif not path.is_dir():
            raise DataError(f"{path.as_posix()}: no such folder of facts")

    def read(self, spec: TableSpec) -> Rows:
        """The declared columns of the table, under their declared names."""
        return self._rows(locate(self.path, spec, self.registry), spec)

    def read_file(self, path: Path, spec: TableSpec | None) -> Rows:
        """The same from a given file; without a declaration every column as it is."""
        source = source_of(path, self.registry)
        what = path.name if source.tables is None or spec is None else f"{path.name}/{spec.source}"
        found = Found(what=what, source=source, files=(path,), root=path.parent)
        return self._rows(found, spec) if spec is not None else untyped_rows(_given(found, path, None), what, (path,))

    def _rows(self, found: Found, spec: TableSpec) -> Rows:
        keys = _typed_keys(found, spec, self.zone)
        own = _without(spec, found.key_names)
        if found.source.scan is not None and found.source.typed:
            given = found.source.scan(found.files, own, found.key_names)
            texts = {
                c.name: value_of_text(c.source, c.type, self.zone)
                for c in spec.columns.values()
                if c.source in found.key_names
            }
            return typed_rows(given, spec, found.what, self.zone, found.files, texts)
        if not own.columns:
            raise DataError(f"every declared column of `{spec.name}` is a key of its folders: its files hold none")
        errors: list[DataError] = []
        parts = []
        for file in found.files:
            with kept(errors):
                parts.append(self._part(found, file, own))
        together(_by_column(errors))
        return parts[0] if len(parts) == 1 and keys is None else _joined(found, spec, parts, keys)

    def _part(self, found: Found, file: Path, spec: TableSpec) -> Rows:
        """One file, in memory."""
        import pyarrow as pa

        source, what = found.source, found.name(file)
        given = _given(found, file, spec)
        if not isinstance(given, Scan) and not given.num_columns:  # JSON lines without a line
            given = pa.table({c.source: pa.array([], pa.string()) for c in spec.columns.values()})
        if isinstance(given, Scan) or source.typed:
            return typed_rows(given, spec, what, self.zone, (file,))
        table, ambiguous = parse_text(given, spec, what, _places(found, file), self.zone)
        return Rows(schema=table.schema, what=what, arrow=table, counts={AMBIGUOUS: ambiguous} if ambiguous else None)


def _by_column(errors: list[DataError]) -> list[DataError]:
    """What is wrong with the files of a table: for each column the first, and how many files have one like it."""
    found: dict[str | None, list[DataError]] = {}
    for each in (each for error in errors for each in (error, *error.also)):
        found.setdefault(each.column, []).append(each)
    for first, *others in found.values():
        first.also = ()
        if others:
            first.message += f" (and {len(others)} more file{'' if len(others) == 1 else 's'})"
    return [first for first, *_ in found.values()]


def _given(found: Found, file: Path, spec: TableSpec | None) -> "Scan | pa.Table":
    source = found.source
    if source.scan is not None:
        return source.scan([file], spec, ())
    assert source.read is not None
    return source.read(file)


def _places(found: Found, file: Path) -> Callable[[int], tuple[str, int | None]]:
    """Where a row stands in messages."""

    def place(row: int) -> tuple[str, int | None]:
        line = row + 1 if found.source.line is None else found.source.line(file, row)
        return f"{found.name(file)}:{line}", line

    return place


def _typed_keys(found: Found, spec: TableSpec, zone: str | None) -> "pa.Table | None":
    """The declared columns among the Hive keys, a row for each file."""
    import pyarrow as pa

    columns = {name: c for name, c in spec.columns.items() if c.source in found.key_names}
    if not columns:
        return None
    table = pa.table(
        {c.source: pa.array([each[c.source] for each in found.keys], pa.string()) for c in columns.values()}
    )

    def place(row: int) -> tuple[str, int | None]:
        return found.files[row].relative_to(found.root).as_posix(), None

    return parse_text(table, evolve(spec, columns=columns), found.what, place, zone)[0]


def _without(spec: TableSpec, keys: tuple[str, ...]) -> TableSpec:
    return evolve(spec, columns={name: c for name, c in spec.columns.items() if c.source not in keys})


def _joined(found: Found, spec: TableSpec, parts: list[Rows], keys: "pa.Table | None") -> Rows:
    """The rows of all files, with the columns that their paths give."""
    import pyarrow as pa

    tables = []
    for i, part in enumerate(parts):
        table = part.table()
        columns = {name: table[name] for name in table.column_names}
        if keys is not None:
            columns |= {name: pa.repeat(keys[name][i], table.num_rows) for name in keys.column_names}
        tables.append(pa.table({name: columns[name] for name in spec.columns}))
    whole = tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="permissive")
    count = sum((part.counts or {}).get(AMBIGUOUS, 0) for part in parts)
    return Rows(schema=whole.schema, what=found.what, arrow=whole, counts={AMBIGUOUS: count} if count else None)
