"""Plugins: found, asked for, loaded, and what is said of those that can't be used."""

import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner

import trustcommerce as tc
from trustcommerce.builtin import core_registry
from trustcommerce.cli.main import group
from trustcommerce.expansion.examples import try_example
from trustcommerce.plugins.doctor import examined
from trustcommerce.plugins.installed import installed
from trustcommerce.plugins.requests import ENVIRONMENT
from trustcommerce.testing import OutputSuite

GOOD = '''"""Tables as tab-separated text."""
from trustcommerce.plugin import Output, hookimpl

__version__ = "1.2"

def write(table, path):
    rows = ["\\t".join(map(str, row.values())) for row in table.to_pylist()]
    path.write_text("\\n".join(["\\t".join(table.column_names), *rows]) + "\\n", "utf-8")

@hookimpl
def trustcommerce_outputs():
    return [Output(name="tsv", suffix=".tsv", write=write, doc="Tab-separated text.")]
'''
PACK = "pack: shop\n{}tables:\n  stores: {{key: k, columns: {{k: text, x: {{type: integer, range: [0, 9]}}}}}}\n"
RULES = "ruleset: shop\nsubject: {name: store, table: stores, key: k}\nvalues:\n  y: x + 1\n"
Install = Callable[..., None]


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., Path]:
    """A pack that names plugins."""

    def made(*plugins: str) -> Path:
        folder = tmp_path / "pack"
        (folder / "rulesets").mkdir(parents=True, exist_ok=True)
        (folder / "pack.yaml").write_text(PACK.format(f"plugins: [{', '.join(plugins)}]\n" if plugins else ""))
        (folder / "rulesets/shop.yaml").write_text(RULES)
        return folder

    return made


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Distributions as an installer leaves them: modules, and entry points in their metadata."""
    before = set(sys.modules)
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def made(distribution: str, version: str, text: str, name: str = "tsv") -> None:
        module = distribution.replace("-", "_")
        (site / f"{module}.py").write_text(text, "utf-8")
        info = site / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[trustcommerce]\n{name} = {module}\n")

    yield made
    for name in set(sys.modules) - before:
        if name.endswith("_tables"):
            del sys.modules[name]


def _said(folder: Path, *plugins: str) -> list[str]:
    """Every problem: severity, message, hint."""
    found = tc.check(folder, plugins=plugins)
    return [f"{each.severity}: {each.message}" + (f" ({each.hint})" if each.hint else "") for each in found]


def _file(folder: Path, text: str) -> str:
    path = folder / "own.py"
    path.write_text(text, "utf-8")
    return str(path)


def test_a_plugin_that_the_pack_names(pack: Callable[..., Path], install: Install, tmp_path: Path) -> None:
    """Its format is there, its version in every result, and its name and version are those of the distribution."""
    install("shop-tables", "3.1", GOOD)
    engine = tc.load(pack("tsv"))
    stores = pa.table({"k": ["a"], "x": [4]})
    report = engine.run({"stores": stores}, tmp_path / "out", "2023-05-18", format="tsv")
    assert (tmp_path / "out/shop.tsv").read_text() == "k\tx\ty\na\t4\t5\n"
    assert report.as_dict()["plugins"] == {"tsv": "3.1"}
    assert engine.score("shop", {"k": "a", "x": 4}, "2023-05-18").header()["plugins"] == {"tsv": "3.1"}
    with pytest.raises(tc.DataError, match="no output format `tvs`"):
        engine.run({"stores": stores}, tmp_path / "out", "2023-05-18", format="tvs")


def test_engines_are_apart(pack: Callable[..., Path], tmp_path: Path) -> None:
    """What one engine loads no other has; a copy by pickle has it again."""
    path = _file(tmp_path, GOOD)
    with_it, without = tc.load(pack(), plugins=[path]), tc.load(pack())
    assert "tsv" in with_it.registry.outputs and "tsv" not in without.registry.outputs
    assert "tsv" not in core_registry().outputs
    copy = pickle.loads(pickle.dumps(with_it))
    assert "tsv" in copy.registry.outputs and copy.digests == with_it.digests


def test_versions_and_contents_are_part_of_the_meaning(pack: Callable[..., Path], tmp_path: Path) -> None:
    """A pack with another plugin, or the same with another line, is another pack."""
    folder = pack()
    digests = {tc.load(folder).digests["meaning"]}
    for text in (GOOD, GOOD.replace("1.2", "1.3"), GOOD + "# more\n"):
        digests.add(tc.load(folder, plugins=[_file(tmp_path, text)]).digests["meaning"])
    assert len(digests) == 4


def test_a_file_is_read_as_it_is_now(
    pack: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saved twice in a second, with as many characters; nothing is written beside it."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "tsv.py"
    for suffix in (".tsv", ".tab"):
        file.write_text(GOOD.replace('".tsv"', f'"{suffix}"'))
        os.utime(file, (1_000_000_000, 1_000_000_000))
        assert tc.load(pack(), plugins=[str(file)]).registry.outputs["tsv"].suffix == suffix
    assert not (tmp_path / "__pycache__").exists()


def test_two_distributions_with_one_name(pack: Callable[..., Path], install: Install) -> None:
    """Both are named, and how to say which; the longer spelling tells them apart."""
    install("first-tables", "1.0", GOOD)
    install("other-tables", "2.0", GOOD)
    assert _said(pack("tsv")) == [
        "error: first-tables 1.0 and other-tables 2.0 both give a plugin `tsv` "
        "(write `first-tables:tsv` or `other-tables:tsv`)"
    ]
    assert tc.load(pack("other-tables:tsv")).plan.plugin_versions == {"tsv": "2.0"}


def test_plugins_that_are_not_wanted(
    pack: Callable[..., Path], install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`no:NAME` takes back what the pack, or the environment, asks for."""
    install("shop-tables", "3.1", GOOD)
    assert tc.load(pack("tsv"), plugins=["no:tsv"]).plan.plugins == ()
    monkeypatch.setenv(ENVIRONMENT, "tsv")
    assert tc.load(pack()).plan.plugin_versions == {"tsv": "3.1"}
    assert tc.load(pack(), plugins=["no:tsv"]).plan.plugins == ()


def test_a_broken_plugin_that_only_the_environment_asks_for(
    pack: Callable[..., Path], install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pack loads without it, with a warning."""
    install("shop-tables", "3.1", "import nothing_of_this_name\n")
    monkeypatch.setenv(ENVIRONMENT, "tsv")
    engine = tc.load(pack())
    assert [each.severity for each in engine.warnings] == ["warning"]
    assert "plugin tsv 3.1 can't be imported: ModuleNotFoundError" in engine.warnings[0].message
    assert engine.plan.plugins == ()


HOOK = "from trustcommerce.plugin import Output, hookimpl\n@hookimpl\ndef trustcommerce_outputs():\n"
BROKEN = {
    "import": ("1 / 0\n", r"plugin .*own.py can't be imported: ZeroDivisionError: division by zero"),
    "syntax": ("def f(:\n", r"plugin .*own.py can't be imported: SyntaxError: invalid syntax"),
    "in a hook": (
        f"{HOOK}    raise RuntimeError('closed') from KeyError('licence')\n",
        r"plugin own 0: `trustcommerce_outputs` fails: KeyError: 'licence'",
    ),
    "late": (f"{HOOK}    yield from ()\n    raise OSError('gone')\n", r"`trustcommerce_outputs` fails: OSError: gone"),
    "record": (f"{HOOK}    return ['tsv']\n", r"`trustcommerce_outputs` gives str, and Output is expected"),
    "nothing": (f"{HOOK}    pass\n", r"`trustcommerce_outputs` gives NoneType, and Output is expected"),
    "argument": (
        HOOK.replace("outputs()", "outputs(table)") + "    return []\n",
        r"plugin own 0: .*trustcommerce_outputs.*",
    ),
    "mistyped": (
        HOOK.replace("_outputs", "_output") + "    return []\n",
        r"there is no hook `trustcommerce_output` \(did you mean `trustcommerce_outputs`\?\)",
    ),
    "newer": (
        HOOK.replace("trustcommerce_outputs", "trustcommerce_forecasts") + "    return []\n",
        rf"there is no hook `trustcommerce_forecasts` \(this is trustcommerce {tc.__version__}, whose hooks are .*\)",
    ),
    "unmarked": (
        "def trustcommerce_outputs():\n    return []\n",
        r"`trustcommerce_outputs` is not marked as a hook \(put `@hookimpl` above it\)",
    ),
    "none": ("x = 1\n", r"plugin own 0 has no hook"),
    "clash": (
        f"{HOOK}    return [Output(name='csv', suffix='.csv', write=print, doc='Mine.')]\n",
        r"plugin own 0 gives the Output `csv`, which the core gives already",
    ),
}


@pytest.mark.parametrize(("text", "says"), BROKEN.values(), ids=BROKEN)
def test_broken_plugins(pack: Callable[..., Path], tmp_path: Path, text: str, says: str) -> None:
    """One error each, which names plugin and hook; the pack's other problems are told beside it."""
    (problem,) = _said(pack(), _file(tmp_path, text))
    assert problem.startswith("error: ")
    assert re.search(says, problem), problem


def test_two_plugins_that_give_the_same(pack: Callable[..., Path], install: Install, tmp_path: Path) -> None:
    """The second one's error names the first."""
    install("shop-tables", "3.1", GOOD)
    (problem,) = _said(pack("tsv"), _file(tmp_path, GOOD))
    assert problem in (
        "error: plugin tsv 3.1 gives the Output `tsv`, which plugin own 1.2 gives already",
        "error: plugin own 1.2 gives the Output `tsv`, which plugin tsv 3.1 gives already",
    )


def test_two_files_with_one_name(pack: Callable[..., Path], tmp_path: Path) -> None:
    """Results tell plugins by their names."""
    (tmp_path / "other").mkdir()
    first, second = _file(tmp_path, GOOD), _file(tmp_path / "other", GOOD.replace('name="tsv"', 'name="more"'))
    assert Path(first).name == Path(second).name
    (problem,) = _said(pack(), first, second)
    one, two = sorted([first, second])
    hint = "rename the file: results tell plugins by their names"
    assert problem == f"error: two plugins are called `own`: {one} and {two} ({hint})"


def test_a_file_that_a_pack_names(pack: Callable[..., Path], tmp_path: Path) -> None:
    """Whoever runs a pack says which files run with it."""
    file = _file(tmp_path, GOOD)
    (problem,) = _said(pack(f'"{file}"'))
    said = f"error: a pack names plugins that are installed, and `{file}` is a file"
    assert problem == f"{said} (an option gives a file: `-p FILE.py`)"


def test_a_file_without_its_ending(pack: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _file(tmp_path, GOOD)
    monkeypatch.chdir(tmp_path)
    (problem,) = _said(pack(), "own")
    assert problem == "error: no plugin `own` is installed (a file is given by its path: `own.py`)"


def test_a_plugin_that_is_asked_for_twice(pack: Callable[..., Path], install: Install) -> None:
    install("shop-tables", "3.1", GOOD)
    (problem,) = _said(pack("tsv", "shop-tables:tsv"))
    assert problem == "error: plugin tsv 3.1 is asked for twice, as `tsv` too"


def test_what_is_installed_is_known_without_importing(install: Install, tmp_path: Path) -> None:
    """A plugin that would fail is listed like any other."""
    install("shop-tables", "3.1", "1 / 0\n")
    assert [(each.name, each.qualified, each.version) for each in installed() if each.name == "tsv"] == [
        ("tsv", "shop-tables:tsv", "3.1")
    ]


def test_the_doctor(tmp_path: Path) -> None:
    """It tells what a plugin brings, what has no documentation, and what is wrong."""
    path = _file(tmp_path, "import iniconfig\n" + GOOD.replace('doc="Tab-separated text."', 'doc=""'))
    found = examined(path, core_registry(), try_example)
    assert found.seconds is not None and found.brings == ("iniconfig",)
    assert found.undocumented == ("Output tsv",) and not found.fine
    broken = examined(_file(tmp_path, "1 / 0\n"), core_registry(), try_example)
    assert broken.plugin is None and "ZeroDivisionError" in broken.text()


def test_packs_without_plugins_do_not_import_pluggy(pack: Callable[..., Path]) -> None:
    """Who has no plugins waits for none."""
    code = f"import sys, trustcommerce as tc; tc.load({str(pack())!r}); print('pluggy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_new_plugin(tmp_path: Path) -> None:
    """Its tests pass as they are written, and it is fine; it is not written over another."""
    out = tmp_path / "trustcommerce-repeat-buyers"
    done = CliRunner().invoke(group, ["plugins", "new", "repeat-buyers", "--out", str(out)])
    assert done.exit_code == 0, done.output
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(out)],
        cwd=out,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert found.returncode == 0, found.stdout
    assert "6 passed" in found.stdout
    again = CliRunner().invoke(group, ["plugins", "new", "repeat-buyers", "--out", str(out)])
    assert again.exit_code == 1
    assert "is not empty" in str(again.exception)
    named = CliRunner().invoke(group, ["plugins", "new", "Repeat Buyers", "--out", str(tmp_path / "x")])
    assert named.exit_code == 1
    assert "is no name of a plugin" in str(named.exception)


class TestTsv(OutputSuite):
    """A format of results, by the suite that every plugin's author may inherit."""

    plugin = str(Path(__file__).parent / "tsv_plugin.py")
    format = "tsv"
