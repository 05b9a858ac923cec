"""Decision tables in CSV files of their own: the same meaning, and diagnostics at their cells."""

from pathlib import Path

import pytest

import trustcommerce as tc

PACK = (
    "pack: p\ntables:\n  shops: {key: k, columns: {k: text, orders: {type: integer, range: [0, 1000]}, vip: boolean}}\n"
)
RULES = """\
ruleset: shop_tiers
subject: {name: shop, table: shops, key: k}
levels:
  tier:
    labels: [low, mid, high]
    table: {file: references/tiers.csv}
"""
TIERS = 'orders,vip,then\n"[500, 1000]",true,high\n>= 100,-,mid\n\nelse,low\n'


def _pack(folder: Path, tiers: str = TIERS, rules: str = RULES) -> Path:
    for name in ("rulesets", "references"):
        (folder / name).mkdir()
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "rulesets/shops.yaml").write_text(rules, "utf-8")
    (folder / "references/tiers.csv").write_text(tiers, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("orders", "vip", "tier"), [(500, True, "high"), (499, True, "mid"), (500, False, "mid"), (99, True, "low")]
)
def test_rows_decide_in_order(tmp_path: Path, orders: int, vip: bool, tier: str) -> None:
    """The first row whose cells hold gives the result; `-` is any value, the last row the rest."""
    engine = tc.load(_pack(tmp_path))
    assert engine.score("shop_tiers", {"k": "a", "orders": orders, "vip": vip}, "2023-05-18")["tier"] == tier


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        (">= 100", ">= many", "references/tiers.csv:3:4", "no name `many`"),
        ("mid", "middle", "references/tiers.csv:3:10", "no label and no name `middle`"),
        ('"[500, 1000]"', '"[1000, 500]"', "references/tiers.csv:2:", "begins above its end"),
        ("vip,then", "vap,then", "references/tiers.csv:1:8", "no name `vap`"),
        (">= 100,-,mid", ">= 100,mid", "references/tiers.csv:3:1", "2 cells under 3 columns"),
    ],
)
def test_what_is_wrong_is_marked_in_the_file(tmp_path: Path, old: str, new: str, place: str, says: str) -> None:
    """Diagnostics point at the cell of the CSV file."""
    found = [str(each) for each in tc.check(_pack(tmp_path, TIERS.replace(old, new, 1)))]
    assert any(place in text and says in text for text in found), found


@pytest.mark.parametrize(
    ("name", "slug"), [("references/tears.csv", "unknown-table"), ("../tiers.csv", "outside-pack")]
)
def test_the_file_lies_in_the_pack(tmp_path: Path, name: str, slug: str) -> None:
    """A file that is not there, or not in the pack, is an error at its name."""
    found = tc.check(_pack(tmp_path, rules=RULES.replace("references/tiers.csv", name)))
    assert [each.code.slug for each in found] == [slug]


def test_the_file_belongs_to_the_meaning(tmp_path: Path) -> None:
    """Another cell is another meaning."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = tc.load(_pack(tmp_path / "a")), tc.load(_pack(tmp_path / "b", TIERS.replace("100,-", "101,-")))
    assert first.digests["meaning"] != second.digests["meaning"]
