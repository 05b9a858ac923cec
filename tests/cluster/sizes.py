"""The pack whose functions are Python, in a folder, and its results by key."""

from pathlib import Path
from typing import Any

import trustcommerce as tc
from tests.parity.compare import bits
from tests.unit.test_vectorised import BODY, PACK, PLUGIN, RULES

__all__ = ["by_key", "engine_of"]


def engine_of(folder: Path, rules: str = RULES, body: str = BODY, plugin: str = PLUGIN, pack: str = PACK) -> tc.Engine:
    (folder / "pack/rulesets").mkdir(parents=True)
    (folder / "pack/pack.yaml").write_text(pack, "utf-8")
    (folder / "pack/rulesets/random.yaml").write_text(rules, "utf-8")
    (folder / "sizes.py").write_text(plugin.replace("BODY", body).replace("RESULT", "integer"), "utf-8")
    return tc.load(folder / "pack", plugins=[str(folder / "sizes.py")])


def by_key(rows: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {row["k"]: {name: bits(value) for name, value in row.items()} for row in rows}
