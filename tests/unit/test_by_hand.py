"""What benchmarks compare with gives the same numbers."""

from pathlib import Path

import duckdb
import pytest
from benchmarks import measure, settlement

import trustcommerce as tc


def test_settlement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every order and every statement, to the fen."""
    monkeypatch.setattr(measure.tempfile, "tempdir", str(tmp_path))
    place = settlement.folder(20_000)
    engine = tc.load(settlement.PACK, plugins=[str(settlement.PLUGIN)])
    engine.run(place, tmp_path / "own", settlement.DAY)
    query = settlement.BY_HAND.replace("{folder}", str(place)).replace("{pack}", str(settlement.PACK))
    (tmp_path / "hand").mkdir()
    with duckdb.connect() as connection:
        connection.execute(query.replace("{out}", str(tmp_path / "hand")))
        for own, hand, names in (
            ("card_orders", "orders", "order_id, waiver_due, waiver, waiver_charged, waiver_back"),
            ("card_statement", "statements", "store_id, month_due, month_waived, month_charged, month_back"),
        ):
            found = connection.sql(f"SELECT {names} FROM '{tmp_path}/own/{own}.parquet' ORDER BY 1").fetchall()
            assert (
                found == connection.sql(f"SELECT {names} FROM '{tmp_path}/hand/{hand}.parquet' ORDER BY 1").fetchall()
            )
            assert sum(row[3] for row in found) > 0
