"""`trustcommerce run`: the files it writes, what it says, and what it leaves when it fails."""

import json
from decimal import Decimal
from pathlib import Path

from pyarrow import csv, parquet

import trustcommerce as tc
from tests.acceptance.commands import DAY, FACTS, LINKAGE, Run, names
from tests.disk import fill, small_disk
from trustcommerce.replaced import replaced


def test_run_writes_parquet(cli: Run, facts: Path, tmp_path: Path) -> None:
    """One table a rule set, sorted by key, with types; and run.json says what was done."""
    out = tmp_path / "results/2023"
    said = cli("run", LINKAGE, "--facts", facts, "--out", out, "--as-of", DAY)
    assert "operator: 3 rows: 1 insufficient, 2 scored\n" in said
    assert "resource_linkage: 3 rows\n" in said
    assert names(tmp_path / "results") == [
        "2023",
        "2023/operator.parquet",
        "2023/resource_linkage.parquet",
        "2023/run.json",
    ]
    table = parquet.read_table(out / "operator.parquet")
    assert table.column("operator_id").to_pylist() == ["o1", "o2", "o3"]
    assert table.column("operator_score").to_pylist() == [80.0, 90.0, None]
    linked = parquet.read_table(out / "resource_linkage.parquet").to_pylist()
    assert [(row["traffic_weight"], row["subsidy_rate"], row["operator_band"]) for row in linked] == [
        (Decimal("1.2"), 0.05, "mid"),
        (Decimal("1.5"), 0.1, "high"),
        (Decimal("1.0"), 0.0, "none"),
    ]
    assert sorted(linked[1]["benefits"]) == ["fast_settlement", "home_page_slot", "live_coupon", "trust_badge"]
    report = json.loads((out / "run.json").read_text("utf-8"))
    engine = tc.load(LINKAGE)
    assert report["pack"] == "operator_linkage"
    assert {"meaning": report["meaning"], "source": report["source"]} == engine.digests
    assert (report["version"], report["as_of"], report["skipped"]) == ("2026.11", DAY, {})
    done = report["rulesets"]["operator"]
    assert done["statuses"] == {"operator_score": {"insufficient": 1, "scored": 2}}
    assert (done["file"], done["subjects"], done["rows"], done["not_judged"], done["shadow"]) == (
        "operator.parquet",
        3,
        3,
        0,
        False,
    )
    assert done["seconds"] >= 0
    assert report["seconds"] >= done["seconds"]


def test_run_writes_csv_and_json_lines(cli: Run, facts: Path, tmp_path: Path) -> None:
    """The other formats hold the same values; sets are joined in CSV and arrays in JSON."""
    for form in ("csv", "jsonl"):
        cli("run", LINKAGE, "--facts", facts, "--out", tmp_path / form, "--as-of", DAY, "--output", form)
        assert names(tmp_path / form) == [f"operator.{form}", f"resource_linkage.{form}", "run.json"]
    text = (tmp_path / "csv/resource_linkage.csv").read_text("utf-8").splitlines()
    assert text[0].startswith("operator_id,") or text[0].startswith('"operator_id",')
    table = csv.read_csv(tmp_path / "csv/resource_linkage.csv")
    lines = [json.loads(line) for line in (tmp_path / "jsonl/resource_linkage.jsonl").read_text("utf-8").splitlines()]
    assert [row["operator_id"] for row in lines] == table.column("operator_id").to_pylist() == ["o1", "o2", "o3"]
    assert [row["traffic_weight"] for row in lines] == table.column("traffic_weight").to_pylist() == [1.2, 1.5, 1.0]
    assert ["|".join(row["benefits"]) for row in lines] == table.column("benefits").to_pylist()
    assert lines[0]["campaign_admission"] is True


def test_run_as_json(cli: Run, facts: Path, tmp_path: Path) -> None:
    """`--format json` prints what run.json holds."""
    said = cli("run", LINKAGE, "--facts", facts, "--out", tmp_path / "out", "--as-of", DAY, "--format", "json")
    assert json.loads(said) == json.loads((tmp_path / "out/run.json").read_text("utf-8"))


def test_only_some_rule_sets(cli: Run, facts: Path, tmp_path: Path) -> None:
    """`--only` runs a rule set and those that it reads."""
    cli("run", LINKAGE, "--facts", facts, "--out", tmp_path / "a", "--as-of", DAY, "--only", "operator")
    assert names(tmp_path / "a") == ["operator.parquet", "run.json"]
    cli("run", LINKAGE, "--facts", facts, "--out", tmp_path / "b", "--as-of", DAY, "--only", "resource_linkage")
    assert names(tmp_path / "b") == ["operator.parquet", "resource_linkage.parquet", "run.json"]
    said = cli("run", LINKAGE, "--facts", facts, "--out", tmp_path / "c", "--as-of", DAY, "--only", "operators", code=1)
    assert "has no rule set `operators`\nhint: did you mean `operator`?" in said
    assert not (tmp_path / "c").exists()


def test_rule_sets_out_of_their_dates(cli: Run, facts: Path, pack: Path, tmp_path: Path) -> None:
    """Skipped and named with those that read them, in run.json too; an error when asked for by name."""
    path = pack / "rulesets/operator.yaml"
    path.write_text(path.read_text("utf-8").replace("\nsubject:", "\neffective: {from: 2023-06-01}\nsubject:"), "utf-8")
    command = ("run", pack, "--facts", facts, "--as-of", DAY, "--out")
    said = cli(*command, tmp_path / "out")
    reason = f"not in force on {DAY}: its dates are 2023-06-01 to open end"
    assert f"operator: skipped, {reason}\nresource_linkage: skipped, reads `operator`, which is skipped\n" in said
    report = json.loads((tmp_path / "out/run.json").read_text("utf-8"))
    assert report["rulesets"] == {}
    assert report["skipped"] == {"operator": reason, "resource_linkage": "reads `operator`, which is skipped"}
    assert reason in cli(*command, tmp_path / "a", "--only", "operator", code=1)
    assert f"reads `operator`, which is skipped: {reason}" in cli(
        *command, tmp_path / "b", "--only", "resource_linkage", code=1
    )
    assert names(tmp_path / "out") == ["run.json"]
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "b").exists()


def test_a_run_that_is_not_enforced_yet(cli: Run, facts: Path, pack: Path, tmp_path: Path) -> None:
    """Before `enforced` results are computed and marked as shadow."""
    path = pack / "rulesets/operator.yaml"
    dates = "\neffective: {from: 2023-05-01, enforced: 2023-06-01}\nsubject:"
    path.write_text(path.read_text("utf-8").replace("\nsubject:", dates), "utf-8")
    said = cli("run", pack, "--facts", facts, "--out", tmp_path / "out", "--as-of", DAY)
    assert "operator: 3 rows (shadow: not enforced yet): 1 insufficient, 2 scored\n" in said
    report = json.loads((tmp_path / "out/run.json").read_text("utf-8"))
    assert [report["rulesets"][name]["shadow"] for name in ("operator", "resource_linkage")] == [True, False]


def test_a_second_run_replaces_the_first(cli: Run, facts: Path, tmp_path: Path) -> None:
    """The folder holds one run at a time, whole."""
    out = tmp_path / "out"
    cli("run", LINKAGE, "--facts", facts, "--out", out, "--as-of", DAY)
    cli(
        "run", LINKAGE, "--facts", facts, "--out", out, "--as-of", "2023-05-19", "--only", "operator", "--output", "csv"
    )
    assert names(out) == ["operator.csv", "run.json"]
    assert names(tmp_path) == ["facts", "facts/operators.csv", "out", "out/operator.csv", "out/run.json"]


def test_a_failed_run_keeps_the_earlier_output(cli: Run, facts: Path, tmp_path: Path) -> None:
    """Bad data stops the run: nothing new appears, nothing old goes, no temporary folder stays."""
    out = tmp_path / "out"
    cli("run", LINKAGE, "--facts", facts, "--out", out, "--as-of", DAY)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    (facts / "operators.csv").write_text(FACTS.replace("o3,,", "o3,101,"), "utf-8")
    said = cli("run", LINKAGE, "--facts", facts, "--out", out, "--as-of", DAY, code=1)
    assert said == (
        "error: rule set `operator`, operators.csv, column `mean_product_score`, row `o3`: `mean_product_score` "
        "101.0000 is outside its range: points from 0 to 100\n"
    )
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["facts", "out"]


def test_what_a_killed_run_left_is_cleared(cli: Run, facts: Path, tmp_path: Path) -> None:
    """A half-written folder of a killed run goes; an output moved aside comes back when the next run fails."""
    out, half, aside = (tmp_path / name for name in ("out", ".trustcommerce-out", ".trustcommerce-out.old"))
    cli("run", LINKAGE, "--facts", facts, "--out", out, "--as-of", DAY)
    kept = names(out)
    out.rename(aside)
    half.mkdir()
    (half / "operator.parquet").write_bytes(b"half")
    cli(
        "run",
        LINKAGE,
        "--facts",
        facts,
        "--out",
        out,
        "--as-of",
        DAY,
        "--only",
        "resource_linkage",
        "--memory",
        "1KB",
        code=1,
    )
    assert names(out) == kept
    cli("run", LINKAGE, "--facts", facts, "--out", out, "--as-of", DAY)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["facts", "out"]


def test_folders_of_others_are_not_touched(cli: Run, facts: Path, tmp_path: Path) -> None:
    """Results never replace a folder that no run has made, nor a file."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("dear", "utf-8")
    command = ("run", LINKAGE, "--facts", facts, "--as-of", DAY, "--out")
    assert "was not made by a run" in cli(*command, mine, code=1)
    assert "is a file; the results need a folder" in cli(*command, mine / "letter.txt", code=1)
    assert names(mine) == ["letter.txt"]
    (tmp_path / "empty").mkdir()
    cli(*command, tmp_path / "empty")
    assert "run.json" in names(tmp_path / "empty")


def test_folders_that_hold_more_than_a_run_are_not_touched(cli: Run, facts: Path, tmp_path: Path) -> None:
    """A file called run.json makes no folder ours, nor does a run make ours what was put beside its results."""
    out = tmp_path / "out"
    command = ("run", LINKAGE, "--facts", facts, "--as-of", DAY, "--out", out)
    out.mkdir()
    for text in ("{}", "[]", '{"tool": "other"}', '{"rulesets": 5}', "no json"):
        (out / "run.json").write_text(text, "utf-8")
        assert "was not made by a run" in cli(*command, code=1)
    (out / "run.json").unlink()
    cli(*command)
    (out / "thesis").mkdir()
    (out / "letter.txt").write_text("dear", "utf-8")
    said = cli(*command, code=1)
    assert said == f"error: {out.as_posix()} holds letter.txt and 1 more, which no run made: move it elsewhere\n"
    assert {"letter.txt", "run.json", "operator.parquet"} <= {each.name for each in out.iterdir()}


def test_a_link_to_a_folder(cli: Run, facts: Path, tmp_path: Path) -> None:
    """What it leads to is replaced, and the link stays."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    cli("run", LINKAGE, "--facts", facts, "--as-of", DAY, "--out", tmp_path / "out")
    assert (tmp_path / "out").is_symlink()
    assert "run.json" in names(tmp_path / "disk")
    assert "is the root of all folders" in cli("run", LINKAGE, "--facts", facts, "--as-of", DAY, "--out", "/", code=1)


def test_runs_that_cannot_start(cli: Run, facts: Path, tmp_path: Path) -> None:
    """A missing pack, folder or file is one line on standard error."""
    out = ("--out", tmp_path / "out", "--as-of", DAY)
    assert "no such folder" in cli("run", tmp_path / "nothing", "--facts", facts, *out, code=1)
    assert "no such folder of facts" in cli("run", LINKAGE, "--facts", tmp_path / "nothing", *out, code=1)
    assert "no amount of memory" in cli("run", LINKAGE, "--facts", facts, *out, "--memory", "lots", code=1)
    (facts / "operators.csv").rename(facts / "operator.csv")
    assert "holds no file for table `operators`\nhint: did you mean `operator`?" in cli(
        "run", LINKAGE, "--facts", facts, *out, code=1
    )
    assert names(tmp_path) == ["facts", "facts/operator.csv"]


def test_two_runs_into_one_folder(cli: Run, facts: Path, tmp_path: Path) -> None:
    """The second is told so at once, and what the first has written stays and takes its place."""
    out = tmp_path / "out"
    command = ("run", LINKAGE, "--facts", facts, "--out", out, "--as-of", DAY)
    with replaced(out, "the results need", lambda folder: None) as half:
        (half / "operator.parquet").write_bytes(b"half")
        said = cli(*command, code=1)
        assert said == f"error: {out.as_posix()}: another process is writing it; wait until it is done\n"
        assert names(half) == ["operator.parquet"]
        (half / "run.json").write_text('{"rulesets": {"operator": {"file": "operator.parquet"}}}', "utf-8")
    assert names(out) == ["operator.parquet", "run.json"]
    cli(*command)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["facts", "out"]


def test_a_full_disk(cli: Run, facts: Path, tmp_path: Path) -> None:
    """One sentence, and the results of the day before are still there."""
    with small_disk(tmp_path / "disk") as disk:
        command = ("run", LINKAGE, "--facts", facts, "--out", disk / "out", "--as-of", DAY)
        cli(*command)
        before = {name: (disk / "out" / name).read_bytes() for name in names(disk / "out")}
        fill(disk)
        assert "No space left on device" in cli(*command, code=1)
        assert {name: (disk / "out" / name).read_bytes() for name in names(disk / "out")} == before
        assert sorted(each.name for each in disk.iterdir()) == ["filler", "out"]
