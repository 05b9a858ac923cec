"""Packs broken at random: keys, values, structure, expressions, bytes."""

import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.unit.replacements import KEYS, PIECES, VALUES

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = {
    "tests/cases/base": 400,
    "tests/cases/valid/ratings": 80,
    "tests/cases/valid/attribution": 80,
    "tests/cases/valid/controllers": 80,
    "tests/cases/valid/account_health": 40,
    "policies/olist": 80,
    "policies/kuaishou": 10,
}
"""How often each pack is broken."""
PACKS = [ROOT / name for name in EXAMPLES]


@cache
def files(pack: Path) -> dict[str, bytes]:
    """The pack's own files by path, rule sets first; test cases and sample data are not read by `check`."""
    found = [*sorted(pack.glob("rulesets/*.yaml")), pack / "pack.yaml", *sorted(pack.glob("references/*.csv"))]
    return {path.relative_to(pack).as_posix(): path.read_bytes() for path in found}


def places(text: str) -> list[tuple[int, int]]:
    """Spans of words, numbers, runs of blanks and single signs."""
    found, start = [], 0
    for i in range(1, len(text) + 1):
        if i == len(text) or not (text[i - 1].isalnum() and text[i].isalnum()):
            found.append((start, i))
            start = i
    return found


@st.composite
def tokens_changed(draw: st.DrawFn, text: str) -> str:
    spans = places(text)
    if not spans:
        return draw(st.sampled_from(PIECES))
    start, end = draw(st.sampled_from(spans))
    other = slice(*draw(st.sampled_from(spans)))
    how = draw(st.sampled_from(["drop", "insert", "replace", "repeat", "move", "join"]))
    middle = {
        "drop": "",
        "insert": draw(st.sampled_from(PIECES)) + text[start:end],
        "replace": draw(st.sampled_from(PIECES)),
        "repeat": text[start:end] * 2,
        "move": text[other],
        "join": text[start:end] + text[other],
    }[how]
    return text[:start] + middle + text[end:]


@st.composite
def lines_changed(draw: st.DrawFn, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    i = draw(st.integers(0, len(lines) - 1))
    how = draw(st.sampled_from(["drop", "repeat", "indent", "outdent", "item", "blank", "swap", "cut", "value"]))
    if how == "swap":
        j = draw(st.integers(0, len(lines) - 1))
        lines[i], lines[j] = lines[j], lines[i]
    elif how == "value":
        key, colon, _ = lines[i].partition(": ")
        shown = yaml.safe_dump(draw(st.sampled_from(VALUES)), default_flow_style=True, allow_unicode=True).removesuffix(
            "...\n"
        )
        lines[i] = f"{key}{colon or ': '}{shown.strip()}\n"
    else:
        line = lines[i]
        lines[i] = {
            "drop": "",
            "repeat": line * 2,
            "indent": " " + line,
            "outdent": line[1:],
            "item": "- " + line,
            "blank": "\n",
            "cut": line[: len(line) // 2],
        }[how]
    return "".join(lines)


@st.composite
def tree_changed(draw: st.DrawFn, text: str) -> str:
    """Another tree in the place of a random one; keys dropped, renamed, given twice."""
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    nodes: list[Any] = []
    stack, seen = [tree], set()
    while stack:
        node = stack.pop()
        if isinstance(node, dict | list) and node and id(node) not in seen:
            seen.add(id(node))
            nodes.append(node)
            stack += node.values() if isinstance(node, dict) else node
    if not nodes:
        return text
    node, value = draw(st.sampled_from(nodes)), draw(st.sampled_from(VALUES))
    key = draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))
    how = draw(st.sampled_from(["replace", "drop", "rename", "add", "list", "mapping", "copy"]))
    if how == "drop":
        del node[key]
    elif how in ("list", "mapping"):
        node[key] = [node[key]] if how == "list" else {"value": node[key]}
    elif how == "copy":
        node[key] = copy.deepcopy(draw(st.sampled_from(nodes)))
    elif how == "rename" and isinstance(node, dict):
        node[draw(st.sampled_from(KEYS))] = node.pop(key)
    elif how == "add" and isinstance(node, dict):
        node[draw(st.sampled_from(KEYS))] = value
    else:
        node[key] = value
    try:
        return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)
    except RecursionError:
        return text


@st.composite
def bytes_changed(draw: st.DrawFn, data: bytes) -> bytes:
    start = draw(st.integers(0, len(data)))
    end = min(len(data), start + draw(st.integers(0, 12)))
    return data[:start] + draw(st.binary(max_size=8)) + data[end:]


@st.composite
def broken(draw: st.DrawFn, pack: Path) -> dict[str, bytes]:
    """The pack's files with one to three changes in one or two of them."""
    found = dict(files(pack))
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(list(found)))
        text = found[name].decode(errors="replace")
        how = draw(
            st.sampled_from([tokens_changed, tokens_changed, lines_changed, tree_changed, tree_changed, bytes_changed])
        )
        if how is bytes_changed or (how is tree_changed and not name.endswith(".yaml")):
            found[name] = draw(bytes_changed(found[name]))
        else:
            found[name] = draw(how(text)).encode(errors="replace")
    return found
