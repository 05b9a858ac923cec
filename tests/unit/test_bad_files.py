"""Files that hold what they should not: one `DataError` with the file, the line and the column."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

import trustcommerce as tc

DAY = "2023-06-01"
PACK = """
pack: files
version: 1
currency: CNY
tables:
  shops:
    source: shop_counts
    key: shop
    columns:
      shop: text
      orders: {type: integer, range: [0, 1000]}
      late: {type: integer?, range: [0, 1000], source: late_orders}
      rate: {type: number, range: [0, 1]}
      paid: {type: CNY, range: [0, 1000]}
      open: boolean
      since: date
      seen: timestamp
"""
RULESET = """
ruleset: shop_total
subject: {name: shop, table: shops, key: shop}
values:
  total: orders + coalesce(late, 0)
  other: "open and since < as_of and seen < as_of and rate < 1 and paid > 1"
"""
HEADER = "shop,orders,late_orders,rate,paid,open,since,seen"
GOOD = "s1,10,,0.5,9.90,true,2023-01-01,2023-01-02 08:00:00"
GOOD_JSON = {
    "shop": "s1",
    "orders": 10,
    "late_orders": None,
    "rate": 0.5,
    "paid": 9.90,
    "open": True,
    "since": "2023-01-01",
    "seen": "2023-01-02 08:00:00",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> tc.Engine:
    """A pack whose table comes from a file of another name, one column from one of another name."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "rulesets").mkdir()
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "rulesets/shop_total.yaml").write_text(RULESET, "utf-8")
    return tc.load(folder)


def run(engine: tc.Engine, folder: Path, name: str, data: bytes | str) -> list[dict[str, object]]:
    """The result of a run over a folder with one file."""
    facts = folder / "facts"
    facts.mkdir(exist_ok=True)
    (facts / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    engine.run(facts, folder / "out", DAY)
    return parquet.read_table(folder / "out/shop_total.parquet").to_pylist()


def lines(*rows: str) -> str:
    return "\n".join((HEADER, *rows)) + "\n"


def test_good_files(engine: tc.Engine, tmp_path: Path) -> None:
    """CSV, JSON lines and Parquet with the same contents give the same result."""
    wanted = run(engine, tmp_path / "csv", "shop_counts.csv", lines(GOOD)) if (tmp_path / "csv").mkdir() is None else []
    assert (wanted[0]["total"], wanted[0]["paid"], wanted[0]["late"]) == (10, Decimal("9.90"), None)
    (tmp_path / "jsonl").mkdir()
    assert run(engine, tmp_path / "jsonl", "shop_counts.jsonl", json.dumps(GOOD_JSON) + "\n\n") == wanted
    (tmp_path / "parquet/facts").mkdir(parents=True)
    table = pa.table(
        {
            "shop": ["s1"],
            "orders": [10],
            "late_orders": pa.array([None], pa.int64()),
            "rate": [0.5],
            "paid": [Decimal("9.90")],
            "open": [True],
            "since": [dt.date(2023, 1, 1)],
            "seen": [dt.datetime(2023, 1, 2, 8)],
        }
    )
    path = tmp_path / "parquet/facts/shop_counts.parquet"
    parquet.write_table(table, path)
    assert run(engine, tmp_path / "parquet", "shop_counts.parquet", path.read_bytes()) == wanted


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + lines(GOOD).encode(),
        lines(GOOD).replace("\n", "\r\n").encode(),
        lines(GOOD).rstrip("\n").encode(),
        lines(GOOD, "").encode(),
        lines(GOOD.replace("s1", '"s1"').replace("10", '"10"')).encode(),
        b"more," + lines("x," + GOOD).encode(),
    ],
    ids=["byte-order mark", "CRLF", "no last newline", "empty last line", "quotes", "one column more"],
)
def test_what_csv_may_look_like(engine: tc.Engine, tmp_path: Path, data: bytes) -> None:
    """A byte-order mark, other line ends, quotes and further columns change nothing."""
    rows = run(engine, tmp_path, "shop_counts.csv", data)
    assert [(row["shop"], row["orders"], row["since"]) for row in rows] == [("s1", 10, dt.date(2023, 1, 1))]


@pytest.mark.parametrize(
    ("old", "new", "column", "says"),
    [
        ("10", "ten", "orders", "`orders` is `ten`, which is no integer"),
        ("10", "10.5", "orders", "`orders` is `10.5`, which is no integer"),
        ("10", " 10", "orders", "which is no integer"),
        ("10", "１０", "orders", "which is no integer"),
        ("10", "99999999999999999999", "orders", "which is no integer"),
        (",,0.5", ",1e400,0.5", "late_orders", "`late_orders` is `1e400`, which is no integer"),
        ("0.5", "0,5", None, r"shop_counts.csv:3: 9 cells under 8 columns"),
        ("0.5", "nan", "rate", "`rate` is `nan`, which is no number"),
        ("0.5", "inf", "rate", "which is no number"),
        ("0.5", "1e999", "rate", "which is no number"),
        ("9.90", "9.905", "paid", "`paid` is `9.905`, which is no money in CNY"),
        ("9.90", "¥9.90", "paid", "which is no money in CNY"),
        ("true", "yes", "open", "`open` is `yes`, which is no boolean"),
        ("2023-01-01", "2023-02-30", "since", "`since` is `2023-02-30`, which is no date"),
        ("2023-01-01", "1/1/2023", "since", "which is no date"),
        ("08:00:00", "8:00", "seen", "which is no timestamp"),
        ("08:00:00", "24:00:00", "seen", "which is no timestamp$"),
        ("08:00:00", "23:59:60", "seen", "which is no timestamp$"),
        ("08:00:00", "08:00:00+08:00", "seen", "carries a time zone .* and the pack says none"),
    ],
)
def test_broken_cells(engine: tc.Engine, tmp_path: Path, old: str, new: str, column: str | None, says: str) -> None:
    """A cell that is not of its column's type is named with file and line."""
    data = lines(GOOD, GOOD.replace("s1", "s2").replace(old, new))
    with pytest.raises(tc.DataError, match=says) as caught:
        run(engine, tmp_path, "shop_counts.csv", data)
    assert "shop_counts.csv" in str(caught.value)
    assert caught.value.column == column
    if column is not None:
        assert str(caught.value).startswith(f"column `{column}`, row `3`: shop_counts.csv:3: ")


def test_lines_are_those_of_the_file(engine: tc.Engine, tmp_path: Path) -> None:
    """Blank lines and cells of several lines count, as an editor counts them."""
    rows = ["", GOOD.replace("s1", '"s\n1"'), "", GOOD.replace("10", "x")]
    with pytest.raises(tc.DataError, match=r"shop_counts.csv:6: "):
        run(engine, tmp_path, "shop_counts.csv", lines(*rows))


def test_several_broken_cells(engine: tc.Engine, tmp_path: Path) -> None:
    """The first line is named and all are counted."""
    bad = [GOOD.replace("s1", f"s{i}").replace("10", "x") for i in range(5)]
    with pytest.raises(tc.DataError, match=r"shop_counts.csv:3: .* \(5 rows in all\)"):
        run(engine, tmp_path, "shop_counts.csv", lines(GOOD, *bad))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("10", "1001", r"row `s2`: `orders` 1001 is outside its range"),
        ("10", "", r"row `s2`: `orders` is missing, and integer may not be"),
        ("s2", "s1", r"2 rows of .* have the key s1"),
        ("s2", "", r"column `shop`.*: `shop` is missing"),
    ],
)
def test_values_that_break_the_declaration(engine: tc.Engine, tmp_path: Path, old: str, new: str, says: str) -> None:
    """Cells of the right type are held to range, presence and key, and named by rule set and key."""
    data = lines(GOOD, GOOD.replace("s1", "s2").replace(old, new))
    with pytest.raises(tc.DataError, match=says) as caught:
        run(engine, tmp_path, "shop_counts.csv", data)
    assert caught.value.ruleset == "shop_total"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty; a header with column names is expected"),
        (b"\n\n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (lines(GOOD).replace("late_orders", "late").encode(), "shop_counts.csv has no column `late_orders`"),
        (lines(GOOD).replace("rate", "orders").encode(), "two columns are called `orders`"),
        (lines(GOOD).encode("utf-16"), "not UTF-8"),
        (lines(GOOD.replace("s1", "店铺")).encode("gb18030"), "UTF-?8"),
        (lines(GOOD + ",1").encode(), "shop_counts.csv:2: 9 cells under 8 columns"),
        (lines('"s1,10').encode(), "shop_counts.csv:2: a quote is never closed"),
    ],
    ids=[
        "empty",
        "blank lines",
        "only a mark",
        "missing column",
        "column twice",
        "UTF-16",
        "GB 18030",
        "a cell more",
        "open quote",
    ],
)
def test_broken_files(engine: tc.Engine, tmp_path: Path, data: bytes, says: str) -> None:
    """A file that is no table of the declared columns is named with what is wrong."""
    with pytest.raises(tc.DataError, match=says) as caught:
        run(engine, tmp_path, "shop_counts.csv", data)
    assert "shop_counts.csv" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_file_without_rows(engine: tc.Engine, tmp_path: Path) -> None:
    """A header alone is a table without rows, and so is the result."""
    assert run(engine, tmp_path, "shop_counts.csv", lines()) == []
    assert run(engine, tmp_path, "shop_counts.csv", HEADER) == []
    (tmp_path / "facts/shop_counts.csv").unlink()
    assert run(engine, tmp_path, "shop_counts.jsonl", "\n") == []


def test_empty_cells_in_quotes(engine: tc.Engine, tmp_path: Path) -> None:
    """They are missing, as those without quotes are, but for texts, which may be empty."""
    quoted = ",".join(f'"{cell}"' for cell in GOOD.split(","))
    assert run(engine, tmp_path, "shop_counts.csv", lines(quoted))[0]["late"] is None
    with pytest.raises(tc.DataError, match="`orders` is missing, and integer may not be"):
        run(engine, tmp_path, "shop_counts.csv", lines(quoted.replace('"10"', '""')))
    assert run(engine, tmp_path, "shop_counts.csv", lines(quoted.replace('"s1"', '""')))[0]["shop"] == ""


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"shop": "s1", "orders": }\n', r"shop_counts.jsonl:1:\d+: this is no JSON"),
        (b'{"shop": "s1"}\n[1]\n', "shop_counts.jsonl:2: a line holds one JSON object"),
        (b'{"shop": "s1"}\n', "shop_counts.jsonl has no column `orders`"),
        (json.dumps({**GOOD_JSON, "orders": "ten"}).encode(), "shop_counts.jsonl:1: `orders` is `ten`"),
        (json.dumps({**GOOD_JSON, "orders": [1]}).encode(), "shop_counts.jsonl:1: "),
        (json.dumps({**GOOD_JSON, "rate": float("nan")}).encode(), "`rate` is `NaN`|`rate` is `nan`"),
        (json.dumps({**GOOD_JSON, "shop": "店"}, ensure_ascii=False).encode("gb18030"), "not UTF-8"),
        (b"[" * 100_000, "this is no JSON"),
        (
            json.dumps({**GOOD_JSON, "shop": "\ud83d"}).encode(),
            r"shop_counts.jsonl:1: `\\ud83d` is half of a character",
        ),
        (b'{"shop": "s1", "orders": 1, "shop": "s2"}\n', "shop_counts.jsonl:1: `shop` is said twice"),
    ],
    ids=["broken", "a list", "missing column", "text", "list in a cell", "NaN", "GB 18030", "deep", "half", "twice"],
)
def test_broken_json_lines(engine: tc.Engine, tmp_path: Path, data: bytes, says: str) -> None:
    """JSON lines are held to the same types and named by file and line."""
    with pytest.raises(tc.DataError, match=says):
        run(engine, tmp_path, "shop_counts.jsonl", data)


def test_columns_of_parquet_that_differ_in_case(engine: tc.Engine, tmp_path: Path) -> None:
    """What reads the files takes them for one column; those that nothing declares do no harm."""
    path = tmp_path / "shop_counts.parquet"
    table = pa.table({"shop": ["a"], "orders": [1], "ORDERS": [2], "Rate": [1], "more": [1], "MORE": [2]})
    parquet.write_table(table, path)
    with pytest.raises(tc.DataError, match=r"shop_counts.parquet: `orders` and `ORDERS` differ in case only"):
        run(engine, tmp_path, "shop_counts.parquet", path.read_bytes())


def test_broken_parquet(engine: tc.Engine, tmp_path: Path) -> None:
    """A file that only has the name of Parquet is refused."""
    with pytest.raises(tc.DataError, match=r"shop_counts.parquet: this is no readable Parquet file"):
        run(engine, tmp_path, "shop_counts.parquet", b"PAR1 no PAR1")


def test_folders_and_files_that_are_not_there(engine: tc.Engine, tmp_path: Path) -> None:
    """A missing folder, a missing file (with the one that may be meant) and two files for a table are errors."""
    with pytest.raises(tc.DataError, match="no such folder of facts"):
        engine.run(tmp_path / "facts", tmp_path / "out", DAY)
    facts = tmp_path / "facts"
    facts.mkdir()
    (facts / "shop_count.csv").write_text(lines(GOOD), "utf-8")
    with pytest.raises(tc.DataError, match=r"holds no file for table `shops`\nhint: did you mean `shop_count`\?"):
        engine.run(facts, tmp_path / "out", DAY)
    for suffix in (".csv", ".jsonl"):
        (facts / f"shop_counts{suffix}").write_text(lines(GOOD), "utf-8")
    with pytest.raises(tc.DataError, match="several files for table `shops`: "):
        engine.run(facts, tmp_path / "out", DAY)
    (facts / "shop_counts.xlsx").write_bytes(b"")
    with pytest.raises(tc.DataError, match=r"no source reads `.xlsx` files"):
        engine.score_table("shop_total", facts / "shop_counts.xlsx", DAY)


def test_one_record_out_of_a_file(engine: tc.Engine, tmp_path: Path) -> None:
    """A record is gathered by its key; a key that no row has is named."""
    (tmp_path / "shop_counts.csv").write_text(lines(GOOD), "utf-8")
    assert engine.score("shop_total", engine.record("shop_total", "s1", tmp_path, DAY), DAY)["total"] == 10
    with pytest.raises(tc.DataError, match="table `shops` has no row with the key s2"):
        engine.record("shop_total", "s2", tmp_path, DAY)
