"""Names that authors give: each means itself alone, whatever the engine calls the numbers on the way."""

import datetime as dt

import pyarrow as pa
import pytest

from trustcommerce import codes
from trustcommerce.testing import Lab, lab

__all__ = ["lab"]

DAY = "2023-05-18"
PACK = """pack: names
tables:
  shops:
    key: id
    columns: {id: text, n: {type: integer, range: [0, 100]}, m: {type: integer?, range: [0, 10]}}
  orders:
    key: order_id
    time: at
    columns: {order_id: text, id: text, at: timestamp, w: {type: integer, range: [0, 100]}}
  rates:
    key: g
    columns: {g: text, rate: {type: integer, range: [0, 9]}}
"""
RULES = """ruleset: r
subject: {name: shop, table: shops, key: id}
references:
  rate: {table: rates, match: {g: id}, else: missing}
facts:
  sold:
    table: orders
    key: id
    columns: {double: w * 2}
    exclude:
      small: {when: w < 2}
metrics:
  total: {sum: double, from: sold, window: all}
values:
  found: coalesce(rate.rate, 0) + coalesce(total, 0)
scores:
  s:
    range: [0, 100]
    missing: insufficient
    applies: n > 1
    exceptions: [{when: n = 100, status: exempt}]
    parts:
      one: {weight: 1, value: n, missing: leave_out}
      other: {weight: 3, of: m, curve: [[0, 0], [10, 100]], missing: leave_out}
    deductions:
      much: {points: n, when: n > 6}
    limits:
      most: {when: n > 1, at_most: 60}
"""
SHOPS = pa.table({"id": ["a", "b", "c"], "n": [5, 7, 100], "m": pa.array([None, 3, 4], pa.int64())})


def scored(lab: Lab, name: str) -> tuple[list[list[object]], list[list[object]]]:
    """Every output by table and by record, with the first part called `name`."""
    columns = RULES[RULES.index("scores:") :].replace("one:", f"{name}:")
    engine = lab.engine(PACK, "ruleset: r\nsubject: {name: shop, table: shops, key: id}\n" + columns)
    table = [list(row.values()) for row in engine.score_table("r", SHOPS, DAY).to_pylist()]
    records = [list(engine.score("r", row, DAY).values.values()) for row in SHOPS.to_pylist()]
    for found in (table, records):
        for row in found:
            row[:] = [value for value in row if value != name.upper()]  # its reason code
    return table, records


@pytest.mark.parametrize(
    "name",
    [
        *("value", "mean", "weight", "total", "base", "applies", "exception", "insufficient", "key", "top", "lost"),
        *("limits", "of", "when_1", "in_1", "round_1", "shared", "late", "matched", "unexcluded", "sum", "rows"),
    ],
)
def test_a_part_may_have_any_name(lab: Lab, name: str) -> None:
    """The numbers on the way to a score can't be taken for it."""
    wanted = scored(lab, "anything")
    assert scored(lab, name) == wanted
    assert wanted[0][1][3:5] == [17.25, "scored"]


@pytest.mark.parametrize("name", ["status", "reason_1", "lost_3", "bonuses", "deductions", "Status"])
def test_parts_named_after_what_every_score_has(lab: Lab, name: str) -> None:
    """Their columns would be those of the score."""
    found = lab.problems(PACK, RULES.replace("one:", f"{name}:"))
    assert [(each.code, each.message) for each in found] == [
        (codes.DUPLICATE_NAME, f"`{name}` names something of every score")
    ]


@pytest.mark.parametrize(
    ("old", "new", "first", "second"),
    [
        ("n: {type: integer, range: [0, 100]},", "n: {type: integer, range: [0, 100]}, N: integer,", "n", "N"),
        ("  rates:\n", "  Orders: {columns: {x: text}}\n  rates:\n", "orders", "Orders"),
        ("{double: w * 2}", "{double: w * 2, Double: w}", "double", "Double"),
        ("{double: w * 2}", "{double: w * 2, W: w}", "w", "W"),
        ("      small: {when: w < 2}", "      small: {when: w < 2}\n      Small: {when: w < 3}", "small", "Small"),
        ("metrics:\n", "metrics:\n  Total: {count: sold}\n", "Total", "total"),
        ("values:\n", "values:\n  TOTAL: n\n", "total", "TOTAL"),
        ("values:\n", "values:\n  M: n\n", "m", "M"),
        ("      other:", "      One: {weight: 1, value: n}\n      other:", "one", "One"),
        ("      much:", "      Much: {points: 1, when: n > 6}\n      much:", "Much", "much"),
        ("      most:", "      Most: {when: n > 1, at_most: 50}\n      most:", "Most", "most"),
    ],
    ids=lambda each: str(each).strip()[:20],
)
def test_names_that_differ_in_case_only(lab: Lab, old: str, new: str, first: str, second: str) -> None:
    """Databases take them for one column, so they are refused wherever they become one."""
    pack, rules = PACK.replace(old, new), RULES.replace(old, new)
    assert (pack, rules) != (PACK, RULES)
    found = lab.problems(pack, rules)
    assert [(each.code, each.message) for each in found if each.code is codes.DUPLICATE_NAME] == [
        (codes.DUPLICATE_NAME, f"`{second}` and `{first}` differ in case only")
    ]


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("m: {type: integer?, range: [0, 10]}", "m: {type: integer?, range: [0, 10]}, __order: integer", "__order"),
        ("m: {type: integer?, range: [0, 10]}", "m: {type: integer?, range: [0, 10]}, s~mean: integer", "s~mean"),
        ("values:\n", "values:\n  __row: n\n", "__row"),
        ("{double: w * 2}", "{double: w * 2, __rows: w}", "__rows"),
    ],
)
def test_names_like_our_own(lab: Lab, old: str, new: str, name: str) -> None:
    """Two underscores begin the names of columns that statements make up."""
    found = lab.problems(PACK.replace(old, new), RULES.replace(old, new))
    assert [(each.code, each.message) for each in found] == [
        (codes.DUPLICATE_NAME, f"`{name}` is like the names that we make up")
    ]


def test_a_column_called_as_the_flag_of_a_reference(lab: Lab) -> None:
    """`rate.matched` tells whether there is a row."""
    found = lab.problems(PACK.replace("{g: text,", "{g: text, matched: integer,"), RULES)
    assert [(each.code, each.message) for each in found] == [
        (
            codes.DUPLICATE_NAME,
            "`rate.matched` tells whether there is a row, and `rates` has such a column",
        )
    ]


def test_the_rules_are_right(lab: Lab) -> None:
    """What the tests above break is fine before."""
    assert lab.problems(PACK, RULES) == ()


def test_a_reference_called_excluded(lab: Lab) -> None:
    """Whether a row is excluded is no column of it."""
    pack = PACK.replace("{g: text, rate: {type: integer, range: [0, 9]}}", "{g: text, small: boolean}")
    found = []
    for name in ("mark", "excluded"):
        rules = f"""ruleset: r
subject: {{name: shop, table: shops, key: id}}
references:
  {name}: {{table: rates, match: {{g: order_id}}, else: {{small: false}}}}
facts:
  sold: {{table: orders, key: id, where: not {name}.small, exclude: {{small: {{when: w < 5}}}}}}
metrics:
  total: {{sum: w, from: sold, window: all}}
"""
        tables = {
            "orders": pa.table(
                {"order_id": ["1", "2", "3"], "id": ["a"] * 3, "at": [dt.datetime(2023, 1, 1)] * 3, "w": [3, 40, 7]}
            ),
            "rates": pa.table({"g": ["1", "2"], "small": [False, True]}),
        }
        found.append(lab.engine(pack, rules).score_table("r", SHOPS, DAY, tables=tables)["total"].to_pylist())
    assert found == [[7, 0, 0]] * 2
