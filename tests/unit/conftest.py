"""The engine of the pack with a column of every kind; the declaration of orders."""

import pytest

import trustcommerce as tc
from tests.unit import orders as order_files
from tests.unit.kinds import PACK, RULESET
from trustcommerce.model import TableSpec


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> tc.Engine:
    """A pack with a column of every type and a reference to a table."""
    folder = tmp_path_factory.mktemp("kinds")
    (folder / "rulesets").mkdir()
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "rulesets/kinds.yaml").write_text(RULESET, "utf-8")
    return tc.load(folder)


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> TableSpec:
    folder = tmp_path_factory.mktemp("pack")
    (folder / "rulesets").mkdir()
    (folder / "pack.yaml").write_text(order_files.PACK, "utf-8")
    (folder / "rulesets/shop.yaml").write_text(order_files.RULESET, "utf-8")
    return tc.load(folder).plan.pack.tables["orders"]
