"""Methods of pools in Python: the same grants everywhere, claims for records, one clear error for each way to be wrong."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trustcommerce as tc
from tests.parity.compare_facts import by_reference, by_table
from tests.unit.test_vectorised import place_of
from trustcommerce.builtin import core_registry
from trustcommerce.expansion.examples import try_example
from trustcommerce.plugins.doctor import examined

DATE = dt.date(2023, 5, 18)
DAY = DATE.isoformat()
PACK = """pack: pairs
currency: CNY
tables:
  pairs:
    key: pair
    columns:
      pair: integer
      creator: text
      region: text?
      worth: {type: integer, range: [0, 1000]}
      room: {type: integer, range: [0, 1000]}
"""
PLUGIN = '''"""A method for tests: first come, first served, at most so many of a side."""
import pyarrow as pa
from trustcommerce.plugin import Allocator, hookimpl

__version__ = "1.2"

def serve(amount, claims):
    BODY
    left, taken, found = amount, {}, []
    for row in claims.to_pylist():
        taken.setdefault(row["side"], 0)
        grant = min(left, row["most"], row["side_most"] - taken[row["side"]])
        grant = max(grant, 0)
        taken[row["side"]] += grant
        left -= grant
        found.append(grant)
    return pa.array(found, pa.int64())

@hookimpl
def trustcommerce_allocators():
    yield Allocator(
        name="served",
        columns={"side": "group", "side_most": "units"},
        allocate=serve,
        doc="First come, first served.",
        example=(5, {"weight": [1, 1], "most": [4, 4], "side": ["a", "a"], "side_most": [4, 4]}, [4, 0]),
    )
'''
RULES = """ruleset: random
subject: {name: pair, table: pairs, key: pair}
pools:
  places:
    method: served
    amount: 10
    within: coalesce(region, 'none')
    among: worth > 0
    weight: worth
    at_most: 4
    side: creator
    side_most: room
values:
  more: {value: places * 2}
"""
PAIRS = pa.table(
    {
        "pair": [3, 2, 10, 30, 1, 4],
        "creator": ["b", "a", "a", "b", "c", "c"],
        "region": ["n", "n", "n", None, None, "n"],
        "worth": [5, 5, 0, 7, 2, 1],
        "room": [3, 9, 9, 9, 0, 9],
    }
)
Make = Callable[..., tuple[Path, str]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A pack and a plugin in a file."""

    def made(body: str = "pass", rules: str = RULES, plugin: str = PLUGIN) -> tuple[Path, str]:
        folder = tmp_path / "pack"
        (folder / "rulesets").mkdir(parents=True, exist_ok=True)
        (folder / "pack.yaml").write_text(PACK, "utf-8")
        (folder / "rulesets/random.yaml").write_text(rules, "utf-8")
        (tmp_path / "served.py").write_text(plugin.replace("BODY", body), "utf-8")
        return folder, str(tmp_path / "served.py")

    return made


def _load(made: tuple[Path, str]) -> tc.Engine:
    return tc.load(made[0], plugins=[made[1]])


def _said(made: tuple[Path, str]) -> list[str]:
    return [f"{each.code.slug} {each.message}" for each in tc.check(made[0], plugins=[made[1]])]


def test_tables_and_records(make: Make) -> None:
    """Partition by partition, in the order of keys; without a weight nothing; a record has its claim."""
    engine = _load(make())
    rows = engine.score_table("random", PAIRS, DAY).to_pylist()
    assert {row["pair"]: row["places"] for row in rows} == {2: 4, 10: 0, 3: 3, 4: 3, 30: 4, 1: 0}
    assert all(row["more"] == 2 * row["places"] for row in rows)
    claim = engine.score("random", PAIRS.to_pylist()[0], DAY).values
    assert claim["places.side"] == "b" and claim["places.side_most"] == 3 and "places" not in claim


def test_nobody_takes_part(make: Make) -> None:
    none = PAIRS.set_column(3, "worth", pa.array([0] * 6))
    assert set(_load(make()).score_table("random", none, DAY)["places"].to_pylist()) == {0}


def test_there_is_nothing_to_give(make: Make) -> None:
    """Nobody is asked then: not on days that are not the pool's, nor of an amount of nothing."""
    for rules in (
        RULES.replace("    amount: 10\n", "    amount: 0\n"),
        RULES.replace("    amount: 10\n", "    amount: 10\n    effective: {until: 2023-01-01}\n"),
    ):
        engine = _load(make("raise KeyError('asked')", rules))
        assert set(engine.score_table("random", PAIRS, DAY)["places"].to_pylist()) == {0}


_ROW = st.tuples(
    *(st.integers(0, 9), st.sampled_from("abc"), st.sampled_from([None, "n", "s"]), st.integers(0, 3)),
    st.integers(0, 9),
)


@given(rows=st.lists(_ROW, min_size=1, max_size=10, unique_by=lambda row: row[0]))
@settings(max_examples=25, deadline=None)
def test_the_reference_agrees(rows: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    """However rows lie, and on any number of threads."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "rulesets").mkdir()
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "rulesets/random.yaml").write_text(RULES, "utf-8")
    (folder / "served.py").write_text(PLUGIN.replace("BODY", "pass"), "utf-8")
    engine = _load((folder, str(folder / "served.py")))
    table = pa.Table.from_pylist([dict(zip(PAIRS.column_names, row, strict=True)) for row in rows], PAIRS.schema)
    wanted = by_reference(engine, "random", {"pairs": table.to_pylist()}, DATE)
    assert by_table(engine, "random", {"pairs": table}, DATE) == wanted


def test_statements_do_without(make: Make) -> None:
    with pytest.raises(tc.DataError) as found:
        _load(make()).sql("random", "duckdb", DAY)
    assert str(found.value).startswith(
        "a statement for DuckDB can't call the method `served` of a pool, which is Python"
    )


BROKEN = {
    "raises": ("raise KeyError('no room')", "fails: KeyError: 'no room'"),
    "exits": ("raise SystemExit", "fails: SystemExit"),
    "no array": ("return [1]", "gives list, and an Arrow array is expected"),
    "longer": ("return pa.array([1] * (claims.num_rows + 1))", "grants for"),
    "other": ("return pa.array([1.0] * claims.num_rows)", "gives an array of double, and whole numbers are expected"),
    "missing": ("return pa.nulls(claims.num_rows, pa.int64())", "gives a missing grant, and whole numbers"),
    "below": ("return pa.array([-1] * claims.num_rows)", "gives -1 to a claim of at most 4"),
    "above": ("return pa.array([5] * claims.num_rows)", "gives 5 to a claim of at most 4"),
    "too much": (
        "amount = 100; claims = claims.drop_columns(['side_most']).append_column('side_most', [[99] * claims.num_rows])",
        "of an amount of 10",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_methods(make: Make, case: str) -> None:
    """One error that names place, plugin, version and method."""
    body, said = BROKEN[case]
    rules = RULES.replace("    within: coalesce(region, 'none')\n", "")
    made = make(body, rules)
    place = place_of(made[0] / "rulesets/random.yaml", "method: served")
    with pytest.raises(tc.PluginError) as found:
        _load(made).score_table("random", PAIRS, DAY)
    assert str(found.value).startswith(f"{place}: plugin served 1.2: the method `served` ")
    assert said in str(found.value)


def test_what_a_plugin_says_of_data(make: Make) -> None:
    """Its own `DataError` goes through as it is."""
    body = "from trustcommerce.plugin import DataError; raise DataError('too many pairs')"
    with pytest.raises(tc.DataError, match=r"^too many pairs$"):
        _load(make(body)).score_table("random", PAIRS, DAY)


WRONG = {
    "method: serve\n": "unknown-name no method `serve`",
    "side: creator\n": "missing-key `places` does not say `side`",
    "side: region": "maybe-missing `side` may be missing, and nothing says what then",
    "side: worth / 2.5": "type-mismatch `side` is number",
    "side_most: creator": "type-mismatch `side_most` is text",
    "at_least: 1": "unknown-key `at_least` says nothing beside `method: served`",
    "reserve: {new: {among: worth > 3, amount: 1}}": "unknown-key `reserve` says nothing beside `method: served`",
    "sid: creator": "unknown-key unknown key `sid`",
}


@pytest.mark.parametrize("line", WRONG)
def test_mistakes_of_authors(make: Make, line: str) -> None:
    key = line.partition(":")[0]
    lines = [each for each in RULES.splitlines() if not each.strip().startswith(f"{key}:")]
    if line != "side: creator\n":
        lines.insert(lines.index("    amount: 10"), f"    {line.strip()}")
    assert any(each.startswith(WRONG[line]) for each in _said(make(rules="\n".join(lines) + "\n")))


def test_keys_of_a_method_say_nothing_elsewhere(make: Make) -> None:
    said = _said(make(rules=RULES.replace("method: served", "method: proportional")))
    assert "unknown-key `side` says nothing beside `method: proportional`" in said
    assert tc.check(make()[0])[0].message == "no method `served`"


RECORDS = {
    '"side": "group"': ('"weight": "group"', "has a column `weight`, which is something of every pool"),
    '"side_most": "units"': ('"side_most": "money"', "has a column `side_most` of kind 'money'"),
    "allocate=serve": ("allocate=3", "has nothing that allocates"),
    "[4, 0]),": ("[4, 0])[:2],", "has an example that is no amount with claims and grants"),
}


@pytest.mark.parametrize("before", RECORDS)
def test_records_that_are_wrong(make: Make, before: str) -> None:
    after, said = RECORDS[before]
    found = _said(make(plugin=PLUGIN.replace(before, after)))
    assert any(said in each for each in found), found


def test_the_doctor(make: Make) -> None:
    """The example is computed."""
    assert examined(make()[1], core_registry(), try_example).fine
    for before, after, said in (
        ("[4, 0]),", "[4, 1]),", "the example of `served` gives [4, 0], and [4, 1] is said"),
        ('"most": [4, 4], ', "", "the example of `served` has the columns weight, side, side_most"),
        ("BODY", "raise KeyError('x')", "the method `served` fails: KeyError"),
    ):
        plugin = PLUGIN.replace(before, after)
        assert said in examined(make(plugin=plugin)[1], core_registry(), try_example).text()


def test_the_meaning(make: Make) -> None:
    """Keys of a method are part of it."""
    digests = {
        _load(make(rules=RULES.replace("side_most: room", line))).digests["meaning"]
        for line in ("side_most: room", "side_most: worth")
    }
    assert len(digests) == 2
