"""Everything that is wrong with data is said at once: one `DataError`, the others in its `also`."""

import pickle
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

import trustcommerce as tc
from tests.unit.kinds import DAY, PRICES, RECORD, TYPES, by_table, frame

PACK = """
pack: files
version: 1
tables:
  shops:
    key: shop
    columns: {shop: text, age: {type: integer, range: [0, 100]}, rate: {type: number, range: [0, 1]}}
  orders:
    key: id
    columns: {id: text, shop: text, paid: {type: decimal(2), range: [0, 1000]}, at: date}
  cities:
    key: shop
    columns: {shop: text, people: integer}
"""
RULESET = """
ruleset: total
subject: {name: shop, table: shops, key: shop}
facts:
  sales: {table: orders, key: shop, time: at}
metrics:
  sold: {sum: paid, from: sales, window: 30 days}
values:
  total: age + rate
"""
GROWN = """
ruleset: grown
subject: {name: shop, table: shops, key: shop, where: age >= 18}
references:
  city: {table: cities, match: {shop: shop}, else: error}
values:
  total: city.people
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tc.Engine:
    """A pack with two tables, which files give."""
    folder = tmp_path_factory.mktemp("pack")
    (folder / "rulesets").mkdir()
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "rulesets/total.yaml").write_text(RULESET, "utf-8")
    (folder / "rulesets/grown.yaml").write_text(GROWN, "utf-8")
    return tc.load(folder)


def said(action: Callable[[], object]) -> list[tuple[str | None, str | None, object, str]]:
    """Table, column, row and message of each error that the action raises as one."""
    with pytest.raises(tc.DataError) as caught:
        action()
    first = caught.value
    assert str(first).split("\n\n") == [each.alone() for each in (first, *first.also)]
    assert str(pickle.loads(pickle.dumps(first))) == str(first)
    return [(each.table, each.column, each.row, each.message) for each in (first, *first.also)]


def test_a_record(engine: tc.Engine) -> None:
    """Each value, and those of the matched row; then each key that is absent or unknown."""
    wrong = {**RECORD, "whole": 1001, "rate": None, "word_q": 5, "price": {"price": 99}}
    assert said(lambda: engine.score("kinds", wrong, DAY)) == [
        (None, "whole", "a", "`whole` is 1001, outside its range: integer from 0 to 1,000"),
        (None, "rate", "a", "`rate` is missing, and number may not be"),
        (None, "word_q", "a", "`word_q` is 5, which is no text"),
        (None, "price.price", "a", "`price.price` is 99, outside its range: money in CNY from 0 to 10"),
    ]
    renamed = {**{key: value for key, value in RECORD.items() if key not in ("rate", "word")}, "rates": 0.5, "more": 1}
    assert said(lambda: engine.score("kinds", renamed, DAY)) == [
        (None, "rate", "a", "the record has no `rate`, nor `word`"),
        (None, "rates", "a", "the record has an unknown key `rates`"),
        (None, "more", "a", "the record has an unknown key `more`"),
    ]


def test_rows_of_a_fact_in_a_record(files: tc.Engine) -> None:
    """The first wrong value of each column of the rows, and what is wrong with the record beside them."""
    good = {"id": "o1", "shop": "s1", "paid": Decimal("9.99"), "at": "2023-05-30"}
    rows = [good, {**good, "paid": -1, "at": "x"}, {**good, "paid": "y"}, 5, {"id": "o4"}]
    assert said(lambda: files.score("total", {"shop": "s1", "age": 101, "rate": "z", "sales": rows}, DAY)) == [
        (None, "paid", "sales[1]", "`paid` is -1, outside its range: decimal(2) from 0 to 1,000"),
        (None, "at", "sales[1]", "`at` is 'x', which is no date"),
        (None, "sales", "sales[3]", "`sales[3]` is no mapping"),
        (None, "shop", "sales[4]", "`sales[4]` has no `shop`"),
        (None, "age", "s1", "`age` is 101, outside its range: integer from 0 to 100"),
        (None, "rate", "s1", "`rate` is 'z', which is no number"),
    ]


def test_a_frame(engine: tc.Engine) -> None:
    """Columns that are absent and of other types, together; values and keys, together."""
    strange = frame("rate", pa.array(["x"])).drop_columns(["word", "flag"])
    assert said(lambda: by_table(engine, strange)) == [
        (None, "flag", None, "the frame has no column `flag`"),
        (None, "word", None, "the frame has no column `word`"),
        (None, "rate", None, "`rate` is text, and number from 0 to 1 is expected"),
    ]
    rows = pa.concat_tables([frame("whole", pa.array([1001])), frame("rate", pa.array([2.0])), frame()])
    assert said(lambda: by_table(engine, rows)) == [
        (None, "whole", "a", "`whole` 1001 is outside its range: integer from 0 to 1,000"),
        (None, "rate", "a", "`rate` 2.0 is outside its range: number from 0 to 1"),
        (None, "k", "a", "3 rows of the frame have the key a"),
    ]


def test_a_table_beside_the_frame(engine: tc.Engine) -> None:
    """A table that is no frame of subjects is named."""
    twice = pa.concat_tables(
        [PRICES, pa.table({"word": ["v"], "price": pa.array([Decimal(11)], pa.decimal128(10, 2))})]
    )
    assert said(lambda: by_table(engine, frame(), tables={"prices": twice})) == [
        ("table `prices`", "price", "v", "`price` 11.00 is outside its range: money in CNY from 0 to 10"),
    ]


def test_files_of_text(files: tc.Engine, tmp_path: Path) -> None:
    """The first bad cell of every column, of every file."""
    (tmp_path / "shops.csv").write_text("shop,age,rate\ns1,old,0.5\ns2,older,high\n", "utf-8")
    (tmp_path / "orders.csv").write_text("id,shop,paid,at\no1,s1,9.999,2023-01-01\no2,s1,9,yesterday\n", "utf-8")
    assert said(lambda: files.run(tmp_path, tmp_path / "out", DAY, only="total")) == [
        ("shops.csv", "age", 2, "shops.csv:2: `age` is `old`, which is no integer (2 rows in all)"),
        ("shops.csv", "rate", 3, "shops.csv:3: `rate` is `high`, which is no number"),
        ("orders.csv", "paid", 2, "orders.csv:2: `paid` is `9.999`, which is no decimal(2)"),
        ("orders.csv", "at", 3, "orders.csv:3: `at` is `yesterday`, which is no date"),
    ]
    (tmp_path / "shops.csv").write_text("shopp,age\ns1,1\n", "utf-8")
    (tmp_path / "orders.csv").write_text("id,shop,paid,at\n", "utf-8")
    assert said(lambda: files.run(tmp_path, tmp_path / "out", DAY, only="total")) == [
        ("shops.csv", "shop", None, "shops.csv has no column `shop`"),
        ("shops.csv", "rate", None, "shops.csv has no column `rate`"),
    ]


def test_files_with_types(files: tc.Engine, tmp_path: Path) -> None:
    """Every column that is absent or of another type; then every one with a wrong value, with its file."""
    orders = pa.table({"id": ["o1"], "shop": ["s1"], "paid": [1.5], "at": pa.array([0], pa.date32())})
    parquet.write_table(orders, tmp_path / "orders.parquet")
    parquet.write_table(pa.table({"shop": [1], "age": ["x"]}), tmp_path / "shops.parquet")
    assert said(lambda: files.run(tmp_path, tmp_path / "out", DAY, only="total")) == [
        ("shops.parquet", "shop", None, "shops.parquet: `shop` is int64, and text is expected"),
        ("shops.parquet", "age", None, "shops.parquet: `age` is text, and integer is expected"),
        ("shops.parquet", "rate", None, "shops.parquet has no column `rate`"),
    ]
    parquet.write_table(pa.table({"shop": ["s1"], "age": [101], "rate": [1.5]}), tmp_path / "shops.parquet")
    assert said(lambda: files.run(tmp_path, tmp_path / "out", DAY, only="total")) == [
        ("shops.parquet", "age", "s1", "`age` 101 is outside its range: integer from 0 to 100"),
        ("shops.parquet", "rate", "s1", "`rate` 1.5 is outside its range: number from 0 to 1"),
    ]


def test_many_files_of_a_table(files: tc.Engine, tmp_path: Path) -> None:
    """What is wrong with a column is told of the first file; the others are counted."""
    (tmp_path / "shops.csv").write_text("shop,age,rate\ns1,1,0.5\n", "utf-8")
    (tmp_path / "orders").mkdir()
    for i in range(4):
        at = "yesterday" if i == 2 else "2023-01-01"
        (tmp_path / f"orders/{i}.csv").write_text(f"id,shop,paid,at\no{i},s1,x,{at}\n", "utf-8")
    assert [message for _, _, _, message in said(lambda: files.run(tmp_path, tmp_path / "out", DAY, only="total"))] == [
        "orders/0.csv:2: `paid` is `x`, which is no decimal(2) (and 3 more files)",
        "orders/2.csv:2: `at` is `yesterday`, which is no date",
    ]


def test_the_subjects_and_another_table(files: tc.Engine) -> None:
    """A key that is absent, wrong values, and what is wrong with the table beside it."""
    shops = pa.table({"age": [101], "rate": [0.5]})
    orders = pa.table({"shop": ["s1"], "paid": [-1.0], "at": pa.array([0], pa.date32())})
    assert said(lambda: files.score_table("total", shops, DAY, tables={"orders": orders})) == [
        (None, "shop", None, "the frame has no column `shop`"),
        (None, "age", "number 1", "`age` 101 is outside its range: integer from 0 to 100"),
        ("table `orders`", "id", None, "the table `orders` has no column `id`"),
        ("table `orders`", "paid", "number 1", "`paid` -1.0 is outside its range: decimal(2) from 0 to 1,000"),
    ]


def test_nothing_follows_from_something_else(files: tc.Engine) -> None:
    """What `known_as_of` and a broken row make absent is not told; nor what is wrong with who is not judged."""
    good = {"id": "o1", "shop": "s1", "paid": Decimal("9.99"), "at": "2023-05-30"}
    record = {"shop": "s1", "age": 1, "rate": 0.5, "sales": [{**good, "paid": -1}], "more": 1}
    wrong = [(None, "paid", "sales[0]", "`paid` is -1, outside its range: decimal(2) from 0 to 1,000")]
    wrong.append((None, "more", "s1", "the record has an unknown key `more`"))
    assert said(lambda: files.score("total", record, DAY)) == wrong
    assert said(lambda: files.score("total", record, DAY, known_as_of="2023-05-01")) == wrong
    unknown = {"shop": "s1", "age": 1, "rate": 0.5, "sales": [good], "more": 1}
    assert [each[1] for each in said(lambda: files.score("total", unknown, DAY, known_as_of=DAY))] == ["more"]
    young = {"shop": "s1", "age": 1, "city": None}
    message = "this subject is not judged: the rule set's `where` is not true for it"
    assert said(lambda: files.score("grown", young, DAY)) == [(None, None, "s1", message)]


def test_every_column_is_told(engine: tc.Engine) -> None:
    """However many there are, none is lost."""
    nothing = pa.table({name: pa.nulls(1, type_) for name, type_ in TYPES.items()})
    needed = [name for name in TYPES if not name.endswith("_q")]
    assert [column for _, column, _, _ in said(lambda: by_table(engine, nothing))] == needed
