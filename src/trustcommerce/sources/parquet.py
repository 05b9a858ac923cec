"""Parquet files: footers read and held to the declaration, rows left to DuckDB."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError, kept, together
from trustcommerce.model import ColumnSpec, TableSpec
from trustcommerce.registry import Scan
from trustcommerce.run.duck import quote, text
from trustcommerce.sources.columns import check_type, require_column
from trustcommerce.sources.locate import MISSING_KEY

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["scan_parquet"]


def scan_parquet(files: Sequence[Path], spec: TableSpec | None, keys: Sequence[str]) -> Scan:
    """A scan of the files, whose columns are told apart by name.

    A file without a column that may be missing reads as missing there; any other column must be in every file.
    """
    errors: list[DataError] = []
    schemas = []
    for path in files:
        with kept(errors):
            schemas.append(_footer(path))
    together(errors)
    columns = [] if spec is None else [c for c in spec.columns.values() if c.source not in keys]
    everywhere = {name for schema in schemas for name in schema.names}
    for column in columns:
        with kept(errors):
            for path, schema in zip(files, schemas, strict=True):
                if column.source in schema.names:
                    check_type(column, schema.field(column.source).type, path.name)
                elif not column.type.nullable or column.source not in everywhere:
                    require_column(column, schema.names, path.name)
            _check_zones(column, files, schemas)
            _check_case(column, everywhere, files[0].name)
    together(errors)
    names = None if spec is None else [c.source for c in columns]
    alike = len({_shape(schema, names) for schema in schemas}) == 1
    _check_path(files[0], columns, keys)
    options = [f"union_by_name = {'false' if alike else 'true'}", f"hive_partitioning = {'true' if keys else 'false'}"]
    if keys:
        options.append("hive_types_autocast = false")
    listed = ", ".join(text(str(path)) for path in files)
    read = f"read_parquet([{listed}], {', '.join(options)})"
    if not keys:
        return Scan(source=read)
    given = ", ".join(f"nullif({quote(key)}, {text(MISSING_KEY)}) AS {quote(key)}" for key in keys)
    return Scan(source=f"(SELECT * REPLACE ({given}) FROM {read})")


def _check_path(path: Path, columns: Sequence[ColumnSpec], keys: Sequence[str]) -> None:
    """DuckDB takes keys from the whole path: one above the table's folder would hide a column of the files."""
    if not keys:
        return
    above = {part.split("=", 1)[0]: part for part in path.parts if "=" in part}
    for column in columns:
        if column.source in above:
            raise DataError(
                f"`{column.source}` is a column of the files, and `{above[column.source]}` in their path hides it",
                column=column.source,
                hint="rename that folder",
            )


def _footer(path: Path) -> "pa.Schema":
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        said = str(error).strip().splitlines()[0]
        raise DataError(f"{path.name}: this is no readable Parquet file: {said}") from None


def _shape(schema: "pa.Schema", names: list[str] | None) -> tuple[tuple[str, str], ...]:
    wanted = schema.names if names is None else names
    return tuple((name, str(schema.field(name).type)) for name in wanted if name in schema.names)


def _check_case(column: ColumnSpec, names: Collection[str], what: str) -> None:
    """DuckDB, which reads the files, takes columns that differ in case only for one."""
    twin = next((name for name in names if name != column.source and name.lower() == column.source.lower()), None)
    if twin is not None and column.source in names:
        raise DataError(
            f"{what}: `{column.source}` and `{twin}` differ in case only",
            column=column.source,
            hint="rename one of them: such columns can't be told apart",
        )


def _check_zones(column: ColumnSpec, files: Sequence[Path], schemas: "Sequence[pa.Schema]") -> None:
    """Moments with a zone in one file and without in another have no common type."""
    found: dict[bool, Path] = {}
    for path, schema in zip(files, schemas, strict=True):
        arrow: Any = schema.field(column.source).type if column.source in schema.names else None
        if hasattr(arrow, "tz"):
            found.setdefault(arrow.tz is None, path)
    if len(found) == 2:
        raise DataError(
            f"`{column.source}` carries a time zone in {found[False].name} and none in {found[True].name}",
            column=column.source,
            hint="write all files of a table alike",
        )
