"""The other commands as users see them: what is printed and the exit codes."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pytest
from pyarrow import parquet

import trustcommerce as tc
from tests.acceptance.commands import COLUMNS, DAY, KUAISHOU, LINKAGE, RECORD, ROOT, SEEDS, VALID, Run, names, process
from trustcommerce.analysis.cases import value
from trustcommerce.diagnostics import Problems, display_width
from trustcommerce.read import read_pack

# -- check


def test_check(cli: Run, pack: Path) -> None:
    """Exit 0 without errors, 1 with; text with places, or JSON."""
    assert cli("check", LINKAGE, KUAISHOU) == f"{LINKAGE}: fine\n{KUAISHOU}: fine\n"
    assert json.loads(cli("check", LINKAGE, "--format", "json")) == []
    path = pack / "rulesets/operator.yaml"
    path.write_text(
        path.read_text("utf-8").replace("value: goods", "value: good").replace("weight: 30", "weight: 0"), "utf-8"
    )
    said = cli("check", pack, LINKAGE, code=1)
    assert f"{path}:" in said
    assert "error TC203 unknown-name" in said
    assert "error TC412 bad-weight" in said
    assert said.endswith(f"{LINKAGE}: fine\n")
    found = json.loads(cli("check", pack, "--format", "json", code=1))
    assert {"TC203", "TC412"} <= {each["code"] for each in found}
    assert all(each["severity"] in ("error", "warning") and each["message"] for each in found)


def test_packs_with_errors_do_not_run(cli: Run, facts: Path, pack: Path, tmp_path: Path) -> None:
    """Every other command shows the same diagnostics and ends with 1."""
    path = pack / "rulesets/operator.yaml"
    path.write_text(path.read_text("utf-8").replace("points: 5", "point: 5"), "utf-8")
    for command in (
        ["run", pack, "--facts", facts, "--out", tmp_path / "out", "--as-of", DAY],
        ["test", pack],
        ["inputs", pack, "operator"],
        ["explain", pack, "operator", "o1", "--facts", facts, "--as-of", DAY],
    ):
        said = cli(*command, code=1)
        assert "error TC201 unknown-key" in said
        assert "1 error\n" in said
    assert not (tmp_path / "out").exists()


# -- score


def _write(path: Path, data: Any) -> Path:
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return path


def test_score_of_one_record(cli: Run, tmp_path: Path) -> None:
    """A JSON object is judged and shown in a few lines."""
    source = _write(tmp_path / "one.json", RECORD)
    said = cli("score", LINKAGE, "operator", "--input", source, "--as-of", DAY)
    assert said.splitlines()[:3] == [
        f"o1  (operator, {DAY})",
        "  operator_score: 80 (scored)",
        "    CONTENT -9  Good content",
    ]
    zh = cli("score", LINKAGE, "operator", "--input", source, "--as-of", DAY, "--lang", "zh")
    assert "    CONTENT -9  优质内容" in zh.splitlines()


def test_score_forms_of_input(cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One object, a list, JSON lines, a file printed over lines and standard input give the same decisions."""
    second = {**RECORD, "operator_id": "o2", "mean_product_score": 90.5}
    both = [RECORD, second]
    sources = [
        _write(tmp_path / "list.json", both),
        _write(tmp_path / "pretty.json", json.dumps(both, indent=2)),
        _write(tmp_path / "lines.jsonl", "\n".join(map(json.dumps, both)) + "\n\n"),
        _write(tmp_path / "mark.jsonl", "\ufeff" + "\n".join(map(json.dumps, both))),
    ]
    said = {cli("score", LINKAGE, "operator", "--input", each, "--as-of", DAY, "--format", "json") for each in sources}
    assert len(said) == 1
    found = [json.loads(line) for line in said.pop().splitlines()]
    assert [(each["key"], each["values"]["operator_score"]) for each in found] == [(["o1"], 80.0), (["o2"], 84.2)]
    assert found[0]["as_of"] == DAY
    monkeypatch.setattr("sys.stdin", sources[2].open(encoding="utf-8"))
    piped = cli("score", LINKAGE, "operator", "--input", "-", "--as-of", DAY, "--format", "json")
    sys.stdin.close()
    assert [json.loads(line) for line in piped.splitlines()] == found


def test_score_of_tables(cli: Run, facts: Path, tmp_path: Path) -> None:
    """CSV and Parquet are judged as tables, a JSON object a row."""
    said = cli("score", LINKAGE, "operator", "--input", facts / "operators.csv", "--as-of", DAY)
    rows = [json.loads(line) for line in said.splitlines()]
    assert [(row["operator_id"], row["operator_score"]) for row in rows] == [("o2", 90.0), ("o1", 80.0), ("o3", None)]
    path = tmp_path / "operators.parquet"
    parquet.write_table(
        pa.table(
            {name: [value] for name, value in RECORD.items() if "mean" not in name}
            | {name: pa.array([value], pa.float64()) for name, value in RECORD.items() if "mean" in name}
        ),
        path,
    )
    rows = [
        json.loads(line) for line in cli("score", LINKAGE, "operator", "--input", path, "--as-of", DAY).splitlines()
    ]
    assert [(row["operator_id"], row["operator_score"]) for row in rows] == [("o1", 80.0)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "in.json:1:2: this is no JSON"),
        ('{"operator_id": "o1"', "in.json:1:"),
        ('[\n{"operator_id": "o1"},\n}\n]', "in.json:3:1: this is no JSON"),
        ('{"operator_id": "o1"}\n{"operator_id": \n', "in.json:2:"),
        ("5", "a record is a mapping, not a int"),
        ("[[]]", "a record is a mapping, not a list"),
        ("", "in.json:1:1: this is no JSON"),
        ("[" * 100_000, "this is no JSON that can be read"),
        ("[" + "1" * 5_000 + "]", "this is no JSON that can be read"),
        ('{"operator_id": "o1"}', "the record has no `mean_product_score`"),
        (json.dumps({**RECORD, "mean_product_score": float("nan")}), None),
        (json.dumps(RECORD).replace("80", "1e999999999"), "which is no points"),
        (json.dumps(RECORD).replace("80", "80.00001"), "which is no points"),
    ],
)
def test_records_that_are_refused(cli: Run, tmp_path: Path, text: str, says: str | None) -> None:
    """One line on standard error, with file and line or with rule set, column and row."""
    source = _write(tmp_path / "in.json", text)
    said = cli("score", LINKAGE, "operator", "--input", source, "--as-of", DAY, code=0 if says is None else 1)
    assert says is None or (says in said and said.startswith("error: "))


def test_files_that_are_refused(cli: Run, tmp_path: Path) -> None:
    """Files that are not there or no text are named."""
    command = ("score", LINKAGE, "operator", "--as-of", DAY, "--input")
    assert "no.json: No such file" in cli(*command, tmp_path / "no.json", code=1)
    assert "no.csv: no such file" in cli(*command, tmp_path / "no.csv", code=1)
    (tmp_path / "gb.json").write_bytes('["店"]'.encode("gb18030"))
    assert "gb.json: not UTF-8" in cli(*command, tmp_path / "gb.json", code=1)
    assert "not in force" in cli(
        "score",
        VALID / "wind_vanes",
        "product",
        "--as-of",
        "2020-01-01",
        "--input",
        _write(tmp_path / "a.json", "{}"),
        code=1,
    )


# -- explain, inputs, schema, test


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("ruleset", "key"),
    [
        ("store_experience", "s0001"),
        ("product", "p0003"),
        ("reputation", "c0001"),
        ("operator", "u0001"),
        ("resource_linkage", "u0001"),
        ("river_plan", "s0269"),
        ("card_statement", "s0269"),
    ],
)
def test_explain_as_text(cli: Run, ruleset: str, key: str, lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tree, reasons, levels and resources in 80 columns by display width, in both languages."""
    monkeypatch.chdir(ROOT)
    said = cli("explain", "policies/kuaishou", ruleset, key, "--facts", SEEDS, "--as-of", DAY, "--lang", lang)
    for line in said.splitlines():
        assert display_width(line) <= 80, line
    engine = tc.load(KUAISHOU)
    assert engine.plan.pack.notice.get(lang)[:20] in said
    decision = engine.score(ruleset, engine.record(ruleset, key, SEEDS, DAY), DAY)
    for name in decision.scores:
        for reason in decision.reasons(name, lang):
            assert reason.code in said
            assert reason.text[:10] in said
    for part in ("rulesets/" + ruleset + ".yaml:",) if decision.scores else ():
        assert part in said


def test_explain_as_json(cli: Run, facts: Path) -> None:
    """JSON holds the tree with points, weights and lines of YAML."""
    said = json.loads(cli("explain", LINKAGE, "operator", "o1", "--facts", facts, "--as-of", DAY, "--format", "json"))
    assert (said["ruleset"], said["key"], said["as_of"]) == ("operator", ["o1"], DAY)
    tree = said["scores"][0]["tree"]
    assert (tree["points"], tree["possible"], [child["contribution"] for child in tree["children"]]) == (
        80.0,
        100.0,
        [32.0, 21.0, 27.0],
    )
    line = (LINKAGE / "rulesets/operator.yaml").read_text("utf-8").splitlines()[tree["children"][0]["line"] - 1]
    assert line.strip().startswith("goods:")


def test_explain_of_several(cli: Run) -> None:
    """Rule sets over the same subjects, each under its title, the notice once at the end; as JSON a list."""
    arguments = ["explain", KUAISHOU, "card_statement", "river_plan", "s0269", "--facts", SEEDS, "--as-of", DAY]
    said = cli(*arguments)
    assert said.index("Statement of commission (card_statement)\n\n") < said.index("River plan (river_plan)\n\n")
    assert "River traffic: 1739819 (weight 1103.40, " in said
    assert said.count("The formulas and weights of these scores are not public.") == 1
    assert said.endswith("not the platform's.\n")
    assert [each["ruleset"] for each in json.loads(cli(*arguments, "--format", "json"))] == arguments[2:4]


def test_explain_of_nobody(cli: Run, facts: Path) -> None:
    """A key that the table does not have is an error, and so is one that the rule set does not judge."""
    off_sale = cli("explain", KUAISHOU, "product", "p0021", "--facts", SEEDS, "--as-of", DAY, code=1)
    assert (
        off_sale
        == "error: rule set `product`, row `p0021`: this subject is not judged: the rule set's `where` is not true for it\n"
    )
    said = cli("explain", LINKAGE, "operator", "o9", "--facts", facts, "--as-of", DAY, code=1)
    assert said.startswith("error: rule set `operator`, row `o9`: table `operators` has no row with the key o9")


def test_inputs(cli: Run) -> None:
    """Names, types and sources of what a record holds, with the columns of references."""
    rows = [line.split("  ") for line in cli("inputs", LINKAGE, "resource_linkage").splitlines()]
    assert [row[0].strip() for row in rows][:2] == ["name", "operator_id (key)"]
    assert {row[0].strip() for row in rows[2:]} == {
        f"operator.{each}" for each in ("goods", "content", "service", "stores_vetoed")
    }
    found = json.loads(cli("inputs", LINKAGE, "operator", "--format", "json"))
    assert found[0] == {
        "name": "operator_id",
        "type": "text",
        "nullable": False,
        "unit": None,
        "from": "operators",
        "key": True,
        "kind": "column",
    }
    assert {each["name"] for each in found} == set(RECORD)
    assert "has no rule set `operato`\nhint: did you mean `operator`?" in cli("inputs", LINKAGE, "operato", code=1)


@pytest.mark.parametrize("what", ["ruleset", "pack", "tests"])
def test_schema(cli: Run, what: str) -> None:
    """A valid JSON Schema that every file of every valid pack satisfies, dated values and the kinds of plugins and all."""
    validators: dict[tuple[str, ...], Any] = {}
    for pack in [*ROOT.glob("policies/*"), *VALID.glob("*"), *COLUMNS.glob("*")]:
        (header,) = _documents(pack, "pack")
        plugins = tuple(header.get("plugins", ()))
        if plugins not in validators:
            schema = json.loads(cli("schema", what, *(each for name in plugins for each in ("-p", name))))
            jsonschema.Draft202012Validator.check_schema(schema)
            validators[plugins] = jsonschema.Draft202012Validator(schema)
        validator = validators[plugins]
        for document in _documents(pack, what):
            errors = [f"{pack.name}: {error.json_path}: {error.message}" for error in validator.iter_errors(document)]
            assert not errors, errors
    assert len(validators) == 2
    assert all(list(each.iter_errors({"nothing": 1})) for each in validators.values())


def _documents(pack: Path, what: str) -> Iterator[Any]:
    """The pack's files of a kind as editors see them: plain data, dates as texts."""
    files = read_pack(pack, Problems())
    assert files is not None
    trees = {"pack": [files.header], "ruleset": files.rulesets.values(), "tests": files.cases.values()}[what]
    for tree in trees:
        yield json.loads(json.dumps(value(tree), default=float))


def test_test_passes(cli: Run) -> None:
    """All cases pass: one line and exit 0; JSON lists them."""
    assert cli("test", LINKAGE) == "21 passed, 0 failed\n"
    assert cli("test", LINKAGE, VALID / "ratings").endswith(" passed, 0 failed\n")
    assert len(json.loads(cli("test", LINKAGE, "--format", "json"))) == 21


def test_test_shows_what_differs(cli: Run, pack: Path) -> None:
    """A failing case names its line, what was expected and got, and explains the score; exit 1."""
    path = pack / "tests/operator.yaml"
    text = path.read_text("utf-8").replace(
        "expect: {operator_score: 80.00, operator_score.status: scored",
        "expect: {operator_score: 80.01, operator_score.status: default",
    )
    path.write_text(text, "utf-8")
    said = cli("test", pack, code=1)
    line = next(i for i, each in enumerate(text.splitlines(), 1) if "name: all three" in each)
    assert f"{path}:{line}:" in said
    for part in (
        "operator: all three",
        "operator_score: expected 80.01, got 80",
        "operator_score.status: expected default, got scored",
        "Good value",
        "20 passed, 1 failed",
    ):
        assert part in said
    failed = [each for each in json.loads(cli("test", pack, "--format", "json", code=1)) if not each["passed"]]
    assert [each["name"] for each in failed] == ["all three"]
    assert len(failed[0]["failures"]) == 2


def test_test_files_that_are_wrong(cli: Run, pack: Path) -> None:
    """A test file of an unknown rule set is a diagnostic; a pack without cases does not pass."""
    path = pack / "tests/operator.yaml"
    path.write_text(path.read_text("utf-8").replace("ruleset: operator", "ruleset: operators"), "utf-8")
    assert "error TC604 bad-case: the pack has no rule set `operators`" in cli("test", pack, code=1)
    shutil.rmtree(pack / "tests")
    assert cli("test", pack, code=1) == "0 passed, 0 failed\n"


# -- usage


@pytest.mark.parametrize(
    "args",
    [
        ["nothing"],
        ["run"],
        ["run", LINKAGE],
        ["run", LINKAGE, "--facts", "x", "--out", "y", "--as-of", "yesterday"],
        ["run", LINKAGE, "--facts", "x", "--out", "y", "--as-of", "2023-02-30"],
        ["check"],
        ["check", "--format", "xml", LINKAGE],
        ["run", LINKAGE, "--facts", "x", "--out", "y", "--as-of", DAY, "--threads", "0"],
        ["run", LINKAGE, "--facts", "x", "--out", "y", "--as-of", DAY, "--output", "xlsx"],
        ["score", LINKAGE, "operator"],
        ["explain", LINKAGE, "operator", "--facts", "x", "--as-of", DAY],
        ["inputs", LINKAGE],
        ["schema", "columns"],
        ["test"],
        ["--nothing"],
        ["explain", LINKAGE, "operator", "o1", "--facts", "x", "--as-of", DAY, "--lang", "fr"],
    ],
    ids=str,
)
def test_wrong_usage(cli: Run, args: list[object]) -> None:
    """What is not understood ends with 2 and says how to use it."""
    said = cli(*args, code=2)
    assert "Error: " in said
    assert "Try 'trustcommerce" in said


def test_help(cli: Run) -> None:
    """Help and version end with 0, and help fits 80 columns."""
    assert tc.__version__ in cli("--version")
    for command in ([], ["run"], ["check"], ["test"], ["score"], ["explain"], ["inputs"], ["schema"]):
        for line in cli(*command, "--help").splitlines():
            assert display_width(line) <= 80, line


def test_as_processes(facts: Path, tmp_path: Path) -> None:
    """The same as programs of their own: output, standard error, exit codes, standard input."""
    fine = process("check", LINKAGE)
    assert (fine.returncode, fine.stdout, fine.stderr) == (0, f"{LINKAGE}: fine\n", "")
    wrong = process("run", LINKAGE, "--facts", facts, "--out", tmp_path / "out", "--as-of", "2023")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    missing = process("score", LINKAGE, "operator", "--input", "-", "--as-of", DAY, input="{}")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.startswith(
        "error: rule set `operator`, column `operator_id`: the record has no `operator_id`, nor `mean_product"
    )
    piped = process(
        "score", LINKAGE, "operator", "--input", "-", "--as-of", DAY, "--lang", "zh", input=json.dumps(RECORD)
    )
    assert (piped.returncode, piped.stderr) == (0, "")
    assert "优质内容" in piped.stdout
    run = process("run", LINKAGE, "--facts", facts, "--out", tmp_path / "out", "--as-of", DAY)
    assert (run.returncode, run.stderr) == (0, "")
    assert "run.json" in names(tmp_path / "out")
