"""The public data set, as it was published: the known figures come out of the run exactly."""

import csv
import os
from decimal import Decimal
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.acceptance.commands import ROOT, Run

OLIST = os.environ.get("TRUSTCOMMERCE_OLIST", "")
pytestmark = pytest.mark.skipif(not OLIST, reason="TRUSTCOMMERCE_OLIST names no folder with the published tables")

# what seller_counts.csv counts, as the run names it
COLUMNS = {
    "orders": "orders",
    "delivered": "late_delivery_rate.to",
    "late": "late_delivery_rate.of",
    "handed_over": "late_handover_rate.to",
    "late_handover": "late_handover_rate.of",
    "canceled": "cancellation_rate.of",
    "reviews": "mean_stars.rows",
    "stars": "mean_stars.sum",
}


@pytest.fixture
def results(cli: Run, tmp_path: Path) -> Path:
    """A run from the command line on the day after the last estimated delivery."""
    out = tmp_path / "out"
    said = cli("run", ROOT / "policies/olist", "--facts", OLIST, "--out", out, "--as-of", "2018-10-24")
    assert "parcel: 8,013 rows\n" in said
    assert "store_experience: 1,509 rows: 1,105 insufficient, 404 scored\n" in said
    return out


def test_known_figures(results: Path) -> None:
    """8,013 parcels of 1,509 sellers: deliveries, hand-overs, cancellations and stars, to the last one."""
    parcels = parquet.read_table(results / "parcel.parquet").to_pylist()
    assert len({row["order_id"] for row in parcels}) == 7_932
    several = [row["order_id"] for row in parcels]
    assert sum(several.count(order) > 1 for order in {o for o in several if several.count(o) > 1}) == 77
    rows = parquet.read_table(results / "store_experience.parquet").to_pylist()
    sums = {name: sum(row[column] or 0 for row in rows) for name, column in COLUMNS.items()}
    assert sums == {
        "orders": 8_013,
        "delivered": 7_854,
        "late": 501,
        "handed_over": 7_938,
        "late_handover": 719,
        "canceled": 39,
        "reviews": 7_875,
        "stars": 32_209,
    }
    assert [round(100 * a / b, 3) for a, b in ((501, 7_854), (719, 7_938), (39, 8_013))] == [6.379, 9.058, 0.487]
    assert round(sums["stars"] / sums["reviews"], 4) == 4.09


def test_every_seller_counts_as_published(results: Path) -> None:
    """Per seller the run measures what seller_counts.csv holds, money to the centavo."""
    with (Path(OLIST) / "seller_counts.csv").open(encoding="utf-8-sig") as file:
        published = {row["seller_id"]: row for row in csv.DictReader(file)}
    rows = parquet.read_table(results / "store_experience.parquet").to_pylist()
    assert len(rows) == len(published) == 1_509
    for row in rows:
        expected = published[row["seller_id"]]
        assert {name: row[column] or 0 for name, column in COLUMNS.items()} == {
            name: int(expected[name]) for name in COLUMNS
        }
        assert row["gmv"] == Decimal(expected["gmv_centavos"]).scaleb(-2)
        assert row["seller_state"] == expected["seller_state"]
