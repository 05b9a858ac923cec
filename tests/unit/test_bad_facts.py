"""Bad rows of facts and bad numbers in their place: one DataError that names what is wrong, by record and by table."""

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

import trustcommerce as tc

PACK = """
pack: facts
version: 1
currency: CNY
tables:
  shops: {key: shop_id, columns: {shop_id: text, city: text}}
  orders:
    key: order_id
    time: paid_at
    columns:
      order_id: text
      shop_id: text
      buyer_id: text
      paid_at: timestamp
      shipped_at: timestamp?
      amount: {type: CNY, range: [0, 1000000000]}
      stars: {type: integer?, range: [1, 5]}
  appeals: {key: appeal_id, columns: {appeal_id: text, order_id: text}}
  buyers: {key: buyer_id, columns: {buyer_id: text, credit: {type: integer, range: [0, 100]}}}
  tiers: {key: tier, columns: {tier: integer, label: text}}
"""
SHOP = """
ruleset: shop
subject: {name: shop, table: shops, key: shop_id}
facts:
  sold:
    table: orders
    key: shop_id
    id: order_id
    exclude:
      appealed: {table: appeals, match: {order_id: order_id}}
references:
  buyer: {table: buyers, match: {buyer_id: buyer_id}, else: error}
metrics:
  orders: {count: sold, window: all}
  paid: {sum: amount, from: sold, window: all, unit: CNY}
  slow:
    ratio: {of: {count: sold, where: shipped_at is null, window: all}, to: {count: sold, window: all}}
    sample: any
  rating: {avg: stars, weight: buyer.credit, from: sold, window: all, sample: any}
"""
TIER = """
ruleset: tier
subject: {name: shop, table: shops, key: shop_id}
facts:
  sold: {table: orders, key: shop_id, id: order_id}
  granted: {ruleset: shop, key: shop_id, id: shop_id}
references:
  tier: {table: tiers, match: {tier: rated}, else: error}
metrics:
  granted_paid: {sum: paid, from: granted, window: all, unit: CNY}
  rated: {count: sold, where: stars is not null, window: all}
values:
  label: tier.label
"""
BUYER = """
ruleset: buyer
subject: {name: buyer, from: bought, key: buyer_id}
facts:
  bought: {table: orders, key: buyer_id, id: order_id, where: known.credit > 10}
references:
  known: {table: buyers, match: {buyer_id: buyer_id}, else: error}
metrics:
  orders: {count: bought, window: all}
"""
DAY = "2023-06-01"
ORDER: dict[str, Any] = {
    "order_id": "o1",
    "shop_id": "a",
    "buyer_id": "b1",
    "paid_at": dt.datetime(2023, 5, 1, 10),
    "shipped_at": None,
    "amount": Decimal("9.90"),
    "stars": 5,
}
RECORD: dict[str, Any] = {
    "shop_id": "a",
    "sold": [ORDER],
    "appealed": [],
    "buyer": [{"buyer_id": "b1", "credit": 50}],
}
NUMBERS: dict[str, Any] = {
    "shop_id": "a",
    "orders": 1,
    "paid": "9.90",
    "slow.of": 1,
    "slow.to": 1,
    "rating.sum": 250,
    "rating.weight": 50,
    "rating.rows": 1,
}
TYPES = {
    "order_id": pa.string(),
    "shop_id": pa.string(),
    "buyer_id": pa.string(),
    "paid_at": pa.timestamp("us"),
    "shipped_at": pa.timestamp("us"),
    "amount": pa.decimal128(12, 2),
    "stars": pa.int64(),
}
SHOPS = pa.table({"shop_id": ["a"], "city": ["x"]})
NONE = pa.array([], pa.string())


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> tc.Engine:
    """Shops judged by their orders; by a tier that the number of rated orders tells; buyers who stand in orders."""
    folder = tmp_path_factory.mktemp("facts")
    (folder / "rulesets").mkdir()
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    for name, text in {"shop": SHOP, "tier": TIER, "buyer": BUYER}.items():
        (folder / f"rulesets/{name}.yaml").write_text(text, "utf-8")
    return tc.load(folder)


def orders(*rows: Mapping[str, Any]) -> pa.Table:
    """Orders, the good one with other values."""
    return pa.table({n: pa.array([{**ORDER, **row}[n] for row in rows], type_) for n, type_ in TYPES.items()})


def tables(**changed: Any) -> dict[str, Any]:
    found = {
        "orders": orders({}),
        "appeals": pa.table({"appeal_id": NONE, "order_id": NONE}),
        "buyers": pa.table({"buyer_id": ["b1"], "credit": [50]}),
        "tiers": pa.table({"tier": [0, 1], "label": ["none", "one"]}),
    }
    return {name: rows for name, rows in {**found, **changed}.items() if rows is not None}


def refused(action: Callable[[], object], column: str | None, says: str) -> tc.DataError:
    with pytest.raises(tc.DataError, match=says) as caught:
        action()
    assert caught.value.ruleset == "shop"
    assert caught.value.column == column
    return caught.value


def without(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def test_good_rows_and_numbers(engine: tc.Engine) -> None:
    """Rows, the numbers that they give, nested numbers and tables say the same."""
    by_rows = engine.score("shop", RECORD, DAY)
    nested = {**without(NUMBERS, "slow.of", "slow.to"), "slow": {"of": 1, "to": 1}}
    tuples = {**RECORD, "sold": iter(RECORD["sold"]), "buyer": tuple(RECORD["buyer"])}
    for record in (NUMBERS, nested, tuples):
        assert engine.score("shop", record, DAY).values == by_rows.values
    row = engine.score_table("shop", SHOPS, DAY, tables=tables()).to_pylist()[0]
    assert {name: row[name] for name in by_rows.values} == dict(by_rows.values)
    assert (by_rows["orders"], by_rows["slow"], by_rows["rating"]) == (1, 1.0, 5.0)


def test_nothing_to_count(engine: tc.Engine) -> None:
    """An empty list is no rows: counts and sums are 0, ratios and means missing."""
    decision = engine.score("shop", {**RECORD, "sold": []}, DAY)
    assert [decision[name] for name in ("orders", "paid", "slow", "rating")] == [0, 0, None, None]


# -- rows


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("amount", None, "is missing, and money in CNY may not be"),
        ("amount", Decimal("9999999999"), "outside its range"),
        ("amount", Decimal(-1), "outside its range"),
        ("stars", 6, "outside its range: integer from 1 to 5"),
        ("shop_id", None, "is missing, and text may not be"),
        ("order_id", None, "is missing, and text may not be"),
        ("paid_at", None, "is missing, and timestamp may not be"),
    ],
)
def test_bad_values(engine: tc.Engine, column: str, value: Any, says: str) -> None:
    """Records and tables refuse the same value of a row, and name its column."""
    bad = {**ORDER, "order_id": "o2", column: value}
    error = refused(lambda: engine.score("shop", {**RECORD, "sold": [ORDER, bad]}, DAY), column, says)
    assert error.row == "sold[1]"
    rows = orders(ORDER, bad)
    error = refused(lambda: engine.score_table("shop", SHOPS, DAY, tables=tables(orders=rows)), column, says)
    assert error.row == "o2" or column == "order_id"


@pytest.mark.parametrize(
    ("column", "value"),
    [("amount", "ten"), ("amount", 9.905), ("stars", 4.5), ("stars", True), ("paid_at", "yesterday"), ("shop_id", 7)],
)
def test_wrong_types(engine: tc.Engine, column: str, value: Any) -> None:
    """A cell of another type is refused with the row that holds it."""
    record = {**RECORD, "sold": [{**ORDER, column: value}]}
    error = refused(lambda: engine.score("shop", record, DAY), column, "which is no ")
    assert (error.row, error.value) == ("sold[0]", value)


@pytest.mark.parametrize("column", sorted(ORDER))
def test_columns_that_are_absent(engine: tc.Engine, column: str) -> None:
    """Every column that is read stands in every row, those that may be missing too."""
    record = {**RECORD, "sold": [ORDER, without({**ORDER, "order_id": "o2"}, column)]}
    refused(lambda: engine.score("shop", record, DAY), column, rf"`sold\[1\]` has no `{column}`")
    rows = tables()["orders"].drop([column])
    says = f"the table `orders` has no column `{column}`"
    refused(lambda: engine.score_table("shop", SHOPS, DAY, tables=tables(orders=rows)), column, says)


@pytest.mark.parametrize("name", ["sold", "appealed", "buyer"])
@pytest.mark.parametrize("rows", [None, {}, "rows", 5, True, ORDER])
def test_rows_that_are_no_list(engine: tc.Engine, name: str, rows: Any) -> None:
    """Rows are a list, whatever they are for."""
    error = refused(lambda: engine.score("shop", {**RECORD, name: rows}, DAY), name, f"`{name}` must be a list of rows")
    assert error.value == rows


@pytest.mark.parametrize("row", [None, 5, "o1", [("order_id", "o1")]])
def test_rows_that_are_no_mappings(engine: tc.Engine, row: Any) -> None:
    """A row is a mapping."""
    record = {**RECORD, "sold": [ORDER, row]}
    error = refused(lambda: engine.score("shop", record, DAY), "sold", r"`sold\[1\]` is no mapping")
    assert error.row == "sold[1]"


@pytest.mark.parametrize(("name", "table"), [("appealed", "appeals"), ("buyer", "buyers")])
def test_rows_beside_those_of_the_fact(engine: tc.Engine, name: str, table: str) -> None:
    """Rows of a fact need the lists that they are compared with; tables need the tables."""
    says = f"the rows of `{name}` are needed beside those of the fact: a list, of table `{table}`"
    refused(lambda: engine.score("shop", without(RECORD, name), DAY), name, says)
    says = f"table `{table}` is needed and not given"
    refused(lambda: engine.score_table("shop", SHOPS, DAY, tables=tables(**{table: None})), None, says)


def test_tables_that_are_not_given(engine: tc.Engine) -> None:
    """A fact's table is needed unless its numbers stand in the subjects' columns."""
    says = "table `orders` is needed and not given"
    refused(lambda: engine.score_table("shop", SHOPS, DAY, tables=tables(orders=None)), None, says)
    numbers = {n: [Decimal(v) if n == "paid" else v] for n, v in NUMBERS.items()}
    given = engine.score_table("shop", pa.table({**numbers, "city": ["x"]}), DAY).to_pylist()
    assert given[0]["rating"] == 5.0
    refused(lambda: engine.score_table("shop", SHOPS, DAY, tables=tables(extra=SHOPS)), None, "no table `extra`")


@pytest.mark.parametrize(("name", "table"), [("sold", "orders"), ("appealed", "appeals"), ("buyer", "buyers")])
def test_the_same_key_twice(engine: tc.Engine, name: str, table: str) -> None:
    """No two rows have the same key, in records as in tables: a row counted twice would be a wrong score."""
    row = {"sold": ORDER, "appealed": {"appeal_id": "x", "order_id": "o9"}, "buyer": RECORD["buyer"][0]}[name]
    key = next(iter(row))
    error = refused(lambda: engine.score("shop", {**RECORD, name: [row, row]}, DAY), key, f"2 rows of `{name}` have")
    assert error.value == row[key]
    rows = pa.table({column: pa.array([value, value], TYPES.get(column)) for column, value in row.items()})
    says = f"2 rows of the table `{table}` have the key"
    refused(lambda: engine.score_table("shop", SHOPS, DAY, tables=tables(**{table: rows})), key, says)


def test_rows_of_exclusions_and_references(engine: tc.Engine) -> None:
    """They are held to their types as well."""
    bad = {**RECORD, "appealed": [{"appeal_id": "x", "order_id": None}]}
    assert refused(lambda: engine.score("shop", bad, DAY), "order_id", "is missing").row == "appealed[0]"
    bad = {**RECORD, "buyer": [{"buyer_id": "b1", "credit": 101}]}
    assert refused(lambda: engine.score("shop", bad, DAY), "credit", "outside its range").row == "buyer[0]"


def test_sums_that_are_too_large(engine: tc.Engine) -> None:
    """A sum beyond what is exact is refused by its name, never wrapped or rounded."""
    many = [{**ORDER, "order_id": f"o{i}", "amount": Decimal(10**9)} for i in range(10_001)]
    says = "the sum `paid.sum` is 1.0001e[+]13, beyond what is exact"
    refused(lambda: engine.score("shop", {**RECORD, "sold": many}, DAY), "paid.sum", says)
    error = refused(
        lambda: engine.score_table("shop", SHOPS, DAY, tables=tables(orders=orders(*many))), "paid.sum", says
    )
    assert error.row == "a"


# -- references that must match


def test_a_row_without_its_reference(engine: tc.Engine) -> None:
    """`else: error` holds for rows of facts: the row is named; those of unknown subjects are passed over."""
    says = "no row of `buyers` matches on buyer_id"
    refused(lambda: engine.score("shop", {**RECORD, "buyer": []}, DAY), "buyer", says)
    strange = {"order_id": "o2", "buyer_id": "b2"}
    rows = orders({}, {**strange, "shop_id": "unknown"})
    assert engine.score_table("shop", SHOPS, DAY, tables=tables(orders=rows)).to_pylist()[0]["orders"] == 1
    rows = orders({}, strange)
    error = refused(lambda: engine.score_table("shop", SHOPS, DAY, tables=tables(orders=rows)), "buyer", says)
    assert error.row == "sold o2"


def test_a_reference_in_the_rows_that_make_the_subjects(engine: tc.Engine) -> None:
    """Subjects that stand in a fact are not made of rows whose required reference is absent."""
    rows = orders({}, {"order_id": "o2", "buyer_id": "b2"})
    with pytest.raises(tc.DataError, match="no row of `buyers` matches on buyer_id") as caught:
        engine.score_table("buyer", None, DAY, tables=tables(orders=rows))
    assert (caught.value.ruleset, caught.value.column) == ("buyer", "known")


def test_a_reference_that_rests_on_the_second_fact(engine: tc.Engine) -> None:
    """The check computes what the match needs, whatever else the rule set measures."""
    granted = pa.table({"shop_id": ["a"], "paid": [Decimal("1.00")]})
    given = tables(shop=granted)
    assert engine.score_table("tier", SHOPS, DAY, tables=given).to_pylist()[0]["label"] == "one"
    given["tiers"] = given["tiers"].slice(0, 1)
    with pytest.raises(tc.DataError, match="no row of `tiers` matches on tier") as caught:
        engine.score_table("tier", SHOPS, DAY, tables=given)
    assert (caught.value.column, caught.value.row) == ("tier", "a")


# -- numbers


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("orders", None, "is missing, and integer may not be"),
        ("orders", -1, "outside its range: integer from 0"),
        ("orders", 1.5, "which is no integer"),
        ("orders", "many", "which is no integer"),
        ("orders", [1], "which is no integer"),
        ("slow.of", True, "which is no integer"),
        ("paid", "9.999", "which is no money in CNY"),
        ("rating.sum", "x", "which is no integer"),
        ("rating.rows", None, "is missing"),
    ],
)
def test_bad_numbers(engine: tc.Engine, name: str, value: Any, says: str) -> None:
    """Numbers in the place of rows are held to their types."""
    assert refused(lambda: engine.score("shop", {**NUMBERS, name: value}, DAY), name, says).value == value


@pytest.mark.parametrize("name", sorted(set(NUMBERS) - {"shop_id"}))
def test_numbers_that_are_absent(engine: tc.Engine, name: str) -> None:
    """A number that is not given is named, with the fact whose rows would give it."""
    error = refused(lambda: engine.score("shop", without(NUMBERS, name), DAY), name, f"the record has no `{name}`")
    assert error.hint == "give it, or the rows of `sold`"


def test_nested_numbers(engine: tc.Engine) -> None:
    """Numbers under a metric's name are named by both."""
    plain = without(NUMBERS, "slow.of", "slow.to")
    error = refused(lambda: engine.score("shop", {**plain, "slow": {"of": 1, "too": 1}}, DAY), "slow.to", "has no")
    assert error.hint == "did you mean `slow.too`?"
    extra = {**plain, "slow": {"of": 1, "to": 1, "by": 1}}
    refused(lambda: engine.score("shop", extra, DAY), "slow.by", "unknown key `slow.by`")
    refused(lambda: engine.score("shop", {**plain, "slow": 0.5}, DAY), "slow.of", "the record has no `slow.of`")


def test_rows_and_numbers_together(engine: tc.Engine) -> None:
    """What rows give is not given as a number too: one of them would be passed over unseen."""
    says = "the record holds `orders` and the rows of `sold`, of which it is made"
    error = refused(lambda: engine.score("shop", {**RECORD, "orders": 7}, DAY), "orders", says)
    assert error.value == 7
    refused(lambda: engine.score("shop", {**RECORD, "slow": {"of": 1, "to": 1}}, DAY), "slow.of", "holds `slow.of`")


def test_unknown_keys(engine: tc.Engine) -> None:
    """A key that is nothing's is named, with the one that may be meant."""
    error = refused(lambda: engine.score("shop", {**RECORD, "appeal": []}, DAY), "appeal", "unknown key `appeal`")
    assert error.hint == "did you mean `appealed`?"
    error = refused(lambda: engine.score("shop", {**NUMBERS, "order": 1}, DAY), "order", "unknown key `order`")
    assert error.hint == "did you mean `orders`?"
