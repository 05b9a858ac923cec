"""Formats that plugins read and write: used like our own, and one clear error for each way to be wrong."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

import trustcommerce as tc
from trustcommerce.builtin import core_registry
from trustcommerce.builtin.files import FILES
from trustcommerce.expansion.examples import try_example
from trustcommerce.expansion.formats import try_format
from trustcommerce.plugin import Output, Source
from trustcommerce.plugins.doctor import examined

DAY = "2023-05-18"
PACK = """pack: shop
tables:
  stores: {key: k, columns: {k: text, x: {type: integer, range: [0, 9]}}}
"""
RULES = "ruleset: shop\nsubject: {name: store, table: stores, key: k}\nvalues:\n  y: {value: x + 1}\n"
PLUGIN = '''"""Tab-separated text."""
import pyarrow as pa
from trustcommerce.plugin import DataError, Output, Source, hookimpl

__version__ = "2.0"

def read(path):
    BODY

def write(table, path):
    WRITE

def example(path):
    path.write_text("k\\tx\\na\\t4\\n")
    return {"k": ["a"], "x": ["4"]}

@hookimpl
def trustcommerce_sources():
    yield Source(suffix=".tsv", read=read, typed=False, line=lambda path, row: row + 2, doc="Tab-separated text.", example=example)

@hookimpl
def trustcommerce_outputs():
    yield Output(name="tsv", suffix=".tsv", write=write, doc="Tab-separated text.")
'''
BODY = """lines = [line.split("\\t") for line in path.read_text().splitlines()]
    return pa.table({name: pa.array([line[i] for line in lines[1:]], pa.string()) for i, name in enumerate(lines[0])})"""
WRITE = """rows = [table.column_names, *([str(each) for each in row.values()] for row in table.to_pylist())]
    path.write_text("".join("\\t".join(row) + "\\n" for row in rows))"""
Make = Callable[..., tc.Engine]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """An engine with the plugin, whose bodies may be others, and a folder of facts beside it."""
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts/stores.tsv").write_text("k\tx\na\t4\nb\t5\n", "utf-8")

    def made(body: str = BODY, write: str = WRITE, plugin: str = PLUGIN) -> tc.Engine:
        (tmp_path / "pack/rulesets").mkdir(parents=True, exist_ok=True)
        (tmp_path / "pack/pack.yaml").write_text(PACK, "utf-8")
        (tmp_path / "pack/rulesets/shop.yaml").write_text(RULES, "utf-8")
        (tmp_path / "tsv.py").write_text(plugin.replace("BODY", body).replace("WRITE", write), "utf-8")
        return tc.load(tmp_path / "pack", plugins=[str(tmp_path / "tsv.py")])

    return made


def test_read_and_written(make: Make, tmp_path: Path) -> None:
    """A run reads the one and writes the other; what is wrong in a file has its line."""
    engine = make()
    engine.run(tmp_path / "facts", tmp_path / "out", DAY, format="tsv")
    assert (tmp_path / "out/shop.tsv").read_text("utf-8") == "k\tx\ty\na\t4\t5\nb\t5\t6\n"
    (tmp_path / "facts/stores.tsv").write_text("k\tx\na\t4\nb\tfive\n", "utf-8")
    with pytest.raises(tc.DataError, match=r"stores\.tsv:3: .*five"):
        engine.run(tmp_path / "facts", tmp_path / "out", DAY)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise KeyError('k')", "plugin tsv 2.0: the source `.tsv` fails on stores.tsv: KeyError: 'k'"),
        ("return [1]", "plugin tsv 2.0: the source `.tsv` gives list on stores.tsv: an Arrow table is expected"),
    ],
)
def test_what_a_source_does_wrong(make: Make, tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(tc.PluginError) as found:
        make(body).run(tmp_path / "facts", tmp_path / "out", DAY)
    assert str(found.value) == said


def test_what_a_source_says_of_a_file(make: Make, tmp_path: Path) -> None:
    """Its own words, for the file is wrong and not the plugin."""
    with pytest.raises(tc.DataError, match="no tab in it"):
        make("raise DataError('no tab in it')").run(tmp_path / "facts", tmp_path / "out", DAY)


def test_a_format_that_fails(make: Make, tmp_path: Path) -> None:
    """Earlier output is kept."""
    make().run(tmp_path / "facts", tmp_path / "out", DAY, format="tsv")
    before = (tmp_path / "out/shop.tsv").read_bytes()
    with pytest.raises(
        tc.PluginError, match=r"plugin tsv 2\.0: the format `tsv` fails on shop\.tsv: ZeroDivisionError"
    ):
        make(write="1 / 0").run(tmp_path / "facts", tmp_path / "out", DAY, format="tsv")
    assert (tmp_path / "out/shop.tsv").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "instead", "said"),
    [
        ('suffix=".tsv", read', 'suffix="tsv", read', "has no suffix like `.txt`"),
        ("read=read, ", "", "says both or neither of `read` and `scan`"),
        ('suffix=".tsv", read', 'suffix=".csv", read', "gives the Source `.csv`, which the core gives already"),
    ],
)
def test_what_is_no_source(make: Make, text: str, instead: str, said: str) -> None:
    assert text in PLUGIN
    with pytest.raises(tc.PolicyError, match=r"plugin tsv 2\.0") as found:
        make(plugin=PLUGIN.replace(text, instead))
    assert said in str(found.value)


def test_a_table_beside_it(make: Make, tmp_path: Path) -> None:
    """The same engine reads whatever else there is."""
    rows = make().score_table("shop", pa.table({"k": ["a"], "x": [1]}), DAY).to_pylist()
    assert rows == [{"k": "a", "x": 1, "y": 2}]


@pytest.mark.parametrize("given", FILES, ids=lambda each: f"{type(each).__name__} {each.suffix}")
def test_examples_of_our_own_formats(given: Source | Output) -> None:
    assert try_format(given) == ()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            '"x": ["4"]',
            '"x": ["5"]',
            "the example of `.tsv` is read as {'k': ['a'], 'x': ['4']}, and {'k': ['a'], 'x': ['5']}",
        ),
        (
            '    path.write_text("k',
            '    raise OSError("gone")\n    path.write_text("k',
            "the example of `.tsv` fails: OSError: gone",
        ),
        (WRITE, "pass", "the example of `.tsv` is not written: there is no file for 2 rows"),
    ],
    ids=["another value", "raises", "no file"],
)
def test_examples_that_fail(make: Make, tmp_path: Path, before: str, after: str, said: str) -> None:
    """As `plugins doctor` tells it."""
    make()
    path = tmp_path / "tsv.py"
    assert examined(str(path), core_registry(), try_example).fine
    assert before in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")
    assert said in examined(str(path), core_registry(), try_example).text()
