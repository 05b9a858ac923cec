"""The files of a pack folder, read once: pack.yaml, rule sets, reference files, cases."""

import hashlib
from pathlib import Path

from attrs import frozen

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, SourceFile, Span
from trustcommerce.load.files import read_text
from trustcommerce.load.tree import Mapping
from trustcommerce.load.yaml import parse_yaml

__all__ = ["PackFiles", "read_pack"]


@frozen(kw_only=True)
class PackFiles:
    """What a pack folder holds, as trees; `digest` is the SHA-256 of all bytes that were read."""

    folder: Path
    shown: str
    header: Mapping
    rulesets: dict[str, Mapping]
    references: dict[str, SourceFile]
    cases: dict[str, Mapping]
    digest: str


def read_pack(folder: str | Path, problems: Problems) -> PackFiles | None:
    """Read the pack in `folder`; None when there is no readable pack.yaml."""
    folder = Path(folder)
    shown = folder.as_posix()
    if not folder.is_dir():
        problems.add(codes.UNREADABLE, f"{shown}: no such folder", None,
                     "a pack is a folder with a pack.yaml")
        return None
    digest = hashlib.sha256()
    header = _mapping(folder / "pack.yaml", f"{shown}/pack.yaml", digest, problems)
    rulesets = _folder(folder, shown, "rulesets", digest, problems)
    if not rulesets and header is not None:
        problems.add(codes.UNREADABLE, f"{shown}: the folder rulesets/ holds no readable .yaml file")
    cases = _folder(folder, shown, "tests", digest, problems)
    references = {}
    for path in sorted((folder / "references").glob("*.csv")):
        name = f"references/{path.name}"
        if path.resolve().is_relative_to(folder.resolve()):
            file = read_text(path, f"{shown}/{name}", problems)
            if file is not None:
                digest.update(f"\0{name}\0{file.text}".encode())
                references[name] = file
    if header is None:
        return None
    return PackFiles(folder=folder, shown=shown, header=header, rulesets=rulesets,
                     references=references, cases=cases, digest=digest.hexdigest())


def _folder(
    folder: Path, shown: str, name: str, digest: "hashlib._Hash", problems: Problems
) -> dict[str, Mapping]:
    found = {}
    for path in sorted((folder / name).glob("*.yaml")):
        tree = _mapping(path, f"{shown}/{name}/{path.name}", digest, problems)
        if tree is not None:
            found[path.stem] = tree
    return found


def _mapping(path: Path, shown: str, digest: "hashlib._Hash", problems: Problems) -> Mapping | None:
    file = read_text(path, shown, problems)
    if file is None:
        return None
    digest.update(f"\0{path.parent.name}/{path.name}\0{file.text}".encode())
    before = len(problems)
    tree = parse_yaml(file, problems)
    if isinstance(tree, Mapping):
        return tree
    if len(problems) == before:
        problems.add(codes.EMPTY_FILE, "this file must hold a mapping", Span(file, 0, 1))
    return None
