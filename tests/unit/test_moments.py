"""Moments of facts come to the zone of the pack; what a clock repeats or skips is counted; amounts in a currency."""

import datetime as dt
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

import trustcommerce as tc
from tests.unit.orders import ROWS, lines, parquet_with, refused, typed
from trustcommerce.builtin import core_registry
from trustcommerce.model import TableSpec
from trustcommerce.run.rows import Rows
from trustcommerce.sources import Folder
from trustcommerce.sources.zones import changes

# -- moments


def moments(spec: TableSpec, folder: Path, values: list[str], zone: str | None) -> Rows:
    """The table with these texts as its moments, from CSV."""
    rows = [(f"o{i}", *ROWS[0][1:6], value) for i, value in enumerate(values)]
    (folder / "orders.csv").write_text(lines(rows), "utf-8")
    return Folder(folder, core_registry(), zone).read(spec)


def test_moments_with_offsets(orders: TableSpec, tmp_path: Path) -> None:
    """Texts with and without an offset come to the pack's zone, side by side."""
    texts = [
        "2023-05-01 08:00:00",
        "2023-05-01T08:00:00Z",
        "2023-05-01 08:00:00+09:00",
        "2023-05-01 08:00:00.123456000-0530",
        "2023-05-01 08:00:00 UTC",
        "2023-05-01 08:00:00 +01",
    ]
    found = moments(orders, tmp_path, texts, "Asia/Shanghai").table()["at"].to_pylist()
    day = dt.datetime(2023, 5, 1)
    assert [each - day for each in found] == [
        dt.timedelta(hours=8),
        dt.timedelta(hours=16),
        dt.timedelta(hours=7),
        dt.timedelta(hours=21, minutes=30, microseconds=123456),
        dt.timedelta(hours=16),
        dt.timedelta(hours=15),
    ]
    for text, says in [
        ("2023-05-01 08:00:00+09:00", "`at` carries a time zone .* and the pack says none\nhint: add `time_zone:`"),
        ("2023-05-01 08:00:00.1234567", "which is no timestamp.*\nhint: fractions of a second have at most six digits"),
        ("2023-05-01 08:00:00+99:00", "which is no timestamp"),
    ]:
        with pytest.raises(tc.DataError, match=rf"orders.csv:3: {says}|orders.csv:3: .*{says}"):
            moments(orders, tmp_path, [texts[0], text], None)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_columns_with_a_zone(orders: TableSpec, tmp_path: Path, unit: str) -> None:
    """Parquet and DuckDB columns with a zone come to the pack's."""
    instants = pa.array([dt.datetime(2023, 5, 1, h) for h in (0, 15, 16)], pa.timestamp("us")).cast(pa.timestamp(unit))
    facts = parquet_with(tmp_path, "at", instants.cast(pa.timestamp(unit, "America/New_York")))
    wanted = [dt.datetime(2023, 5, 1, 8), dt.datetime(2023, 5, 1, 23), dt.datetime(2023, 5, 2)]
    rows = Folder(facts, core_registry(), "Asia/Shanghai").read(orders)
    assert rows.schema.field("at").type == pa.timestamp("us")
    assert rows.table()["at"].to_pylist() == wanted
    with duckdb.connect(str(tmp_path / "facts.duckdb")) as duck:
        duck.execute(f"CREATE TABLE orders AS FROM read_parquet('{facts / 'orders.parquet'}')")
    assert (
        Folder(tmp_path / "facts.duckdb", core_registry(), "Asia/Shanghai").read(orders).table()["at"].to_pylist()
        == wanted
    )
    with pytest.raises(tc.DataError, match="carries a time zone and the pack says none"):
        Folder(tmp_path / "facts.duckdb", core_registry()).read(orders)


SAO_PAULO = [
    ("2018-02-17 22:59:59.999999", 0),
    ("2018-02-17 23:00:00", 1),
    ("2018-02-17 23:59:59.999999", 1),
    ("2018-02-18 00:00:00", 0),
    ("2017-10-15 00:30:00", 1),
    ("2018-02-18 00:59:59Z", 0),
    ("2018-02-18 01:00:00Z", 1),
    ("2018-02-18 02:59:59Z", 1),
    ("2018-02-18 03:00:00Z", 0),
    ("2017-10-15 03:30:00Z", 0),
]
BERLIN = [
    ("2023-10-29 01:59:59", 0),
    ("2023-10-29 02:00:00", 1),
    ("2023-10-29 03:00:00", 0),
    ("2023-03-26 02:30:00", 1),
    ("2023-03-26 03:00:00", 0),
    ("9999-12-31 00:00:00", 0),
    ("0001-01-01 00:00:00", 0),
]


@pytest.mark.parametrize(("zone", "cases"), [("America/Sao_Paulo", SAO_PAULO), ("Europe/Berlin", BERLIN)])
def test_local_times_that_are_repeated_or_skipped(
    orders: TableSpec, tmp_path: Path, zone: str, cases: list[tuple[str, int]]
) -> None:
    """They are kept and counted, each alone and all together, from text and from columns of both kinds."""
    for text, count in cases:
        rows = moments(orders, tmp_path, [text], zone)
        assert (rows.counts or {}).get("ambiguous times", 0) == count, text
    assert moments(orders, tmp_path, [text for text, _ in cases], zone).counts == {
        "ambiguous times": sum(count for _, count in cases)
    }
    assert moments(orders, tmp_path, [text for text, _ in cases], "Asia/Kolkata").counts is None
    (tmp_path / "orders.csv").unlink()
    for zoned in (False, True):
        chosen = [(text.rstrip("Z"), count) for text, count in cases if text.endswith("Z") == zoned]
        if not chosen:
            continue
        kind = pa.timestamp("us", "UTC" if zoned else None)
        values = pa.array([text + "Z" * zoned for text, _ in chosen]).cast(kind)
        table = typed([ROWS[0]] * len(chosen))
        parquet.write_table(table.set_column(6, "at", values), tmp_path / "orders.parquet")
        rows = Folder(tmp_path, core_registry(), zone).read(orders)
        assert rows.counts == {"ambiguous times": sum(count for _, count in chosen)}


def test_clock_changes() -> None:
    """Found by bisection to the second."""
    found = changes("America/Sao_Paulo", 2018)
    assert [each.at for each in found] == [dt.datetime(2018, 2, 18, 2), dt.datetime(2018, 11, 4, 3)]
    assert changes("Asia/Shanghai", 2023) == ()
    assert len(changes("Africa/Casablanca", 2023)) == 2


# -- amounts


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("¥12", r"amounts are plain numbers in CNY; this one carries `¥`"),
        ("12.30 USD", "amounts are plain numbers in CNY; this one is in USD"),
        ("USD12.30", "amounts are plain numbers in CNY; this one is in USD"),
        ("12.30元", r"this one carries `元` \(yuan\)"),
        ('"1,234.50"', "write numbers without separators of thousands"),
    ],
)
def test_amounts_with_a_currency(orders: TableSpec, tmp_path: Path, text: str, hint: str) -> None:
    """The message says what an amount is, and which currency this one shows."""
    (tmp_path / "orders.csv").write_text(lines().replace("12.00", text), "utf-8")
    refused(tmp_path, orders, rf"orders.csv:3: `paid` is .*which is no money in CNY\nhint: .*{hint}")
