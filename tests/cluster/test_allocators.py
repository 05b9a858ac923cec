"""Methods of pools in Python on Spark: what is shared here, and the plugin named when one fails."""

from pathlib import Path
from typing import Any

import pytest

import trustcommerce as tc
from tests.unit.test_allocators import DAY, PACK, PAIRS, PLUGIN, RULES
from tests.unit.test_vectorised import place_of


def _engine(folder: Path, body: str = "pass", rules: str = RULES) -> tc.Engine:
    (folder / "pack/rulesets").mkdir(parents=True)
    (folder / "pack/pack.yaml").write_text(PACK, "utf-8")
    (folder / "pack/rulesets/random.yaml").write_text(rules, "utf-8")
    (folder / "served.py").write_text(PLUGIN.replace("BODY", body), "utf-8")
    return tc.load(folder / "pack", plugins=[str(folder / "served.py")])


@pytest.mark.parametrize("rules", [RULES, RULES.replace("    within: coalesce(region, 'none')\n", "")])
def test_the_same(spark: Any, tmp_path: Path, rules: str) -> None:
    """With and without partitions, by a plugin that executors can't import."""
    engine = _engine(tmp_path, rules=rules)
    found = engine.run({"pairs": PAIRS}, None, DAY, spark=spark).frames["random"].collect()
    wanted = engine.score_table("random", PAIRS, DAY).to_pylist()
    assert {row["pair"]: (row["places"], row["more"]) for row in found} == {
        row["pair"]: (row["places"], row["more"]) for row in wanted
    }


def test_a_failure(spark: Any, tmp_path: Path) -> None:
    """One sentence, and no traceback of a worker."""
    engine = _engine(tmp_path, "raise KeyError('no room')")
    with pytest.raises(tc.PluginError) as found:
        engine.run({"pairs": PAIRS}, tmp_path / "out", DAY, spark=spark)
    place = place_of(tmp_path / "pack/rulesets/random.yaml", "method: served")
    assert str(found.value) == f"{place}: plugin served 1.2: the method `served` fails: KeyError: 'no room'"


def test_what_a_plugin_says_of_data(spark: Any, tmp_path: Path) -> None:
    engine = _engine(tmp_path, "from trustcommerce.plugin import DataError; raise DataError('too many pairs')")
    with pytest.raises(tc.DataError, match=r"^too many pairs$"):
        engine.run({"pairs": PAIRS}, tmp_path / "out", DAY, spark=spark)
