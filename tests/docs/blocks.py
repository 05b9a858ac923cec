"""Code blocks of Markdown pages: reading them with their marks, and running them.

A mark is an HTML comment on a line of its own right before a block:

    <!-- file: shop/pack.yaml -->    the block is written to that file
    <!-- edit: shop/pack.yaml -->    the block is a diff, applied to that file
    <!-- rules: shop -->             the block is a rule set of the pack `shop`, or some blocks of one; it must load
    <!-- output -->                  the block is what the block before it printed; a line `...` stands for any lines
    <!-- fails -->                   the command ends with exit code 1
    <!-- from: path -->              the block stands in that file of the repository
    <!-- not run here: why -->       the block is shown only; of a set-up command, what follows the set-up is run
"""

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import field, frozen, mutable

import trustcommerce
from trustcommerce.diagnostics import Problems, SourceFile, render
from trustcommerce.read import parse_yaml

__all__ = ["Block", "Page", "blocks_of", "rewrite", "same"]

ROOT = Path(__file__).parents[2]
RUN = ("python", "sh", "console")
LANGUAGES = (*RUN, "yaml", "csv", "jsonl", "diff", "text")
MARKS = ("file", "edit", "rules", "output", "fails", "from", "not run here", "test-command")

_FENCE = re.compile(r"( *)```(\S*)(.*)\n")
_MARK = re.compile(r"<!--\s*([a-z -]+?)(?::\s*(.*?))?\s*-->\s*\Z")
_SECONDS = re.compile(r"\(\d+\.\d+ s\)")


@frozen
class Block:
    """A fenced block: where it begins, its language, its text, and the marks before it."""

    page: str
    line: int
    language: str
    text: str
    marks: dict[str, str]

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    name = page.relative_to(ROOT).as_posix()
    found: list[Block] = []
    marks: dict[str, str] = {}
    lines = iter(enumerate(page.read_text("utf-8").splitlines(keepends=True), 1))
    for number, line in lines:
        mark, fence = _MARK.match(line), _FENCE.match(line)
        if fence:
            body = list(_body(lines, fence.group(1)))
            found.append(Block(name, number, fence.group(2), "".join(body), marks))
            marks = {}
        elif mark and mark.group(1) in MARKS:
            marks[mark.group(1)] = mark.group(2) or ""
        elif line.strip():
            assert not marks, f"{name}:{number}: the mark before this line belongs to no block"
    return found


def _body(lines: Iterator[tuple[int, str]], indent: str) -> Iterator[str]:
    for _, line in lines:
        if line.strip() == "```":
            return
        yield line.removeprefix(indent)


def same(found: str, shown: str) -> bool:
    """Whether `found` is what the page shows; a line `...` stands for any lines, seconds may differ."""
    parts = [re.escape(_calm(line)) if line.strip() != "..." else None for line in shown.strip("\n").split("\n")]
    pattern = "".join("(?:.*\n)*?" if part is None else part + "\n" for part in parts)
    return re.fullmatch(pattern, _calm(found).strip("\n") + "\n") is not None


def _calm(text: str) -> str:
    return "\n".join(line.rstrip() for line in _SECONDS.sub("(0.00 s)", text).split("\n"))


def rewrite(page: Path, news: dict[int, str]) -> None:
    """Put new texts into the blocks of `page` that begin on these lines."""
    lines = page.read_text("utf-8").splitlines(keepends=True)
    for block in reversed(blocks_of(page)):
        if block.line in news:
            lines[block.line : block.line + block.text.count("\n")] = [news[block.line]]
    page.write_text("".join(lines), "utf-8")


@mutable
class Page:
    """Runs the blocks of one page in order, in one folder and one Python namespace.

    With `update`, outputs that differ are kept in `news` by line instead of being refused.
    """

    folder: Path
    names: dict[str, Any] = field(factory=lambda: {"__name__": "__main__"})
    printed: str | None = None
    update: bool = False
    news: dict[int, str] = field(factory=dict)

    def run(self, block: Block) -> None:
        marks = block.marks
        assert block.language in LANGUAGES, f"{block.place}: a block in {block.language or 'no language'}"
        if "not run here" in marks:
            self._after_set_up(block)
            return
        if "output" in marks:
            self._output(block)
        elif "from" in marks:
            text = (ROOT / marks["from"]).read_text("utf-8")
            assert block.text.strip("\n") in text, f"{block.place}: this does not stand in {marks['from']}"
        elif "file" in marks:
            path = self.folder / marks["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
        elif "edit" in marks:
            self._edit(block, self.folder / marks["edit"])
        elif "rules" in marks:
            self._rules(block, marks["rules"])
        elif block.language == "yaml":
            self._parse(block)
        elif block.language in RUN:
            self.printed = self._python(block) if block.language == "python" else self._shell(block)
        else:
            raise AssertionError(f"{block.place}: a block of {block.language} that nothing runs and no mark explains")

    def _after_set_up(self, block: Block) -> None:
        """Run the last part of `... install ... && .venv/bin/trustcommerce ...` with what is installed here."""
        last = re.search(r"&& \.venv/bin/(trustcommerce .*)", block.text)
        if last:
            self.printed = self._command(block, last.group(1))

    def _output(self, block: Block) -> None:
        assert self.printed is not None, f"{block.place}: no block before this one printed anything"
        shown, self.printed = self.printed, None
        if self.update and not same(shown, block.text) and "\n...\n" not in f"\n{block.text}":
            self.news[block.line] = shown.strip("\n") + "\n"
            return
        assert same(shown, block.text), f"{block.place}: the page shows\n{block.text}\nand the output is\n{shown}"

    def _edit(self, block: Block, path: Path) -> None:
        """Apply a diff of lines that begin with `-`, `+` or a space; `...` begins another place."""
        text = path.read_text("utf-8")
        for part in re.split(r"^\.\.\.\n", block.text, flags=re.MULTILINE):
            lines = part.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if line[0] in " -")
            new = "".join(line[1:] for line in lines if line[0] in " +")
            assert text.count(old) == 1, (
                f"{block.place}: these lines stand {text.count(old)} times in {path.name}:\n{old}"
            )
            text = text.replace(old, new)
        path.write_text(text, "utf-8")

    def _rules(self, block: Block, pack: str) -> None:
        head = (
            ""
            if block.text.startswith("ruleset:")
            else ("ruleset: example\nsubject: {name: store, table: stores, key: store_id}\n")
        )
        path = self.folder / pack / "rulesets" / "example.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + block.text, "utf-8")
        found = trustcommerce.check(self.folder / pack)
        path.unlink()
        assert not found, f"{block.place}: this rule set does not load\n" + "\n\n".join(map(render, found))

    def _parse(self, block: Block) -> None:
        problems = Problems()
        parse_yaml(SourceFile(path=block.place, text=block.text), problems)
        assert not len(problems), f"{block.place}: this is no YAML\n" + "\n\n".join(map(render, problems))

    # -- running

    def _python(self, block: Block) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.chdir(self.folder):
            if ">>> " in block.text:
                test = doctest.DocTestParser().get_doctest(block.text, self.names, block.place, block.page, block.line)
                runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
                runner.run(test, clear_globs=False)
                self.names.update(test.globs)
                assert not runner.failures, printed.getvalue()
            else:
                exec(compile("\n" * block.line + block.text, block.page, "exec"), self.names)
        return printed.getvalue()

    def _shell(self, block: Block) -> str:
        if "$ " not in block.text:
            return self._command(block, block.text)
        printed = []
        for command, shown in _session(block.text):
            printed.append(self._command(block, command))
            assert not shown.strip() or same(printed[-1], shown), (
                f"{block.place}: `{command.strip()}` prints\n{printed[-1]}\nand not\n{shown}"
            )
        return "".join(printed)

    def _command(self, block: Block, command: str) -> str:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            env={**os.environ, "PATH": path, "COLUMNS": "80", "PYTHONUTF8": "1"},
        )
        wanted = 1 if "fails" in block.marks else 0
        assert done.returncode == wanted, (
            f"{block.place}: exit code {done.returncode} of `{command.strip()}`\n{done.stdout}"
        )
        return done.stdout


def _session(text: str) -> Iterator[tuple[str, str]]:
    """Commands of a console session, each with the output shown below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        end = next((i for i, line in enumerate(lines) if not line.rstrip("\n").endswith("\\")), len(lines) - 1) + 1
        yield "".join(lines[:end]), "".join(lines[end:])
