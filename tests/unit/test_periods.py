"""Periods of a reference to a table: at most one row holds at a moment."""

import shutil
from pathlib import Path

import pytest
from pyarrow import parquet

import trustcommerce as tc

PACK = Path(__file__).parent.parent / "cases/valid/event_forms"


@pytest.mark.parametrize(
    "row",
    ["toys,0.09,2023-05-05,2023-05-06", "toys,0.09,2022-01-01,", "toys,0.09,2023-05-18,2023-06-02"],
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


def test_a_change_is_planned(tmp_path: Path) -> None:
    """An end from the day of judgement on is not known yet, so a period that begins there overlaps nothing."""
    facts = tmp_path / "facts"
    shutil.copytree(PACK / "facts", facts)
    rates = facts / "rates.csv"
    planned = rates.read_text("utf-8").replace("2023-05-10,\n", "2023-05-10,2023-05-19\ntoys,0.0900,2023-05-19,\n")
    rates.write_text(planned, "utf-8")
    engine = tc.load(PACK)
    for name, folder in (("before", PACK / "facts"), ("after", facts)):
        engine.run(folder, tmp_path / name, "2023-05-19")
    before, after = (parquet.read_table(tmp_path / name / "statement.parquet") for name in ("before", "after"))
    assert after.equals(before)
