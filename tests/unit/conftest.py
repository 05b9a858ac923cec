"""The engine of the pack with a column of every kind."""

import pytest

import trustcommerce as tc
from tests.unit.kinds import PACK, RULESET


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> tc.Engine:
    """A pack with a column of every type and a reference to a table."""
    folder = tmp_path_factory.mktemp("kinds")
    (folder / "rulesets").mkdir()
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "rulesets/kinds.yaml").write_text(RULESET, "utf-8")
    return tc.load(folder)
