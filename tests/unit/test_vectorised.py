"""Functions in Python over Arrow arrays: the same for records and tables, and one clear error for each way to be wrong."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

import trustcommerce as tc
from tests.parity.compare_facts import by_reference, by_table
from trustcommerce.builtin import core_registry
from trustcommerce.cli.main import group
from trustcommerce.expansion.examples import try_example
from trustcommerce.plugins.doctor import examined

DAY = dt.date(2023, 5, 18)
PACK = """pack: goods
tables:
  goods:
    key: k
    columns: {k: text, said: text?, n: {type: integer, range: [0, 100]}, since: date, at: timestamp, open: boolean}
  sales:
    key: i
    time: at
    columns: {i: {type: integer, range: [0, 1000]}, k: text, said: text, at: timestamp}
"""
PLUGIN = '''"""Functions for tests."""
import pyarrow as pa
import pyarrow.compute as pc
from trustcommerce.plugin import arrow_function, hookimpl

__version__ = "1.2"

def size(texts):
    assert texts.null_count == 0
    BODY

@hookimpl
def trustcommerce_functions():
    yield arrow_function(
        name="size", parameters=("text",), result="RESULT", compute=size, doc="Letters.", example=("size('abc')", 3)
    )
    yield arrow_function(
        name="scaled", parameters=("integer", "number"), result="number", doc="A product.",
        compute=lambda n, x: pc.multiply(pc.cast(n, pa.float64()), x), example=("scaled(2, 1.5)", 3.0),
    )
    yield arrow_function(
        name="after", parameters=("date", "timestamp", "boolean"), result="timestamp?", doc="The later of two.",
        compute=lambda day, at, on: pc.if_else(on, pc.max_element_wise(pc.cast(day, pa.timestamp("us")), at), None),
        example=("after(date '2023-05-01', timestamp '2023-05-02', true)", None),
    )
'''
BODY = "return pc.cast(pc.utf8_length(texts), pa.int64())"
RULES = """ruleset: random
subject: {name: good, table: goods, key: k}
facts: {sales: {table: sales, key: k, id: i}}
metrics:
  long_names: {count: sales, where: size(said) > 2, window: 30 days}
  letters: {sum: size(said), from: sales, window: 30 days}
values:
  letters_here: {value: size(said)}
  more: {value: "case when coalesce(size(said), 0) > 1 then scaled(n, 2.5) else scaled(n, 2) end"}
  later: {value: "after(since, at, open)"}
"""
ONE = """ruleset: random
subject: {{name: good, table: goods, key: k}}
values:
  v: {{value: "{}"}}
"""
"""A rule set with a value alone."""
TABLES = {
    "goods": pa.table(
        {
            "k": ["a", "b", "c"],
            "said": ["茶", None, "long"],
            "n": [1, 2, 3],
            "since": [dt.date(2023, 5, day) for day in (1, 2, 3)],
            "at": pa.array([dt.datetime(2023, 5, 2, 12)] * 3, pa.timestamp("us")),
            "open": [True, False, True],
        }
    ),
    "sales": pa.table(
        {
            "i": [1, 2, 3],
            "k": ["a", "a", "c"],
            "said": ["xyz", "x", "xyzz"],
            "at": pa.array([dt.datetime(2023, 5, 2)] * 3, pa.timestamp("us")),
        }
    ),
}
Make = Callable[..., tuple[Path, str]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A pack and a plugin in a file, the body and the result of whose first function may be others."""

    def made(body: str = BODY, result: str = "integer", rules: str = RULES, plugin: str = PLUGIN) -> tuple[Path, str]:
        folder = tmp_path / "pack"
        (folder / "rulesets").mkdir(parents=True, exist_ok=True)
        (folder / "pack.yaml").write_text(PACK, "utf-8")
        (folder / "rulesets/random.yaml").write_text(rules, "utf-8")
        (tmp_path / "sizes.py").write_text(plugin.replace("BODY", body).replace("RESULT", result), "utf-8")
        return folder, str(tmp_path / "sizes.py")

    return made


def place_of(file: Path, text: str) -> str:
    """Where a text stands first in a file, as errors say it."""
    before = file.read_text("utf-8").partition(text)[0]
    return f"{file.as_posix()}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _load(made: tuple[Path, str]) -> tc.Engine:
    return tc.load(made[0], plugins=[made[1]])


def test_records_and_tables(make: Make) -> None:
    """In values, in conditions of facts and inside aggregates; missing where an argument is."""
    engine = _load(make())
    rows = engine.score_table("random", None, DAY, tables=TABLES).to_pylist()
    names = ("long_names", "letters", "letters_here", "more", "later")
    assert {row["k"]: tuple(row[name] for name in names) for row in rows} == {
        "a": (1, 4, 1, 2.0, dt.datetime(2023, 5, 2, 12)),
        "b": (0, 0, None, 4.0, None),
        "c": (1, 4, 4, 7.5, dt.datetime(2023, 5, 3)),
    }
    given = {name: table.to_pylist() for name, table in TABLES.items()}
    assert by_reference(engine, "random", given, DAY) == by_table(engine, "random", TABLES, DAY)
    for row in rows:
        assert engine.score("random", row, DAY).values == {name: row[name] for name in row}


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "spark", "clickhouse", "snowflake"])
def test_statements_do_without(make: Make, dialect: str) -> None:
    """No database has the function: the refusal names it."""
    with pytest.raises(tc.DataError, match="can't call the function `size`, which is Python over Arrow arrays"):
        _load(make()).sql("random", dialect, DAY)


BROKEN = {
    "raises": ("raise KeyError('no size')", "integer", "fails: KeyError: 'no size'"),
    "longer": ("return pa.array([1, 2, 3, 4])", "integer", "gives 4 values for"),
    "no array": ("return [1]", "integer", "gives list, and an Arrow array is expected"),
    "another type": (
        "return pc.utf8_length(texts)",
        "integer",
        "gives an array of int32, and `integer` is declared: int64",
    ),
    "missing": ("return pa.nulls(len(texts), pa.int64())", "integer", "gives a missing value"),
    "infinite": ("return pa.array([1e308 * 10] * len(texts))", "number", "gives a number that is infinite or NaN"),
    "too large a double": ("return pa.array([1e16] * len(texts))", "number", "gives a number beyond"),
    "an exit": ("raise SystemExit(3)", "integer", "fails: SystemExit: 3"),
    "nothing said": ("assert False", "integer", "fails: AssertionError"),
    "too large": ("return pa.array([10**16] * len(texts))", "integer", "gives a number beyond"),
}


@pytest.mark.parametrize(("body", "result", "said"), BROKEN.values(), ids=BROKEN)
def test_what_a_function_does_wrong(make: Make, body: str, result: str, said: str) -> None:
    """The place, the plugin, its version and the function are named, of a record and of a table alike."""
    made = make(body, result, RULES.replace("  letters: {sum: size(said), from: sales, window: 30 days}\n", ""))
    engine, place = _load(made), place_of(made[0] / "rulesets/random.yaml", "size(")
    for judge in (
        lambda: engine.score_table("random", None, DAY, tables=TABLES),
        lambda: engine.score("random", {**TABLES["goods"].to_pylist()[0], "sales": []}, DAY),
    ):
        with pytest.raises(tc.PluginError) as found:
            judge()
        assert str(found.value).startswith(f"{place}: plugin sizes 1.2: the function `size` {said}")


def test_nothing_is_computed_when_rules_are_read(make: Make) -> None:
    """Constants as arguments wait for the run."""
    rules = ONE.format("size('ab')")
    engine = _load(make("raise RuntimeError('now')", rules=rules))
    with pytest.raises(tc.PluginError, match="now"):
        engine.score("random", TABLES["goods"].to_pylist()[0], DAY)
    folder, plugin = make("raise RuntimeError('now')", rules=rules)
    assert not tc.check(folder, plugins=[plugin])


def test_nothing_to_compute(make: Make) -> None:
    """Where an argument is missing in every row nothing is asked for; of nothing an array may have no type."""
    rules = ONE.format("size(said)")
    engine = _load(make("return pa.array([None for each in texts.to_pylist()])", "integer?", rules))
    goods = TABLES["goods"].set_column(1, "said", pa.nulls(3, pa.string()))
    for given in (TABLES, {**TABLES, "goods": goods}):
        rows = engine.score_table("random", None, DAY, tables=given).to_pylist()
        assert [row["v"] for row in rows] == [None] * 3


def test_what_python_can_not_hold(make: Make) -> None:
    """Bytes that are no text, moments of no year."""
    rules = ONE.format("size(said)")
    bad = "pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(bytes(4) + bytes([1, 0, 0, 0])), pa.py_buffer(bytes([255]))])"
    for body, result in ((f"return {bad}", "text"), ("return pa.array([2**62], pa.timestamp('us'))", "timestamp")):
        engine = _load(make(body, result, rules))
        with pytest.raises(tc.PluginError, match="no text of UTF-8, or no day"):
            engine.score_table("random", TABLES["goods"].slice(0, 1), DAY)
        with pytest.raises(tc.PluginError, match="no text of UTF-8, or no day"):
            engine.score("random", TABLES["goods"].to_pylist()[0], DAY)


def test_a_moment_for_a_date(make: Make) -> None:
    """Its day, for a record and a table alike."""
    rules = (
        "ruleset: random\nsubject: {name: good, table: goods, key: k}\nvalues: {v: {value: 'after(at, at, open)'}}\n"
    )
    engine = _load(make(rules=rules))
    rows = engine.score_table("random", TABLES["goods"], DAY).to_pylist()
    assert [row["v"] for row in rows] == [dt.datetime(2023, 5, 2, 12), None, dt.datetime(2023, 5, 2, 12)]
    for row in rows:
        values = engine.score("random", row, DAY).values
        assert values == {name: row[name] for name in values}


REFUSED: dict[str, tuple[str, str, str]] = {
    "its result": ('result="number", doc', 'result="money", doc', "has the result `money`"),
    "a parameter": ('parameters=("integer", "number")', 'parameters=("any", "number")', "takes ['any']"),
    "its name": ('name="scaled"', 'name="Scaled"', "a name that rules can't call"),
    "the core's": ('name="scaled"', 'name="floor"', "gives the Function `floor`, which the core gives already"),
    "a word": ('name="scaled"', 'name="coalesce"', "the name of a word of the rule language"),
    "its own twice": ('name="scaled"', 'name="size"', "gives the Function `size` twice"),
    "an example": ('example=("scaled(2, 1.5)", 3.0)', 'example="scaled"', "an example that is no pair"),
}


@pytest.mark.parametrize(("text", "instead", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_function(make: Make, text: str, instead: str, said: str) -> None:
    """A plugin that says something impossible is not loaded."""
    assert text in PLUGIN
    with pytest.raises(tc.PolicyError) as found:
        _load(make(plugin=PLUGIN.replace(text, instead)))
    assert said in str(found.value) and "plugin sizes 1.2" in str(found.value)


def test_what_rules_say_wrong(make: Make) -> None:
    """A call with too few values, or with another type, is an error in the rules."""
    calls = {"size()": "takes 1 value, not 0", "size(n)": "takes text here", "siez(said)": "did you mean `size`"}
    for call, said in calls.items():
        with pytest.raises(tc.PolicyError, match=said):
            _load(make(rules=ONE.format(call)))


def test_the_doctor(make: Make) -> None:
    """Examples are computed."""
    report = examined(make()[1], core_registry(), try_example)
    assert report.problems == ("the example of `after` gives datetime.datetime(2023, 5, 2, 0, 0), and None is said",)
    for example, said in {
        '("scaled(n, 1.5)", 3.0)': "the example of `scaled` does not call it with constants",
        '("floor(1.5)", 1)': "the example of `scaled` does not call it with constants",
        '("scaled(2)", 1)': "takes 2 values",
    }.items():
        plugin = PLUGIN.replace('("scaled(2, 1.5)", 3.0)', example)
        assert said in examined(make(plugin=plugin)[1], core_registry(), try_example).text()


def test_engines_are_pickled(make: Make) -> None:
    """As any other: the plugin is read again."""
    import pickle

    made: Any = pickle.loads(pickle.dumps(_load(make())))
    assert made.score_table("random", None, DAY, tables=TABLES).num_rows == 3


def test_a_case_that_meets_a_failure(make: Make) -> None:
    """It fails, and the others are tried."""
    body = "if 'bad' in texts.to_pylist(): raise ValueError('no way')\n    return pc.cast(pc.utf8_length(texts), pa.int64())"
    folder, plugin = make(body, rules=ONE.format("size(said)"))
    (folder / "tests").mkdir()
    (folder / "tests/random.yaml").write_text(
        "ruleset: random\nas_of: 2023-05-18\ninputs: {k: a}\ncases:\n"
        "  - {name: one, inputs: {said: bad}, expect: {v: 3}}\n"
        "  - {name: two, inputs: {said: good}, expect: {v: 4}}\n",
        "utf-8",
    )
    found = CliRunner().invoke(group, ["test", str(folder), "-p", plugin])
    place = place_of(folder / "rulesets/random.yaml", "v: {")
    assert found.exit_code == 1
    assert f"failed: {place}: plugin sizes 1.2: the function `size` fails: ValueError: no way" in found.output
    assert found.output.endswith("1 passed, 1 failed\n")
