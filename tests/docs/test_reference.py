"""The reference says what the code says: generated parts, public names, keys, codes."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import trustcommerce
from tests.docs.blocks import ROOT
from trustcommerce.builtin import core_registry
from trustcommerce.codes import CATALOGUE
from trustcommerce.language.types import TYPE_NAMES
from trustcommerce.schema import case_schema, pack_schema, ruleset_schema

REFERENCE = ROOT / "docs/reference"


def _quoted(*pages: str) -> set[str]:
    """Everything that stands in backquotes outside code blocks."""
    text = "\n".join((REFERENCE / page).read_text("utf-8") for page in pages)
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)))


def _keys(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties":
                yield from value
            yield from _keys(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _keys(item)


def test_generated_parts_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_generated_part_is_on_a_page() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    text = "".join(page.read_text("utf-8") for page in generate.pages())
    for name in generate.PARTS:
        assert text.count(f"<!-- generated: {name} -->") == text.count(f"<!-- end of {name} -->") == 1


def test_every_public_name_is_in_the_python_reference() -> None:
    page = (REFERENCE / "python.md").read_text("utf-8")
    words = set(re.findall(r"\w+", page))
    assert set(trustcommerce.__all__) <= words


@pytest.mark.parametrize("name", ["Engine", "Decision"])
def test_every_member_is_in_the_python_reference(name: str) -> None:
    members = {each for each in vars(getattr(trustcommerce, name)) if not each.startswith("_")}
    text = " ".join(_quoted("python.md"))
    assert members <= set(re.findall(r"\w+", text))


def test_every_argument_of_the_engine_is_in_the_python_reference() -> None:
    text = " ".join(_quoted("python.md"))
    for name in ("score", "score_table", "run", "record", "decide", "freeze", "inputs"):
        code = getattr(trustcommerce.Engine, name).__code__
        for argument in code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]:
            assert re.search(rf"\b{name}\([^`]*\b{argument}\b", text), f"{name}: {argument}"


def test_every_key_is_in_the_reference() -> None:
    schemas = (ruleset_schema(core_registry()), pack_schema(), case_schema())
    keys = {key for schema in schemas for key in _keys(schema)}
    said = set(re.findall(r"\w+", " ".join(_quoted("language.md", "pack.md"))))
    assert keys <= said, sorted(keys - said)


def test_every_value_of_a_key_is_in_the_reference() -> None:
    def values(schema: Any) -> Iterator[str]:
        if isinstance(schema, dict):
            yield from (str(value) for value in schema.get("enum", ()))
            for value in schema.values():
                yield from values(value)
        elif isinstance(schema, list):
            for item in schema:
                yield from values(item)

    said = set(re.findall(r"\w+", " ".join(_quoted("language.md"))))
    assert set(values(ruleset_schema(core_registry()))) <= said


def test_every_type_is_in_the_reference() -> None:
    said = set(re.findall(r"\w+", " ".join(_quoted("pack.md"))))
    assert {name.split("(")[0] for name in TYPE_NAMES} <= said


def test_every_code_is_in_the_reference_once() -> None:
    page = (REFERENCE / "diagnostics.md").read_text("utf-8")
    for code in CATALOGUE.values():
        assert page.count(f"### {code.number} {code.slug}\n") == 1
    assert page.count("\n### ") == len(CATALOGUE)
