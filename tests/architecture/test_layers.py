"""Every module imports from lower layers only; heavy libraries stay out of `import trustcommerce`."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import trustcommerce

ROOT = Path(trustcommerce.__file__).parent
LAYERS = [
    {"codes"},
    {"diagnostics"},
    {"errors"},
    {"replaced", "pacing"},
    {"samples"},
    {"read"},
    {"language"},
    {"registry"},
    {"plugins"},
    {"schema"},
    {"expansion"},
    {"model"},
    {"plan"},
    {"run"},
    {"explain"},
    {"sources", "outputs"},
    {"builtin"},
    {"planning", "plugin"},
    {"basis"},
    {"decision"},
    {"left_over"},
    {"supply"},
    {"report"},
    {"job"},
    {"cluster"},
    {"gather"},
    {"written"},
    {"warehouse"},
    {"engine"},
    {"analysis"},
    {"testing"},
    {"cli"},
    {"__main__"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
MODULES = sorted(path for path in ROOT.rglob("*.py"))
LAZY = {
    ("engine", "job"),
    ("engine", "gather"),
    ("engine", "written"),
    ("engine", "warehouse"),
    ("engine", "cluster"),
    ("engine", "left_over"),
}


def _layer(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    """Layers that the module imports, wherever in it; what is for type checkers only is not run."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        names = (
            [node.module]
            if isinstance(node, ast.ImportFrom)
            else ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [])
        )
        for name in names:
            if name and name.startswith("trustcommerce."):
                found.add(name.split(".")[1])
    return found


def test_every_module_belongs_to_a_layer() -> None:
    """A new package or module is given its place in the order on purpose."""
    assert {_layer(path) for path in MODULES} - {"__init__", "py.typed"} == set(RANK)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    """Nothing is imported from the same layer's neighbours above, so that stages can be read in order."""
    mine = _layer(path)
    if mine == "__init__":
        return
    above = {name for name in _imports(path) if name in RANK and RANK[name] > RANK[mine]}
    assert above == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_above_400_lines(path: Path) -> None:
    """One idea a file."""
    assert len(path.read_text("utf-8").splitlines()) <= 400


def test_importing_the_package_loads_nothing_heavy() -> None:
    """`import trustcommerce` and `trustcommerce.load` leave the slow libraries for when they are needed."""
    code = (
        "import sys, trustcommerce as tc; tc.load; "
        "print([m for m in ('duckdb', 'pyarrow', 'numpy', 'sqlglot', 'jsonschema', 'pandas', 'pluggy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_in_run_knows_yaml_or_schemas() -> None:
    """Engines read plans and nothing else."""
    for path in (ROOT / "run").glob("*.py"):
        text = path.read_text("utf-8")
        assert not any(f"import {name}" in text for name in ("yaml", "jsonschema", "pluggy")), path.name


def test_public_names_are_what_all_says() -> None:
    """Every public name is there, and the list is sorted."""
    assert sorted(trustcommerce.__all__) == list(trustcommerce.__all__)
    for name in trustcommerce.__all__:
        assert getattr(trustcommerce, name) is not None
