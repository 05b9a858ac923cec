"""Packs that are wrong: each folder of `cases/invalid` overlays `cases/base`, its diagnostics are kept beside it.

`removed.txt` in a case lists files of the base that the case does without.
"""

import shutil
from pathlib import Path

import pytest

import trustcommerce
from trustcommerce.codes import CATALOGUE

CASES = Path(__file__).parent.parent / "cases"
INVALID = sorted(path for path in (CASES / "invalid").iterdir() if path.is_dir())
NOT_OF_CHECK = {"TC604", "TC901"}  # of `test` and of runs


def build(case: Path, folder: Path) -> None:
    shutil.copytree(CASES / "base", folder)
    removed = case / "removed.txt"
    for name in removed.read_text(encoding="utf-8").split() if removed.exists() else ():
        (folder / name).unlink()
    for path in case.rglob("*"):
        if path.is_file() and path.name not in ("expected.txt", "removed.txt"):
            target = folder / path.relative_to(case)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)


def rendered() -> str:
    return "\n\n".join(map(str, trustcommerce.check("pack"))) + "\n"


def test_the_base_is_valid() -> None:
    assert trustcommerce.check(CASES / "base") == ()


@pytest.mark.parametrize("case", INVALID, ids=lambda path: path.name)
def test_diagnostics(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update_golden: bool) -> None:
    build(case, tmp_path / "pack")
    monkeypatch.chdir(tmp_path)
    found, expected = rendered(), case / "expected.txt"
    if update_golden:
        expected.write_text(found, encoding="utf-8", newline="\n")
    assert found == expected.read_text(encoding="utf-8")
    assert found.strip(), "the case is valid"


def test_every_code_has_a_case() -> None:
    texts = "".join((case / "expected.txt").read_text(encoding="utf-8") for case in INVALID)
    absent = {code.number for code in CATALOGUE.values() if f" {code.number} " not in texts}
    assert absent <= NOT_OF_CHECK


def test_a_link_out_of_the_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CASES / "base", tmp_path / "pack")
    monkeypatch.chdir(tmp_path)
    link = tmp_path / "pack/references/bands.csv"
    link.rename(tmp_path / "bands.csv")
    try:
        link.symlink_to(tmp_path / "bands.csv")
    except OSError:
        pytest.skip("links can't be made here")
    assert [found.code.number for found in trustcommerce.check("pack")] == ["TC501"]


def test_a_folder_that_does_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert rendered() == (
        "error TC101 unreadable-file: pack: no such folder\nhint: a pack is a folder with a pack.yaml\n"
    )


@pytest.mark.parametrize("upward", [True, False])
def test_a_long_chain_of_names_is_no_problem(tmp_path: Path, upward: bool) -> None:
    shutil.copytree(CASES / "base", tmp_path / "pack")
    links = [f"  v{i}: v{i - 1} + 1\n" for i in range(1, 500)]
    (tmp_path / "pack/rulesets/shop.yaml").write_text(
        "ruleset: shop\nsubject: {name: shop, table: shops, key: shop_id}\nvalues:\n  v0: orders\n"
        + "".join(links if upward else reversed(links))
    )
    assert trustcommerce.check(tmp_path / "pack") == ()
