"""`check` reads test files too, and `python -m trustcommerce` is the command line."""

import subprocess
import sys
from pathlib import Path

from tests.acceptance.commands import Run


def test_check_reads_test_files(cli: Run, pack: Path) -> None:
    """A wrong date, rule set, key or output in a test file is found without running it, each once."""
    path = next((pack / "tests").glob("*.yaml"))
    (pack / "tests/wrong.yaml").write_text(
        "ruleset: operatr\nas_of: 2023-05-18\ncases:\n  - {name: a, expect: {x: 1}}\n", "utf-8"
    )
    (pack / "tests/more.yaml").write_text(
        "ruleset: operator\nas_of: 18.5.2023\ninputs: {operator_ix: o}\ncases:\n  - {name: a, expects: {}}\n"
        "  - {name: b, expect: {operator_scor: 1}}\n",
        "utf-8",
    )
    (pack / "tests/names.yaml").write_text(
        "ruleset: operator\nas_of: 18.5.2023\ninputs: {operator_ix: o}\ncases:\n"
        "  - {name: b, expect: {operator_scor: 1}}\n",
        "utf-8",
    )
    said = cli("check", pack, code=1)
    assert path.is_file()
    assert said.count("no rule set `operatr`") == 1
    assert said.count("unknown key `expects`") == 1
    assert said.count("`18.5.2023` is no date") == 1
    assert said.count("no input `operator_ix`") == 1
    assert said.count("no output `operator_scor`") == 1
    assert "did you mean `operator_score`?" in said


def test_the_package_runs_as_a_module() -> None:
    """`python -m trustcommerce` does what `trustcommerce` does."""
    done = subprocess.run(
        [sys.executable, "-m", "trustcommerce", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("trustcommerce, version ")
