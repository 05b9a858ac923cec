"""Periods of a reference to a table: at most one row holds at a moment."""

import shutil
from pathlib import Path

import pytest

import trustcommerce as tc

PACK = Path(__file__).parent.parent / "cases/valid/event_forms"


@pytest.mark.parametrize(
    "row",
    ["toys,0.09,2023-05-05,2023-05-06", "toys,0.09,2022-01-01,", "toys,0.09,2023-06-01,2023-06-02"],
)
def test_overlapping_periods_are_refused(tmp_path: Path, row: str) -> None:
    """Before anything is judged, even where no row of facts falls into both."""
    facts = tmp_path / "facts"
    shutil.copytree(PACK / "facts", facts)
    rates = facts / "rates.csv"
    rates.write_text(rates.read_text("utf-8") + row + "\n", "utf-8")
    with pytest.raises(tc.DataError, match="the periods of `rates` overlap for toys"):
        tc.load(PACK).run(facts, tmp_path / "out", "2023-05-19")


def test_a_gap_is_none(tmp_path: Path) -> None:
    """Periods of a table may leave gaps: rows that fall into one have no match."""
    facts = tmp_path / "facts"
    shutil.copytree(PACK / "facts", facts)
    rates = facts / "rates.csv"
    rates.write_text(rates.read_text("utf-8") + "toys,0.09,2022-01-01,2022-12-01\n", "utf-8")
    assert tc.load(PACK).run(facts, tmp_path / "out", "2023-05-19").rulesets["statement"]["rows"] == 4
