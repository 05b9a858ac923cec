"""Running the command line, in this process or as one of its own."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trustcommerce.cli import main

__all__ = [
    "COLUMNS",
    "DAY",
    "FACTS",
    "KUAISHOU",
    "LINKAGE",
    "RECORD",
    "ROOT",
    "SEEDS",
    "VALID",
    "Run",
    "names",
    "process",
]

ROOT = Path(__file__).parent.parent.parent
VALID = ROOT / "tests/cases/valid"
COLUMNS = ROOT / "tests/cases/columns"
LINKAGE = COLUMNS / "operator_linkage"
KUAISHOU, SEEDS = ROOT / "policies/kuaishou", ROOT / "seeds/kuaishou"
DAY = "2023-05-18"
FACTS = """operator_id,mean_product_score,mean_reputation_score,mean_store_experience,products_scored,products_below_60,vetoed_stores
o2,90,90,90,10,0,0
o1,80,70,90,10,0,0
o3,,,,0,0,0
"""
RECORD = {
    "operator_id": "o1",
    "mean_product_score": 80,
    "mean_reputation_score": 70,
    "mean_store_experience": 90,
    "products_scored": 10,
    "products_below_60": 0,
    "vetoed_stores": 0,
}


class Run:
    """Runs the command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *args: object, code: int = 0) -> str:
        """What is printed; the exit code must be `code`. With another code than 0, what is said on standard error."""
        with pytest.raises(SystemExit) as stop:
            main([*map(str, args)]) or sys.exit(0)
        found = self.capsys.readouterr()
        assert (stop.value.code or 0) == code, found
        assert "Traceback" not in found.out + found.err
        if code == 0:
            assert found.err == ""
        return found.out if code == 0 or found.out else found.err


def names(folder: Path) -> list[str]:
    """Everything in a folder and below, hidden files too."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def process(*args: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command line as a program."""
    program = "from trustcommerce.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, args)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        **options,
    )
