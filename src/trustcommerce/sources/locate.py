"""Which files of a folder of facts hold a declared table."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from attrs import frozen

from trustcommerce.errors import DataError
from trustcommerce.language.names import did_you_mean
from trustcommerce.model import TableSpec
from trustcommerce.registry import Registry, Source

__all__ = ["MISSING_KEY", "Found", "locate", "source_of"]

MISSING_KEY = "__HIVE_DEFAULT_PARTITION__"


@frozen(kw_only=True)
class Found:
    """Where a table stands.

    Args:
        what: What it is called in messages.
        source: How its files are read.
        files: Its files, sorted; one unless it is a folder.
        root: What the files' names in messages begin at.
        keys: For each file the Hive keys in its path, which are columns.
    """

    what: str
    source: Source
    files: Sequence[Path]
    root: Path
    keys: Sequence[dict[str, str | None]] = ()

    @property
    def key_names(self) -> tuple[str, ...]:
        return tuple(self.keys[0]) if self.keys else ()

    def name(self, file: Path) -> str:
        """The file in messages."""
        return self.what if file.parent == self.root else file.relative_to(self.root).as_posix()


def source_of(path: Path, registry: Registry) -> Source:
    """The source that reads the file."""
    found = registry.sources.get(path.suffix)
    if found is None:
        raise DataError(
            f"{path.name}: no source reads `{path.suffix}` files", hint=f"one of {', '.join(registry.sources)}"
        )
    return found


def locate(path: Path, spec: TableSpec, registry: Registry) -> Found:
    """The one place below `path`, a folder or a database file, that holds the table."""
    found, known = [], []
    for name, each in _places(path, spec.source, registry):
        known.append(name)
        if each is not None:
            found.append(each)
    if not found:
        suffixes = ", ".join(registry.sources)
        raise DataError(
            f"{path.as_posix()} holds no file for table `{spec.name}`"
            if path.is_dir()
            else f"{path.as_posix()} holds no table `{spec.source}`",
            hint=did_you_mean(spec.source, known)
            or (
                f"{spec.source} with one of {suffixes} is expected"
                if path.is_dir()
                else f"it holds {', '.join(sorted(known)) or 'none'}"
            ),
        )
    if len(found) > 1:
        raise DataError(
            f"several files for table `{spec.name}`: {', '.join(each.what for each in found)}",
            hint="keep one of them",
        )
    return found[0]


def _places(path: Path, wanted: str, registry: Registry) -> Iterator[tuple[str, Found | None]]:
    """Names of the tables below `path`, and for the wanted one where it stands."""
    if path.is_file():
        yield from _tables(path, wanted, source_of(path, registry))
        return
    order = list(registry.sources)
    inside = [each for each in path.iterdir() if not each.name.startswith(".")]
    for each in sorted(inside, key=lambda p: (order.index(p.suffix) if p.suffix in order else -1, p.name)):
        if each.is_dir():
            yield each.name, _folder(each, registry) if each.name == wanted else None
        elif each.suffix in registry.sources:
            source = registry.sources[each.suffix]
            if source.tables is not None:
                yield from _tables(each, wanted, source)
            else:
                hit = each.stem == wanted
                yield each.stem, Found(what=each.name, source=source, files=(each,), root=path) if hit else None


def _tables(path: Path, wanted: str, source: Source) -> Iterator[tuple[str, Found | None]]:
    assert source.tables is not None
    for name in source.tables(path):
        found = Found(what=f"{path.name}/{name}", source=source, files=(path,), root=path.parent)
        yield name, found if name == wanted else None


def _folder(folder: Path, registry: Registry) -> Found:
    """The files of a folder at any depth; those that begin with a dot or underscore are of other programs."""
    files: list[Path] = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if not path.is_file() or any(p.startswith(".") or (p.startswith("_") and "=" not in p) for p in parts):
            continue
        source = source_of(path, registry)
        if source.tables is not None or path.suffix != (files[0] if files else path).suffix:
            raise DataError(
                f"{folder.name}/ holds {'/'.join(parts)}" + (f" beside {files[0].name}" if files else ""),
                hint="the files of a table are of one kind: Parquet, CSV or JSON lines",
            )
        files.append(path)
    if not files:
        raise DataError(f"{folder.name}/ is a folder without files", hint="put the table's files there, or remove it")
    keys = [_keys(path.relative_to(folder).parts[:-1]) for path in files]
    for path, each in zip(files, keys, strict=True):
        if list(each) != list(keys[0]):
            first = files[0].relative_to(folder.parent).as_posix()
            raise DataError(
                f"{first} and {path.relative_to(folder.parent).as_posix()} lie under different keys",
                hint="a folder like day=2023-05-01/ gives every row a column; all files of a table need the same",
            )
    return Found(
        what=f"{folder.name}/",
        source=registry.sources[files[0].suffix],
        files=files,
        root=folder.parent,
        keys=keys if keys[0] else (),
    )


def _keys(folders: Sequence[str]) -> dict[str, str | None]:
    pairs = [each.split("=", 1) for each in folders if "=" in each]
    return {unquote(name): None if value == MISSING_KEY else unquote(value) for name, value in pairs}
