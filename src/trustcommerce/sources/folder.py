"""A folder of facts: which file holds which declared table."""

from pathlib import Path
from typing import TYPE_CHECKING

from trustcommerce.errors import DataError
from trustcommerce.language.names import did_you_mean
from trustcommerce.model import TableSpec
from trustcommerce.registry import Registry
from trustcommerce.sources.typed import typed_table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Folder"]


class Folder:
    """Reads declared tables from the files of a folder, by the stem of their names."""

    def __init__(self, path: Path, registry: Registry) -> None:
        self.path, self.registry = path, registry
        if not path.is_dir():
            raise DataError(f"{path.as_posix()}: no such folder of facts")

    def read(self, spec: TableSpec) -> "pa.Table":
        """The table with the declared column names."""
        found = [path for suffix in self.registry.sources if (path := self.path / f"{spec.source}{suffix}").is_file()]
        if not found:
            files = [path.stem for path in self.path.iterdir() if path.suffix in self.registry.sources]
            suffixes = ", ".join(self.registry.sources)
            raise DataError(
                f"{self.path.as_posix()} holds no file for table `{spec.name}`",
                hint=did_you_mean(spec.source, files) or f"{spec.source} with one of {suffixes} is expected",
            )
        if len(found) > 1:
            raise DataError(
                f"several files for table `{spec.name}`: {', '.join(path.name for path in found)}",
                hint="keep one of them",
            )
        return self.read_file(found[0], spec)

    def read_file(self, path: Path, spec: TableSpec) -> "pa.Table":
        source = self.registry.sources[path.suffix]
        return typed_table(source.read(path), spec, path, textual=not source.typed)
