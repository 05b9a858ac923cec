"""A place to build packs in, apart from whatever is installed and set around it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from trustcommerce.diagnostics import Diagnostic, Problems, SourceFile
from trustcommerce.engine import Engine, check, load
from trustcommerce.plugins.requests import ENVIRONMENT
from trustcommerce.read import Mapping as Tree
from trustcommerce.read import Scalar, parse_yaml

__all__ = ["Lab", "lab"]


class Lab:
    """Builds packs out of texts; only the plugins that are named are loaded.

    Args:
        folder: Where packs are written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def pack(self, header: str, *rulesets: str, files: Mapping[str, str] | None = None) -> Path:
        """The folder of a new pack.

        Args:
            header: pack.yaml.
            rulesets: The rule sets.
            files: Further files by their path in the pack, such as `references/rates.csv`.
        """
        self.count += 1
        folder = self.folder / f"pack{self.count}"
        (folder / "rulesets").mkdir(parents=True)
        (folder / "pack.yaml").write_text(header, "utf-8")
        for i, text in enumerate(rulesets):
            (folder / "rulesets" / f"{_name(text) or f'ruleset{i}'}.yaml").write_text(text, "utf-8")
        for name, text in (files or {}).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return folder

    def engine(
        self, header: str, *rulesets: str, files: Mapping[str, str] | None = None, plugins: Sequence[str] = ()
    ) -> Engine:
        """The engine of a new pack.

        Raises:
            PolicyError: Something in it is wrong.
        """
        return load(self.pack(header, *rulesets, files=files), plugins=plugins)

    def problems(
        self, header: str, *rulesets: str, files: Mapping[str, str] | None = None, plugins: Sequence[str] = ()
    ) -> tuple[Diagnostic, ...]:
        """What is wrong with a new pack."""
        return check(self.pack(header, *rulesets, files=files), plugins=plugins)


def _name(text: str) -> str | None:
    tree = parse_yaml(SourceFile(path="rules", text=text), Problems())
    found: Any = tree.get("ruleset") if isinstance(tree, Tree) else None
    return found.text if isinstance(found, Scalar) else None


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A lab in a folder of its own, without the plugins that the environment asks for."""
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    return Lab(tmp_path / "lab")
