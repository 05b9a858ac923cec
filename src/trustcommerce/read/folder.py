"""The files of a pack folder, read once: pack.yaml, rule sets, reference files, cases."""

import hashlib
from pathlib import Path

from attrs import frozen

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, SourceFile, Span
from trustcommerce.read.files import read_text
from trustcommerce.read.tree import Mapping, Scalar, Sequence
from trustcommerce.read.yaml import parse_yaml

__all__ = ["PackFiles", "read_pack"]


@frozen(kw_only=True)
class PackFiles:
    """What a pack folder holds, as trees; a file that can't be read is None, its problem reported.

    `unread` are the stems of rule sets that can't be read; `digest` is the SHA-256 of all bytes that were read.
    """

    folder: Path
    shown: str
    header: Mapping
    rulesets: dict[str, Mapping]
    unread: frozenset[str]
    references: dict[str, SourceFile | None]
    cases: dict[str, Mapping]
    digest: str


def read_pack(folder: str | Path, problems: Problems) -> PackFiles | None:
    """Read the pack in `folder`; None when there is no readable pack.yaml."""
    folder = Path(folder)
    shown = folder.as_posix()
    if not folder.is_dir():
        problems.add(codes.UNREADABLE, f"{shown}: no such folder", None, "a pack is a folder with a pack.yaml")
        return None
    digest = hashlib.sha256()
    header = _mapping(folder / "pack.yaml", f"{shown}/pack.yaml", digest, problems)
    rulesets = _folder(folder, shown, "rulesets", digest, problems)
    if not any((folder / "rulesets").glob("*.yaml")):
        problems.add(codes.UNREADABLE, f"{shown}: the folder rulesets/ holds no .yaml file")
    cases = _folder(folder, shown, "tests", digest, problems)
    for path in sorted([*folder.glob("rulesets/*.yml"), *folder.glob("tests/*.yml"), *folder.glob("*.yml")]):
        name = path.relative_to(folder).as_posix()
        problems.add(codes.UNREADABLE, f"{shown}/{name} is not read: its name ends in .yml", None, "call it .yaml")
    references: dict[str, SourceFile | None] = {}
    for path in sorted((folder / "references").glob("*.csv")):
        name = f"references/{path.name}"
        if path.resolve().is_relative_to(folder.resolve()):
            file = read_text(path, f"{shown}/{name}", problems)
            references[name] = file
            if file is not None:
                digest.update(f"\0{name}\0{file.text}".encode())
    if header is None:
        return None
    return PackFiles(
        folder=folder,
        shown=shown,
        header=header,
        rulesets=rulesets,
        unread=frozenset(p.stem for p in (folder / "rulesets").glob("*.yaml")) - rulesets.keys(),
        references=references,
        cases=cases,
        digest=digest.hexdigest(),
    )


def _folder(folder: Path, shown: str, name: str, digest: "hashlib._Hash", problems: Problems) -> dict[str, Mapping]:
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
    digest.update(f"\0{path.stem}\0{file.text}".encode())
    before = len(problems)
    tree = parse_yaml(file, problems)
    if isinstance(tree, Mapping):
        return tree
    if isinstance(tree, Scalar) and tree.text == "":
        tree = None
    if tree is not None:
        found = "a list" if isinstance(tree, Sequence) else "a single value"
        problems.add(codes.WRONG_SHAPE, f"this file must hold a mapping, not {found}", tree.span.head())
    elif len(problems) == before:
        problems.add(codes.EMPTY_FILE, "this file is empty and must hold a mapping", Span(file, 0, 1))
    return None
