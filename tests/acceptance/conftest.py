"""Fixtures of the acceptance tests."""

import shutil
from pathlib import Path

import pytest

from tests.acceptance.commands import FACTS, LINKAGE, Run


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line."""
    return Run(capsys)


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    """A folder with three operators."""
    folder = tmp_path / "facts"
    folder.mkdir()
    (folder / "operators.csv").write_text(FACTS, "utf-8")
    return folder


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the pack of operators and resources that a test may change."""
    return Path(shutil.copytree(LINKAGE, tmp_path / "pack"))
