"""Every code block of the README and the documentation runs, and prints what is shown."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, RUN, Page, blocks_of, rewrite, same

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the packs and their sample tables."""
    for name in ("policies", "seeds"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_blocks(page: Path, folder: Path, update_golden: bool) -> None:
    runner = Page(folder, update=update_golden)
    for block in blocks_of(page):
        runner.run(block)
    if runner.news:
        rewrite(page, runner.news)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{_name(page)}: no {target}"


def test_the_first_command_installs_and_runs() -> None:
    first = next(block for block in blocks_of(ROOT / "README.md") if block.language in RUN)
    assert "not run here" in first.marks
    assert first.text.count("\n") == 1
    assert "pip install -q ." in first.text
    assert ".venv/bin/trustcommerce run policies/kuaishou --facts seeds/kuaishou" in first.text


def test_the_command_that_ci_runs_is_the_one_in_the_readme() -> None:
    marked = [block for block in blocks_of(ROOT / "README.md") if "test-command" in block.marks]
    assert len(marked) == 1
    extract = "sed -n '/<!-- test-command -->/,/^```$/p' README.md | grep -v -e '<!--' -e '```'"
    assert extract in (ROOT / ".ci/run").read_text("utf-8")
    done = subprocess.run(["bash", "-c", extract], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    command = "python3 -m venv .venv && .venv/bin/pip install -q tox && .venv/bin/tox -p 2\n"
    assert done.stdout == marked[0].text == command


def test_only_set_up_and_shapes_are_not_run() -> None:
    """What is shown and not run gives its reason."""
    for page in PAGES:
        for block in blocks_of(page):
            assert block.marks.get("not run here", "why") != "", block.place


def test_output_is_compared_line_by_line() -> None:
    assert same("a\nb\n(0.51 s)\n", "a\nb\n(7.25 s)\n")
    assert same("a\nb\nc\nd\n", "a\n...\nd\n")
    assert not same("a\nb\n", "a\n")
    assert not same("a\nb\n", "a\nB\n")
